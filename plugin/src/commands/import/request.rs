//! The ImageStreamImport. A successful import overwrites the whole import policy of its tag with the
//! request's, so the request carries each tag's own (openshift-apiserver
//! `pkg/image/apiserver/registry/imagestreamimport/rest.go` `importSuccessful`).

use extreg_cluster::{Kind, Object};
use serde_json::{Value, json};

use super::plan::Import;
use crate::stream::Stream;

/// Requests these imports into a stream as it was read: if the stream changed since, the result is a conflict.
pub(super) fn request(stream: &Stream, imports: &[Import<'_>]) -> Object {
    let images: Vec<Value> = imports
        .iter()
        .map(|import| {
            let own = |field: &str| {
                let policy = import.spec.body().get(field);
                policy.filter(|policy| policy.is_object()).cloned()
            };
            json!({
                "from": { "kind": "DockerImage", "name": import.image },
                "to": { "name": import.tag },
                "importPolicy": own("importPolicy").unwrap_or_else(|| json!({})),
                "referencePolicy": own("referencePolicy").unwrap_or_else(|| json!({ "type": "Source" })),
            })
        })
        .collect();
    let reference = stream.object().reference();
    let mut request = Object::new(
        Kind::IMAGE_STREAM_IMPORT,
        &reference.namespace,
        &reference.name,
        json!({ "spec": { "import": true, "images": images } }),
    );
    let version = stream.object().text("/metadata/resourceVersion");
    if !version.is_empty() {
        extreg_cluster::set(
            &mut request.body,
            &["metadata", "resourceVersion"],
            json!(version),
        );
    }
    request
}
