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
fn a_trigger_that_works_says_whom_it_tells() {
    let told = Objects::through().link(Part::Trigger);
    assert_link(
        &told,
        State::Ok,
        "",
        "deployment/app follows app:latest",
        "",
    );
    assert_eq!(told.workload, "deployment/app");
}

#[test]
fn a_paused_trigger_is_broken_where_there_is_something_new() {
    let paused = trigger("app", r#","paused":true"#);
    let mut objects = with(&paused);
    let resumed: Value = serde_json::from_str(&trigger("app", "")).unwrap();
    let fix = &replaced(&paused, &resumed.to_string());
    let told = objects.link(Part::Trigger);
    assert_link(&told, State::Ok, "Paused", "is paused", fix);
    objects.workload["spec"]["template"]["spec"]["containers"][0]["image"] =
        json!(format!("docker.io/u/a@{OLD}"));
    let told = objects.link(Part::Trigger);
    assert_link(&told, State::Broken, "Paused", "is paused", fix);

    let mut objects = Objects::of_config();
    objects.workload["spec"]["triggers"][1]["imageChangeParams"]["automatic"] = json!(false);
    objects.workload["spec"]["template"]["spec"]["containers"][0]["image"] =
        json!(format!("docker.io/u/a@{OLD}"));
    let told = objects.link(Part::Trigger);
    let fix = r#"oc patch deploymentconfig.apps.openshift.io/app --type=json -p '[{"op":"test","path":"/spec/triggers/1/imageChangeParams/from/name","value":"app:latest"},{"op":"add","path":"/spec/triggers/1/imageChangeParams/automatic","value":true}]' -n snow"#;
    assert_link(&told, State::Broken, "Paused", "is paused", fix);
}

#[test]
fn a_malformed_annotation_says_what_to_write() {
    let write = r#"write the annotation image.openshift.io/triggers of deployment.apps/app in snow as a JSON list with one entry for each container: [{"from":{"kind":"ImageStreamTag","name":"STREAM:TAG"},"fieldPath":"spec.template.spec.containers[?(@.name=="app")].image"}]"#;
    let message =
        "the annotation of deployment/app cannot be used: it is not a JSON list of triggers";
    let told = with("[{").link(Part::Trigger);
    assert_link(&told, State::Broken, "MalformedTrigger", message, write);
    // It never had an image: what bears the same name is meant.
    let mut objects = with("nonsense");
    objects.workload["spec"]["template"]["spec"]["containers"][0]["image"] = json!(" ");
    let told = objects.link(Part::Trigger);
    assert_link(&told, State::Broken, "MalformedTrigger", message, write);
    // Nothing tells which tag was meant.
    objects.workload["metadata"]["name"] = json!("else");
    let loose = &objects.flow_of("deployment/else");
    let told = link(loose, Part::Trigger);
    assert_eq!(
        (told.state, told.reason.as_str()),
        (State::Broken, "MalformedTrigger")
    );
}

#[test]
fn one_stray_entry_leaves_the_healthy_ones_alone() {
    for stray in ["", "foo.bar"] {
        let healthy = trigger("app", "");
        let entry = format!(
            r#"{{"from":{{"kind":"ImageStreamTag","name":"other:latest"}},"fieldPath":"{stray}"}}"#
        );
        let objects = with(&format!("{},{entry}]", healthy.trim_end_matches(']')));
        let told = link(&objects.flow_of("app:latest"), Part::Trigger);
        assert_link(
            &told,
            State::Ok,
            "",
            "deployment/app follows app:latest",
            "",
        );
    }
}

#[test]
fn an_entry_whose_container_does_not_exist_stops_the_others_while_its_tag_has_an_image() {
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
    let told = link(&of("gone:latest").flow_of("app:latest"), Part::Trigger);
    assert_eq!(told.state, State::Ok);
    let flow = of("app:latest").flow_of("app:latest");
    let told = flow
        .links
        .iter()
        .find(|link| link.part == Part::Trigger)
        .unwrap();
    assert_eq!(
        (told.state, told.reason.as_str()),
        (State::Broken, "WrongContainer")
    );
    assert!(
        told.message.contains("sets none of its triggers"),
        "{told:?}"
    );
}

#[test]
fn a_wrong_container_name_is_corrected_in_its_entry() {
    let wrong = trigger("web", "");
    let told = with(&wrong).link(Part::Trigger);
    let message = r#"is to follow app:latest, but no such container: "spec.template.spec.containers[?(@.name==\"web\")].image""#;
    let right: Value = serde_json::from_str(&trigger("app", "")).unwrap();
    let fix = &replaced(&wrong, &right.to_string());
    assert_link(&told, State::Broken, "WrongContainer", message, fix);

    let mut objects = Objects::of_config();
    objects.workload["spec"]["triggers"][1]["imageChangeParams"]["containerNames"] = json!(["web"]);
    let told = objects.link(Part::Trigger);
    let fix = r#"oc patch deploymentconfig.apps.openshift.io/app --type=json -p '[{"op":"test","path":"/spec/triggers/1/imageChangeParams/from/name","value":"app:latest"},{"op":"add","path":"/spec/triggers/1/imageChangeParams/containerNames","value":["app"]}]' -n snow"#;
    assert_link(
        &told,
        State::Broken,
        "WrongContainer",
        "no such container: \"web\"",
        fix,
    );
}

#[test]
fn a_trigger_without_a_tag_is_never_set() {
    let text = trigger("app", "").replace("app:latest", "app");
    let told = with(&text).link(Part::Trigger);
    let fix = "write the tag in from.name of image.openshift.io/triggers[0] of deployment.apps/app \
                in snow, as in app:latest";
    assert_link(&told, State::Broken, "MalformedTrigger", "has no tag", fix);
}

#[test]
fn a_trigger_may_be_of_another_namespace() {
    let mut objects = Objects::through();
    for object in [&mut objects.config, &mut objects.build, &mut objects.stream] {
        object["metadata"]["namespace"] = json!("images");
    }
    // It names its own by default, where there is no such stream.
    let flows = report(&objects.world(), &Wanted::default()).flows;
    let own = flows.iter().find(|flow| flow.namespace == "snow").unwrap();
    let told = link(own, Part::Import);
    assert!(
        told.message
            .contains("imagestream/app does not exist in snow"),
        "{told:?}"
    );

    let text = trigger("app", "").replace("app:latest\"", "app:latest\",\"namespace\":\"images\"");
    objects.workload["metadata"]["annotations"]["image.openshift.io/triggers"] = json!(text);
    let flow = objects.flow();
    assert_eq!(flow.namespace, "images");
    let told = link(&flow, Part::Trigger);
    assert_link(
        &told,
        State::Ok,
        "",
        "deployment/app follows images/app:latest",
        "",
    );
    objects.workload["metadata"]["annotations"]["image.openshift.io/triggers"] =
        json!(text.replace("==\\\"app", "==\\\"web"));
    let told = objects.link(Part::Trigger);
    assert!(
        told.fix
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
            "deployment/app names its image itself and does not follow app:latest",
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
        let told = objects.link(Part::Trigger);
        assert_link(&told, State::Broken, reason, message, ANNOTATE);
    }
}

#[test]
fn a_name_that_is_looked_up_does_not_follow() {
    let mut objects = Objects::through();
    objects.workload["metadata"]["annotations"] =
        json!({"alpha.image.policy.openshift.io/resolve-names": "*"});
    objects.workload["spec"]["template"]["spec"]["containers"][0]["image"] = json!("app:latest");
    let told = objects.link(Part::Trigger);
    assert_link(
        &told,
        State::Broken,
        "ByLookup",
        "is looked up when the object is written",
        ANNOTATE,
    );
    objects.workload["metadata"]["annotations"] = Value::Null;
    objects.stream["spec"]["lookupPolicy"]["local"] = json!(true);
    assert_eq!(objects.link(Part::Trigger).reason, "ByLookup");
}

#[test]
fn a_workload_that_follows_nothing_says_so_when_it_is_asked_for() {
    let mut objects = Objects::through();
    objects.workload["metadata"]["annotations"] = Value::Null;
    objects.workload["spec"]["template"]["spec"]["containers"][0]["image"] = json!("quay.io/x/y:1");
    let world = objects.world();
    let told = link(&report(&world, &Wanted::default()).flows[0], Part::Trigger);
    assert_link(&told, State::None, "", "no workload of snow follows it", "");
    let wanted = Wanted::parse(Some("deploy/app")).unwrap();
    let flows = report(&world, &wanted).flows;
    assert_eq!(flows[0].name, "deployment/app");
    let told = link(&flows[0], Part::Trigger);
    let fix = "oc describe deployment.apps/app -n snow";
    assert_link(
        &told,
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
    let told = objects.link(Part::Trigger);
    assert_link(
        &told,
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
    let told = objects.link(Part::Trigger);
    let message = "follows app:latest; without a ConfigChange trigger only a new image rolls out";
    assert_link(&told, State::Ok, "", message, "");
    // Without any trigger it follows nothing.
    objects.workload["spec"]["triggers"] = json!([]);
    let told = objects.link(Part::Trigger);
    let fix = r#"oc patch deploymentconfig.apps.openshift.io/app --type=json -p '[{"op":"add","path":"/spec/triggers/-","value":{"imageChangeParams":{"automatic":true,"containerNames":["app"],"from":{"kind":"ImageStreamTag","name":"app:latest"}},"type":"ImageChange"}}]' -n snow"#;
    assert_link(
        &told,
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
        let told = objects.link(Part::Trigger);
        let message = format!("{}/app follows app:latest", kind.api().kind.to_lowercase());
        assert_link(&told, State::Ok, "", &message, "");
    }
    let mut objects = Objects::through();
    objects.kind = Kind::CronJob;
    let text = trigger("app", "").replace("spec.template", "spec.jobTemplate.spec.template");
    objects.workload["metadata"]["annotations"]["image.openshift.io/triggers"] = json!(text);
    let template = objects.workload["spec"]["template"].take();
    objects.workload["spec"] = json!({"jobTemplate": {"spec": {"template": template}}});
    let told = objects.link(Part::Trigger);
    assert_link(&told, State::Ok, "", "cronjob/app follows app:latest", "");
}
