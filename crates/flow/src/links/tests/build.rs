use extreg_snapshot::kind::Kind;
use serde_json::{Value, json};

use crate::{
    links::{Part, State},
    testing::{OLD, Objects, ago, assert_link, hub, link, only},
};

fn with_status(status: Value) -> Objects {
    let mut objects = Objects::through();
    objects.build["status"] = status;
    objects
}

#[test]
fn no_build_yet() {
    let mut objects = Objects::through();
    objects.build = Value::Null;
    objects.config["status"]["lastVersion"] = json!(0);
    let actual = objects.link(Part::Build);
    let fix = "oc start-build app -n snow";
    assert_link(&actual, State::Broken, "NoBuild", "has not built yet", fix);
    objects.config["metadata"]["creationTimestamp"] = json!(ago(5));
    assert_eq!(objects.link(Part::Build).state, State::Waiting);
    objects.config["status"]["lastVersion"] = json!(4);
    let actual = objects.link(Part::Build);
    assert_link(&actual, State::Unknown, "", "its 4 builds were deleted", "");
}

#[test]
fn missing_push_secret_keeps_a_build_pending() {
    let objects = with_status(json!({"phase": "Pending", "reason": "MissingPushSecret",
        "message": "Missing push secret."}));
    let actual = objects.link(Part::Build);
    let fix = "oc extreg secret set dockerhub --registry docker.io -n snow";
    let message = "app-3 waits for its push secret: secret/dockerhub does not exist in snow";
    assert_link(&actual, State::Broken, "MissingPushSecret", message, fix);
    // It was created since.
    let mut world = objects.world();
    world.fetched.credentials = Objects::credentials(&[(Kind::Secret, hub("dockerhub"))]);
    let actual = link(&only(&world), Part::Build);
    let message = "secret/dockerhub exists by now";
    assert_link(&actual, State::Waiting, "MissingPushSecret", message, "");
}

#[test]
fn invalid_output_keeps_a_build_in_new() {
    let mut objects = with_status(json!({"phase": "New", "reason": "InvalidOutputReference",
        "message": "Output image could not be resolved."}));
    let to = json!({"kind": "ImageStreamTag", "name": "gone:latest"});
    for object in [&mut objects.config, &mut objects.build] {
        object["spec"]["output"]["to"] = to.clone();
    }
    let flow = &objects.flow_of("gone:latest");
    let actual = link(flow, Part::Build);
    let fix = "oc create imagestream gone -n snow";
    let message =
        "app-3 cannot start: Output image could not be resolved.; imagestreamtag/gone:latest";
    assert_link(
        &actual,
        State::Broken,
        "InvalidOutputReference",
        message,
        fix,
    );

    let to = json!({"kind": "ImageStreamTag", "name": "app:latest"});
    for object in [&mut objects.config, &mut objects.build] {
        object["spec"]["output"]["to"] = to.clone();
    }
    let actual = link(&only(&objects.world()), Part::Build);
    let fix = r#"oc patch buildconfig.build.openshift.io/app --type=json -p '[{"op":"test","path":"/spec/output/to/name","value":"app:latest"},{"op":"add","path":"/spec/output/to","value":{"kind":"DockerImage","name":"docker.io/u/a:latest"}}]' -n snow"#;
    assert_link(
        &actual,
        State::Broken,
        "InvalidOutputReference",
        "cannot start",
        fix,
    );
}

#[test]
fn failed_push_names_the_account() {
    let mut objects = with_status(
        json!({"phase": "Failed", "reason": "PushImageToRegistryFailed",
        "message": "Failed to push the image to the registry.", "completionTimestamp": ago(60)}),
    );
    let reason = "PushImageToRegistryFailed";
    let account = |secrets: Value| {
        (
            Kind::ServiceAccount,
            json!({"metadata": {"name": "builder", "namespace": "snow"},
            "imagePullSecrets": secrets}),
        )
    };
    let managed = json!({"metadata": {"name": "builder-dockercfg-x", "namespace": "snow"},
        "type": "kubernetes.io/dockercfg", "data": {".dockercfg": "e30="}});
    // Nothing is known of secrets: the build's own words.
    let actual = objects.link(Part::Build);
    let again = "oc start-build app -n snow";
    assert_eq!(
        (actual.state, actual.reason.as_str()),
        (State::Broken, reason)
    );

    // The secret that it names holds nothing for it, and another one does.
    let mut world = objects.world();
    let mut empty = hub("dockerhub");
    empty["data"][".dockerconfigjson"] = json!("eyJhdXRocyI6e319");
    world.fetched.credentials = Objects::credentials(&[
        (Kind::Secret, empty),
        (Kind::Secret, hub("hub")),
        account(json!([])),
    ]);
    let actual = link(&only(&world), Part::Build);
    let fix = r#"oc patch buildconfig.build.openshift.io/app --type=merge -p '{"spec":{"output":{"pushSecret":{"name":"hub"}}}}' -n snow"#;
    assert_link(
        &actual,
        State::Broken,
        reason,
        "secret/dockerhub has no key for it",
        fix,
    );

    // The one that it names is refused.
    world.fetched.credentials = Objects::credentials(&[(Kind::Secret, hub("dockerhub"))]);
    let actual = link(&only(&world), Part::Build);
    let fix = "oc extreg secret check dockerhub --image docker.io/u/a:latest -n snow";
    assert_link(
        &actual,
        State::Broken,
        reason,
        "refused ably77 of secret/dockerhub",
        fix,
    );

    // It names none, and the account links only that of the integrated registry.
    for object in [&mut objects.config, &mut objects.build] {
        object["spec"]["output"]["pushSecret"] = Value::Null;
    }
    let mut world = objects.world();
    world.fetched.credentials = Objects::credentials(&[
        (Kind::Secret, managed),
        (Kind::Secret, hub("hub")),
        account(json!([{"name": "builder-dockercfg-x"}])),
    ]);
    let actual = link(&only(&world), Part::Build);
    let fix = r#"oc patch buildconfig.build.openshift.io/app --type=merge -p '{"spec":{"output":{"pushSecret":{"name":"hub"}}}}' -n snow"#;
    assert_link(
        &actual,
        State::Broken,
        reason,
        "secret/builder-dockercfg-x is used",
        fix,
    );
    assert_ne!(actual.fix.unwrap().text(), again);
}

#[test]
fn failed_build_shows_the_reason_and_the_previous_push() {
    let mut objects = with_status(json!({"phase": "Failed", "reason": "DockerBuildFailed",
        "message": "Dockerfile build strategy has failed."}));
    let mut before = Objects::through().build;
    before["metadata"]["name"] = json!("app-2");
    before["metadata"]["annotations"]["openshift.io/build.number"] = json!("2");
    before["status"]["output"]["to"]["imageDigest"] = json!(OLD);
    objects.more.push((Kind::Build, before));
    let actual = objects.link(Part::Build);
    let message = "app-3 failed (DockerBuildFailed): Dockerfile build strategy has failed.; app-2 before it pushed sha256:000000000000";
    let fix = "oc logs build.build.openshift.io/app-3 -n snow";
    assert_link(&actual, State::Broken, "DockerBuildFailed", message, fix);
}

#[test]
fn a_build_that_failed_earlier_is_forgotten() {
    let mut objects = Objects::through();
    let mut before = objects.build.clone();
    before["metadata"]["annotations"]["openshift.io/build.number"] = json!("2");
    before["status"] = json!({"phase": "Failed", "reason": "GenericBuildFailed"});
    objects.more.push((Kind::Build, before));
    let actual = objects.link(Part::Build);
    assert_link(
        &actual,
        State::Ok,
        "",
        "app-3 pushed sha256:111111111111 to docker.io/u/a:latest",
        "",
    );
}

#[test]
fn a_build_on_its_way_is_waited_for() {
    for (phase, message) in [
        ("New", "app-3 is new"),
        ("Pending", "app-3 is pending"),
        ("Running", "app-3 is running"),
    ] {
        let actual = with_status(json!({"phase": phase})).link(Part::Build);
        assert_link(&actual, State::Waiting, "", message, "");
    }
    let actual =
        with_status(json!({"phase": "Cancelled", "reason": "CancelledBuild"})).link(Part::Build);
    let fix = "oc start-build app -n snow";
    assert_link(
        &actual,
        State::Broken,
        "CancelledBuild",
        "was cancelled",
        fix,
    );
}

#[test]
fn build_without_digest_or_output_is_reported() {
    let actual = with_status(json!({"phase": "Complete"})).link(Part::Build);
    assert_link(
        &actual,
        State::Ok,
        "",
        "app-3 pushed to docker.io/u/a:latest",
        "",
    );
    let mut objects = Objects::through();
    objects.config = Value::Null;
    let actual = objects.link(Part::Build);
    assert_link(
        &actual,
        State::None,
        "",
        "no BuildConfig here pushes docker.io/u/a:latest",
        "",
    );
}

#[test]
fn a_push_that_will_fail_is_named_before_it_does() {
    let empty = || {
        let mut empty = hub("dockerhub");
        empty["data"][".dockerconfigjson"] = json!("eyJhdXRocyI6e319");
        Objects::credentials(&[(Kind::Secret, empty)])
    };
    let add = "oc extreg secret set dockerhub --registry docker.io -n snow";
    for (phase, message) in [
        (
            "Running",
            "app-3 is running; its push will fail: secret/dockerhub has no key for it",
        ),
        (
            "Complete",
            "the next push will fail: secret/dockerhub has no key for it",
        ),
    ] {
        let mut world = with_status(json!({"phase": phase})).world();
        world.fetched.credentials = empty();
        let actual = link(&only(&world), Part::Build);
        assert_link(&actual, State::Broken, "PushWillFail", message, add);
    }
    let mut objects = Objects::through();
    objects.build = Value::Null;
    objects.config["status"]["lastVersion"] = json!(0);
    let mut world = objects.world();
    world.fetched.credentials = empty();
    let actual = link(&only(&world), Part::Build);
    assert_link(
        &actual,
        State::Broken,
        "PushWillFail",
        "has not built yet",
        add,
    );

    // Deleted; a secret of another type that was not listed is not known to be useless.
    let mut world = Objects::through().world();
    world.fetched.credentials = Objects::credentials(&[]);
    assert_eq!(link(&only(&world), Part::Build).state, State::Ok);
    world
        .fetched
        .absent_secrets
        .insert(("snow".to_owned(), "dockerhub".to_owned()));
    let actual = link(&only(&world), Part::Build);
    let message = "the next push will fail: secret/dockerhub does not exist";
    assert_link(&actual, State::Broken, "PushWillFail", message, add);
    // For all namespaces, credentials are read only if needed, so it is not reported.
    let one = world.snapshot.coverage.scope.namespaces.take();
    assert_eq!(link(&only(&world), Part::Build).state, State::Ok);
    world.snapshot.coverage.scope.namespaces = one;
    // With the key all is well.
    world.fetched.credentials = Objects::credentials(&[(Kind::Secret, hub("dockerhub"))]);
    assert_eq!(link(&only(&world), Part::Build).state, State::Ok);
}
