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
fn what_runs_is_what_the_tag_shows() {
    let told = Objects::through().link(Part::Pods);
    assert_link(&told, State::Ok, "", "1 runs sha256:111111111111", "");
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
fn an_older_image_is_told_by_how_many_it_is_behind() {
    let told = running(OLD).link(Part::Pods);
    let fix = "oc rollout restart deployment.apps/app -n snow";
    let message = "1 runs sha256:000000000000: 1 image behind the tag";
    assert_link(&told, State::Broken, "Older", message, fix);
    // While it is replaced that is as it is to be.
    let mut objects = running(OLD);
    objects.workload["status"]["updatedReplicas"] = json!(0);
    let told = objects.link(Part::Pods);
    assert_link(&told, State::Waiting, "Older", message, "");
}

#[test]
fn another_image_is_wrong_unless_it_may_be_one_of_a_list() {
    let told = running(OTHER).link(Part::Pods);
    let fix = "oc rollout restart deployment.apps/app -n snow";
    let message = "1 runs sha256:222222222222, not the tag's sha256:111111111111";
    assert_link(&told, State::Broken, "Other", message, fix);
    let mut objects = running(OTHER);
    objects.tag()["importPolicy"]["importMode"] = json!("PreserveOriginal");
    let told = objects.link(Part::Pods);
    assert_link(
        &told,
        State::Unknown,
        "PerhapsOfList",
        "may be a list that it is of",
        "",
    );
    // One that the tag has shown itself is older all the same.
    objects.shown()["items"] = json!([item(NEW, 540, 2), item(OTHER, 900, 1)]);
    assert_eq!(objects.link(Part::Pods).reason, "Older");
}

#[test]
fn a_digest_that_no_node_tells_is_unknown() {
    for id in ["sha256:3333", ""] {
        let mut objects = Objects::through();
        objects.pod["status"]["containerStatuses"][0]["imageID"] = json!(id);
        let told = objects.link(Part::Pods);
        assert_link(
            &told,
            State::Unknown,
            "NoDigest",
            "do not say which digest",
            "",
        );
    }
    let mut objects = Objects::through();
    objects.pod = Value::Null;
    let told = objects.link(Part::Pods);
    assert_link(&told, State::Waiting, "NoPods", "there are no pods yet", "");
    let mut objects = Objects::through();
    objects.pod["status"] = json!({"phase": "Pending"});
    let told = objects.link(Part::Pods);
    assert_link(&told, State::Waiting, "Starting", "1 being started", "");
}

#[test]
fn an_anonymous_pull_limit_suggests_a_secret() {
    let mut objects = Objects::through();
    objects.stop_pod(
        "ImagePullBackOff",
        "toomanyrequests: You have reached your unauthenticated pull rate limit",
    );
    let told = objects.link(Part::Pods);
    assert_eq!(
        (told.state, told.reason.as_str()),
        (State::Broken, "TooManyRequests")
    );
    let mut world = objects.world();
    world.fetched.credentials =
        Objects::credentials(&[account(&json!([])), (Kind::Secret, hub("hub"))]);
    let told = link(&only(&world), Part::Pods);
    let fix = "oc extreg secret link hub --for pull --account default -n snow";
    assert_link(
        &told,
        State::Broken,
        "TooManyRequests",
        "account default has no pull secret for it",
        fix,
    );
    // With a login there is nothing to link.
    world.fetched.credentials = Objects::credentials(&[
        account(&json!([{"name": "hub"}])),
        (Kind::Secret, hub("hub")),
    ]);
    let told = link(&only(&world), Part::Pods);
    let fix = "oc extreg ratelimit --budget --registry docker.io -n snow";
    assert_link(
        &told,
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
    let told = link(&only(&world), Part::Pods);
    let fix = "oc extreg secret link dockerhub --for pull --account default -n snow";
    let message = "app-5d4f-x cannot pull docker.io/u/a@sha256:111111111111: the registry refuses it; account default has no pull secret for it";
    assert_link(&told, State::Broken, "Unauthorized", message, fix);

    // The account names one that does not exist.
    world.fetched.credentials = Objects::credentials(&[account(&json!([{"name": "gone"}]))]);
    let told = link(&only(&world), Part::Pods);
    let fix = "oc extreg secret set gone --registry docker.io -n snow";
    assert_link(
        &told,
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
    let told = link(&only(&world), Part::Pods);
    let fix = format!("oc extreg secret check hub --image docker.io/u/a@{NEW} -n snow");
    assert_link(
        &told,
        State::Broken,
        "Unauthorized",
        "it pulls as ably77 of secret/hub",
        &fix,
    );
    assert!(!format!("{told:?}").contains("canary"));
}

#[test]
fn an_image_that_is_gone_is_imported_again() {
    let mut objects = Objects::through();
    objects.stop_pod("ImagePullBackOff", "manifest unknown: manifest unknown");
    let told = objects.link(Part::Pods);
    let fix = "oc extreg import app:latest -n snow";
    assert_link(
        &told,
        State::Broken,
        "NotFound",
        "the registry no longer has it",
        fix,
    );
}

#[test]
fn what_stops_a_pod_for_another_reason_is_told() {
    let mut objects = Objects::through();
    objects.stop_pod("CreateContainerConfigError", "configmap \"x\" not found");
    let told = objects.link(Part::Pods);
    let fix = "oc describe pod/app-5d4f-x -n snow";
    assert_link(
        &told,
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
    let told = link(&flow, Part::Trigger);
    assert_link(
        &told,
        State::Ok,
        "",
        "deployment/app, container app follows app:latest",
        "",
    );
}

#[test]
fn a_pod_that_no_node_takes_is_waited_for() {
    let mut objects = Objects::through();
    objects.pod["status"] = json!({"phase": "Pending", "conditions": [{"type": "PodScheduled",
        "status": "False", "reason": "Unschedulable", "message": "0/3 nodes are available"}]});
    let told = objects.link(Part::Pods);
    let fix = "oc describe pod/app-5d4f-x -n snow";
    let message = "no node takes app-5d4f-x: 0/3 nodes are available";
    assert_link(&told, State::Waiting, "Unschedulable", message, fix);
    objects.workload["status"]["availableReplicas"] = json!(0);
    objects.workload["status"]["conditions"] = json!([{"type": "Progressing", "status": "False",
        "reason": "ProgressDeadlineExceeded", "message": "timed out"}]);
    let told = objects.link(Part::Rollout);
    assert_link(
        &told,
        State::Broken,
        "ProgressDeadlineExceeded",
        message,
        fix,
    );
}
