//! The layout of the bundle, its metadata and its image.

use std::collections::{BTreeMap, BTreeSet};

use extreg_packaging::olm::{CHANNEL, PACKAGE};
use serde_json::Value;

use super::{csv, files, list, manifests, text, yaml};

/// Kinds that OLM installs from a bundle (operator-registry `pkg/lib/bundle/supported_resources.go`), and whether they
/// have a namespace. NetworkPolicy is missing: operator-pipelines refuses it.
const SUPPORTED: [(&str, bool); 9] = [
    ("ClusterServiceVersion", true),
    ("CustomResourceDefinition", false),
    ("ClusterRole", false),
    ("ClusterRoleBinding", false),
    ("ConfigMap", true),
    ("PodDisruptionBudget", true),
    ("Role", true),
    ("RoleBinding", true),
    ("Service", true),
];

#[test]
fn the_bundle_has_these_files() {
    let names: Vec<String> = files().into_keys().collect();
    assert_eq!(
        names,
        [
            "olm/bundle.Containerfile",
            "olm/bundle/manifests/extreg-policy-reader.clusterrole.yaml",
            "olm/bundle/manifests/extreg-webhook.poddisruptionbudget.yaml",
            &format!(
                "olm/bundle/manifests/extreg.v{}.clusterserviceversion.yaml",
                env!("CARGO_PKG_VERSION")
            ),
            "olm/bundle/manifests/registrypolicies.extreg.io.customresourcedefinition.yaml",
            "olm/bundle/metadata/annotations.yaml",
            "olm/bundle/tests/scorecard/config.yaml",
            "olm/catalog/extreg/catalog.yaml",
        ]
    );
}

#[test]
fn every_object_is_of_a_supported_kind_and_names_no_namespace() {
    let mut names = BTreeSet::new();
    for (file, object) in manifests() {
        let kind = text(&object, "/kind");
        assert!(
            SUPPORTED.iter().any(|(supported, _)| *supported == kind),
            "{file}: {kind}"
        );
        // OLM installs all of them in the namespace of the Subscription.
        assert!(object["metadata"].get("namespace").is_none(), "{file}");
        assert!(
            names.insert(object["metadata"]["name"].to_string() + kind),
            "{file}"
        );
        // It is managed by OLM.
        let labels = &object["metadata"]["labels"];
        assert!(
            labels.get("app.kubernetes.io/managed-by").is_none(),
            "{file}"
        );
        assert!(!object.to_string().contains("v1beta1"), "{file}");
    }
}

#[test]
fn a_disruption_budget_admits_a_drain() {
    let all = manifests();
    let budget = all
        .values()
        .find(|object| object["kind"] == "PodDisruptionBudget")
        .unwrap();
    assert_eq!(budget["spec"]["maxUnavailable"], 1);
    let pods = &csv()["spec"]["install"]["spec"]["deployments"][0]["spec"];
    for (label, value) in budget["spec"]["selector"]["matchLabels"]
        .as_object()
        .unwrap()
    {
        assert_eq!(&pods["template"]["metadata"]["labels"][label], value);
    }
}

/// The labels of the image.
fn labels(containerfile: &str) -> BTreeMap<String, String> {
    let lines = containerfile.lines();
    lines
        .filter_map(|line| line.strip_prefix("LABEL ")?.split_once('='))
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .collect()
}

#[test]
fn the_image_has_the_annotations_as_labels_and_the_folders_that_they_name() {
    let files = files();
    let containerfile = &files["olm/bundle.Containerfile"];
    let annotations = yaml(&files["olm/bundle/metadata/annotations.yaml"]);
    let annotations: BTreeMap<String, String> =
        serde_json::from_value(annotations["annotations"].clone()).unwrap();
    assert_eq!(labels(containerfile), annotations);
    let of =
        |name: &str| annotations[&format!("operators.operatorframework.io.{name}.v1")].as_str();
    assert_eq!(of("bundle.mediatype"), "registry+v1");
    assert_eq!(of("bundle.package"), PACKAGE);
    assert_eq!(of("bundle.channels"), CHANNEL);
    assert_eq!(of("bundle.channel.default"), CHANNEL);
    assert!(text(&csv(), "/metadata/name").starts_with(&format!("{PACKAGE}.v")));
    for folder in [
        of("bundle.manifests"),
        of("bundle.metadata"),
        of("test.config"),
    ] {
        let is_copied = containerfile.lines().any(|line| {
            let copied = line.strip_prefix("COPY bundle/");
            copied
                .and_then(|copied| copied.split_once(' '))
                .is_some_and(|(from, to)| {
                    folder.starts_with(&format!("{from}/")) && to == format!("/{from}/")
                })
        });
        assert!(is_copied, "{folder}");
        let in_bundle = format!("olm/bundle/{folder}");
        assert!(
            files.keys().any(|name| name.starts_with(&in_bundle)),
            "{folder}"
        );
    }
}

/// OpenShift of the annotation has at least Kubernetes `minKubeVersion`: 4.N is 1.(N+13) (operator-pipelines
/// `community/bundle.py`, `OCP_TO_K8S`).
#[test]
fn the_versions_of_openshift_and_kubernetes_agree() {
    let annotations = yaml(&files()["olm/bundle/metadata/annotations.yaml"]);
    let versions = &annotations["annotations"]["com.redhat.openshift.versions"];
    let minor: u32 = versions
        .as_str()
        .unwrap()
        .strip_prefix("v4.")
        .unwrap()
        .parse()
        .unwrap();
    let kubernetes = format!("1.{}.0", minor + 13);
    assert_eq!(text(&csv(), "/spec/minKubeVersion"), kubernetes);
}

#[test]
fn the_scorecard_has_tests_with_images_of_a_version() {
    let files = files();
    let config: Value = yaml(&files["olm/bundle/tests/scorecard/config.yaml"]);
    assert_eq!(
        config["apiVersion"],
        "scorecard.operatorframework.io/v1alpha3"
    );
    assert_eq!(config["metadata"]["name"], "config");
    for test in list(&config, "/stages/0/tests") {
        assert_eq!(test["entrypoint"][0], "scorecard-test");
        assert_eq!(test["entrypoint"][1], test["labels"]["test"]);
        assert!(text(test, "/image").contains(":v"));
    }
}
