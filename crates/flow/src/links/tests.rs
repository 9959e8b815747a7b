//! Every reason for which an image stops, with objects as a cluster has them.

mod build;
mod import;
mod pods;
mod rollout;
mod trigger;

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

/// The registry says that of the image.
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
        let told: Vec<_> = flow
            .links
            .iter()
            .map(|link| (link.part, link.state))
            .collect();
        assert_eq!(
            told,
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
fn the_first_broken_link_is_the_one_that_is_told() {
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
fn what_the_registry_says_is_told() {
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
    let told = link(&flow, Part::Registry);
    assert_link(&told, State::Ok, "", "which is not what app-3 pushed", "");
    let flow = with_registry(&objects, InRegistry::NotFound);
    let told = link(&flow, Part::Registry);
    let fix = "oc start-build app -n snow";
    assert_link(
        &told,
        State::Broken,
        "NotFound",
        "has no docker.io/u/a:latest",
        fix,
    );
    let mut alone = objects.clone();
    alone.config = serde_json::Value::Null;
    let told = link(&with_registry(&alone, InRegistry::NotFound), Part::Registry);
    let fix = "push docker.io/u/a:latest, or let the tag follow an image that exists";
    assert_link(
        &told,
        State::Broken,
        "NotFound",
        "has no docker.io/u/a:latest",
        fix,
    );
    let answer = InRegistry::Refused("docker.io refuses it".to_owned());
    let told = link(&with_registry(&objects, answer), Part::Registry);
    assert_link(
        &told,
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
fn what_may_not_be_listed_is_unknown_and_never_ok() {
    for (what, part) in [
        (Kind::BuildConfig, Part::Build),
        (Kind::Build, Part::Build),
        (Kind::Pod, Part::Pods),
    ] {
        let mut world = Objects::through().world();
        world.lose(what, "snow", GapReason::Forbidden, "");
        let flow = only(&world);
        let told = link(&flow, part);
        assert_link(&told, State::Unknown, "", "may not be listed", "");
        assert_ne!(flow.state, State::Ok);
    }
    let mut world = Objects::through().world();
    world.lose(Kind::Deployment, "", GapReason::Failed, "gone");
    let told = link(&only(&world), Part::Trigger);
    assert_link(
        &told,
        State::Unknown,
        "",
        "deployments were not read: gone",
        "",
    );

    let mut world = Objects::through().world();
    world.lose(Kind::ImageStream, "snow", GapReason::Forbidden, "");
    let flows = report(&world, &Wanted::parse(Some("deployment/app")).unwrap()).flows;
    let told = link(&flows[0], Part::Import);
    assert_link(
        &told,
        State::Unknown,
        "",
        "imagestreams may not be listed",
        "",
    );
}

#[test]
fn a_cluster_without_builds_has_none() {
    let mut world = Objects::through().world();
    let builds = &mut world.snapshot.builds;
    builds.retain(|build| build.object.kind != Kind::BuildConfig);
    world.snapshot.coverage.not_served.insert(Kind::BuildConfig);
    let told = link(&only(&world), Part::Build);
    assert_link(&told, State::None, "", "serves no buildconfigs", "");
}
