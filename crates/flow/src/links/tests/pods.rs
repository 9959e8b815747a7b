use extreg_snapshot::kind::Kind;
use serde_json::{Value, json};

use crate::{
    links::{Part, State},
    testing::{NEW, OLD, Objects, assert_link, hub, item, link, only},
};

const OTHER: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

fn running(digest: &str) -> Objects {
    let mut objects = Objects::through();
    objects.pod["status"]["containerStatuses"][0]["imageID"] =
        json!(format!("docker.io/u/a@{digest}"));
    objects
}

fn account(secrets: &Value) -> (Kind, Value) {
    let account =
        json!({"metadata": {"name": "default", "namespace": "snow"}, "imagePullSecrets": secrets});
    (Kind::ServiceAccount, account)
}

#[test]
fn pods_run_the_image_of_the_tag() {
    let actual = Objects::through().link(Part::Pods);
    assert_link(&actual, State::Ok, "", "1 runs sha256:111111111111", "");
    let mut objects = Objects::through();
    let mut second = objects.pod.clone();
    second["metadata"]["name"] = json!("app-5d4f-y");
    objects.more.push((Kind::Pod, second));
    assert_link(
        &objects.link(Part::Pods),
        State::Ok,
        "",
        "2 run sha256:111111111111",
        "",
    );
}

#[test]
fn older_image_shows_how_many_images_it_is_behind() {
    let actual = running(OLD).link(Part::Pods);
    let fix = "oc rollout restart deployment.apps/app -n snow";
    let message = "1 runs sha256:000000000000: 1 image behind the tag";
    assert_link(&actual, State::Broken, "Older", message, fix);
    // While it is replaced that is as it is to be.
    let mut objects = running(OLD);
    objects.workload["status"]["updatedReplicas"] = json!(0);
    let actual = objects.link(Part::Pods);
    assert_link(&actual, State::Waiting, "Older", message, "");
}

#[test]
fn another_image_is_wrong_unless_it_may_be_one_of_a_list() {
    let actual = running(OTHER).link(Part::Pods);
    let fix = "oc rollout restart deployment.apps/app -n snow";
    let message = "1 runs sha256:222222222222, not the tag's sha256:111111111111";
    assert_link(&actual, State::Broken, "Other", message, fix);
    let mut objects = running(OTHER);
    objects.tag()["importPolicy"]["importMode"] = json!("PreserveOriginal");
    let actual = objects.link(Part::Pods);
    assert_link(
        &actual,
        State::Unknown,
        "PerhapsOfList",
        "may be a list that contains it",
        "",
    );
    // One that the tag has shown itself is older all the same.
    objects.shown()["items"] = json!([item(NEW, 540, 2), item(OTHER, 900, 1)]);
    assert_eq!(objects.link(Part::Pods).reason, "Older");
}

#[test]
fn digest_that_no_node_reports_is_unknown() {
    for id in ["sha256:3333", ""] {
        let mut objects = Objects::through();
        objects.pod["status"]["containerStatuses"][0]["imageID"] = json!(id);
        let actual = objects.link(Part::Pods);
        assert_link(
            &actual,
            State::Unknown,
            "NoDigest",
            "do not report which digest",
            "",
        );
    }
    let mut objects = Objects::through();
    objects.pod = Value::Null;
    let actual = objects.link(Part::Pods);
    assert_link(&actual, State::Waiting, "NoPods", "no pods exist yet", "");
    let mut objects = Objects::through();
    objects.pod["status"] = json!({"phase": "Pending"});
    let actual = objects.link(Part::Pods);
    assert_link(&actual, State::Waiting, "Starting", "1 starting", "");
}

#[test]
fn an_anonymous_pull_limit_suggests_a_secret() {
    let mut objects = Objects::through();
    objects.stop_pod(
        "ImagePullBackOff",
        "toomanyrequests: You have reached your unauthenticated pull rate limit",
    );
    let actual = objects.link(Part::Pods);
    assert_eq!(
        (actual.state, actual.reason.as_str()),
        (State::Broken, "TooManyRequests")
    );
    let mut world = objects.world();
    world.fetched.credentials =
        Objects::credentials(&[account(&json!([])), (Kind::Secret, hub("hub"))]);
    let actual = link(&only(&world), Part::Pods);
    let fix = "oc extreg secret link hub --for pull --account default -n snow";
    assert_link(
        &actual,
        State::Broken,
        "TooManyRequests",
        "account default has no pull secret for it",
        fix,
    );
    // With a login, no secret needs a link.
    world.fetched.credentials = Objects::credentials(&[
        account(&json!([{"name": "hub"}])),
        (Kind::Secret, hub("hub")),
    ]);
    let actual = link(&only(&world), Part::Pods);
    let fix = "oc extreg ratelimit --budget --registry docker.io -n snow";
    assert_link(
        &actual,
        State::Broken,
        "TooManyRequests",
        "it pulls as ably77 of secret/hub",
        fix,
    );
}

#[test]
fn trap_54_a_pull_secret_that_is_missing_on_the_account_is_linked() {
    let mut objects = Objects::through();
    objects.stop_pod(
        "ErrImagePull",
        "initializing source docker://u/a: reading manifest: unauthorized: access to the requested resource is not authorized",
    );
    let mut world = objects.world();
    world.fetched.credentials =
        Objects::credentials(&[account(&json!([])), (Kind::Secret, hub("dockerhub"))]);
    let actual = link(&only(&world), Part::Pods);
    let fix = "oc extreg secret link dockerhub --for pull --account default -n snow";
    let message = "app-5d4f-x cannot pull docker.io/u/a@sha256:111111111111: the registry refuses it; account default has no pull secret for it";
    assert_link(&actual, State::Broken, "Unauthorized", message, fix);

    // The account names one that does not exist.
    world.fetched.credentials = Objects::credentials(&[account(&json!([{"name": "gone"}]))]);
    let actual = link(&only(&world), Part::Pods);
    let fix = "oc extreg secret set gone --registry docker.io -n snow";
    assert_link(
        &actual,
        State::Broken,
        "Unauthorized",
        "names secret/gone, which does not exist",
        fix,
    );

    // There is one, and the registry does not take it.
    world.fetched.credentials = Objects::credentials(&[
        account(&json!([{"name": "hub"}])),
        (Kind::Secret, hub("hub")),
    ]);
    let actual = link(&only(&world), Part::Pods);
    let fix = format!("oc extreg secret check hub --image docker.io/u/a@{NEW} -n snow");
    assert_link(
        &actual,
        State::Broken,
        "Unauthorized",
        "it pulls as ably77 of secret/hub",
        &fix,
    );
    assert!(!format!("{actual:?}").contains("canary"));
}

#[test]
fn an_image_that_is_gone_is_imported_again() {
    let mut objects = Objects::through();
    objects.stop_pod("ImagePullBackOff", "manifest unknown: manifest unknown");
    let actual = objects.link(Part::Pods);
    let fix = "oc extreg import app:latest -n snow";
    assert_link(
        &actual,
        State::Broken,
        "NotFound",
        "the registry no longer has it",
        fix,
    );
}

#[test]
fn other_waiting_reasons_of_pods_are_reported() {
    let mut objects = Objects::through();
    objects.stop_pod("CreateContainerConfigError", "configmap \"x\" not found");
    let actual = objects.link(Part::Pods);
    let fix = "oc describe pod/app-5d4f-x -n snow";
    assert_link(
        &actual,
        State::Broken,
        "CreateContainerConfigError",
        "configmap \"x\" not found",
        fix,
    );
    objects.stop_pod("ContainerCreating", "");
    assert_eq!(objects.link(Part::Pods).state, State::Waiting);
}

#[test]
fn a_sidecar_is_none_of_it() {
    let mut objects = Objects::through();
    let containers = objects.workload["spec"]["template"]["spec"]["containers"]
        .as_array_mut()
        .unwrap();
    containers.push(json!({"name": "proxy", "image": "quay.io/x/proxy:1"}));
    let statuses = objects.pod["status"]["containerStatuses"]
        .as_array_mut()
        .unwrap();
    statuses
        .push(json!({"name": "proxy", "imageID": format!("quay.io/x/proxy@{OTHER}"), "state": {}}));
    let flow = objects.flow();
    assert_eq!(link(&flow, Part::Pods).state, State::Ok);
    let actual = link(&flow, Part::Trigger);
    assert_link(
        &actual,
        State::Ok,
        "",
        "deployment/app, container app follows app:latest",
        "",
    );
}

#[test]
fn unschedulable_pod_is_waiting() {
    let mut objects = Objects::through();
    objects.pod["status"] = json!({"phase": "Pending", "conditions": [{"type": "PodScheduled",
        "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available"}]});
    let actual = objects.link(Part::Pods);
    let fix = "oc describe pod/app-5d4f-x -n snow";
    let message = "cannot schedule app-5d4f-x: 0/3 nodes are available";
    assert_link(&actual, State::Waiting, "Unschedulable", message, fix);
    objects.workload["status"]["availableReplicas"] = json!(0);
    objects.workload["status"]["conditions"] = json!([{"type": "Progressing", "status": "False",
        "reason": "ProgressDeadlineExceeded", "message": "timed out"}]);
    let actual = objects.link(Part::Rollout);
    assert_link(
        &actual,
        State::Broken,
        "ProgressDeadlineExceeded",
        message,
        fix,
    );
}
