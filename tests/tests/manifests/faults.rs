//! What makes each alert fire.

/// A fault: the series that differ from minute 45 to 90, and the labels of the resulting alert.
pub(crate) struct Fault {
    pub(crate) alert: &'static str,
    /// The beginning of the series.
    pub(crate) series: &'static str,
    /// The value, and the difference between two, as promtool writes them; `_` for no value.
    pub(crate) broken: &'static str,
    pub(crate) labels: &'static [(&'static str, &'static str)],
}

impl Fault {
    const fn labels(self, labels: &'static [(&'static str, &'static str)]) -> Self {
        Self { labels, ..self }
    }

    /// The value afterwards: a counter never falls.
    pub(crate) fn back<'a>(&self, healthy: &'a str) -> &'a str {
        match self.broken.split_once('+') {
            Some((_, "1")) => "100+0",
            _ => healthy,
        }
    }
}

const fn fault(alert: &'static str, series: &'static str, broken: &'static str) -> Fault {
    Fault {
        alert,
        series,
        broken,
        labels: &[],
    }
}

const DEADLINE: &str =
    r#"extreg_admission_requests_total{resource="builds",operation="create",decision="deadline""#;
const PANIC: &str =
    r#"extreg_admission_requests_total{resource="other",operation="other",decision="panic""#;

/// At least one for each alert.
pub(crate) const FAULTS: [Fault; 24] = [
    fault(
        "ExtregWebhookDown",
        r#"up{namespace="extreg-system",service="#,
        "0+0",
    ),
    fault(
        "ExtregWebhookCertificateExpiring",
        "extreg_cert_not_after_seconds",
        "600+0",
    ),
    fault(
        "ExtregWebhookCertificateRefused",
        "extreg_cert_refused",
        "1+0",
    ),
    fault(
        "ExtregWebhookCertificateReloadFailing",
        "extreg_cert_reload_failures_total",
        "0+1",
    ),
    fault(
        "ExtregWebhookCertificateDue",
        "extreg_cert_not_after_seconds",
        "864000+0",
    ),
    fault(
        "ExtregWebhookFailingOpen",
        "apiserver_admission_webhook_fail_open_count",
        "10+1",
    ),
    fault("ExtregWebhookPanicking", PANIC, "0+1"),
    fault("ExtregWebhookSlow", DEADLINE, "0+1"),
    fault(
        "ExtregWebhookShedding",
        r#"extreg_shed_total{shortage="slots""#,
        "3+1",
    )
    .labels(&[("shortage", "slots")]),
    fault("ExtregPolicyConflict", "extreg_policy_conflicts", "1+0"),
    fault("ExtregPolicyInvalid", "extreg_policies_invalid", "1+0"),
    fault(
        "ExtregFactsUnknown",
        r#"extreg_facts_known{source="namespaces""#,
        "0+0",
    )
    .labels(&[("source", "namespaces")]),
    fault(
        "ExtregFactsStale",
        r#"extreg_facts_age_seconds{source="policies""#,
        "301+60",
    )
    .labels(&[("source", "policies")]),
    fault(
        "ExtregTaskPanicking",
        r#"extreg_task_panics_total{task="status""#,
        "3+1",
    )
    .labels(&[("task", "status")]),
    fault(
        "ExtregImporterDown",
        r#"up{namespace="extreg-system",container="importer""#,
        "0+0",
    ),
    fault("ExtregImporterNotFollowing", "extreg_follow_leader", "0+0"),
    fault(
        "ExtregImporterForbidden",
        r#"extreg_follow_outcomes_total{outcome="forbidden""#,
        "0+1",
    ),
    fault("ExtregImporterBacklog", "extreg_follow_queue_depth", "5+0"),
    fault(
        "ExtregImportsFailing",
        r#"extreg_follow_outcomes_total{outcome="given_up""#,
        "0+1",
    )
    .labels(&[("outcome", "given_up")]),
    fault(
        "ExtregImporterPanicking",
        "extreg_follow_panics_total",
        "0+1",
    ),
    // The last success is longer ago than two days, where the next run is one day after the last.
    fault(
        "ExtregAuditOverdue",
        "kube_cronjob_status_last_successful_time",
        "-200000+0",
    ),
    // No run has ever succeeded.
    fault(
        "ExtregAuditOverdue",
        "kube_cronjob_status_last_successful_time",
        "_",
    ),
    fault(
        "ExtregAuditFindings",
        r#"extreg_audit_findings{check="EXR007",severity="high""#,
        "3+0",
    )
    .labels(&[("check", "EXR007")]),
    fault(
        "ExtregImportBudgetExceeded",
        r#"extreg_audit_findings{check="EXR008",severity="high""#,
        "1+0",
    )
    .labels(&[("check", "EXR008")]),
];
