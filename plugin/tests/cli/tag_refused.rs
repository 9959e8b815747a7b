//! `tag` if a server or a role rejects its first request.

use serde_json::{Value, json};

use super::{
    common::has_facts,
    image_api::{self, Tags, conflict, forbidden, not_allowed, not_found, stream, writes},
    tag::{app, full},
};
use extreg_fakes::{Answer, Api, ok, status};

const PUT: &str = "PUT /imagestreamtags/app:v1?fieldManager=oc-extreg";
const POST: &str = "POST /imagestreamtags?fieldManager=oc-extreg";

/// The start of a request line, and the answer to the request.
type Refusal = (&'static str, fn() -> Answer);

/// Refuses requests whose lines start with one of these.
fn refusing(streams: &[Value], refused: Vec<Refusal>) -> Api {
    image_api::start(streams, move |seen, _| {
        let line = seen
            .line
            .replace("/apis/image.openshift.io/v1/namespaces/snow", "");
        let found = refused.iter().find(|(start, _)| line.starts_with(start));
        found.map(|(_, answer)| answer())
    })
}

#[test]
fn falls_back_from_put_to_post() {
    for refuse in [not_found, not_allowed, || forbidden("update")] {
        let api = refusing(&[], vec![("PUT /imagestreamtags", refuse)]);
        let ran = api.run("tag u/a:v1 app:v1");
        assert_eq!(ran.code, 0, "{ran:?}");
        let lines: Vec<_> = writes(&api).into_iter().map(|(line, _)| line).collect();
        assert_eq!(lines, [PUT, POST]);
        let bodies = writes(&api);
        assert_eq!(bodies[0].1, bodies[1].1);
    }
}

#[test]
fn falls_back_to_an_update_of_the_stream() {
    let refused: Vec<Refusal> = vec![
        ("PUT /imagestreamtags", || forbidden("update")),
        ("POST /imagestreamtags", not_allowed),
    ];
    let other = json!({"name": "other", "from": {"kind": "DockerImage", "name": "d"}});
    let streams = [stream("app", &json!([full(), other]), &json!([]))];
    let api = refusing(&streams, refused.clone());
    let ran = api.run("tag u/a:v2 app:v1 -o json");
    assert_eq!(ran.code, 0, "{ran:?}");
    let (line, body) = writes(&api).remove(2);
    assert_eq!(line, "PUT /imagestreams/app?fieldManager=oc-extreg");
    assert_eq!(body["metadata"]["resourceVersion"], "458");
    assert_eq!(api.tag("app", "other"), other);
    assert_eq!(api.tag("app", "v1")["from"]["name"], "docker.io/u/a:v2");
    assert_eq!(api.tag("app", "v1")["annotations"], json!({"note": "mine"}));
    let list: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(list["items"][0]["kind"], "ImageStreamTag");

    let api = refusing(&[], refused);
    let ran = api.run("tag u/a:v1 app:v1");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        writes(&api)[2].0,
        "POST /imagestreams?fieldManager=oc-extreg"
    );
}

#[test]
fn updates_the_stream_without_the_right_to_update_tags() {
    let api = refusing(
        &[app(&full())],
        vec![("PUT /imagestreamtags", || forbidden("update"))],
    );
    let ran = api.run("tag u/a:v2 app:v1");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(writes(&api).len(), 3, "POST reports that the tag exists");
    assert_eq!(api.tag("app", "v1")["from"]["name"], "docker.io/u/a:v2");
}

#[test]
fn without_rights_names_the_smallest_missing_right() {
    let api = image_api::start(&[], |seen, _| {
        let (method, _) = seen.line.split_once(' ').unwrap();
        (method != "GET").then(|| forbidden(method))
    });
    let ran = api.run("tag u/a:v1 app:v1");
    assert_eq!((ran.code, writes(&api).len()), (6, 3));
    assert_eq!(ran.err, "Error from server (Forbidden): user cannot PUT\n");
}

#[test]
fn conflict_is_retried_with_the_current_stream() {
    // Another client schedules the tag between the read and the write.
    let api = image_api::start(&[app(&full())], |seen, _| match seen.number {
        1 => {
            let mut before = full();
            before["importPolicy"] = json!({"importMode": "Legacy"});
            Some(ok(&app(&before)))
        }
        2 => {
            assert!(seen.line.starts_with("PUT "));
            Some(conflict())
        }
        _ => None,
    });
    let ran = api.run("tag u/a:v2 app:v1");
    assert_eq!(ran.code, 0, "{ran:?}");
    let writes = writes(&api);
    assert_eq!(writes.len(), 2);
    assert_eq!(writes[1].1["tag"]["importPolicy"], full()["importPolicy"]);
}

#[test]
fn endless_conflicts_are_an_error() {
    let api = image_api::start(&[app(&full())], |seen, _| {
        seen.line.starts_with("PUT ").then(conflict)
    });
    let ran = api.run("tag u/a:v2 app:v1");
    assert_eq!((ran.code, writes(&api).len()), (1, 5));
    assert!(
        ran.err.contains("Error from server (Conflict)"),
        "{}",
        ran.err
    );
}

#[test]
fn partial_result_is_5_and_reported() {
    let api = refusing(
        &[],
        vec![("PUT /imagestreamtags/app:b", || {
            status(422, "Invalid", "no")
        })],
    );
    let ran = api.run("tag u/a:v1 app:a app:b app:c");
    assert_eq!(ran.code, 5, "{ran:?}");
    assert_eq!(
        ran.out,
        "imagestream.image.openshift.io/app created\nimagestreamtag.image.openshift.io/app:a created\n"
    );
    has_facts(
        &ran.err,
        &[
            "(Invalid): no\n",
            "  imagestreamtag.image.openshift.io/app:a created\n",
            "run the same command again",
        ],
    );
    let ran = api.run("tag u/a:v1 app:b");
    assert_eq!(ran.code, 1, "{ran:?}");
}
