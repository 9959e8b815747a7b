//! The objects of the bundle.

use extreg_packaging::{Release, olm};
use serde_json::{Value, json};

use crate::{complaint, plane};

/// The objects of the bundle, as text.
fn objects() -> Vec<String> {
    let files = olm::olm(&Release::default()).unwrap().into_iter();
    files
        .filter(|file| file.name.starts_with("olm/bundle/manifests/"))
        .map(|file| file.content)
        .collect()
}

fn csv() -> Value {
    let all = objects().into_iter();
    let mut all = all.map(|text| serde_saphyr::from_str::<Value>(&text).unwrap());
    all.find(|object| object["kind"] == "ClusterServiceVersion")
        .unwrap()
}

#[tokio::test]
async fn the_objects_of_the_bundle_are_accepted() {
    let plane = plane().await;
    let objects = objects();
    assert_eq!(objects.len(), 4);
    for object in objects {
        assert_eq!(complaint(plane, &object), "", "{object}");
    }
}

#[tokio::test]
async fn the_examples_of_the_bundle_are_accepted() {
    let plane = plane().await;
    let csv = csv();
    let examples = csv["metadata"]["annotations"]["alm-examples"]
        .as_str()
        .unwrap();
    let examples: Vec<Value> = serde_json::from_str(examples).unwrap();
    assert!(!examples.is_empty());
    for example in examples {
        assert_eq!(complaint(plane, &example.to_string()), "");
    }
}

/// A change of the ClusterServiceVersion, and a word of the refusal.
#[tokio::test]
async fn a_wrong_bundle_is_refused() {
    let plane = plane().await;
    for (pointer, value, why) in [
        // OLM has no such fields: the reason why the webhook decides about all namespaces.
        (
            "/spec/webhookdefinitions/0/namespaceSelector",
            json!({}),
            "namespaceSelector",
        ),
        (
            "/spec/webhookdefinitions/0/matchConditions",
            json!([]),
            "matchConditions",
        ),
        (
            "/spec/webhookdefinitions/0/type",
            json!("Webhook"),
            "Unsupported value",
        ),
        ("/spec/installModes/0/supported", json!("yes"), "supported"),
        (
            "/spec/install/spec/deployments/0/spec/template/spec/volume",
            json!([]),
            "volume",
        ),
    ] {
        let mut csv = csv();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        csv.pointer_mut(parent).unwrap()[field] = value;
        let complaint = complaint(plane, &csv.to_string());
        assert!(complaint.contains(why), "{pointer}: {complaint}");
    }
}
