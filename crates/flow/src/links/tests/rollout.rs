use extreg_snapshot::kind::Kind;
use serde_json::{Value, json};

use crate::{
    links::{Part, State},
    testing::{Objects, ago, assert_link, link, trigger},
};

#[test]
fn complete_rollout_shows_the_count() {
    let actual = Objects::through().link(Part::Rollout);
    assert_link(&actual, State::Ok, "", "1 of 1 updated", "");
    assert_eq!(actual.time.unwrap().to_string(), ago(500));
    let actual = Objects::of_config().link(Part::Rollout);
    assert_link(&actual, State::Ok, "", "1 of 1 updated, version 3", "");
}

#[test]
fn a_rollout_on_its_way_is_waited_for() {
    let mut objects = Objects::through();
    objects.workload["spec"]["replicas"] = json!(3);
    objects.workload["status"]["replicas"] = json!(4);
    let actual = objects.link(Part::Rollout);
    assert_link(
        &actual,
        State::Waiting,
        "",
        "1 of 3 updated, 1 available, 3 old",
        "",
    );
    let mut objects = Objects::through();
    objects.workload["metadata"]["generation"] = json!(5);
    assert_eq!(
        objects.link(Part::Rollout).state,
        State::Waiting,
        "not yet seen"
    );
}

#[test]
fn paused_deployment_does_not_roll_out() {
    for (mut objects, kind) in [
        (Objects::through(), "deployment.apps"),
        (Objects::of_config(), "deploymentconfig.apps.openshift.io"),
    ] {
        objects.workload["spec"]["paused"] = json!(true);
        let fix = format!("oc rollout resume {kind}/app -n snow");
        let actual = objects.link(Part::Rollout);
        assert_link(
            &actual,
            State::Ok,
            "Paused",
            "is paused: nothing rolls out",
            &fix,
        );
        objects.workload["status"]["updatedReplicas"] = json!(0);
        let actual = objects.link(Part::Rollout);
        assert_link(&actual, State::Broken, "Paused", "is paused", &fix);
    }
}

#[test]
fn stuck_rollout_shows_the_message_of_its_pods() {
    let mut objects = Objects::through();
    objects.workload["status"]["updatedReplicas"] = json!(1);
    objects.workload["status"]["availableReplicas"] = json!(0);
    objects.workload["status"]["conditions"] = json!([{"type": "Progressing", "status": "False",
        "reason": "ProgressDeadlineExceeded", "message": "ReplicaSet \"app-5d4f\" has timed out progressing.",
        "lastTransitionTime": ago(100)}]);
    let actual = objects.link(Part::Rollout);
    let message =
        "the rollout does not progress: ReplicaSet \"app-5d4f\" has timed out progressing.";
    let fix = "oc logs deployment.apps/app -n snow";
    assert_link(
        &actual,
        State::Broken,
        "ProgressDeadlineExceeded",
        message,
        fix,
    );
    objects.stop_pod(
        "CrashLoopBackOff",
        "back-off 5m0s restarting failed container",
    );
    let actual = objects.link(Part::Rollout);
    let fix = "oc logs pod/app-5d4f-x -c app --previous -n snow";
    assert_link(
        &actual,
        State::Broken,
        "ProgressDeadlineExceeded",
        "app-5d4f-x waits: CrashLoopBackOff",
        fix,
    );
}

#[test]
fn failed_pod_creation_is_reported_for_the_newest_version_only() {
    let mut objects = Objects::through();
    objects.workload["status"]["conditions"] = json!([{"type": "ReplicaFailure", "status": "True",
        "reason": "FailedCreate", "message": "exceeded quota: pods"}]);
    assert_eq!(
        objects.link(Part::Rollout).state,
        State::Ok,
        "of a version before"
    );
    objects.workload["status"]["updatedReplicas"] = json!(0);
    let actual = objects.link(Part::Rollout);
    let fix = "oc describe resourcequota -n snow";
    assert_link(
        &actual,
        State::Broken,
        "FailedCreate",
        "cannot create pods: exceeded quota: pods",
        fix,
    );
}

#[test]
fn what_has_no_image_yet_waits_for_it() {
    let mut objects = Objects::through();
    objects.workload["spec"]["template"]["spec"]["containers"][0]["image"] = json!(" ");
    objects.workload["status"] = Value::Null;
    let actual = objects.link(Part::Rollout);
    assert_link(
        &actual,
        State::Waiting,
        "NoImage",
        "deployment/app has no image yet",
        "",
    );
}

#[test]
fn workloads_scaled_to_zero_do_not_run() {
    let mut objects = Objects::through();
    objects.workload["spec"]["replicas"] = json!(0);
    objects.workload["status"] = json!({"observedGeneration": 4});
    objects.pod = Value::Null;
    let flow = objects.flow();
    let actual = link(&flow, Part::Rollout);
    assert_link(
        &actual,
        State::None,
        "ScaledToZero",
        "deployment/app is scaled to 0",
        "",
    );
    let actual = link(&flow, Part::Pods);
    assert_link(&actual, State::None, "", "no pods are requested", "");
}

#[test]
fn a_deployment_config_that_was_never_rolled_out_is() {
    let mut objects = Objects::of_config();
    objects.workload["status"] = json!({"latestVersion": 0});
    let actual = objects.link(Part::Rollout);
    let fix = "oc rollout latest deploymentconfig.apps.openshift.io/app -n snow";
    assert_link(
        &actual,
        State::Waiting,
        "NotRolledOut",
        "has not been rolled out yet",
        fix,
    );
}

#[test]
fn pods_of_on_delete_workloads_remain_old() {
    let mut objects = Objects::through();
    objects.kind = Kind::StatefulSet;
    objects.workload["spec"]["updateStrategy"] = json!({"type": "OnDelete"});
    objects.workload["status"]["updatedReplicas"] = json!(0);
    let actual = objects.link(Part::Rollout);
    let fix = r#"oc patch statefulset.apps/app --type=merge -p '{"spec":{"updateStrategy":{"type":"RollingUpdate"}}}' -n snow"#;
    assert_link(
        &actual,
        State::Broken,
        "OnDelete",
        "replaced only when they are deleted",
        fix,
    );
}

#[test]
fn cron_job_uses_the_image_in_its_next_job() {
    let mut objects = Objects::through();
    objects.kind = Kind::CronJob;
    let text = trigger("app", "").replace("spec.template", "spec.jobTemplate.spec.template");
    objects.workload["metadata"]["annotations"]["image.openshift.io/triggers"] = json!(text);
    let template = objects.workload["spec"]["template"].take();
    objects.workload["spec"] = json!({"jobTemplate": {"spec": {"template": template}}});
    objects.workload["status"] = json!({"lastScheduleTime": ago(30)});
    objects.pod = Value::Null;
    let actual = objects.link(Part::Rollout);
    assert_link(&actual, State::Ok, "", "its next job uses the image", "");
    objects.workload["spec"]["suspend"] = json!(true);
    let actual = objects.link(Part::Rollout);
    let fix = r#"oc patch cronjob.batch/app --type=merge -p '{"spec":{"suspend":false}}' -n snow"#;
    assert_link(
        &actual,
        State::Broken,
        "Suspended",
        "cronjob/app is suspended",
        fix,
    );
}
