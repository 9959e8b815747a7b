//! Every reason for which an image stops, with objects as a cluster has them.

mod build;
mod import;
mod pods;
mod rollout;
mod trigger;
mod unscheduled;

use extreg_core::registry::RefRole;
use extreg_snapshot::{coverage::GapReason, kind::Kind};
use serde_json::json;

use super::{Part, State};
use crate::{
    fetched::InRegistry,
    flow::Wanted,
    image::Image,
    testing::{IMAGE, NEW, OLD, Objects, assert_link, link, only, report},
};

/// Sets the answer of the registry.
pub(super) fn with_registry(objects: &Objects, answer: InRegistry) -> crate::FlowReport {
    let mut world = objects.world();
    let image = Image::of(IMAGE, RefRole::Import).unwrap();
    world.fetched.registry.insert(image, answer);
    only(&world)
}

#[test]
fn what_is_through_is_through() {
    for objects in [Objects::through(), Objects::of_config()] {
        let flow = objects.flow();
        let actual: Vec<_> = flow
            .links
            .iter()
            .map(|link| (link.part, link.state))
            .collect();
        assert_eq!(
            actual,
            [
                (Part::Build, State::Ok),
                (Part::Registry, State::Unknown),
                (Part::Import, State::Ok),
                (Part::Trigger, State::Ok),
                (Part::Rollout, State::Ok),
                (Part::Pods, State::Ok),
            ],
            "{flow:?}"
        );
        assert_eq!((flow.state, flow.broken, flow.fix), (State::Ok, None, None));
        assert_eq!(
            (flow.name.as_str(), flow.image.as_deref()),
            ("app:latest", Some(IMAGE))
        );
    }
}

#[test]
fn first_broken_link_is_reported() {
    let mut objects = Objects::through();
    objects.build["status"] = json!({"phase": "Cancelled"});
    objects.fail_import("NotFound", "no");
    objects.workload["spec"]["paused"] = json!(true);
    let flow = objects.flow();
    assert_eq!(
        (flow.broken, flow.first_broken()),
        (Some(Part::Build), Some(0))
    );
    assert_eq!(flow.fix.unwrap().text(), "oc start-build app -n snow");
}

#[test]
fn answer_of_the_registry_is_reported() {
    let has = |digest: &str, is_list| InRegistry::Has {
        digest: digest.to_owned(),
        is_list,
    };
    let objects = Objects::through();
    let flow = with_registry(&objects, has(NEW, false));
    assert_link(
        &link(&flow, Part::Registry),
        State::Ok,
        "",
        "has sha256:111111111111",
        "",
    );
    let flow = with_registry(&objects, has(OLD, false));
    let actual = link(&flow, Part::Registry);
    assert_link(&actual, State::Ok, "", "which is not what app-3 pushed", "");
    let flow = with_registry(&objects, InRegistry::NotFound);
    let actual = link(&flow, Part::Registry);
    let fix = "oc start-build app -n snow";
    assert_link(
        &actual,
        State::Broken,
        "NotFound",
        "has no docker.io/u/a:latest",
        fix,
    );
    let mut alone = objects.clone();
    alone.config = serde_json::Value::Null;
    let actual = link(&with_registry(&alone, InRegistry::NotFound), Part::Registry);
    let fix = "push docker.io/u/a:latest, or let the tag follow an image that exists";
    assert_link(
        &actual,
        State::Broken,
        "NotFound",
        "has no docker.io/u/a:latest",
        fix,
    );
    let answer = InRegistry::Refused("docker.io refuses it".to_owned());
    let actual = link(&with_registry(&objects, answer), Part::Registry);
    assert_link(
        &actual,
        State::Unknown,
        "Unauthorized",
        "docker.io refuses it",
        "",
    );
    let answer = InRegistry::Unknown("docker.io did not answer".to_owned());
    let flow = with_registry(&objects, answer);
    assert_link(
        &link(&flow, Part::Registry),
        State::Unknown,
        "",
        "did not answer",
        "",
    );
    assert_eq!(flow.state, State::Ok, "the tag shows what the build pushed");
}

#[test]
fn unlistable_resources_are_unknown_and_never_ok() {
    for (what, part) in [
        (Kind::BuildConfig, Part::Build),
        (Kind::Build, Part::Build),
        (Kind::Pod, Part::Pods),
    ] {
        let mut world = Objects::through().world();
        world.lose(what, "snow", GapReason::Forbidden, "");
        let flow = only(&world);
        let actual = link(&flow, part);
        assert_link(&actual, State::Unknown, "", "permission denied: list", "");
        assert_ne!(flow.state, State::Ok);
    }
    let mut world = Objects::through().world();
    world.lose(Kind::Deployment, "", GapReason::Failed, "gone");
    let actual = link(&only(&world), Part::Trigger);
    assert_link(
        &actual,
        State::Unknown,
        "",
        "deployments were not read: gone",
        "",
    );

    let mut world = Objects::through().world();
    world.lose(Kind::ImageStream, "snow", GapReason::Forbidden, "");
    let flows = report(&world, &Wanted::parse(Some("deployment/app")).unwrap()).flows;
    let actual = link(&flows[0], Part::Import);
    assert_link(
        &actual,
        State::Unknown,
        "",
        "permission denied: list imagestreams",
        "",
    );
}

#[test]
fn a_cluster_without_builds_has_none() {
    let mut world = Objects::through().world();
    let builds = &mut world.snapshot.builds;
    builds.retain(|build| build.object.kind != Kind::BuildConfig);
    world.snapshot.coverage.not_served.insert(Kind::BuildConfig);
    let actual = link(&only(&world), Part::Build);
    assert_link(&actual, State::None, "", "serves no buildconfigs", "");
}
