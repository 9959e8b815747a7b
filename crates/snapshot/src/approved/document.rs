//! The document as it is written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A list of approved registries, as in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApprovedDocument {
    /// Always the same.
    pub api_version: ApiVersion,
    /// Always the same.
    pub kind: Kind,
    /// Its name.
    pub metadata: Metadata,
    /// The list.
    pub spec: ApprovedSpec,
}

/// `apiVersion`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ApiVersion {
    /// `extreg.io/v1alpha1`
    #[serde(rename = "extreg.io/v1alpha1")]
    V1Alpha1,
}

/// `kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// `ApprovedRegistries`
    ApprovedRegistries,
}

/// `metadata`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Metadata {
    /// The name of the list in findings.
    pub name: String,
    /// Labels; nothing reads them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub labels: BTreeMap<String, String>,
    /// Annotations; nothing reads them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub annotations: BTreeMap<String, String>,
}

/// `spec`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApprovedSpec {
    /// `host[:port][/path]` or `*.host`, each of them.
    pub registries: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_fields_are_rejected() {
        let document = |text: &str| serde_json::from_str::<ApprovedDocument>(text);
        let good = r#"{"apiVersion":"extreg.io/v1alpha1","kind":"ApprovedRegistries",
            "metadata":{"name":"acme"},"spec":{"registries":["quay.io/acme"]}}"#;
        assert_eq!(document(good).unwrap().spec.registries, ["quay.io/acme"]);
        for (from, to, want) in [
            ("v1alpha1", "v1", "expected `extreg.io/v1alpha1`"),
            ("ApprovedRegistries", "RegistryPolicy", "ApprovedRegistries"),
            (
                r#""name":"acme""#,
                r#""title":"acme""#,
                "unknown field `title`",
            ),
            ("registries", "registry", "unknown field `registry`"),
            (
                r#""spec":"#,
                r#""status":{},"spec":"#,
                "unknown field `status`",
            ),
            (
                r#"["quay.io/acme"]"#,
                r#""quay.io/acme""#,
                "expected a sequence",
            ),
        ] {
            let error = document(&good.replace(from, to)).unwrap_err().to_string();
            assert!(error.contains(want), "{to}: {error}");
        }
    }
}
