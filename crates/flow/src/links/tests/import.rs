use extreg_snapshot::kind::Kind;
use serde_json::{Value, json};

use super::with_registry;
use crate::{
    fetched::InRegistry,
    links::{Part, State},
    testing::{NEW, OLD, Objects, ago, assert_link, hub, item, link, only},
};

const NOW: &str = "oc extreg import app:latest -n snow";
const WAIT: &str = "oc extreg import app:latest --wait -n snow";
const LIMIT: &str = "oc extreg ratelimit --budget --registry docker.io -n snow";
const CREATE: &str = "oc extreg secret set dockerhub --registry docker.io -n snow";

fn has(digest: &str, is_list: bool) -> InRegistry {
    InRegistry::Has {
        digest: digest.to_owned(),
        is_list,
    }
}

#[test]
fn scheduled_tag_shows_the_next_import() {
    let mut objects = Objects::through();
    let actual = objects.link(Part::Import);
    let message = "shows sha256:111111111111, scheduled, next by 12:06 UTC (15 minutes after the last import)";
    assert_link(&actual, State::Ok, "", message, "");
    // Of an import that changed nothing there is a trace on the stream at best.
    objects.stream["metadata"]["annotations"] =
        json!({"openshift.io/image.dockerRepositoryCheck": ago(60)});
    let actual = objects.link(Part::Import);
    assert_link(&actual, State::Ok, "", "next by 12:14 UTC", "");
    assert_eq!(actual.time.unwrap().to_string(), ago(60));
    objects.stream["metadata"]["annotations"] = Value::Null;
    objects.shown()["items"] = json!([item(NEW, 5000, 2)]);
    let actual = objects.link(Part::Import);
    assert_link(
        &actual,
        State::Ok,
        "",
        "scheduled, next within 15 minutes (OpenShift's default)",
        "",
    );
}

#[test]
fn scheduled_tag_that_is_behind_is_waiting() {
    let mut objects = Objects::through();
    objects.show_old();
    let actual = objects.link(Part::Import);
    let message = "shows sha256:000000000000, but app-3 pushed sha256:111111111111; scheduled, next by 12:05 UTC (15 minutes after the last import)";
    assert_link(&actual, State::Waiting, "Behind", message, NOW);
    // The registry has one that no build pushed: since when is not known.
    let mut objects = Objects::through();
    objects.build = Value::Null;
    let flow = with_registry(&objects, has(OLD, false));
    let actual = link(&flow, Part::Import);
    let message = "shows sha256:111111111111, but the registry has sha256:000000000000";
    assert_link(&actual, State::Waiting, "Behind", message, NOW);
}

#[test]
fn a_schedule_that_has_passed_it_by_is_broken() {
    let mut objects = Objects::through();
    objects.show_old();
    objects.build["status"]["completionTimestamp"] = json!(ago(4000));
    let actual = objects.link(Part::Import);
    assert_link(
        &actual,
        State::Broken,
        "PassedBy",
        "scheduled, but it was not imported since",
        NOW,
    );
}

#[test]
fn an_unscheduled_tag_is_imported_once() {
    let mut objects = Objects::through();
    objects.tag()["importPolicy"] = json!({"importMode": "Legacy"});
    let actual = objects.link(Part::Import);
    assert_link(&actual, State::Ok, "", "imported once, not scheduled", "");
    objects.show_old();
    let actual = objects.link(Part::Import);
    assert_link(
        &actual,
        State::Broken,
        "Unscheduled",
        "not scheduled, so it is not imported again",
        NOW,
    );
    objects.tag()["annotations"] = json!({"extreg.io/scheduled": "false"});
    let actual = objects.link(Part::Import);
    assert_link(
        &actual,
        State::Broken,
        "Unscheduled",
        "never scheduled, by its annotation",
        NOW,
    );
    // The expected digest is unknown.
    objects.build = Value::Null;
    let actual = objects.link(Part::Import);
    assert_link(
        &actual,
        State::Unknown,
        "Unscheduled",
        "shows sha256:000000000000, imported once",
        "",
    );
}

#[test]
fn trap_48_success_has_no_condition_and_an_older_failure_can_remain() {
    let mut objects = Objects::through();
    objects.shown()["conditions"] = json!([{"type": "ImportSuccess", "status": "False", "reason": "NotFound",
        "message": "no", "generation": 1, "lastTransitionTime": ago(9500)}]);
    let actual = objects.link(Part::Import);
    assert_link(
        &actual,
        State::Ok,
        "OlderFailure",
        "an older failure is still recorded (NotFound)",
        "",
    );
    // The same generation, and an image that came later.
    objects.shown()["conditions"][0]["generation"] = json!(2);
    assert_eq!(objects.link(Part::Import).reason, "OlderFailure");
    objects.shown()["conditions"][0]["lastTransitionTime"] = json!(ago(10));
    assert_eq!(objects.link(Part::Import).state, State::Broken);
}

#[test]
fn trap_49_the_time_of_a_failure_is_that_of_the_first() {
    let mut objects = Objects::through();
    objects.fail_import("NotFound", "no");
    let actual = objects.link(Part::Import);
    assert_eq!(actual.time.unwrap().to_string(), ago(300));
    let message =
        "had no docker.io/u/a:latest; retried every 15 minutes; still shows sha256:000000000000";
    assert_link(
        &actual,
        State::Broken,
        "NotFound",
        message,
        "oc start-build app -n snow",
    );
    objects.tag()["importPolicy"] = json!({});
    objects.config = Value::Null;
    let actual = objects.link(Part::Import);
    assert_link(
        &actual,
        State::Broken,
        "NotFound",
        "not scheduled, so it is not retried",
        "push docker.io/u/a:latest, or let the tag follow an image that exists",
    );
    // Another import was requested since.
    objects.tag()["generation"] = json!(4);
    let actual = objects.link(Part::Import);
    assert_link(
        &actual,
        State::Waiting,
        "NotFound",
        "is imported again after a failure: no",
        "",
    );
}

#[test]
fn too_many_requests_differ_from_other_errors() {
    let mut objects = Objects::through();
    let message =
        "Internal error occurred: toomanyrequests: You have reached your pull rate limit.";
    objects.fail_import("InternalError", message);
    let actual = objects.link(Part::Import);
    assert_link(
        &actual,
        State::Broken,
        "TooManyRequests",
        "pull limit is used up",
        LIMIT,
    );
    let mut world = objects.world();
    world.fetched.credentials = Objects::credentials(&[]);
    let actual = link(&only(&world), Part::Import);
    assert_link(
        &actual,
        State::Broken,
        "TooManyRequests",
        "no secret of snow has a key for it",
        CREATE,
    );
    world.fetched.credentials = Objects::credentials(&[(Kind::Secret, hub("hub"))]);
    let actual = link(&only(&world), Part::Import);
    assert_link(
        &actual,
        State::Broken,
        "TooManyRequests",
        "imported as ably77 of secret/hub",
        LIMIT,
    );

    objects.fail_import("InternalError", "dial tcp: i/o timeout");
    let actual = objects.link(Part::Import);
    assert_link(&actual, State::Broken, "InternalError", "i/o timeout", WAIT);
}

#[test]
fn unauthorized_account_is_named() {
    let mut objects = Objects::through();
    objects.fail_import(
        "Unauthorized",
        "you may not have access to the container image",
    );
    let check = "oc extreg secret check --image docker.io/u/a:latest -n snow";
    let actual = objects.link(Part::Import);
    assert_link(
        &actual,
        State::Broken,
        "Unauthorized",
        "the registry refuses docker.io/u/a:latest",
        check,
    );
    let mut world = objects.world();
    world.fetched.credentials = Objects::credentials(&[]);
    let actual = link(&only(&world), Part::Import);
    assert_link(
        &actual,
        State::Broken,
        "Unauthorized",
        "no secret of snow has a key for it",
        CREATE,
    );
    world.fetched.credentials = Objects::credentials(&[(Kind::Secret, hub("hub"))]);
    let of_hub = "oc extreg secret check hub --image docker.io/u/a:latest -n snow";
    let actual = link(&only(&world), Part::Import);
    assert_link(
        &actual,
        State::Broken,
        "Unauthorized",
        "as ably77 of secret/hub",
        of_hub,
    );
    assert!(!format!("{actual:?}").contains("canary"));
}

#[test]
fn registry_not_allowed_by_the_cluster_is_a_separate_reason() {
    let mut objects = Objects::through();
    objects.fail_import(
        "Forbidden",
        "registry \"docker.io\" not allowed by whitelist",
    );
    let actual = objects.link(Part::Import);
    let fix = "oc get image.config.openshift.io/cluster -o yaml";
    assert_link(
        &actual,
        State::Broken,
        "Forbidden",
        "not allowed by whitelist",
        fix,
    );
}

#[test]
fn a_tag_that_is_held_is_behind_as_soon_as_something_is_pushed() {
    let mut objects = Objects::through();
    objects.tag()["from"] = json!({"kind": "ImageStreamImage", "name": format!("app@{NEW}")});
    let actual = link(&objects.flow_of("app:latest"), Part::Import);
    assert_link(
        &actual,
        State::Ok,
        "Held",
        "fixed to app@sha256:111111111111",
        "",
    );
}

#[test]
fn a_list_of_platforms_is_not_compared_with_one_of_them() {
    let mut objects = Objects::through();
    objects.build = Value::Null;
    let actual = link(&with_registry(&objects, has(OLD, true)), Part::Import);
    assert_link(&actual, State::Ok, "", "cannot be compared", "");
    objects.tag()["importPolicy"]["scheduled"] = json!(false);
    let actual = link(&with_registry(&objects, has(OLD, true)), Part::Import);
    assert_link(
        &actual,
        State::Unknown,
        "Unscheduled",
        "cannot be compared",
        "",
    );
    // Kept as a list it has the list's own digest.
    objects.tag()["importPolicy"]["importMode"] = json!("PreserveOriginal");
    let actual = link(&with_registry(&objects, has(OLD, true)), Part::Import);
    assert_link(
        &actual,
        State::Broken,
        "Unscheduled",
        "the registry has sha256:000000000000",
        NOW,
    );
}

#[test]
fn push_without_digest_is_detected_by_time() {
    let mut objects = Objects::through();
    objects.build["status"]["output"] = Value::Null;
    assert_eq!(objects.link(Part::Import).state, State::Ok);
    objects.show_old();
    let actual = objects.link(Part::Import);
    assert_link(
        &actual,
        State::Waiting,
        "Behind",
        "an image was pushed since",
        NOW,
    );
    objects.tag()["importPolicy"]["scheduled"] = json!(false);
    assert_eq!(objects.link(Part::Import).state, State::Broken);
}

#[test]
fn a_tag_that_does_not_exist_names_those_that_do() {
    let mut objects = Objects::through();
    objects.stream["spec"]["tags"][0]["name"] = json!("other");
    objects.stream["status"]["tags"] = json!([]);
    let actual = link(&objects.flow_of("app:latest"), Part::Import);
    let fix = "oc extreg tag docker.io/u/a:latest app:latest --scheduled -n snow";
    let exists = "let its followers follow a tag that exists; it has other";
    assert_link(
        &actual,
        State::Broken,
        "NoTag",
        "imagestream/app has no tag latest; it has other",
        exists,
    );
    let actual = link(&objects.flow_of("app:other"), Part::Import);
    assert_link(
        &actual,
        State::Waiting,
        "NotImported",
        "has not been imported yet",
        "oc extreg import app:other -n snow",
    );

    objects.stream = Value::Null;
    let actual = link(&objects.flow_of("app:latest"), Part::Import);
    assert_link(
        &actual,
        State::Broken,
        "NoTag",
        "imagestream/app does not exist in snow",
        "let app:latest follow an image, or push to it",
    );
    let actual = link(&objects.flow_of("buildconfig/app"), Part::Import);
    assert_link(
        &actual,
        State::None,
        "NoTag",
        "no ImageStream tag follows it",
        fix,
    );
}

#[test]
fn an_import_under_way_is_waited_for() {
    let mut objects = Objects::through();
    objects.tag()["generation"] = json!(3);
    let actual = objects.link(Part::Import);
    assert_link(
        &actual,
        State::Waiting,
        "Importing",
        "will be imported",
        NOW,
    );
}

#[test]
fn a_tag_that_is_pushed_to_needs_no_import() {
    let mut objects = Objects::through();
    objects.stream["spec"]["tags"] = json!([]);
    let to = json!({"kind": "ImageStreamTag", "name": "app:latest"});
    for object in [&mut objects.config, &mut objects.build] {
        object["spec"]["output"]["to"] = to.clone();
    }
    let flow = objects.flow();
    let actual = link(&flow, Part::Import);
    assert_link(
        &actual,
        State::Ok,
        "",
        "pushed to: shows sha256:111111111111",
        "",
    );
    let actual = link(&flow, Part::Registry);
    assert_link(
        &actual,
        State::None,
        "",
        "the integrated registry has it",
        "",
    );
    assert_eq!(flow.state, State::Ok);
}

#[test]
fn right_after_setup_the_first_build_is_waited_for() {
    for (reason, message) in [
        (
            "NotFound",
            "dockerimage.image.openshift.io \"docker.io/u/a:latest\" not found",
        ),
        (
            "Unauthorized",
            "you may not have access to the container image",
        ),
    ] {
        for build in [json!(null), json!("New"), json!("Running")] {
            let mut objects = Objects::through();
            objects.config["status"]["lastVersion"] = json!(i32::from(!build.is_null()));
            objects.config["metadata"]["creationTimestamp"] = json!(ago(5));
            if build.is_null() {
                objects.build = Value::Null;
            } else {
                objects.build["status"] = json!({"phase": build});
            }
            objects.fail_import(reason, message);
            objects.shown()["items"] = json!([]);
            let flow = with_registry(&objects, InRegistry::NotFound);
            let actual = link(&flow, Part::Import);
            assert_link(
                &actual,
                State::Waiting,
                reason,
                "waiting for the first build",
                "",
            );
            let actual = link(&flow, Part::Registry);
            assert_link(
                &actual,
                State::Waiting,
                "NotFound",
                "a build has to push it",
                "",
            );
            assert_eq!(flow.state, State::Waiting, "{flow:?}");
        }
    }
    // A stream that a build writes has no tag before.
    let mut objects = Objects::through();
    objects.stream["spec"]["tags"] = json!([]);
    objects.stream["status"]["tags"] = json!([]);
    objects.build["status"] = json!({"phase": "Running"});
    let to = json!({"kind": "ImageStreamTag", "name": "app:latest"});
    for object in [&mut objects.config, &mut objects.build] {
        object["spec"]["output"]["to"] = to.clone();
    }
    let actual = objects.link(Part::Import);
    assert_link(
        &actual,
        State::Waiting,
        "NoImage",
        "waiting for the first build",
        "",
    );
}

#[test]
fn while_a_build_runs_the_next_step_is_to_wait() {
    let mut objects = Objects::through();
    let mut before = objects.build.clone();
    before["metadata"]["name"] = json!("app-2");
    before["metadata"]["annotations"]["openshift.io/build.number"] = json!("2");
    objects.more.push((Kind::Build, before));
    objects.build["status"] = json!({"phase": "Running"});
    objects.fail_import("NotFound", "no");
    let actual = objects.link(Part::Import);
    assert_link(
        &actual,
        State::Waiting,
        "NotFound",
        "app-3 will push it",
        "",
    );
    objects.shown()["conditions"] = Value::Null;
    objects.tag()["generation"] = json!(1);
    objects.tag()["importPolicy"] = json!({});
    let actual = objects.link(Part::Import);
    assert_link(
        &actual,
        State::Waiting,
        "Behind",
        "app-3 will push another one",
        "",
    );
}

#[test]
fn an_import_is_not_suggested_where_it_cannot_help() {
    let of_cluster = "have the certificate authority of the registry added to \
        spec.additionalTrustedCA of image.config.openshift.io/cluster";
    let check = "oc extreg secret check --image docker.io/u/a:latest -n snow";
    for (reason, message, fix) in [
        (
            "Forbidden",
            "denied: requested access to the resource is denied",
            check,
        ),
        (
            "InternalError",
            "mirror.example: unauthorized: authentication required",
            check,
        ),
        (
            "InternalError",
            "received unexpected HTTP status 403",
            check,
        ),
        (
            "InternalError",
            "dial tcp: lookup docker.oi: no such host",
            "correct the registry's name in the tag: docker.io/u/a:latest names a host that cannot be \
             resolved",
        ),
        (
            "InternalError",
            "x509: certificate signed by unknown authority",
            of_cluster,
        ),
    ] {
        let mut objects = Objects::through();
        objects.fail_import(reason, message);
        let actual = objects.link(Part::Import);
        assert_eq!(actual.state, State::Broken, "{message}");
        assert_eq!(actual.fix.unwrap().text(), fix, "{message}");
    }
}
