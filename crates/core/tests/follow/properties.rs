//! Properties of every stream: an importer that behaves as OpenShift's gets one import for a
//! digest and never changes a policy.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test panics to fail"
)]

use extreg_core::follow::{Followed, follow};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::{Before, NEW, OLD, pushed, read, stream};

const OUTPUT: &str = "docker.io/ann/app:latest";
const PLATFORM: &str = "sha256:3333333333333333333333333333333333333333333333333333333333333333";

fn tag() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec!["a", "b", "latest", "v1"]);
    let kind = prop::sample::select(vec!["DockerImage", "DockerImage", "ImageStreamTag", ""]);
    let from = prop::sample::select(vec![
        OUTPUT,
        "ann/app",
        "index.docker.io/ann/app:latest",
        "docker.io/ann/app:v1",
        "quay.io/ann/app",
        "app:latest",
        "",
    ]);
    let policy = prop::sample::select(vec![
        Value::Null,
        json!({"importMode": "Legacy"}),
        json!({"importMode": "PreserveOriginal", "scheduled": true}),
        json!({"importMode": "Legacy", "insecure": true}),
    ]);
    let annotations = prop::sample::select(vec![
        Value::Null,
        json!({"extreg.io/follow-builds": "false"}),
        json!({"extreg.io/scheduled": "false"}),
    ]);
    let local = any::<bool>();
    let reference = prop::bool::weighted(0.1);
    (name, kind, from, policy, annotations, local, reference).prop_map(
        |(name, kind, from, policy, annotations, local, reference)| {
            json!({
                "name": name,
                "annotations": annotations,
                "from": {"kind": kind, "name": from},
                "reference": reference,
                "importPolicy": policy,
                "referencePolicy": {"type": if local { "Local" } else { "Source" }},
            })
        },
    )
}

/// A stream whose tags have distinct names.
fn any_stream() -> impl Strategy<Value = Value> {
    (prop::collection::vec(tag(), 0..5), any::<bool>()).prop_map(|(mut tags, shown)| {
        tags.sort_by_key(|tag| tag["name"].to_string());
        tags.dedup_by_key(|tag| tag["name"].to_string());
        let mut stream = stream(&json!(tags));
        if !shown {
            stream["status"] = json!({});
        }
        stream
    })
}

/// Imports as openshift-apiserver does where the registry has `found`.
fn import(stream: &Value, body: &Value, found: &str) -> Value {
    let mut after = stream.clone();
    assert_eq!(
        body["metadata"]["resourceVersion"],
        stream["metadata"]["resourceVersion"]
    );
    after["metadata"]["resourceVersion"] = json!("8");
    for image in body["spec"]["images"].as_array().unwrap() {
        let name = &image["to"]["name"];
        let tags = after["spec"]["tags"].as_array_mut().unwrap();
        let tag = tags.iter_mut().find(|tag| &tag["name"] == name).unwrap();
        assert_eq!(tag["from"], image["from"]);
        tag["importPolicy"] = image["importPolicy"].clone();
        let event = json!({"tag": name, "items": [{"image": found}]});
        let status = after["status"].as_object_mut().unwrap();
        let shown = status.entry("tags").or_insert(json!([]));
        let shown = shown.as_array_mut().unwrap();
        shown.retain(|event| &event["tag"] != name);
        shown.push(event);
    }
    after
}

fn remember(followed: &Followed, before: &mut Before) {
    if let Some(import) = &followed.import {
        for tag in &import.tags {
            before
                .0
                .insert((import.uid.clone(), tag.clone(), NEW.to_owned()));
        }
    }
}

proptest! {
    #[test]
    fn the_digest_alone_prevents_a_second_import(object in any_stream()) {
        let pushed = pushed(OUTPUT);
        let first = follow(&pushed, &read(&object), &Before::default());
        let after = first.import.as_ref().map_or_else(|| object.clone(), |i| import(&object, &i.body, NEW));
        // The history is empty: the digest is enough.
        let second = follow(&pushed, &read(&after), &Before::default());
        prop_assert_eq!(second.import, None);
    }

    #[test]
    fn the_history_prevents_a_second_import(object in any_stream(), stale in any::<bool>()) {
        let pushed = pushed(OUTPUT);
        let found = if stale { OLD } else { PLATFORM };
        let mut before = Before::default();
        let first = follow(&pushed, &read(&object), &before);
        remember(&first, &mut before);
        let after = first.import.as_ref().map_or_else(|| object.clone(), |i| import(&object, &i.body, found));
        let second = follow(&pushed, &read(&after), &before);
        prop_assert_eq!(second.import, None);
    }

    #[test]
    fn policies_are_unchanged(object in any_stream()) {
        let followed = follow(&pushed(OUTPUT), &read(&object), &Before::default());
        if let Some(sent) = followed.import {
            let mut after = import(&object, &sent.body, NEW);
            for (tag, before) in after["spec"]["tags"].as_array_mut().unwrap().iter_mut()
                .zip(object["spec"]["tags"].as_array().unwrap())
            {
                prop_assert_eq!(&*tag, before);
            }
            for image in sent.body["spec"]["images"].as_array().unwrap() {
                let tags = object["spec"]["tags"].as_array().unwrap();
                let tag = tags.iter().find(|tag| tag["name"] == image["to"]["name"]).unwrap();
                prop_assert_eq!(&image["referencePolicy"], &tag["referencePolicy"]);
            }
        }
    }

    #[test]
    fn only_tags_of_the_image_are_imported(object in any_stream()) {
        let followed = follow(&pushed(OUTPUT), &read(&object), &Before::default());
        let tags = object["spec"]["tags"].as_array().unwrap();
        let wanted: Vec<&str> = tags.iter().filter(|tag| {
            tag["from"]["kind"] == "DockerImage"
                && ["docker.io/ann/app:latest", "ann/app", "index.docker.io/ann/app:latest"]
                    .contains(&tag["from"]["name"].as_str().unwrap())
                && tag["reference"] == false
                && tag["annotations"]["extreg.io/follow-builds"] != "false"
        }).map(|tag| tag["name"].as_str().unwrap()).collect();
        let sent: Vec<String> = followed.import.map(|import| import.tags).unwrap_or_default();
        prop_assert_eq!(sent, wanted);
    }
}
