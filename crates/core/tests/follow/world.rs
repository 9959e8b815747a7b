//! Builds and streams as a cluster has them.

#![expect(clippy::unwrap_used, reason = "a test panics to fail")]

use std::collections::BTreeSet;

use extreg_core::follow::{Build, Followed, ImportHistory, Pushed, Stream, follow};
use serde_json::{Value, json};

pub(crate) const OLD: &str =
    "sha256:1111111111111111111111111111111111111111111111111111111111111111";
pub(crate) const NEW: &str =
    "sha256:2222222222222222222222222222222222222222222222222222222222222222";

/// The imports that were requested before: uid, tag, digest.
#[derive(Debug, Default)]
pub(crate) struct Before(pub(crate) BTreeSet<(String, String, String)>);

impl ImportHistory for Before {
    fn was_imported(&self, stream: &str, tag: &str, digest: &str) -> bool {
        let key = (stream.to_owned(), tag.to_owned(), digest.to_owned());
        self.0.contains(&key)
    }
}

pub(crate) fn build(build: &Value) -> Build {
    let part = |at: &str| build.pointer(at).cloned().unwrap_or_default();
    let or_empty = |value: Value| {
        if value.is_null() { json!({}) } else { value }
    };
    Build {
        labels: serde_json::from_value(or_empty(part("/metadata/labels"))).unwrap(),
        spec: serde_json::from_value(or_empty(part("/spec"))).unwrap(),
        status: serde_json::from_value(or_empty(part("/status"))).unwrap(),
    }
}

/// A build that has pushed [`NEW`] there.
pub(crate) fn complete(output: &str) -> Value {
    json!({
        "metadata": {"labels": {"buildconfig": "app"}},
        "spec": {"output": {"to": {"kind": "DockerImage", "name": output}}},
        "status": {
            "phase": "Complete",
            "completionTimestamp": "2026-11-24T12:00:00Z",
            "output": {"to": {"imageDigest": NEW}},
        },
    })
}

pub(crate) fn pushed(output: &str) -> Pushed {
    Pushed::of(&build(&complete(output))).unwrap()
}

/// A stream with these spec tags, each of which shows [`OLD`].
pub(crate) fn stream(tags: &Value) -> Value {
    let shown: Vec<Value> = tags
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| json!({"tag": tag["name"], "items": [{"image": OLD}, {"image": NEW}]}))
        .collect();
    json!({
        "metadata": {"name": "app", "namespace": "snow", "uid": "u-1", "resourceVersion": "7"},
        "spec": {"tags": tags},
        "status": {"tags": shown},
    })
}

pub(crate) fn tag(name: &str, image: &str) -> Value {
    json!({
        "name": name,
        "annotations": null,
        "from": {"kind": "DockerImage", "name": image},
        "generation": 2,
        "importPolicy": {"importMode": "Legacy"},
        "referencePolicy": {"type": "Source"},
    })
}

pub(crate) fn read(stream: &Value) -> Stream {
    serde_json::from_str(&stream.to_string()).unwrap()
}

pub(crate) fn decide(output: &str, stream: &Value) -> Followed {
    follow(&pushed(output), &read(stream), &Before::default())
}
