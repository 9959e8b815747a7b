//! Inputs for tests of decisions: objects, and policies.

use std::path::Path;
use std::process::Command;

use extreg_core::object::Resource;
use serde_json::Value;

use crate::workspace_binary;

/// Policy files; `None` is the built-in policy.
pub const POLICIES: [Option<&str>; 4] = [
    None,
    Some(
        "{apiVersion: extreg.io/v1alpha1, kind: RegistryPolicy, metadata: {name: all},\n\
         spec: {registry: index.docker.io, push: {secretName: hub}, pull: {secretName: hub-pull}, import: {scheduled: true}}}",
    ),
    Some(
        "{apiVersion: extreg.io/v1alpha1, kind: RegistryPolicy, metadata: {name: warns},\n\
         spec: {registry: docker.io, mode: Warn, push: {secretName: hub}, import: {scheduled: true}}}\n\
         ---\n\
         {apiVersion: extreg.io/v1alpha1, kind: RegistryPolicy, metadata: {name: counts},\n\
         spec: {registry: docker.io, repositories: [ably77/*, library/**], mode: Audit, push: {secretName: hub}, import: {scheduled: true}}}\n\
         ---\n\
         {apiVersion: extreg.io/v1alpha1, kind: RegistryPolicy, metadata: {name: quay},\n\
         spec: {registry: quay.io, push: {secretName: quay}, import: {scheduled: true}}}",
    ),
    Some(
        "{apiVersion: extreg.io/v1alpha1, kind: RegistryPolicy, metadata: {name: labeled},\n\
         spec: {registry: docker.io, namespaceSelector: {matchLabels: {team: a}}, push: {secretName: hub}, import: {scheduled: true}}}\n\
         ---\n\
         {apiVersion: extreg.io/v1alpha1, kind: RegistryPolicy, metadata: {name: builds},\n\
         spec: {registry: docker.io, repositories: [acme/*, ably77/*], push: {secretName: hub, target: Build}}}",
    ),
];

/// `setup --export` of an application in each variant.
const EXPORTS: [&str; 4] = [
    "app -n snow --image u/app --source https://x.example/y.git",
    "app -n snow --image docker.io/u/app:v1 --source https://x.example/y.git --workload deploymentconfig",
    "app -n snow --image quay.io/u/app --source https://x.example/y.git",
    "app -n snow --image u/app --no-build --secret hub --workload none",
];

fn export_of(args: &str) -> String {
    let output = Command::new(workspace_binary("oc-extreg").unwrap())
        .arg("setup")
        .args(args.split(' '))
        .arg("--export")
        .env_clear()
        .current_dir("/")
        .output()
        .unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{args}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// The objects of the recordings, before and after each request, of the samples, and of the exports of `setup`.
pub fn objects() -> Vec<(Resource, Value)> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files: Vec<_> = std::fs::read_dir(here.join("tests/data/recorded"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|file| {
            file.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    let mut objects = Vec::new();
    for file in files {
        let review: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
        let request = &review["request"];
        for member in ["object", "oldObject"] {
            objects.push(request[member].clone());
        }
    }
    for samples in [
        "../plugin/tests/data/cluster.yaml",
        "../crates/snapshot/tests/data/cluster.yaml",
        "../crates/snapshot/tests/data/fields.yaml",
    ] {
        let samples = std::fs::read_to_string(here.join(samples)).unwrap();
        objects.extend(serde_saphyr::from_multiple::<Value>(&samples).unwrap());
    }
    for export in EXPORTS {
        let exported = export_of(export);
        let exported = serde_saphyr::from_multiple::<Value>(&exported).unwrap();
        assert!(exported.len() >= 2, "{export} exports {exported:?}");
        objects.extend(exported);
    }

    let ours: Vec<(Resource, Value)> = objects
        .into_iter()
        .filter_map(|object| {
            let resource =
                Resource::of_kind(object["apiVersion"].as_str()?, object["kind"].as_str()?)?;
            Some((resource, object))
        })
        .collect();
    for resource in Resource::ALL {
        let is_there = ours.iter().any(|(other, _)| *other == resource);
        assert!(
            is_there || resource == Resource::ImageTags,
            "no {resource:?} to test with"
        );
    }
    ours
}
