//! One rule that alerts.

use serde::Serialize;

/// The group and version of the Prometheus operator's kinds.
pub(crate) const API_VERSION: &str = "monitoring.coreos.com/v1";

#[derive(Serialize)]
pub(crate) struct Alert {
    #[serde(rename = "alert")]
    name: &'static str,
    expr: String,
    #[serde(rename = "for")]
    for_: &'static str,
    labels: Labels,
    annotations: Annotations,
}

#[derive(Serialize)]
struct Labels {
    severity: &'static str,
}

#[derive(Serialize)]
struct Annotations {
    summary: &'static str,
    description: &'static str,
}

pub(crate) fn alert(
    name: &'static str,
    expr: String,
    for_: &'static str,
    severity: &'static str,
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
        },
    }
}
