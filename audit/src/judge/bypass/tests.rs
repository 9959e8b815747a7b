use super::*;
use crate::snapshot::{ImageTrigger, TagRecord};
use crate::testing::{object, stream, tag, workload};
use crate::world::{World, names};

const EXR012: CheckId = CheckId::Exr012;
const IMAGE: &str = "docker.io/u/a:1";

fn web() -> WorkloadRecord {
    let containers = [("web", IMAGE), ("side", "quay.io/x/side:1")];
    workload(object(Kind::Deployment, "shop", "web"), &containers)
}

/// A stream that follows the repository of `web` in some namespace, with these tags.
fn followed(namespace: &str, tags: Vec<TagRecord>) -> World {
    World::new().stream(stream(namespace, "app", tags))
}

fn v1() -> Vec<TagRecord> {
    vec![tag("old", "docker.io/u/a:0"), tag("v1", IMAGE)]
}

fn trigger(containers: &[&str]) -> ImageTrigger {
    ImageTrigger {
        namespace: "shop".into(),
        tag: "app:v1".into(),
        containers: names(containers),
        paused: false,
    }
}

#[test]
fn a_container_past_its_stream() {
    let found = followed("shop", v1()).workload(web()).judge(EXR012);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].rule, "bypass");
    assert_eq!(
        found[0].message,
        "container web of web pulls docker.io/u/a:1 past the ImageStream tag app:v1, which \
         follows that repository"
    );
    assert_eq!(
        found[0].fix,
        "oc set triggers deployment.apps/web --from-image=app:v1 -c web -n shop"
    );
    let other = followed("shop", vec![tag("v2", "docker.io/u/a:2")]);
    assert_eq!(
        other.workload(web()).says(EXR012),
        ["bypass deployment.apps/web web"]
    );
}

#[test]
fn what_goes_through_the_stream_or_has_none() {
    let mut triggered = web();
    triggered.triggers = vec![trigger(&["web"])];
    let mut paused = triggered.clone();
    paused.triggers[0].paused = true;
    let mut pinned = web();
    pinned.containers[0].image =
        "docker.io/u/a@sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc"
            .into();
    let reference = TagRecord {
        reference: true,
        ..tag("v1", IMAGE)
    };
    for clean in [
        followed("shop", v1()).workload(triggered),
        followed("shop", v1()).workload(paused),
        followed("shop", v1()).workload(pinned),
        followed("other", v1()).workload(web()),
        followed("shop", vec![tag("v1", "docker.io/u/ab:1")]).workload(web()),
        followed("shop", vec![tag("v1", "quay.io/u/a:1")]).workload(web()),
        followed("shop", vec![reference]).workload(web()),
        followed("shop", v1())
            .workload(web())
            .with(|s| s.uses.iter_mut().for_each(|usage| usage.owned = true)),
    ] {
        assert_eq!(clean.says(EXR012), [""; 0]);
    }
}

#[test]
fn the_names_of_docker_hub_are_one() {
    let followed = followed("shop", vec![tag("v1", "u/a:1")]);
    let world = followed
        .workload(web())
        .with(|s| s.uses[1].image.registry = "index.docker.io".into());
    assert_eq!(world.says(EXR012), ["bypass deployment.apps/web web"]);
}

#[test]
fn a_trigger_that_fills_another_container() {
    let mut record = web();
    record.triggers = vec![trigger(&["side"])];
    let found = followed("shop", v1()).workload(record).judge(EXR012);
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .why
            .ends_with("do not reach it; the trigger on it sets side instead")
    );
}

#[test]
fn an_annotation_that_openshift_ignores() {
    let mut record = web();
    record.broken_triggers = Some("invalid character 'x'".to_owned());
    let world = followed("shop", v1()).workload(record.clone());
    assert_eq!(
        world.says(EXR012),
        [
            "broken-trigger deployment.apps/web",
            "bypass deployment.apps/web web"
        ]
    );
    // A ReplicaSet has a copy of its Deployment's annotation.
    let mut copy = record.clone();
    copy.object = object(Kind::ReplicaSet, "shop", "web-1");
    copy.owner = Some(("Deployment".into(), "web".into()));
    let both = World::new().workload(copy.clone()).workload(record.clone());
    assert_eq!(both.says(EXR012), ["broken-trigger deployment.apps/web"]);
    let alone = World::new().workload(copy);
    assert_eq!(alone.says(EXR012), ["broken-trigger replicaset.apps/web-1"]);
    record.triggers = vec![trigger(&["web"])];
    let found = World::new().workload(record).judge(EXR012);
    assert_eq!(
        (&*found[0].message, &*found[0].fix),
        (
            "OpenShift ignores an image trigger of web: invalid character 'x'",
            "correct it in metadata.annotations[image.openshift.io/triggers] of \
             deployment.apps/web in shop"
        )
    );
}

#[test]
fn streams_that_could_not_be_listed_leave_it_open() {
    let world = || World::new().workload(web()).gap(Kind::ImageStream, "shop");
    assert_eq!(
        world().says(EXR012),
        [
            "bypass? deployment.apps/web side",
            "bypass? deployment.apps/web web"
        ]
    );
    let files = World::new().workload(web()).in_files();
    assert_eq!(files.says(EXR012), [""; 0]);
}
