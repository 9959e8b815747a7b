use serde_json::{Value, json};

use crate::commands::status::{
    flow::Wanted,
    links::{Part, State},
    read::WorkloadKind,
    testing::{NEW, OLD, Objects, assert_link, item, link, report, trigger},
};

const ANNOTATE: &str = r#"oc annotate deployment/app -n snow --overwrite 'image.openshift.io/triggers=[{"fieldPath":"spec.template.spec.containers[?(@.name==\"app\")].image","from":{"kind":"ImageStreamTag","name":"app:latest"}}]'"#;

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
    let mut objects = with(&trigger("app", r#","paused":true"#));
    let mend = "oc set triggers deployment/app --auto -n snow";
    let told = objects.link(Part::Trigger);
    assert_link(&told, State::Ok, "Paused", "is paused", mend);
    objects.workload["spec"]["template"]["spec"]["containers"][0]["image"] =
        json!(format!("docker.io/u/a@{OLD}"));
    let told = objects.link(Part::Trigger);
    assert_link(&told, State::Broken, "Paused", "is paused", mend);

    let mut objects = Objects::of_config();
    objects.workload["spec"]["triggers"][1]["imageChangeParams"]["automatic"] = json!(false);
    objects.workload["spec"]["template"]["spec"]["containers"][0]["image"] =
        json!(format!("docker.io/u/a@{OLD}"));
    let told = objects.link(Part::Trigger);
    let mend = "oc set triggers deploymentconfig/app --auto -n snow";
    assert_link(&told, State::Broken, "Paused", "is paused", mend);
}

#[test]
fn trap_53_a_malformed_annotation_is_put_right() {
    let told = with("[{").link(Part::Trigger);
    let message = "the annotation of deployment/app is no JSON list of triggers";
    assert_link(&told, State::Broken, "MalformedTrigger", message, ANNOTATE);
    // It never had an image: what bears the same name is meant.
    let mut objects = with("nonsense");
    objects.workload["spec"]["template"]["spec"]["containers"][0]["image"] = json!(" ");
    let told = objects.link(Part::Trigger);
    assert_link(&told, State::Broken, "MalformedTrigger", message, ANNOTATE);
    // Nothing tells which tag was meant.
    objects.workload["metadata"]["name"] = json!("else");
    let loose = &objects.flow_of("deployment/else");
    let told = link(loose, Part::Trigger);
    let mend = "oc describe deployment/else -n snow";
    assert_link(
        &told,
        State::Broken,
        "MalformedTrigger",
        "is no JSON list",
        mend,
    );
    let field = with(
        r#"[{"from":{"kind":"ImageStreamTag","name":"app:latest"},"fieldPath":"spec.image"}]"#,
    );
    let told = field.link(Part::Trigger);
    assert_link(
        &told,
        State::Broken,
        "MalformedTrigger",
        "not below spec.template.spec",
        ANNOTATE,
    );
}

#[test]
fn trap_53_a_wrong_container_name_is_put_right() {
    let told = with(&trigger("web", "")).link(Part::Trigger);
    let message =
        r#"is to follow app:latest, but no such container: containers[?(@.name=="web")].image"#;
    assert_link(&told, State::Broken, "WrongContainer", message, ANNOTATE);

    let mut objects = Objects::of_config();
    objects.workload["spec"]["triggers"][1]["imageChangeParams"]["containerNames"] = json!(["web"]);
    let told = objects.link(Part::Trigger);
    let mend =
        "oc set triggers deploymentconfig/app --from-image=app:latest --containers=app -n snow";
    assert_link(
        &told,
        State::Broken,
        "WrongContainer",
        "no such container: web",
        mend,
    );
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
        told.message.contains("there is no imagestream/app in snow"),
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
    assert!(told.mend.unwrap().contains(r#""namespace":"images""#));
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
    let mend = "oc describe deployment/app -n snow";
    assert_link(
        &told,
        State::Broken,
        "NoTrigger",
        "follows no ImageStream tag",
        mend,
    );
}

#[test]
fn a_trigger_that_nobody_acts_on_is_broken_after_a_while() {
    let mut objects = Objects::through();
    objects.workload["spec"]["template"]["spec"]["containers"][0]["image"] = json!(" ");
    let told = objects.link(Part::Trigger);
    assert_link(
        &told,
        State::Broken,
        "NotTriggered",
        "was not set to sha256:111111111111",
        ANNOTATE,
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
    let mend =
        "oc set triggers deploymentconfig/app --from-image=app:latest --containers=app -n snow";
    assert_link(
        &told,
        State::Broken,
        "Pinned",
        "names a digest and does not follow",
        mend,
    );
}

#[test]
fn every_kind_of_workload_follows() {
    for kind in [WorkloadKind::StatefulSet, WorkloadKind::DaemonSet] {
        let mut objects = Objects::through();
        objects.kind = kind;
        let told = objects.link(Part::Trigger);
        let message = format!("{}/app follows app:latest", kind.word());
        assert_link(&told, State::Ok, "", &message, "");
    }
    let mut objects = Objects::through();
    objects.kind = WorkloadKind::CronJob;
    let text = trigger("app", "").replace("spec.template", "spec.jobTemplate.spec.template");
    objects.workload["metadata"]["annotations"]["image.openshift.io/triggers"] = json!(text);
    let template = objects.workload["spec"]["template"].take();
    objects.workload["spec"] = json!({"jobTemplate": {"spec": {"template": template}}});
    let told = objects.link(Part::Trigger);
    assert_link(&told, State::Ok, "", "cronjob/app follows app:latest", "");
}
