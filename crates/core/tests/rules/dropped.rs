//! An update that removes what a policy sets is not undone; the user gets a warning.

use crate::world::{World, Write};
use extreg_core::object::Resource::{
    self, BuildConfigs, Builds, ImageStreamTags, ImageStreams, ImageTags,
};

const KEEP: &str = "extreg: to keep it, add it to the manifest or apply with --server-side";
const KEEP_SCHEDULE: &str = "extreg: to keep it, add it to the manifest or use oc tag --scheduled";

fn build(image: &str, secret: &str) -> String {
    format!(
        r#"{{"spec":{{"output":{{"to":{{"kind":"DockerImage","name":"{image}"}},"pushSecret":{secret}}}}}}}"#
    )
}

fn tagged(resource: Resource, image: &str, policy: &str) -> String {
    let tag = format!(
        r#"{{"name":"v1","from":{{"kind":"DockerImage","name":"{image}"}},"importPolicy":{policy}}}"#
    );
    match resource {
        ImageStreams => format!(r#"{{"spec":{{"tags":[{tag}]}}}}"#),
        ImageStreamTags => format!(r#"{{"metadata":{{"name":"s:v1"}},"tag":{tag}}}"#),
        _ => format!(r#"{{"metadata":{{"name":"s:v1"}},"spec":{tag}}}"#),
    }
}

fn removal_warning(field: &str, policy: &str) -> String {
    let keep = if field.ends_with("scheduled") {
        KEEP_SCHEDULE
    } else {
        KEEP
    };
    format!(
        "Unchanged; extreg: this update removes {field}, which policy {policy} sets on new objects; {keep}"
    )
}

#[test]
fn an_update_that_drops_a_push_secret_warns() {
    const FIELD: &str = "spec.output.pushSecret";
    let (with, without) = (
        build("docker.io/u/a", r#"{"name":"x"}"#),
        build("docker.io/u/a", "null"),
    );
    let quay = (
        build("quay.io/u/a", r#"{"name":"x"}"#),
        build("quay.io/u/a", "null"),
    );
    let policy = |more: &str| {
        World::policy(&format!(
            r#"{{"registry":"docker.io","push":{{"secretName":"dockerhub"{more}}}}}"#
        ))
    };
    let mode = |mode: &str| {
        World::policy(&format!(
            r#"{{"registry":"docker.io","mode":"{mode}","push":{{"secretName":"dockerhub"}}}}"#
        ))
    };
    for (world, old, new, want) in [
        (
            World::default(),
            &with,
            &without,
            removal_warning(FIELD, "builtin-dockerhub"),
        ),
        (policy(""), &with, &without, removal_warning(FIELD, "p")),
        (
            policy(r#","target":"BuildConfig""#),
            &with,
            &without,
            removal_warning(FIELD, "p"),
        ),
        // It is not the policy's to set.
        (
            policy(r#","target":"Build""#),
            &with,
            &without,
            "Unchanged".to_owned(),
        ),
        (mode("Warn"), &with, &without, "Unchanged".to_owned()),
        (mode("Off"), &with, &without, "Unchanged".to_owned()),
        (World::default(), &quay.0, &quay.1, "Unchanged".to_owned()),
        (World::default(), &without, &without, "Unchanged".to_owned()),
        (World::default(), &with, &with, "AlreadySet".to_owned()),
    ] {
        let write = Write::update(BuildConfigs, old, new);
        assert_eq!(world.outcome(&write), want, "{old} -> {new}");
        let by_server = write.by("system:apiserver");
        assert!(!world.outcome(&by_server).contains("removes"));
        assert_eq!(
            world.outcome(&write.within("openshift-x")),
            "SystemNamespace"
        );
    }
    // A new output is a new object.
    let write = Write::update(BuildConfigs, &quay.0, &without);
    assert_eq!(
        World::default().outcome(&write),
        "set /spec/output/pushSecret"
    );
    let build = Write::update(Builds, &with, &without);
    assert!(World::default().outcome(&build).starts_with("Unchanged"));
}

#[test]
fn an_update_that_drops_a_schedule_warns() {
    const IMAGE: &str = "docker.io/u/a:v1";
    for (resource, field) in [
        (ImageStreams, "spec.tags[0].importPolicy.scheduled"),
        (ImageStreamTags, "tag.importPolicy.scheduled"),
        (ImageTags, "spec.importPolicy.scheduled"),
    ] {
        let scheduled = tagged(resource, IMAGE, r#"{"scheduled":true}"#);
        for (old, new, want) in [
            (
                &scheduled,
                tagged(resource, IMAGE, "{}"),
                removal_warning(field, "builtin-dockerhub"),
            ),
            (
                &scheduled,
                tagged(resource, IMAGE, "null"),
                removal_warning(field, "builtin-dockerhub"),
            ),
            (
                &tagged(resource, IMAGE, "{}"),
                tagged(resource, IMAGE, "{}"),
                "Unchanged".to_owned(),
            ),
            (&scheduled, scheduled.clone(), "AlreadySet".to_owned()),
        ] {
            let write = Write::update(resource, old, &new);
            assert_eq!(World::default().outcome(&write), want, "{old} -> {new}");
            let silent = World::policy(r#"{"registry":"docker.io","push":{"secretName":"x"}}"#);
            assert_eq!(silent.outcome(&write), "PolicySilent");
        }
    }
}
