//! The alerts of the webhook. They use its series (`extreg_…`), those of kube-apiserver and openshift-apiserver
//! (`apiserver_…`), and Prometheus's own (`up`).

use super::alert::Severity::{Critical, Warning};
use super::alert::{Alert, alert};
use crate::names;
use crate::settings::{Settings, Tls};

pub(super) fn alerts(settings: &Settings) -> Vec<Alert> {
    let mut all = serving(settings);
    all.extend(certificates(settings));
    all.extend(knowledge(settings));
    all
}

/// Whether requests are answered.
fn serving(settings: &Settings) -> Vec<Alert> {
    let namespace = &settings.namespace;
    let service = names::WEBHOOK;
    let entry = names::WEBHOOK_ENTRY;
    vec![
        alert(
            "ExtregWebhookDown",
            format!("absent(up{{namespace=\"{namespace}\",service=\"{service}\"}} == 1)"),
            "5m",
            Warning,
            "No replica of the oc extreg webhook answers.",
            "Builds and image streams are admitted unchanged. `oc extreg webhook status` shows why.",
        ),
        alert(
            "ExtregWebhookFailingOpen",
            format!(
                "sum(increase(apiserver_admission_webhook_fail_open_count{{name=\"{entry}\"}}[10m])) > 0"
            ),
            "0m",
            Warning,
            "API servers cannot reach the webhook and admit requests without it.",
            "The admitted objects can lack a push secret or schedule; `oc extreg webhook check` tests the connection.",
        ),
        alert(
            "ExtregWebhookPanicking",
            format!(
                "sum(increase(extreg_admission_requests_total{{namespace=\"{namespace}\",decision=\"panic\"}}[15m])) > 0"
            ),
            "0m",
            Warning,
            "The webhook panics while it answers requests.",
            "The API servers treat these requests as failed; the webhook's log shows where.",
        ),
        alert(
            "ExtregWebhookSlow",
            format!(
                "sum(rate(extreg_admission_requests_total{{namespace=\"{namespace}\",decision=\"deadline\"}}[15m])) / sum(rate(extreg_admission_requests_total{{namespace=\"{namespace}\"}}[15m])) > 0.01"
            ),
            "10m",
            Warning,
            "More than 1% of the requests are admitted unchanged because the decision takes too long.",
            "The webhook gives up at three quarters of the API server's timeout. It has too little CPU time, or the API server answers its reads slowly.",
        ),
        alert(
            "ExtregWebhookShedding",
            format!(
                "sum by (shortage) (increase(extreg_shed_total{{namespace=\"{namespace}\"}}[10m])) > 0"
            ),
            "5m",
            Warning,
            "The webhook refuses requests because it has no room for them.",
            "Exhausted: {{ $labels.shortage }}. The API servers admit these requests unchanged.",
        ),
        alert(
            "ExtregTaskPanicking",
            format!(
                "sum by (task) (increase(extreg_task_panics_total{{namespace=\"{namespace}\"}}[15m])) > 0"
            ),
            "0m",
            Warning,
            "A background task of the webhook panics.",
            "Task {{ $labels.task }} is restarted after each panic; the webhook's log shows where.",
        ),
    ]
}

fn certificates(settings: &Settings) -> Vec<Alert> {
    let namespace = &settings.namespace;
    let mut alerts = vec![
        // service-ca renews a certificate only in the last hour of its validity.
        alert(
            "ExtregWebhookCertificateExpiring",
            format!(
                "min(extreg_cert_not_after_seconds{{namespace=\"{namespace}\"}}) - time() < 1800"
            ),
            "1m",
            Critical,
            "The webhook's certificate expires in less than 30 minutes.",
            "It should have been renewed by now. API servers skip the webhook after it expires.",
        ),
        alert(
            "ExtregWebhookCertificateRefused",
            format!("max(extreg_cert_refused{{namespace=\"{namespace}\"}}) > 0"),
            "2m",
            Critical,
            "The API servers reject the webhook's certificate.",
            "It does not match the caBundle of the MutatingWebhookConfiguration, so the API servers skip the webhook; `oc extreg webhook status` shows both.",
        ),
        alert(
            "ExtregWebhookCertificateReloadFailing",
            format!(
                "sum(increase(extreg_cert_reload_failures_total{{namespace=\"{namespace}\"}}[15m])) + sum(increase(extreg_client_ca_reload_failures_total{{namespace=\"{namespace}\"}}[15m])) > 0"
            ),
            "5m",
            Warning,
            "The webhook cannot load its changed certificate files.",
            "It continues with the certificate that it loaded before, until that expires; its log shows what is wrong with the files.",
        ),
    ];
    if settings.tls != Tls::ServiceCa {
        alerts.push(alert(
            "ExtregWebhookCertificateDue",
            format!(
                "min(extreg_cert_not_after_seconds{{namespace=\"{namespace}\"}}) - time() < 30 * 86400"
            ),
            "10m",
            Warning,
            "The certificate of the webhook expires in less than 30 days and must be renewed manually.",
            "`oc extreg webhook cert rotate` renews a certificate that `webhook install` issued.",
        ));
    }
    alerts
}

/// Whether it knows what decisions depend on.
fn knowledge(settings: &Settings) -> Vec<Alert> {
    let namespace = &settings.namespace;
    vec![
        alert(
            "ExtregPolicyConflict",
            format!("max(extreg_policy_conflicts{{namespace=\"{namespace}\"}}) > 0"),
            "5m",
            Warning,
            "Two registry policies conflict for the same images.",
            "`kubectl get registrypolicies` shows which; make one of them more specific.",
        ),
        alert(
            "ExtregPolicyInvalid",
            format!("max(extreg_policies_invalid{{namespace=\"{namespace}\"}}) > 0"),
            "5m",
            Warning,
            "A registry policy is invalid and not in force.",
            "`kubectl get registrypolicies` shows which; its condition Ready names the fault.",
        ),
        // Sources that the cluster does not have, or that no policy needs, have no series.
        alert(
            "ExtregFactsUnknown",
            format!("min by (source) (extreg_facts_known{{namespace=\"{namespace}\"}}) == 0"),
            "15m",
            Warning,
            "The webhook cannot read a part of the cluster.",
            "Source {{ $labels.source }} is forbidden or down; the webhook decides without it.",
        ),
        alert(
            "ExtregFactsStale",
            format!(
                "max by (source) (extreg_facts_age_seconds{{namespace=\"{namespace}\"}}) > 300"
            ),
            "5m",
            Warning,
            "The webhook has received nothing from a part of the cluster for more than five minutes.",
            "The facts from source {{ $labels.source }} have expired; the webhook decides without it.",
        ),
    ]
}
