//! Scraping and alerts, for clusters with the Prometheus operator.
//!
//! OpenShift's monitoring of user-defined projects shows a rule only the series of its own namespace: there
//! the alert on failing open, which reads the API servers' own series, stays silent.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use serde::Serialize;

use crate::manifest::{Manifest, ObjectName, Phase, RenderError};
use crate::names;
use crate::namespace::{own_meta, pod_labels};
use crate::settings::Settings;

const API_VERSION: &str = "monitoring.coreos.com/v1";

/// The ServiceMonitor and the alert rules.
pub(crate) fn monitoring(settings: &Settings) -> Result<Vec<Manifest>, RenderError> {
    let monitor = ServiceMonitorSpec {
        selector: LabelSelector {
            match_labels: Some(pod_labels()),
            ..LabelSelector::default()
        },
        endpoints: vec![Endpoint {
            port: "metrics",
            path: "/metrics",
            interval: "30s",
        }],
    };
    let rules = PrometheusRuleSpec {
        groups: vec![Group {
            name: names::WEBHOOK,
            rules: alerts(settings),
        }],
    };
    Ok(vec![
        object(settings, "ServiceMonitor", monitor)?,
        object(settings, "PrometheusRule", rules)?,
    ])
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
struct ServiceMonitorSpec {
    selector: LabelSelector,
    endpoints: Vec<Endpoint>,
}

#[derive(Serialize)]
struct Endpoint {
    port: &'static str,
    path: &'static str,
    interval: &'static str,
}

#[derive(Serialize)]
struct PrometheusRuleSpec {
    groups: Vec<Group>,
}

#[derive(Serialize)]
struct Group {
    name: &'static str,
    rules: Vec<Alert>,
}

#[derive(Serialize)]
struct Alert {
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

fn object<S: Serialize>(
    settings: &Settings,
    kind: &'static str,
    spec: S,
) -> Result<Manifest, RenderError> {
    let name = ObjectName {
        api_version: API_VERSION.to_owned(),
        kind: kind.to_owned(),
        namespace: Some(settings.namespace.as_str().to_owned()),
        name: names::WEBHOOK.to_owned(),
    };
    let object = Object {
        api_version: API_VERSION,
        kind,
        metadata: own_meta(names::WEBHOOK, settings),
        spec,
    };
    Manifest::named(Phase::Base, name, &object)
}

/// The alert rules. Their names for series are the webhook's (`extreg_…`), kube-apiserver's and
/// openshift-apiserver's (`apiserver_…`) and Prometheus's own.
fn alerts(settings: &Settings) -> Vec<Alert> {
    let alert = |name, expr, for_, severity, summary, description| Alert {
        name,
        expr,
        for_,
        labels: Labels { severity },
        annotations: Annotations {
            summary,
            description,
        },
    };
    let namespace = &settings.namespace;
    let service = names::WEBHOOK;
    let entry = names::WEBHOOK_ENTRY;
    vec![
        alert(
            "ExtregWebhookDown",
            format!("absent(up{{namespace=\"{namespace}\",service=\"{service}\"}} == 1)"),
            "5m",
            "warning",
            "No replica of the oc extreg webhook answers.",
            "Builds and image streams are admitted unchanged meanwhile. `oc extreg webhook status` says more.",
        ),
        // service-ca renews a leaf only when less than an hour is left of it; "30 days" would be a
        // false alarm at the end of every leaf.
        alert(
            "ExtregWebhookCertificateExpiring",
            format!(
                "min(extreg_cert_not_after_seconds{{namespace=\"{namespace}\"}}) - time() < 1800"
            ),
            "1m",
            "critical",
            "The webhook serves a certificate with less than 30 minutes left.",
            "Whoever issues it should have renewed it by now; when it has expired the API servers skip the webhook.",
        ),
        alert(
            "ExtregWebhookFailingOpen",
            format!(
                "sum(increase(apiserver_admission_webhook_fail_open_count{{name=\"{entry}\"}}[10m])) > 0"
            ),
            "0m",
            "warning",
            "API servers admit requests without having reached the webhook.",
            "What was admitted so may lack its push secret or schedule; `oc extreg webhook check` tries the way again.",
        ),
        alert(
            "ExtregPolicyConflict",
            format!("max(extreg_policy_conflicts{{namespace=\"{namespace}\"}}) > 0"),
            "5m",
            "warning",
            "Two registry policies tie for the same images.",
            "`kubectl get registrypolicies` shows which; make one of them more specific.",
        ),
        alert(
            "ExtregFactsUnknown",
            format!(
                "min by (source) (extreg_facts_source_state{{namespace=\"{namespace}\",state=\"ready\"}}) == 0"
            ),
            "15m",
            "warning",
            "The webhook does not know a part of the cluster.",
            "Source {{ $labels.source }} is forbidden or down; the webhook decides without it.",
        ),
    ]
}
