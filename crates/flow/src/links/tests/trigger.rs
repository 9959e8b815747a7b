use extreg_snapshot::kind::Kind;
use serde_json::{Value, json};

use crate::{
    flow::Wanted,
    links::{Part, State},
    testing::{NEW, OLD, Objects, assert_link, item, link, report, trigger},
};

/// Lets the container of a workload without an annotation follow the tag.
const ANNOTATE: &str = r#"oc annotate deployment.apps/app 'image.openshift.io/triggers=[{"fieldPath":"spec.template.spec.containers[?(@.name==\"app\")].image","from":{"kind":"ImageStreamTag","name":"app:latest"}}]' -n snow"#;

/// Replaces the annotation, if it is as it was read.
fn replaced(was: &str, new: &str) -> String {
    let path = "/metadata/annotations/image.openshift.io~1triggers";
    let patch = json!([
        {"op": "test", "path": path, "value": was},
        {"op": "replace", "path": path, "value": new},
    ]);
    format!("oc patch deployment.apps/app --type=json -p '{patch}' -n snow")
}

fn with(annotation: &str) -> Objects {
    let mut objects = Objects::through();
    objects.workload["metadata"]["annotations"]["image.openshift.io/triggers"] = json!(annotation);
    objects
}

#[test]
fn working_trigger_names_its_workload() {
    let actual = Objects::through().link(Part::Trigger);
    assert_link(
        &actual,
        State::Ok,
        "",
        "deployment/app follows app:latest",
        "",
    );
    assert_eq!(actual.workload, "deployment/app");
}

#[test]
fn a_paused_trigger_is_broken_where_there_is_something_new() {
    let paused = trigger("app", r#","paused":true"#);
    let mut objects = with(&paused);
    let resumed: Value = serde_json::from_str(&trigger("app", "")).unwrap();
    let fix = &replaced(&paused, &resumed.to_string());
    let actual = objects.link(Part::Trigger);
    assert_link(&actual, State::Ok, "Paused", "is paused", fix);
    objects.workload["spec"]["template"]["spec"]["containers"][0]["image"] =
        json!(format!("docker.io/u/a@{OLD}"));
    let actual = objects.link(Part::Trigger);
    assert_link(&actual, State::Broken, "Paused", "is paused", fix);

    let mut objects = Objects::of_config();
    objects.workload["spec"]["triggers"][1]["imageChangeParams"]["automatic"] = json!(false);
    objects.workload["spec"]["template"]["spec"]["containers"][0]["image"] =
        json!(format!("docker.io/u/a@{OLD}"));
    let actual = objects.link(Part::Trigger);
    let fix = r#"oc patch deploymentconfig.apps.openshift.io/app --type=json -p '[{"op":"test","path":"/spec/triggers/1/imageChangeParams/from/name","value":"app:latest"},{"op":"add","path":"/spec/triggers/1/imageChangeParams/automatic","value":true}]' -n snow"#;
    assert_link(&actual, State::Broken, "Paused", "is paused", fix);
}

#[test]
fn malformed_annotation_shows_the_correct_one() {
    let write = r#"write the annotation image.openshift.io/triggers of deployment.apps/app in snow as a JSON list with one entry for each container: [{"from":{"kind":"ImageStreamTag","name":"STREAM:TAG"},"fieldPath":"spec.template.spec.containers[?(@.name=="app")].image"}]"#;
    let message =
        "the annotation of deployment/app cannot be used: it is not a JSON list of triggers";
    let actual = with("[{").link(Part::Trigger);
    assert_link(&actual, State::Broken, "MalformedTrigger", message, write);
    // It never had an image: what bears the same name is meant.
    let mut objects = with("nonsense");
    objects.workload["spec"]["template"]["spec"]["containers"][0]["image"] = json!(" ");
    let actual = objects.link(Part::Trigger);
    assert_link(&actual, State::Broken, "MalformedTrigger", message, write);
    // The intended tag is unknown.
    objects.workload["metadata"]["name"] = json!("else");
    let loose = &objects.flow_of("deployment/else");
    let actual = link(loose, Part::Trigger);
    assert_eq!(
        (actual.state, actual.reason.as_str()),
        (State::Broken, "MalformedTrigger")
    );
}

#[test]
fn one_stray_entry_does_not_affect_valid_ones() {
    for stray in ["", "foo.bar"] {
        let healthy = trigger("app", "");
        let entry = format!(
            r#"{{"from":{{"kind":"ImageStreamTag","name":"other:latest"}},"fieldPath":"{stray}"}}"#
        );
        let objects = with(&format!("{},{entry}]", healthy.trim_end_matches(']')));
        let actual = link(&objects.flow_of("app:latest"), Part::Trigger);
        assert_link(
            &actual,
            State::Ok,
            "",
            "deployment/app follows app:latest",
            "",
        );
    }
}

#[test]
fn trigger_with_unknown_container_stops_all_triggers_if_its_tag_has_an_image() {
    let healthy = trigger("app", "");
    let entry = |tag: &str| {
        format!(
            r#"{{"from":{{"kind":"ImageStreamTag","name":"{tag}"}},"fieldPath":"spec.template.spec.containers[7].image"}}"#
        )
    };
    let of = |tag: &str| {
        with(&format!(
            "{},{}]",
            healthy.trim_end_matches(']'),
            entry(tag)
        ))
    };
    let actual = link(&of("gone:latest").flow_of("app:latest"), Part::Trigger);
    assert_eq!(actual.state, State::Ok);
    let flow = of("app:latest").flow_of("app:latest");
    let actual = flow
        .links
        .iter()
        .find(|link| link.part == Part::Trigger)
        .unwrap();
    assert_eq!(
        (actual.state, actual.reason.as_str()),
        (State::Broken, "WrongContainer")
    );
    assert!(
        actual.message.contains("applies none of its triggers"),
        "{actual:?}"
    );
}

#[test]
fn a_wrong_container_name_is_corrected_in_its_entry() {
    let wrong = trigger("web", "");
    let actual = with(&wrong).link(Part::Trigger);
    let message = r#"should follow app:latest, but no such container: "spec.template.spec.containers[?(@.name==\"web\")].image""#;
    let right: Value = serde_json::from_str(&trigger("app", "")).unwrap();
    let fix = &replaced(&wrong, &right.to_string());
    assert_link(&actual, State::Broken, "WrongContainer", message, fix);

    let mut objects = Objects::of_config();
    objects.workload["spec"]["triggers"][1]["imageChangeParams"]["containerNames"] = json!(["web"]);
    let actual = objects.link(Part::Trigger);
    let fix = r#"oc patch deploymentconfig.apps.openshift.io/app --type=json -p '[{"op":"test","path":"/spec/triggers/1/imageChangeParams/from/name","value":"app:latest"},{"op":"add","path":"/spec/triggers/1/imageChangeParams/containerNames","value":["app"]}]' -n snow"#;
    assert_link(
        &actual,
        State::Broken,
        "WrongContainer",
        "no such container: \"web\"",
        fix,
    );
}

#[test]
fn a_trigger_without_a_tag_is_never_set() {
    let text = trigger("app", "").replace("app:latest", "app");
    let actual = with(&text).link(Part::Trigger);
    let fix = "write the tag in from.name of image.openshift.io/triggers[0] of deployment.apps/app \
                in snow, as in app:latest";
    assert_link(
        &actual,
        State::Broken,
        "MalformedTrigger",
        "has no tag",
        fix,
    );
}

#[test]
fn a_trigger_may_be_of_another_namespace() {
    let mut objects = Objects::through();
    for object in [&mut objects.config, &mut objects.build, &mut objects.stream] {
        object["metadata"]["namespace"] = json!("images");
    }
    // By default, it names its own namespace, where the stream does not exist.
    let flows = report(&objects.world(), &Wanted::default()).flows;
    let own = flows.iter().find(|flow| flow.namespace == "snow").unwrap();
    let actual = link(own, Part::Import);
    assert!(
        actual
            .message
            .contains("imagestream/app does not exist in snow"),
        "{actual:?}"
    );

    let text = trigger("app", "").replace("app:latest\"", "app:latest\",\"namespace\":\"images\"");
    objects.workload["metadata"]["annotations"]["image.openshift.io/triggers"] = json!(text);
    let flow = objects.flow();
    assert_eq!(flow.namespace, "images");
    let actual = link(&flow, Part::Trigger);
    assert_link(
        &actual,
        State::Ok,
        "",
        "deployment/app follows images/app:latest",
        "",
    );
    objects.workload["metadata"]["annotations"]["image.openshift.io/triggers"] =
        json!(text.replace("==\\\"app", "==\\\"web"));
    let actual = objects.link(Part::Trigger);
    assert!(
        actual
            .fix
            .unwrap()
            .text()
            .contains(r#"\"namespace\":\"images\""#)
    );
}

#[test]
fn a_workload_that_names_the_image_does_not_follow() {
    for (image, reason, message) in [
        (
            "docker.io/u/a:latest",
            "ByName",
            "deployment/app names its image directly and does not follow app:latest",
        ),
        ("u/a", "ByName", "does not follow app:latest: u/a"),
        (
            "image-registry.openshift-image-registry.svc:5000/snow/app:latest",
            "ByName",
            "does not follow",
        ),
        (
            &format!("docker.io/u/a@{OLD}"),
            "Pinned",
            "names a digest and does not follow app:latest: docker.io/u/a@sha256:000000000000",
        ),
    ] {
        let mut objects = Objects::through();
        objects.workload["metadata"]["annotations"] = Value::Null;
        objects.workload["spec"]["template"]["spec"]["containers"][0]["image"] = json!(image);
        let actual = objects.link(Part::Trigger);
        assert_link(&actual, State::Broken, reason, message, ANNOTATE);
    }
}

#[test]
fn name_resolved_by_lookup_does_not_follow() {
    let mut objects = Objects::through();
    objects.workload["metadata"]["annotations"] =
        json!({"alpha.image.policy.openshift.io/resolve-names": "*"});
    objects.workload["spec"]["template"]["spec"]["containers"][0]["image"] = json!("app:latest");
    let actual = objects.link(Part::Trigger);
    assert_link(
        &actual,
        State::Broken,
        "ByLookup",
        "is resolved only when the object is written",
        ANNOTATE,
    );
    objects.workload["metadata"]["annotations"] = Value::Null;
    objects.stream["spec"]["lookupPolicy"]["local"] = json!(true);
    assert_eq!(objects.link(Part::Trigger).reason, "ByLookup");
}

#[test]
fn requested_workload_without_a_tag_is_reported() {
    let mut objects = Objects::through();
    objects.workload["metadata"]["annotations"] = Value::Null;
    objects.workload["spec"]["template"]["spec"]["containers"][0]["image"] = json!("quay.io/x/y:1");
    let world = objects.world();
    let actual = link(&report(&world, &Wanted::default()).flows[0], Part::Trigger);
    assert_link(
        &actual,
        State::None,
        "",
        "no workload of snow follows it",
        "",
    );
    let wanted = Wanted::parse(Some("deploy/app")).unwrap();
    let flows = report(&world, &wanted).flows;
    assert_eq!(flows[0].name, "deployment/app");
    let actual = link(&flows[0], Part::Trigger);
    let fix = "oc describe deployment.apps/app -n snow";
    assert_link(
        &actual,
        State::Broken,
        "NoTrigger",
        "follows no ImageStream tag",
        fix,
    );
}

#[test]
fn a_trigger_that_is_not_acted_on_is_broken_after_a_while() {
    let mut objects = Objects::through();
    objects.workload["spec"]["template"]["spec"]["containers"][0]["image"] = json!(" ");
    let actual = objects.link(Part::Trigger);
    assert_link(
        &actual,
        State::Broken,
        "NotTriggered",
        "was not set to sha256:111111111111",
        "oc describe deployment.apps/app -n snow",
    );
    objects.shown()["items"] = json!([item(NEW, 30, 2)]);
    assert_eq!(objects.link(Part::Trigger).state, State::Waiting);
    // Through the integrated registry it is another name of the same image.
    let local = format!("image-registry.openshift-image-registry.svc:5000/snow/app@{NEW}");
    objects.workload["spec"]["template"]["spec"]["containers"][0]["image"] = json!(local);
    assert_eq!(objects.link(Part::Trigger).state, State::Ok);
}

#[test]
fn a_deployment_config_without_config_change_still_rolls_out_a_new_image() {
    let mut objects = Objects::of_config();
    let triggers = objects.workload["spec"]["triggers"].as_array_mut().unwrap();
    triggers.remove(0);
    let actual = objects.link(Part::Trigger);
    let message = "follows app:latest; without a ConfigChange trigger only a new image rolls out";
    assert_link(&actual, State::Ok, "", message, "");
    // Without any trigger it follows nothing.
    objects.workload["spec"]["triggers"] = json!([]);
    let actual = objects.link(Part::Trigger);
    let fix = r#"oc patch deploymentconfig.apps.openshift.io/app --type=json -p '[{"op":"add","path":"/spec/triggers/-","value":{"imageChangeParams":{"automatic":true,"containerNames":["app"],"from":{"kind":"ImageStreamTag","name":"app:latest"}},"type":"ImageChange"}}]' -n snow"#;
    assert_link(
        &actual,
        State::Broken,
        "Pinned",
        "names a digest and does not follow",
        fix,
    );
}

#[test]
fn every_kind_of_workload_follows() {
    for kind in [Kind::StatefulSet, Kind::DaemonSet] {
        let mut objects = Objects::through();
        objects.kind = kind;
        let actual = objects.link(Part::Trigger);
        let message = format!("{}/app follows app:latest", kind.api().kind.to_lowercase());
        assert_link(&actual, State::Ok, "", &message, "");
    }
    let mut objects = Objects::through();
    objects.kind = Kind::CronJob;
    let text = trigger("app", "").replace("spec.template", "spec.jobTemplate.spec.template");
    objects.workload["metadata"]["annotations"]["image.openshift.io/triggers"] = json!(text);
    let template = objects.workload["spec"]["template"].take();
    objects.workload["spec"] = json!({"jobTemplate": {"spec": {"template": template}}});
    let actual = objects.link(Part::Trigger);
    assert_link(&actual, State::Ok, "", "cronjob/app follows app:latest", "");
}
