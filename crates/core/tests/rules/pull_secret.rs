//! The optional pull secret.

use crate::world::{World, Write};
use extreg_core::object::Resource::{BuildConfigs, Builds};

const POLICY: &str = r#"{"registry":"docker.io","pull":{"secretName":"dockerhub"}}"#;
const HUB: &[&str] = &["https://index.docker.io/v1/", "docker.io"];

fn strategy(kind: &str, from: &str, more: &str) -> String {
    format!(r#"{{"spec":{{"strategy":{{"{kind}":{{"from":{from}{more}}}}}}}}}"#)
}

fn image(name: &str) -> String {
    format!(r#"{{"kind":"DockerImage","name":"{name}"}}"#)
}

#[test]
fn each_place_that_pulls_is_its_own() {
    let world = World::policy(POLICY).secret(Some(HUB));
    for kind in ["dockerStrategy", "sourceStrategy", "customStrategy"] {
        let object = strategy(kind, &image("docker.io/u/base:1"), "");
        let want = format!("set /spec/strategy/{kind}/pullSecret");
        assert_eq!(world.outcome(&Write::create(BuildConfigs, &object)), want);
        assert_eq!(world.outcome(&Write::create(Builds, &object)), want);
    }
    let source = format!(
        r#"{{"spec":{{"source":{{"images":[{{"from":{}}},{{"from":{}}},{{"from":{},"pullSecret":{{"name":"x"}}}}]}}}}}}"#,
        image("quay.io/u/base:1"),
        image("docker.io/u/base:1"),
        image("docker.io/u/base:1"),
    );
    let outcome = world.outcome(&Write::create(BuildConfigs, &source));
    assert_eq!(outcome, "set /spec/source/images/1/pullSecret; AlreadySet");
}

#[test]
fn only_certain_images_and_working_secrets_count() {
    let world = || World::policy(POLICY).queried();
    let known = || world().secret(Some(HUB));
    let silent = "nothing";
    for (world, from, want) in [
        (known(), image("nginx"), silent),
        (known(), image("quay.io/u/b"), silent),
        (
            known(),
            r#"{"kind":"ImageStreamTag","name":"python:3"}"#.to_owned(),
            silent,
        ),
        (known(), "null".to_owned(), silent),
        (
            world(),
            image("docker.io/u/b"),
            "SecretUnusable; extreg: pull secret dockerhub not set: it might not exist",
        ),
        // Nothing was queried: the policy is trusted.
        (
            World::policy(POLICY),
            image("docker.io/u/b"),
            "set /spec/strategy/dockerStrategy/pullSecret",
        ),
        // Pulls read a secret of the types that OpenShift knows.
        (
            world().secret_of(
                "Opaque",
                ".dockerconfigjson",
                r#"{"auths":{"docker.io":{"auth":"dTpw"}}}"#,
            ),
            image("docker.io/u/b"),
            "SecretUnusable; extreg: pull secret dockerhub not set: it has no key for the image",
        ),
        (
            world().secret(None),
            image("docker.io/u/b"),
            "SecretUnusable; extreg: pull secret dockerhub not set: it does not exist",
        ),
        (
            world().secret(Some(&["quay.io"])),
            image("docker.io/u/b"),
            "SecretUnusable; extreg: pull secret dockerhub not set: it has no key for the image",
        ),
        (
            World::default().secret(Some(HUB)),
            image("docker.io/u/b"),
            silent,
        ),
    ] {
        let object = strategy("dockerStrategy", &from, "");
        assert_eq!(
            world.outcome(&Write::create(BuildConfigs, &object)),
            want,
            "{from}"
        );
    }
}

#[test]
fn set_and_unchanged_secrets_are_kept() {
    let world = World::policy(POLICY).secret(Some(HUB));
    let bare = strategy("dockerStrategy", &image("docker.io/u/b:1"), "");
    let other = strategy("dockerStrategy", &image("docker.io/u/b:2"), "");
    let set = strategy(
        "dockerStrategy",
        &image("docker.io/u/b:1"),
        r#","pullSecret":{"name":"x"}"#,
    );
    for (old, new, want) in [
        (&bare, &bare, "Unchanged"),
        (
            &set,
            &bare,
            "Unchanged; extreg: this update removes spec.strategy.dockerStrategy.pullSecret, which policy p sets on new objects; \
             extreg: to keep it, add it to the manifest or apply with --server-side",
        ),
        (
            &bare,
            &other,
            "set /spec/strategy/dockerStrategy/pullSecret",
        ),
        (&other, &set, "AlreadySet"),
    ] {
        assert_eq!(world.outcome(&Write::update(BuildConfigs, old, new)), want);
    }
    let by_server = Write::update(BuildConfigs, &bare, &other).by("system:apiserver");
    assert_eq!(world.outcome(&by_server), "SystemUpdate");
    assert_eq!(
        world.outcome(&Write::create(Builds, &bare).within("openshift")),
        "SystemNamespace"
    );
}
