//! Scraping and alerts, for clusters with the Prometheus operator.
//!
//! OpenShift's monitoring of user-defined projects evaluates a rule only on the series of its own namespace: there
//! the alert on failing open, which reads the API servers' own series, never fires.

pub(crate) mod alert;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::{LabelSelector, ObjectMeta};
use serde::Serialize;

use self::alert::{API_VERSION, Alert, alert};
use crate::importer;
use crate::manifest::{Manifest, ObjectName, Phase, RenderError};
use crate::names;
use crate::namespace::{own_meta, pod_labels};
use crate::settings::{FollowBuilds, Settings, Tls};

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
    let mut groups = vec![Group {
        name: names::WEBHOOK,
        rules: alerts(settings),
    }];
    let mut monitors = vec![object(settings, "ServiceMonitor", monitor)?];
    if settings.follow_builds != FollowBuilds::No {
        groups.push(Group {
            name: names::IMPORTER,
            rules: importer::alerts(settings),
        });
        monitors.push(importer::pod_monitor(settings)?);
    }
    let rules = PrometheusRuleSpec { groups };
    monitors.push(object(settings, "PrometheusRule", rules)?);
    Ok(monitors)
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

/// The alert rules. They use series of the webhook (`extreg_…`), of kube-apiserver and
/// openshift-apiserver (`apiserver_…`) and of Prometheus.
fn alerts(settings: &Settings) -> Vec<Alert> {
    let namespace = &settings.namespace;
    let service = names::WEBHOOK;
    let entry = names::WEBHOOK_ENTRY;
    let manual = settings.tls != Tls::ServiceCa;
    let mut alerts = vec![
        alert(
            "ExtregWebhookDown",
            format!("absent(up{{namespace=\"{namespace}\",service=\"{service}\"}} == 1)"),
            "5m",
            "warning",
            "No replica of the oc extreg webhook answers.",
            "Builds and image streams are admitted unchanged. `oc extreg webhook status` shows why.",
        ),
        // service-ca renews a certificate only in the last hour of its validity.
        alert(
            "ExtregWebhookCertificateExpiring",
            format!(
                "min(extreg_cert_not_after_seconds{{namespace=\"{namespace}\"}}) - time() < 1800"
            ),
            "1m",
            "critical",
            "The webhook's certificate expires in less than 30 minutes.",
            "It should have been renewed by now. API servers skip the webhook after it expires.",
        ),
        alert(
            "ExtregWebhookCertificateRefused",
            format!("max(extreg_cert_refused{{namespace=\"{namespace}\"}}) > 0"),
            "2m",
            "critical",
            "The API servers reject the webhook's certificate.",
            "It does not match the caBundle of the MutatingWebhookConfiguration, so the API servers skip the webhook; `oc extreg webhook status` shows both.",
        ),
        alert(
            "ExtregWebhookFailingOpen",
            format!(
                "sum(increase(apiserver_admission_webhook_fail_open_count{{name=\"{entry}\"}}[10m])) > 0"
            ),
            "0m",
            "warning",
            "API servers cannot reach the webhook and admit requests without it.",
            "The admitted objects can lack a push secret or schedule; `oc extreg webhook check` tests the connection.",
        ),
        alert(
            "ExtregPolicyConflict",
            format!("max(extreg_policy_conflicts{{namespace=\"{namespace}\"}}) > 0"),
            "5m",
            "warning",
            "Two registry policies conflict for the same images.",
            "`kubectl get registrypolicies` shows which; make one of them more specific.",
        ),
        // Sources that the cluster does not have, or that no policy needs, have no series.
        alert(
            "ExtregFactsUnknown",
            format!("min by (source) (extreg_facts_known{{namespace=\"{namespace}\"}}) == 0"),
            "15m",
            "warning",
            "The webhook cannot read a part of the cluster.",
            "Source {{ $labels.source }} is forbidden or down; the webhook decides without it.",
        ),
        alert(
            "ExtregFactsStale",
            format!(
                "max by (source) (extreg_facts_age_seconds{{namespace=\"{namespace}\"}}) > 300"
            ),
            "5m",
            "warning",
            "The webhook has received nothing from a part of the cluster for more than five minutes.",
            "The facts from source {{ $labels.source }} have expired; the webhook decides without it.",
        ),
        alert(
            "ExtregTaskPanicking",
            format!(
                "sum by (task) (increase(extreg_task_panics_total{{namespace=\"{namespace}\"}}[15m])) > 0"
            ),
            "0m",
            "warning",
            "A background task of the webhook panics.",
            "Task {{ $labels.task }} is restarted after each panic; the webhook's log shows where.",
        ),
    ];
    if manual {
        alerts.push(alert(
            "ExtregWebhookCertificateDue",
            format!(
                "min(extreg_cert_not_after_seconds{{namespace=\"{namespace}\"}}) - time() < 30 * 86400"
            ),
            "10m",
            "warning",
            "The certificate of the webhook expires in less than 30 days and must be renewed manually.",
            "`oc extreg webhook cert rotate` renews a certificate that `webhook install` issued.",
        ));
    }
    alerts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_lists_every_alert() {
        let page = include_str!("../../docs/operations.md");
        let settings = Settings::default();
        let all: Vec<Alert> = alerts(&settings)
            .into_iter()
            .chain(importer::alerts(&settings))
            .collect();
        let all = serde_json::to_value(all).unwrap();
        let names: Vec<&str> = all
            .as_array()
            .unwrap()
            .iter()
            .map(|alert| alert["alert"].as_str().unwrap())
            .collect();
        assert!(names.contains(&"ExtregWebhookDown"), "{names:?}");
        for name in names {
            assert!(page.contains(name), "{name}");
        }
    }
}
