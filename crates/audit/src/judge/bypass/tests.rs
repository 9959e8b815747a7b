use extreg_snapshot::testing::{self, object, stream, tag, workload};
use extreg_snapshot::trigger::{ContainerNames, of_annotation};
use extreg_snapshot::{TagRecord, TriggerSource};

use super::*;
use crate::testing::world::{RunCheck as _, World};

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
    testing::trigger("shop", "app:v1", containers)
}

#[test]
fn a_container_that_bypasses_its_stream() {
    let found = followed("shop", v1()).workload(web()).judge(EXR012);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].rule, "bypass");
    assert_eq!(
        found[0].message,
        "container web of web pulls docker.io/u/a:1 and bypasses the ImageStream tag app:v1, which \
         follows that repository"
    );
    assert_eq!(
        found[0].fix_text(),
        r#"oc annotate deployment.apps/web 'image.openshift.io/triggers=[{"fieldPath":"spec.template.spec.containers[?(@.name==\"web\")].image","from":{"kind":"ImageStreamTag","name":"app:v1"}}]' -n shop"#
    );
    let other = followed("shop", vec![tag("v2", "docker.io/u/a:2")]);
    assert_eq!(
        other.workload(web()).lines(EXR012),
        ["bypass deployment.apps/web web"]
    );
}

#[test]
fn a_container_that_uses_its_stream_or_has_none() {
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
        assert_eq!(clean.lines(EXR012), [""; 0]);
    }
}

#[test]
fn aliases_of_docker_hub_are_one_registry() {
    let followed = followed("shop", vec![tag("v1", "u/a:1")]);
    let world = followed
        .workload(web())
        .with(|s| s.uses[1].image.registry = "index.docker.io".into());
    assert_eq!(world.lines(EXR012), ["bypass deployment.apps/web web"]);
}

#[test]
fn a_trigger_that_sets_another_container() {
    let mut record = web();
    record.triggers = vec![trigger(&["side"])];
    let found = followed("shop", v1()).workload(record).judge(EXR012);
    assert_eq!(found.len(), 1);
    assert!(
        found[0]
            .why
            .ends_with("do not apply to it; its trigger sets side instead")
    );
}

/// `web` with this annotation.
fn annotated(text: &str) -> WorkloadRecord {
    let mut record = web();
    let names = ContainerNames {
        init: &[],
        main: &["web", "side"],
    };
    let read = of_annotation(text, "spec.template.spec", names, "shop");
    record.triggers = read.list;
    record.unusable_triggers = read.unusable;
    record.trigger_source = TriggerSource::Annotation(text.into());
    record
}

fn entry(field: &str, more: &str) -> String {
    format!(r#"{{"fieldPath":"{field}","from":{{"kind":"ImageStreamTag","name":"app:v1"}}{more}}}"#)
}

const WEB: &str = "spec.template.spec.containers[0].image";
const SIDE: &str = "spec.template.spec.containers[1].image";

#[test]
fn an_annotation_that_openshift_cannot_use() {
    let record = annotated("{");
    let world = followed("shop", v1()).workload(record.clone());
    assert_eq!(
        world.lines(EXR012),
        [
            "broken-trigger deployment.apps/web",
            "bypass deployment.apps/web web"
        ]
    );
    // A ReplicaSet has a copy of its Deployment's annotation.
    let mut copy = record.clone();
    copy.object = object(Kind::ReplicaSet, "shop", "web-1");
    copy.owner = Some(("Deployment".into(), "web".into()));
    let both = World::new().workload(copy.clone()).workload(record);
    assert_eq!(both.lines(EXR012), ["broken-trigger deployment.apps/web"]);
    let alone = World::new().workload(copy);
    assert_eq!(
        alone.lines(EXR012),
        ["broken-trigger replicaset.apps/web-1"]
    );
}

/// Every command leaves the rest of the annotation unchanged.
#[test]
fn the_one_entry_that_is_wrong_is_corrected() {
    let good = entry(WEB, "");
    let set = |text: &str, new: &str| {
        let path = "/metadata/annotations/image.openshift.io~1triggers";
        let patch = serde_json::json!([
            {"op": "test", "path": path, "value": text},
            {"op": "replace", "path": path, "value": new},
        ]);
        format!(
            "oc patch deployment.apps/web --type=json -p {} -n shop",
            extreg_remedy::word(&patch.to_string())
        )
    };
    let side = r#"spec.template.spec.containers[?(@.name==\"side\")].image"#;
    for (wrong, new, why) in [
        // Skipped alone, and for no container: without it nothing else changes.
        (entry("foo.bar", ""), None, "the other triggers work"),
        (entry("", ""), None, "the other triggers work"),
        // Another spelling of a container that no other entry sets.
        (
            entry("spec.containers[1].image", ""),
            Some(entry(side, "")),
            "the other triggers work",
        ),
        (
            entry("spec.template.spec.containers[?(@.name=='side')].image", ""),
            Some(entry(side, "")),
            "also ignores the other triggers",
        ),
    ] {
        let text = format!("[{good},{wrong}]");
        let corrected = match new {
            Some(new) => format!("[{good},{new}]"),
            None => format!("[{good}]"),
        };
        let world = followed("shop", v1()).workload(annotated(&text));
        let found = world.judge(EXR012);
        assert_eq!(found.len(), 1, "{wrong}: {found:?}");
        assert_eq!(found[0].fix_text(), set(&text, &corrected), "{wrong}");
        assert!(found[0].why.contains(why), "{wrong}: {}", found[0].why);
        let again = followed("shop", v1()).workload(annotated(&corrected));
        assert_eq!(again.lines(EXR012), [""; 0], "{wrong}");
    }
    // It is unknown which container is meant.
    let text = format!(
        "[{good},{}]",
        entry("spec.template.spec.containers[7].image", "")
    );
    let found = followed("shop", v1())
        .workload(annotated(&text))
        .judge(EXR012);
    assert_eq!(
        found[0].fix_text(),
        "name a container in image.openshift.io/triggers[1] of deployment.apps/web in shop: web, side"
    );
}

#[test]
fn a_paused_or_healthy_trigger_is_not_a_finding() {
    for text in [
        format!("[{},{}]", entry(WEB, ""), entry(SIDE, "")),
        format!(
            "[{},{}]",
            entry(WEB, ""),
            entry(
                "spec.template.spec.containers[7].image",
                r#","paused":true"#
            )
        ),
    ] {
        let world = followed("shop", v1()).workload(annotated(&text));
        assert_eq!(world.lines(EXR012), [""; 0], "{text}");
    }
}

#[test]
fn a_deployment_config_without_the_container_never_rolls_out() {
    let mut record = workload(
        object(Kind::DeploymentConfig, "shop", "web"),
        &[("web", "app:v1")],
    );
    let mut trigger = trigger(&[]);
    trigger.field = "wob".into();
    trigger.index = 1;
    trigger.fault = Some(TriggerFault::NoContainer);
    record.triggers = vec![trigger];
    record.trigger_source = TriggerSource::Spec;
    let found = followed("shop", v1()).workload(record).judge(EXR012);
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(
        found[0].message,
        "OpenShift ignores the image trigger of web on app:v1: no such container: wob"
    );
    assert!(found[0].why.contains("never rolls out"), "{}", found[0].why);
    assert_eq!(
        found[0].fix_text(),
        r#"oc patch deploymentconfig.apps.openshift.io/web --type=json -p '[{"op":"test","path":"/spec/triggers/1/imageChangeParams/from/name","value":"app:v1"},{"op":"add","path":"/spec/triggers/1/imageChangeParams/containerNames","value":["web"]}]' -n shop"#
    );
}

#[test]
fn unlisted_streams_are_inconclusive() {
    let world = || World::new().workload(web()).gap(Kind::ImageStream, "shop");
    assert_eq!(
        world().lines(EXR012),
        [
            "bypass? deployment.apps/web side",
            "bypass? deployment.apps/web web"
        ]
    );
    let files = World::new().workload(web()).in_files();
    assert_eq!(files.lines(EXR012), [""; 0]);
}
