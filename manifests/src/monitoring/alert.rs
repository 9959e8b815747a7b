//! Rules that alert, and the object that holds those of one program.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde::Serialize;

use crate::manifest::{Manifest, ObjectName, Phase, RenderError};
use crate::names;

/// The group and version of the Prometheus operator's kinds.
pub(crate) const API_VERSION: &str = "monitoring.coreos.com/v1";

/// How soon an administrator has to act.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Severity {
    /// Now.
    Critical,
    /// Within a day.
    Warning,
    /// When there is time.
    Info,
}

/// A rule that alerts.
#[derive(Debug, Serialize)]
pub(crate) struct Alert {
    #[serde(rename = "alert")]
    name: &'static str,
    expr: String,
    #[serde(rename = "for")]
    for_: &'static str,
    labels: Labels,
    annotations: Annotations,
}

#[derive(Debug, Serialize)]
struct Labels {
    severity: Severity,
}

#[derive(Debug, Serialize)]
struct Annotations {
    summary: &'static str,
    description: &'static str,
    runbook_url: String,
}

/// An alert on an expression that holds for a time; `docs/runbooks` has a page with its name.
pub(crate) fn alert(
    name: &'static str,
    expr: String,
    for_: &'static str,
    severity: Severity,
    summary: &'static str,
    description: &'static str,
) -> Alert {
    Alert {
        name,
        expr,
        for_,
        labels: Labels { severity },
        annotations: Annotations {
            summary,
            description,
            runbook_url: format!("{}/{name}.md", names::RUNBOOKS),
        },
    }
}

/// The PrometheusRule of a program. Each program has its own, so that it is installed and removed with it.
pub(crate) fn rules(metadata: ObjectMeta, alerts: Vec<Alert>) -> Result<Manifest, RenderError> {
    let spec = Spec {
        groups: vec![Group {
            name: metadata.name.clone().unwrap_or_default(),
            rules: alerts,
        }],
    };
    object("PrometheusRule", metadata, spec)
}

/// An object of the Prometheus operator.
pub(crate) fn object<S: Serialize>(
    kind: &'static str,
    metadata: ObjectMeta,
    spec: S,
) -> Result<Manifest, RenderError> {
    let name = ObjectName {
        api_version: API_VERSION.to_owned(),
        kind: kind.to_owned(),
        namespace: metadata.namespace.clone(),
        name: metadata.name.clone().unwrap_or_default(),
    };
    let object = Object {
        api_version: API_VERSION,
        kind,
        metadata,
        spec,
    };
    Manifest::named(Phase::Base, name, &object)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Object<S> {
    api_version: &'static str,
    kind: &'static str,
    metadata: ObjectMeta,
    spec: S,
}

#[derive(Serialize)]
struct Spec {
    groups: Vec<Group>,
}

#[derive(Serialize)]
struct Group {
    name: String,
    rules: Vec<Alert>,
}
