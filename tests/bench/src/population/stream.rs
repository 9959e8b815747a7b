//! ImageStreams of twenty tags, each with its history.

use serde_json::{Value, json};

use super::{INTERNAL, digest, metadata};

const TAGS: usize = 20;
/// The images that a tag has had, newest first.
const HISTORY: usize = 5;

/// Of twenty tags nineteen are imported on schedule, from three registries; one is not and fails.
pub(super) fn object(number: usize, namespace: &str) -> Value {
    let name = format!("stream-{number:05}");
    let tags = 0..TAGS;
    let spec: Vec<Value> = tags.clone().map(|tag| spec_tag(number, tag)).collect();
    let status: Vec<Value> = tags
        .map(|tag| status_tag(number, tag, namespace, &name))
        .collect();
    json!({
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStream",
        "metadata": metadata(&name, namespace),
        "spec": {"lookupPolicy": {"local": false}, "tags": spec},
        "status": {
            "dockerImageRepository": format!("{INTERNAL}/{namespace}/{name}"),
            "tags": status,
        },
    })
}

fn spec_tag(number: usize, tag: usize) -> Value {
    let registry = match tag % 4 {
        0 => "registry.redhat.io/ubi9",
        1 => "registry.redhat.io/rhel9",
        2 => "quay.io/acme",
        _ => "docker.io/acme",
    };
    json!({
        "name": format!("1.{tag}"),
        "annotations": {"openshift.io/imported-from": format!("{registry}/base-{}", number % 40)},
        "from": {"kind": "DockerImage", "name": format!("{registry}/base-{}:1.{tag}", number % 40)},
        "generation": 2,
        "importPolicy": {"importMode": "Legacy", "scheduled": !fails(tag)},
        "referencePolicy": {"type": "Local"},
    })
}

fn status_tag(number: usize, tag: usize, namespace: &str, name: &str) -> Value {
    let items: Vec<Value> = (0..HISTORY)
        .map(|past| {
            let digest = digest((number * TAGS + tag) * HISTORY + past + 1);
            json!({
                "created": format!("2026-0{}-11T10:22:33Z", HISTORY - past),
                "dockerImageReference": format!("{INTERNAL}/{namespace}/{name}@{digest}"),
                "generation": 2,
                "image": digest,
            })
        })
        .collect();
    let mut status = json!({"tag": format!("1.{tag}"), "items": items});
    if fails(tag) {
        status["conditions"] = json!([{
            "type": "ImportSuccess",
            "status": "False",
            "reason": "Unauthorized",
            "message": "you may not have access to the container image",
            "generation": 2,
            "lastTransitionTime": "2026-05-12T08:00:00Z",
        }]);
    }
    status
}

fn fails(tag: usize) -> bool {
    tag == TAGS - 1
}
