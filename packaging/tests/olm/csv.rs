//! The ClusterServiceVersion.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extreg_manifests::{InstallMode, Settings, cluster_role, names, policy_faults, role};
use serde_json::{Value, json};

use super::{csv, is_version, list, release, text, the};

/// The categories of operator-pipelines `community/validations.py`.
const CATEGORIES: [&str; 16] = [
    "AI/Machine Learning",
    "Application Runtime",
    "Big Data",
    "Cloud Provider",
    "Developer Tools",
    "Database",
    "Drivers and plugins",
    "Integration & Delivery",
    "Logging & Tracing",
    "Modernization & Migration",
    "Monitoring",
    "Networking",
    "OpenShift Optional",
    "Security",
    "Storage",
    "Streaming & Messaging",
];
const CAPABILITIES: [&str; 5] = [
    "Basic Install",
    "Seamless Upgrades",
    "Full Lifecycle",
    "Deep Insights",
    "Auto Pilot",
];
/// The features that the console filters by.
const FEATURES: [&str; 10] = [
    "cnf",
    "cni",
    "csi",
    "disconnected",
    "fips-compliant",
    "proxy-aware",
    "tls-profiles",
    "token-auth-aws",
    "token-auth-azure",
    "token-auth-gcp",
];

#[test]
fn the_name_is_that_of_the_package_and_version_and_short_enough_for_a_label() {
    let csv = csv();
    let version = text(&csv, "/spec/version");
    assert!(is_version(version) && version != "0.0.0", "{version}");
    assert_eq!(version, env!("CARGO_PKG_VERSION"));
    let name = text(&csv, "/metadata/name");
    assert_eq!(name, format!("extreg.v{version}"));
    assert!(name.len() <= 63);
    assert!(csv["spec"].get("replaces").is_none());
}

#[test]
fn required_fields_are_set() {
    let csv = csv();
    for (pointer, shortest, longest) in [
        ("/spec/displayName", 3, 50),
        ("/spec/description", 100, 5_000),
        ("/spec/provider/name", 3, 63),
        ("/metadata/annotations/description", 10, 135),
        ("/metadata/annotations/support", 3, 200),
    ] {
        let length = text(&csv, pointer).chars().count();
        assert!(
            (shortest..=longest).contains(&length),
            "{pointer}: {length}"
        );
    }
    assert!(is_version(text(&csv, "/spec/minKubeVersion")));
    assert_eq!(text(&csv, "/spec/maturity"), "alpha");
    assert!(list(&csv, "/spec/keywords").iter().all(Value::is_string));
    for link in list(&csv, "/spec/links") {
        assert!(text(link, "/url").starts_with("https://") && !text(link, "/name").is_empty());
    }
    let maintainers = list(&csv, "/spec/maintainers");
    assert!(!maintainers.is_empty());
    for maintainer in maintainers {
        let (user, host) = text(maintainer, "/email").split_once('@').unwrap();
        assert!(!user.is_empty() && host.contains('.'));
        assert!(text(maintainer, "/name").len() > 3);
    }
    let annotations = &csv["metadata"]["annotations"];
    assert!(text(annotations, "/repository").starts_with("https://"));
    assert_eq!(text(annotations, "/createdAt"), "2026-11-30T12:00:00Z");
    assert!(CAPABILITIES.contains(&text(annotations, "/capabilities")));
    for category in text(annotations, "/categories").split(',') {
        assert!(CATEGORIES.contains(&category.trim()), "{category}");
    }
    for feature in FEATURES {
        let value = &annotations[format!("features.operators.openshift.io/{feature}")];
        assert!(
            ["true", "false"].contains(&value.as_str().unwrap()),
            "{feature}"
        );
    }
}

#[test]
fn the_icon_is_one_picture() {
    let csv = csv();
    let [icon] = list(&csv, "/spec/icon") else {
        panic!("one icon")
    };
    assert_eq!(text(icon, "/mediatype"), "image/svg+xml");
    let picture = STANDARD.decode(text(icon, "/base64data")).unwrap();
    assert!(picture.starts_with(b"<svg ") && picture.len() < 2_000);
}

#[test]
fn labels_name_each_processor_of_the_image() {
    let csv = csv();
    let labels = csv["metadata"]["labels"].as_object().unwrap();
    let names: Vec<&str> = labels.keys().map(String::as_str).collect();
    assert_eq!(
        names,
        [
            "operatorframework.io/arch.amd64",
            "operatorframework.io/arch.arm64",
            "operatorframework.io/arch.ppc64le",
            "operatorframework.io/arch.s390x",
            "operatorframework.io/os.linux",
        ]
    );
    assert!(labels.values().all(|value| value == "supported"));
}

#[test]
fn every_image_is_by_digest_and_listed() {
    let csv = csv();
    let image = release().image.to_string();
    assert_eq!(text(&csv, "/metadata/annotations/containerImage"), image);
    let listed = json!([{"name": names::WEBHOOK, "image": image}]);
    assert_eq!(csv["spec"]["relatedImages"], listed);
    let mut used = BTreeSet::new();
    for deployment in list(&csv, "/spec/install/spec/deployments") {
        for container in list(deployment, "/spec/template/spec/containers") {
            used.insert(text(container, "/image").to_owned());
            // Else the pipeline warns.
            for resource in ["cpu", "memory"] {
                assert!(container["resources"]["requests"][resource].is_string());
            }
        }
    }
    assert_eq!(used, BTreeSet::from([image]));
}

#[test]
fn the_operator_is_for_all_namespaces() {
    let csv = csv();
    let modes: Vec<(&str, bool)> = list(&csv, "/spec/installModes")
        .iter()
        .map(|mode| (text(mode, "/type"), mode["supported"].as_bool().unwrap()))
        .collect();
    assert_eq!(
        modes,
        [
            ("OwnNamespace", false),
            ("SingleNamespace", false),
            ("MultiNamespace", false),
            ("AllNamespaces", true),
        ]
    );
}

#[test]
fn owned_kinds_are_those_of_the_definitions_in_the_bundle() {
    let csv = csv();
    let crd = the("CustomResourceDefinition");
    let [owned] = list(&csv, "/spec/customresourcedefinitions/owned") else {
        panic!("one owned kind")
    };
    assert_eq!(owned["name"], crd["metadata"]["name"]);
    assert_eq!(owned["kind"], crd["spec"]["names"]["kind"]);
    assert_eq!(owned["version"], crd["spec"]["versions"][0]["name"]);
    assert!(text(owned, "/description").len() > 10);
    // Each described field exists.
    let schema = &crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"];
    for (part, fields) in [
        ("spec", "/specDescriptors"),
        ("status", "/statusDescriptors"),
    ] {
        for field in list(owned, fields) {
            let path = text(field, "/path");
            assert!(schema[part]["properties"].get(path).is_some(), "{path}");
            assert!(!text(field, "/displayName").is_empty());
        }
    }
}

#[test]
fn examples_are_valid_and_of_owned_kinds() {
    let csv = csv();
    let annotations = &csv["metadata"]["annotations"];
    let examples: Value = serde_json::from_str(text(annotations, "/alm-examples")).unwrap();
    let first = text(
        annotations,
        "/operatorframework.io~1initialization-resource",
    );
    let first: Value = serde_json::from_str(first).unwrap();
    assert_eq!(examples.as_array().unwrap().first(), Some(&first));
    for example in examples.as_array().unwrap() {
        assert_eq!(example["apiVersion"], names::API_VERSION);
        assert_eq!(example["kind"], names::KIND);
        assert_eq!(example["spec"]["mode"], InstallMode::Audit.as_str());
        assert!(policy_faults(example).is_empty(), "{example}");
    }
}

#[test]
fn permissions_are_those_of_the_installer_and_create_no_definitions() {
    let csv = csv();
    let settings = Settings::default();
    for (pointer, rules) in [
        (
            "/spec/install/spec/clusterPermissions",
            cluster_role(&settings).rules,
        ),
        ("/spec/install/spec/permissions", role(&settings).rules),
    ] {
        let wanted = json!([{"serviceAccountName": names::WEBHOOK, "rules": rules}]);
        assert_eq!(csv.pointer(pointer), Some(&wanted));
    }
    let all = csv["spec"]["install"].to_string();
    assert!(!all.contains("customresourcedefinitions") && !all.contains("\"*\""));
    let deployment = &list(&csv, "/spec/install/spec/deployments")[0];
    let account = text(deployment, "/spec/template/spec/serviceAccountName");
    assert_eq!(account, names::WEBHOOK);
}

#[test]
fn the_webhook_is_that_of_the_installer_but_for_what_olm_writes() {
    let csv = csv();
    let [webhook] = list(&csv, "/spec/webhookdefinitions") else {
        panic!("one webhook")
    };
    let ours = extreg_manifests::mutating_webhook_configuration(&Settings::default());
    let ours = serde_json::to_value(ours).unwrap()["webhooks"][0].clone();
    for field in [
        "admissionReviewVersions",
        "failurePolicy",
        "matchPolicy",
        "objectSelector",
        "reinvocationPolicy",
        "rules",
        "sideEffects",
        "timeoutSeconds",
    ] {
        assert_eq!(webhook[field], ours[field], "{field}");
    }
    assert_eq!(webhook["generateName"], ours["name"]);
    assert_eq!(webhook["type"], "MutatingAdmissionWebhook");
    assert_eq!(webhook["webhookPath"], names::WEBHOOK_PATH);
    // Its Deployment exists, and its container has the port.
    let deployments = list(&csv, "/spec/install/spec/deployments");
    let deployment = deployments
        .iter()
        .find(|one| one["name"] == webhook["deploymentName"]);
    let container = &deployment.unwrap()["spec"]["template"]["spec"]["containers"][0];
    let ports = list(container, "/ports");
    assert!(
        ports
            .iter()
            .any(|port| port["containerPort"] == webhook["targetPort"])
    );
    // OLM refuses these rules (operator-lifecycle-manager `pkg/controller/install/webhook.go`, `ValidWebhookRules`).
    for rule in list(webhook, "/rules") {
        for group in list(rule, "/apiGroups") {
            let group = group.as_str().unwrap();
            assert!(
                !["*", "operators.coreos.com", "admissionregistration.k8s.io"].contains(&group)
            );
        }
    }
    assert!(webhook.get("namespaceSelector").is_none() && webhook.get("matchConditions").is_none());
}
