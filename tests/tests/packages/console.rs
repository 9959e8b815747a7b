//! The objects of OpenShift's console.

use std::path::Path;

use extreg_packaging::console;
use serde_json::Value;

use crate::{complaint, kubectl, plane};

/// The objects, without the kustomization.
fn objects() -> Vec<Value> {
    let files = console::console().unwrap().into_iter();
    files
        .filter(|file| !file.name.ends_with("kustomization.yaml"))
        .map(|file| serde_saphyr::from_str(&file.content).unwrap())
        .collect()
}

#[tokio::test]
async fn the_folder_is_accepted_as_a_whole() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging/console");
    let args = [
        "apply",
        "--server-side",
        "--validate=strict",
        "--dry-run=server",
        "-k",
    ];
    let args = [&args[..], &[folder.to_str().unwrap()]].concat();
    let output = kubectl(plane().await, &args, "");
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(
        output.status.success() && complaint.is_empty(),
        "{complaint}"
    );
    let applied = String::from_utf8(output.stdout).unwrap();
    assert_eq!(applied.lines().count(), objects().len(), "{applied}");
    for kind in ["clidownload", "link", "quickstart", "yamlsample"] {
        assert!(
            applied.contains(&format!("console{kind}.console.openshift.io/")),
            "{kind}"
        );
    }
}

#[tokio::test]
async fn samples_are_accepted_by_the_resources_that_they_are_for() {
    let plane = plane().await;
    let mut tried = Vec::new();
    for object in objects() {
        if object["kind"] != "ConsoleYAMLSample" {
            continue;
        }
        let text = object["spec"]["yaml"].as_str().unwrap();
        let sample: Value = serde_saphyr::from_str(text).unwrap();
        for field in ["apiVersion", "kind"] {
            assert_eq!(sample[field], object["spec"]["targetResource"][field]);
        }
        assert_eq!(complaint(plane, text), "", "{text}");
        tried.push(sample["kind"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        tried,
        [
            "BuildConfig",
            "ImageStream",
            "RegistryPolicy",
            "RegistryPolicy"
        ]
    );
}

#[tokio::test]
async fn a_link_without_tls_and_an_unknown_field_are_refused() {
    let plane = plane().await;
    for mut object in objects() {
        let text = object.to_string().replace("https://", "http://");
        let has_link =
            ["ConsoleCLIDownload", "ConsoleLink"].contains(&object["kind"].as_str().unwrap());
        assert_eq!(
            complaint(plane, &text).contains("should match '^https://'"),
            has_link,
            "{text}"
        );
        object["spec"]["unknown"] = true.into();
        assert!(complaint(plane, &object.to_string()).contains("unknown"));
    }
}
