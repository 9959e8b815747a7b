use serde_json::{Value, json};

use crate::commands::status::{
    links::{Part, State},
    testing::{OLD, Objects, ago, assert_link, hub, link, only},
    world::Listed,
};
use extreg_audit::kind::Kind;

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
    let told = objects.link(Part::Build);
    let mend = "oc start-build app -n snow";
    assert_link(&told, State::Broken, "NoBuild", "has not built yet", mend);
    objects.config["metadata"]["creationTimestamp"] = json!(ago(5));
    assert_eq!(objects.link(Part::Build).state, State::Waiting);
    objects.config["status"]["lastVersion"] = json!(4);
    let told = objects.link(Part::Build);
    assert_link(&told, State::Unknown, "", "its 4 builds were deleted", "");
}

#[test]
fn a_push_secret_that_is_missing_holds_a_build_in_pending() {
    let objects = with_status(json!({"phase": "Pending", "reason": "MissingPushSecret",
        "message": "Missing push secret."}));
    let told = objects.link(Part::Build);
    let mend = "oc create secret generic dockerhub -n snow --type=kubernetes.io/dockerconfigjson \
        --from-file=.dockerconfigjson=$HOME/.docker/config.json";
    let message = "app-3 waits for its push secret: there is no secret/dockerhub in snow";
    assert_link(&told, State::Broken, "MissingPushSecret", message, mend);
}

#[test]
fn an_output_that_is_no_place_to_push_to_holds_a_build_in_new() {
    let mut objects = with_status(json!({"phase": "New", "reason": "InvalidOutputReference",
        "message": "Output image could not be resolved."}));
    let to = json!({"kind": "ImageStreamTag", "name": "gone:latest"});
    for object in [&mut objects.config, &mut objects.build] {
        object["spec"]["output"]["to"] = to.clone();
    }
    let flow = &objects.flow_of("gone:latest");
    let told = link(flow, Part::Build);
    let mend = "oc create imagestream gone -n snow";
    let message =
        "app-3 cannot start: Output image could not be resolved.; imagestreamtag/gone:latest";
    assert_link(
        &told,
        State::Broken,
        "InvalidOutputReference",
        message,
        mend,
    );

    let to = json!({"kind": "ImageStreamTag", "name": "app:latest"});
    for object in [&mut objects.config, &mut objects.build] {
        object["spec"]["output"]["to"] = to.clone();
    }
    let told = link(&only(&objects.world()), Part::Build);
    let mend = "oc patch buildconfig/app -n snow --type=merge -p \
        '{\"spec\":{\"output\":{\"to\":{\"kind\":\"DockerImage\",\"name\":\"docker.io/u/a:latest\",\"namespace\":null}}}}'";
    assert_link(
        &told,
        State::Broken,
        "InvalidOutputReference",
        "cannot start",
        mend,
    );
}

#[test]
fn a_push_that_failed_says_as_whom_it_was() {
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
    let told = objects.link(Part::Build);
    let again = "oc start-build app -n snow";
    assert_eq!((told.state, told.reason.as_str()), (State::Broken, reason));

    // The secret that it names holds nothing for it, and another one does.
    let mut world = objects.world();
    let mut empty = hub("dockerhub");
    empty["data"][".dockerconfigjson"] = json!("eyJhdXRocyI6e319");
    world.credentials = Objects::credentials(&[
        (Kind::Secret, empty),
        (Kind::Secret, hub("hub")),
        account(json!([])),
    ]);
    let told = link(&only(&world), Part::Build);
    let mend = "oc set build-secret --push buildconfig/app hub -n snow";
    assert_link(
        &told,
        State::Broken,
        reason,
        "secret/dockerhub holds nothing for it",
        mend,
    );

    // The one that it names is refused.
    world.credentials = Objects::credentials(&[(Kind::Secret, hub("dockerhub"))]);
    let told = link(&only(&world), Part::Build);
    let mend = "oc extreg secret check dockerhub --image docker.io/u/a:latest -n snow";
    assert_link(
        &told,
        State::Broken,
        reason,
        "refused ably77 of secret/dockerhub",
        mend,
    );

    // It names none, and the account links only that of the integrated registry.
    objects.build["spec"]["output"]["pushSecret"] = Value::Null;
    let mut world = objects.world();
    world.credentials = Objects::credentials(&[
        (Kind::Secret, managed),
        (Kind::Secret, hub("hub")),
        account(json!([{"name": "builder-dockercfg-x"}])),
    ]);
    let told = link(&only(&world), Part::Build);
    let mend = "oc set build-secret --push buildconfig/app hub -n snow";
    assert_link(
        &told,
        State::Broken,
        reason,
        "secret/builder-dockercfg-x was used",
        mend,
    );
    assert_ne!(told.mend.as_deref(), Some(again));
}

#[test]
fn a_build_that_failed_says_why_and_what_was_pushed_before() {
    let mut objects = with_status(json!({"phase": "Failed", "reason": "DockerBuildFailed",
        "message": "Dockerfile build strategy has failed."}));
    let mut before = Objects::through().build;
    before["metadata"]["name"] = json!("app-2");
    before["metadata"]["annotations"]["openshift.io/build.number"] = json!("2");
    before["status"]["output"]["to"]["imageDigest"] = json!(OLD);
    objects.more.push((Listed::Builds, before));
    let told = objects.link(Part::Build);
    let message = "app-3 failed (DockerBuildFailed): Dockerfile build strategy has failed.; app-2 before it pushed sha256:000000000000";
    let mend = "oc logs build/app-3 -n snow";
    assert_link(&told, State::Broken, "DockerBuildFailed", message, mend);
}

#[test]
fn a_build_that_failed_earlier_is_forgotten() {
    let mut objects = Objects::through();
    let mut before = objects.build.clone();
    before["metadata"]["annotations"]["openshift.io/build.number"] = json!("2");
    before["status"] = json!({"phase": "Failed", "reason": "GenericBuildFailed"});
    objects.more.push((Listed::Builds, before));
    let told = objects.link(Part::Build);
    assert_link(
        &told,
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
        let told = with_status(json!({"phase": phase})).link(Part::Build);
        assert_link(&told, State::Waiting, "", message, "");
    }
    let told =
        with_status(json!({"phase": "Cancelled", "reason": "CancelledBuild"})).link(Part::Build);
    let mend = "oc start-build app -n snow";
    assert_link(
        &told,
        State::Broken,
        "CancelledBuild",
        "was cancelled",
        mend,
    );
}

#[test]
fn a_build_without_a_digest_or_an_output_says_so() {
    let told = with_status(json!({"phase": "Complete"})).link(Part::Build);
    assert_link(
        &told,
        State::Ok,
        "",
        "app-3 pushed to docker.io/u/a:latest",
        "",
    );
    let mut objects = Objects::through();
    objects.config = Value::Null;
    let told = objects.link(Part::Build);
    assert_link(
        &told,
        State::None,
        "",
        "no BuildConfig here pushes docker.io/u/a:latest",
        "",
    );
}
