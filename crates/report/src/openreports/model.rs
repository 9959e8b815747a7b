//! The objects, with the names of their schema.

use std::collections::BTreeMap;

use serde::Serialize;

/// A Report or a ClusterReport, or their counterpart in the older API.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportObject {
    /// Its API's group and version.
    pub api_version: &'static str,
    /// Its kind.
    pub kind: &'static str,
    /// Its name, namespace, labels and annotations.
    pub metadata: Metadata,
    pub(super) source: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) configuration: Option<Configuration>,
    pub(super) summary: Summary,
    pub(super) results: Vec<ReportResult>,
}

/// The metadata of every object.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Metadata {
    /// The name.
    pub name: String,
    /// The namespace; empty for a ClusterReport, and for a Report of objects whose file names none.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// The labels.
    pub labels: BTreeMap<&'static str, String>,
    /// The annotations.
    pub annotations: BTreeMap<&'static str, String>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Configuration {
    pub(super) limits: Limits,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Limits {
    pub(super) max_results: usize,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(super) struct Summary {
    pub(super) pass: usize,
    pub(super) fail: usize,
    pub(super) warn: usize,
    pub(super) error: usize,
    pub(super) skip: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct ReportResult {
    pub(super) policy: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) rule: &'static str,
    #[serde(skip_serializing_if = "str::is_empty")]
    pub(super) category: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) severity: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) timestamp: Option<Timestamp>,
    pub(super) result: Outcome,
    pub(super) scored: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) resources: Vec<Resource>,
    pub(super) message: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) properties: BTreeMap<&'static str, String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Outcome {
    Pass,
    Fail,
    Warn,
    Error,
    Skip,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Timestamp {
    pub(super) seconds: i64,
    pub(super) nanos: i32,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Resource {
    pub(super) api_version: String,
    pub(super) kind: &'static str,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) namespace: String,
    pub(super) name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) field_path: String,
}

impl ReportObject {
    /// Whether it is namespaced.
    pub fn is_namespaced(&self) -> bool {
        !self.kind.starts_with("Cluster")
    }
}

impl Summary {
    pub(super) fn from_results(results: &[ReportResult]) -> Self {
        let mut summary = Self::default();
        for result in results {
            let count = match result.result {
                Outcome::Pass => &mut summary.pass,
                Outcome::Fail => &mut summary.fail,
                Outcome::Warn => &mut summary.warn,
                Outcome::Error => &mut summary.error,
                Outcome::Skip => &mut summary.skip,
            };
            *count += 1;
        }
        summary
    }
}
