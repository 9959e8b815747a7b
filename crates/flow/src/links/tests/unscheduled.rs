//! Tags that OpenShift never imports again: aliases, references and digests.

use serde_json::{Value, json};

use crate::{
    links::{Part, State},
    testing::{IMAGE, NEW, Objects, assert_link, item, link},
};

#[test]
fn trap_1_an_alias_is_never_scheduled_and_shows_what_its_end_shows() {
    let mut objects = Objects::through();
    let alias = json!({"name": "prod", "from": {"kind": "ImageStreamTag", "name": "latest"}});
    objects.stream["spec"]["tags"]
        .as_array_mut()
        .unwrap()
        .push(alias);
    let shown = json!({"tag": "prod", "items": [item(NEW, 540, 3)]});
    objects.stream["status"]["tags"]
        .as_array_mut()
        .unwrap()
        .push(shown);
    let prod = &objects.flow_of("app:prod");
    let actual = link(prod, Part::Import);
    let message =
        "an alias of app:latest, never scheduled itself; shows sha256:111111111111, scheduled";
    assert_link(&actual, State::Ok, "Alias", message, "");
    assert_eq!(
        link(prod, Part::Build).state,
        State::Ok,
        "its build is that of the other"
    );
    assert_eq!(prod.image.as_deref(), Some(IMAGE));

    objects.stream["spec"]["tags"][1]["from"]["name"] = json!("gone:v1");
    let actual = link(&objects.flow_of("app:prod"), Part::Import);
    assert_eq!(
        (actual.state, actual.reason.as_str()),
        (State::Broken, "NoTag")
    );
    assert!(actual.message.contains("alias of gone:v1"), "{actual:?}");
    // And one that goes round.
    objects.stream["spec"]["tags"][1]["from"]["name"] = json!("prod");
    let actual = link(&objects.flow_of("app:prod"), Part::Import);
    assert!(actual.message.contains("form a cycle"), "{actual:?}");
}

#[test]
fn trap_4_a_reference_is_never_imported() {
    let mut objects = Objects::through();
    objects.tag()["reference"] = json!(true);
    let actual = objects.link(Part::Import);
    let fix = r#"oc patch imagestream.image.openshift.io/app --type=json -p '[{"op":"test","path":"/spec/tags/0/name","value":"latest"},{"op":"add","path":"/spec/tags/0/reference","value":false}]' -n snow"#;
    let message = "reference: true), and is never imported";
    assert_link(&actual, State::Broken, "Reference", message, fix);
    // Without a trigger that waits for it, it is ok.
    objects.workload = Value::Null;
    let actual = objects.link(Part::Import);
    assert_link(&actual, State::Ok, "Reference", message, "");
}

#[test]
fn trap_3_a_digest_never_changes() {
    let mut objects = Objects::through();
    objects.tag()["from"]["name"] = json!(format!("docker.io/u/a@{NEW}"));
    let tag = &objects.flow_of("app:latest");
    let actual = link(tag, Part::Import);
    assert_link(
        &actual,
        State::Ok,
        "Digest",
        "a digest, which never changes",
        "",
    );
}
