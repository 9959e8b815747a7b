//! Every field that Kubernetes' own schema calls an image is read, or known not to be one.

use std::collections::BTreeSet;

use k8s_openapi::schemars::{JsonSchema, schema_for};
use serde_json::Value;

/// Fields of a pod's spec that contain an image and are read: those of the test of fields.
const READ: [&str; 4] = [
    "containers[].image",
    "ephemeralContainers[].image",
    "initContainers[].image",
    "volumes[].image.reference",
];
/// Fields with such a name that contain no image: a block device of Ceph.
const NO_IMAGE: [&str; 1] = ["volumes[].rbd.image"];
/// Status fields: read for the digest, as they repeat spec.
const STATUS: [&str; 3] = [
    "status.containerStatuses[]",
    "status.ephemeralContainerStatuses[]",
    "status.initContainerStatuses[]",
];

#[test]
fn a_pod_has_no_other_image() {
    let spec = READ.into_iter().chain(NO_IMAGE);
    let spec = spec.map(|field| format!("spec.{field}"));
    let status = STATUS
        .iter()
        .flat_map(|status| ["image", "imageID"].map(|field| format!("{status}.{field}")));
    let wanted: BTreeSet<String> = spec.chain(status).collect();
    assert_eq!(images::<k8s_openapi::api::core::v1::Pod>(), wanted);
}

#[test]
fn controllers_have_no_image_besides_those_of_the_pod() {
    use k8s_openapi::api::apps::v1::{DaemonSet, Deployment, ReplicaSet, StatefulSet};
    use k8s_openapi::api::batch::v1::{CronJob, Job};
    use k8s_openapi::api::core::v1::ReplicationController;

    for (images, path) in [
        (images::<CronJob>(), "spec.jobTemplate.spec.template.spec"),
        (images::<DaemonSet>(), "spec.template.spec"),
        (images::<Deployment>(), "spec.template.spec"),
        (images::<Job>(), "spec.template.spec"),
        (images::<ReplicaSet>(), "spec.template.spec"),
        (images::<ReplicationController>(), "spec.template.spec"),
        (images::<StatefulSet>(), "spec.template.spec"),
    ] {
        let wanted = READ.into_iter().chain(NO_IMAGE);
        let wanted: BTreeSet<String> = wanted.map(|field| format!("{path}.{field}")).collect();
        assert_eq!(images, wanted);
    }
}

/// The fields of a type that are called an image, or a reference to one, and hold a string.
fn images<T: JsonSchema>() -> BTreeSet<String> {
    let schema = schema_for!(T).to_value();
    let mut found = BTreeSet::new();
    walk(&schema, &schema, String::new(), &mut found);
    found
}

fn walk(schema: &Value, root: &Value, path: String, found: &mut BTreeSet<String>) {
    if let Some(pointer) = schema["$ref"].as_str() {
        let target = root.pointer(pointer.trim_start_matches('#')).unwrap();
        return walk(target, root, path, found);
    }
    for part in ["allOf", "anyOf", "oneOf"] {
        for schema in schema[part].as_array().into_iter().flatten() {
            walk(schema, root, path.clone(), found);
        }
    }
    if schema["items"].is_object() {
        walk(&schema["items"], root, format!("{path}[]"), found);
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let dot = if path.is_empty() { "" } else { "." };
        let path = format!("{path}{dot}{name}");
        let is_text = match &property["type"] {
            Value::String(kind) => kind == "string",
            Value::Array(kinds) => kinds.iter().any(|kind| kind == "string"),
            _ => false,
        };
        if is_text && matches!(name.as_str(), "image" | "imageID" | "reference") {
            found.insert(path.clone());
        }
        walk(property, root, path, found);
    }
}
