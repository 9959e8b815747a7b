//! Annotations and labels by which catalogs and the console find and show the operator.

use std::collections::BTreeMap;

use extreg_manifests::{InstallMode, Manifest, RenderError, Settings, names, registry_policy};
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use super::SUMMARY;
use crate::Release;

/// Processors that the image has, as Go names them.
const ARCHITECTURES: [&str; 4] = ["amd64", "arm64", "ppc64le", "s390x"];

/// What the console's filters show (`features.operators.openshift.io`). The webhook connects only to API servers, so no
/// proxy is configured; its cryptography is not a FIPS module; it does not read the cluster's TLS profile.
const FEATURES: [(&str, bool); 10] = [
    ("cnf", false),
    ("cni", false),
    ("csi", false),
    ("disconnected", true),
    ("fips-compliant", false),
    ("proxy-aware", false),
    ("tls-profiles", false),
    ("token-auth-aws", false),
    ("token-auth-azure", false),
    ("token-auth-gcp", false),
];

pub(super) fn metadata(name: String, release: &Release) -> Result<ObjectMeta, RenderError> {
    // A new policy counts only, as after `oc extreg webhook install`.
    let policy = registry_policy(InstallMode::Audit)?.without_manager();
    let mut annotations = BTreeMap::from([
        ("alm-examples", json!([policy.value]).to_string()),
        ("capabilities", "Basic Install".to_owned()),
        (
            "categories",
            "Developer Tools,Integration & Delivery".to_owned(),
        ),
        ("containerImage", release.image.to_string()),
        ("description", SUMMARY.to_owned()),
        (
            "operatorframework.io/initialization-resource",
            policy.value.to_string(),
        ),
        (
            "operatorframework.io/suggested-namespace",
            names::NAMESPACE.to_owned(),
        ),
        (
            "operatorframework.io/suggested-namespace-template",
            namespace()?.to_string(),
        ),
        ("repository", names::HOME.to_owned()),
        ("support", format!("{}/issues", names::HOME)),
    ]);
    if let Some(created) = release.created {
        annotations.insert("createdAt", created.to_string());
    }
    let mut annotations: BTreeMap<String, String> = annotations
        .into_iter()
        .map(|(key, value)| (key.to_owned(), value))
        .collect();
    for (feature, has) in FEATURES {
        let key = format!("features.operators.openshift.io/{feature}");
        annotations.insert(key, has.to_string());
    }
    let supported = |key: &str| {
        (
            format!("operatorframework.io/{key}"),
            "supported".to_owned(),
        )
    };
    let architectures = ARCHITECTURES.map(|arch| supported(&format!("arch.{arch}")));
    Ok(ObjectMeta {
        name: Some(name),
        annotations: Some(annotations),
        labels: Some(
            architectures
                .into_iter()
                .chain([supported("os.linux")])
                .collect(),
        ),
        ..ObjectMeta::default()
    })
}

/// The namespace that the console creates, with the labels of our own: Pod Security, and excluded from the webhook.
fn namespace() -> Result<Value, RenderError> {
    let all = extreg_manifests::install(&Settings::default())?;
    let kind = <Namespace as k8s_openapi::Resource>::KIND;
    let namespace = all
        .into_iter()
        .find(|manifest| manifest.object.kind == kind);
    Ok(namespace
        .map(Manifest::without_manager)
        .map_or(Value::Null, |found| found.value))
}
