//! The push secret, rule by rule: an accept, a reject and an already satisfied case of each.

use crate::world::{World, Write};
use extreg_core::facts::Known;
use extreg_core::object::Resource::{BuildConfigs, Builds};

const PUSH: &str = "set /spec/output/pushSecret";
const LIMITED: &str = r#"{"registry":"docker.io","push":{"secretName":"dockerhub"},
    "namespaceSelector":{"matchLabels":{"team":"a"}}}"#;

fn output(to: &str) -> String {
    format!(r#"{{"metadata":{{"name":"python-lyapp"}},"spec":{{"output":{{"to":{to}}}}}}}"#)
}

fn docker(image: &str) -> String {
    output(&format!(r#"{{"kind":"DockerImage","name":"{image}"}}"#))
}

#[test]
fn the_output_decides() {
    for (to, want) in [
        (
            r#"{"kind":"DockerImage","name":"docker.io/ably77/python-lyapp:latest"}"#,
            PUSH,
        ),
        (
            r#"{"kind":"DockerImage","name":"index.docker.io/ably77/app"}"#,
            PUSH,
        ),
        (
            r#"{"kind":"DockerImage","name":"registry-1.docker.io/ably77/app"}"#,
            PUSH,
        ),
        (r#"{"kind":"DockerImage","name":"user/app:v1"}"#, PUSH),
        (
            r#"{"kind":"DockerImage","name":"quay.io/acme/app"}"#,
            "OtherRegistry",
        ),
        (
            r#"{"kind":"DockerImage","name":"docker.io.evil.com/u/a"}"#,
            "OtherRegistry",
        ),
        (
            r#"{"kind":"DockerImage","name":"docker.io:443/u/a"}"#,
            "OtherRegistry",
        ),
        (
            r#"{"kind":"DockerImage","name":"DOCKER.IO/u/a"}"#,
            "OtherRegistry",
        ),
        (
            r#"{"kind":"DockerImage","name":"image-registry.openshift-image-registry.svc:5000/n/a"}"#,
            "Internal",
        ),
        (
            r#"{"kind":"DockerImage","name":"docker-registry.default.svc:5000/n/a"}"#,
            "Internal",
        ),
        (
            r#"{"kind":"DockerImage","name":"172.30.1.1:5000/n/a"}"#,
            "Internal",
        ),
        (r#"{"kind":"DockerImage","name":"docker.io"}"#, "Invalid"),
        (
            r#"{"kind":"DockerImage","name":"docker.io/u/App"}"#,
            "Invalid",
        ),
        (r#"{"kind":"DockerImage","name":""}"#, "Invalid"),
        (r#"{"kind":"DockerImage"}"#, "Invalid"),
        (
            r#"{"kind":"DockerImage","name":"docker.io/u/a","namespace":"x"}"#,
            "Invalid",
        ),
        (
            r#"{"kind":"DockerImage","name":"docker.io/u/${NAME}:v1"}"#,
            "Parameter",
        ),
        (r#"{"kind":"ImageStreamTag","name":"nocolon"}"#, "Invalid"),
        (
            r#"{"kind":"ImageStreamImage","name":"a@sha256:x"}"#,
            "nothing",
        ),
        (r#"{"kind":"Deployment","name":"docker.io/u/a"}"#, "nothing"),
        ("{}", "nothing"),
        ("null", "nothing"),
    ] {
        for resource in [BuildConfigs, Builds] {
            let object = output(to);
            assert_eq!(
                World::default().outcome(&Write::create(resource, &object)),
                want,
                "{to}"
            );
        }
    }
}

#[test]
fn an_existing_push_secret_is_never_replaced() {
    for secret in [r#"{"name":"mine"}"#, r#"{"name":""}"#, "{}"] {
        let object = format!(
            r#"{{"spec":{{"output":{{"to":{{"kind":"DockerImage","name":"docker.io/u/a"}},"pushSecret":{secret}}}}}}}"#
        );
        let outcome = World::default().outcome(&Write::create(BuildConfigs, &object));
        assert_eq!(outcome, "AlreadySet", "{secret}");
    }
    let null = r#"{"spec":{"output":{"to":{"kind":"DockerImage","name":"docker.io/u/a"},"pushSecret":null}}}"#;
    assert_eq!(World::default().outcome(&Write::create(Builds, null)), PUSH);
}

#[test]
fn an_update_counts_only_where_the_output_is_new() {
    let (v1, v2, none) = (
        docker("docker.io/u/a:1"),
        docker("docker.io/u/a:2"),
        output("null"),
    );
    let quay = docker("quay.io/u/a:1");
    for (old, new, want) in [
        (&v1, &v1, "Unchanged"),
        (&v1, &v2, PUSH),
        (&none, &v1, PUSH),
        (&quay, &v1, PUSH),
        (&v1, &quay, "OtherRegistry"),
    ] {
        let write = Write::update(BuildConfigs, old, new);
        assert_eq!(World::default().outcome(&write), want, "{old} -> {new}");
    }
    let by_server = Write::update(BuildConfigs, &v1, &v2).by("system:apiserver");
    assert_eq!(World::default().outcome(&by_server), "SystemUpdate");
    assert_eq!(
        World::default().outcome(&Write::update(Builds, &v1, &v2)),
        "Unchanged"
    );
}

#[test]
fn a_build_of_the_api_server_is_injected() {
    let object = docker("docker.io/u/a");
    let write = Write::create(Builds, &object).by("system:apiserver");
    assert_eq!(World::default().outcome(&write), PUSH);
}

#[test]
fn the_target_decides_between_build_config_and_build() {
    let object = docker("docker.io/u/a");
    for (target, config, build) in [
        ("Both", PUSH, PUSH),
        ("Build", "PolicySilent", PUSH),
        ("BuildConfig", PUSH, "PolicySilent"),
    ] {
        let world = World::policy(&format!(
            r#"{{"registry":"docker.io","push":{{"secretName":"dockerhub","target":"{target}"}}}}"#
        ));
        assert_eq!(
            world.outcome(&Write::create(BuildConfigs, &object)),
            config,
            "{target}"
        );
        assert_eq!(
            world.outcome(&Write::create(Builds, &object)),
            build,
            "{target}"
        );
    }
}

#[test]
fn an_image_stream_tag_pushes_to_the_repository_of_its_stream() {
    let object = output(r#"{"kind":"ImageStreamTag","name":"app:v1"}"#);
    let write = Write::create(BuildConfigs, &object);
    let stream = |repository: &str| {
        World::default().stream(&format!(
            r#"{{"status":{{"dockerImageRepository":"{repository}"}}}}"#
        ))
    };
    assert_eq!(stream("docker.io/u/app").outcome(&write), PUSH);
    assert_eq!(stream("quay.io/u/app").outcome(&write), "OtherRegistry");
    assert_eq!(stream("").outcome(&write), "OtherRegistry");
    let internal = "image-registry.openshift-image-registry.svc:5000/snow/app";
    assert_eq!(stream(internal).outcome(&write), "Internal");
    assert_eq!(World::default().outcome(&write), "OtherRegistry");
    let unread = World::default().unread().outcome(&write);
    assert!(
        unread.starts_with("StreamUnread; extreg: unchanged"),
        "{unread}"
    );
    let mut not_read = World {
        stream: extreg_core::facts::StreamRead::NotRead,
        ..World::default()
    };
    assert_eq!(not_read.outcome(&write), "needs app");
    // A stream of another namespace is not read for the requester, even if it is known.
    for (namespace, want) in [("snow", "needs app"), ("rain", "OtherNamespace")] {
        let object = output(&format!(
            r#"{{"kind":"ImageStreamTag","namespace":"{namespace}","name":"app:v1"}}"#
        ));
        let write = Write::create(BuildConfigs, &object);
        assert_eq!(not_read.outcome(&write), want, "{namespace}");
        let other = stream("docker.io/u/app").outcome(&write);
        assert_eq!(other == PUSH, namespace == "snow", "{other}");
    }
    not_read.cluster.integrated = Known::Known(true);
    assert_eq!(not_read.outcome(&write), "Internal");
}

#[test]
fn modes_and_selectors() {
    let object = docker("docker.io/u/a");
    let write = Write::create(BuildConfigs, &object);
    for (mode, want) in [
        ("Enforce", PUSH),
        (
            "Warn",
            "Warn would set /spec/output/pushSecret; extreg: policy p (Warn) would set spec.output.pushSecret to dockerhub",
        ),
        ("Audit", "Audit would set /spec/output/pushSecret"),
        ("Off", "PolicyOff"),
    ] {
        let world = World::policy(&format!(
            r#"{{"registry":"docker.io","mode":"{mode}","push":{{"secretName":"dockerhub"}}}}"#
        ));
        assert_eq!(world.outcome(&write), want);
    }
    assert_eq!(
        World::policy(LIMITED)
            .labels(&[("team", "a")])
            .outcome(&write),
        PUSH
    );
    assert_eq!(
        World::policy(LIMITED)
            .labels(&[("team", "b")])
            .outcome(&write),
        "OtherRegistry"
    );
    assert_eq!(
        World::policy(LIMITED).outcome(&write),
        "NamespaceUnknown; extreg: policy p not applied: the namespace labels are unknown"
    );
}

#[test]
fn system_namespaces_and_opt_outs_are_skipped() {
    let object = docker("docker.io/u/a");
    let write = Write::create(BuildConfigs, &object);
    for namespace in ["default", "openshift", "openshift-build", "kube-system"] {
        assert_eq!(
            World::default().outcome(&write.within(namespace)),
            "SystemNamespace"
        );
    }
    assert_eq!(World::default().outcome(&write.within("openshifty")), PUSH);
    for (label, value, want) in [
        ("openshift.io/run-level", "0", "SystemNamespace"),
        ("openshift.io/run-level", "1", "SystemNamespace"),
        ("openshift.io/run-level", "9", PUSH),
        ("extreg.io/ignore", "true", "OptedOut"),
        ("extreg.io/ignore", "false", PUSH),
    ] {
        assert_eq!(
            World::default().labels(&[(label, value)]).outcome(&write),
            want,
            "{label}={value}"
        );
    }
    let mut own = World::default();
    own.cluster.own_namespace = Some("snow".to_owned());
    assert_eq!(own.outcome(&write), "SystemNamespace");
    let labeled = r#"{"metadata":{"labels":{"extreg.io/ignore":"true"}},
        "spec":{"output":{"to":{"kind":"DockerImage","name":"docker.io/u/a"}}}}"#;
    assert_eq!(
        World::default().outcome(&Write::create(Builds, labeled)),
        "OptedOut"
    );
}
