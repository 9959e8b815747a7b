//! The alerts of the audit job. Its runs are known from kube-state-metrics (`kube_cronjob_…`), its findings from the
//! webhook, which reads their number from the published report.

use crate::manifest::{Manifest, RenderError};
use crate::monitoring::alert::Severity::Warning;
use crate::monitoring::alert::{Alert, alert, rules};
use crate::names;
use crate::settings::Settings;

/// The alert rules of the audit job. A pod that ends is not scraped.
///
/// # Errors
/// If an object cannot be written as JSON.
pub fn audit_job_monitoring(settings: &Settings) -> Result<Vec<Manifest>, RenderError> {
    Ok(vec![rules(super::meta(settings), alerts(settings))?])
}

fn alerts(settings: &Settings) -> Vec<Alert> {
    let namespace = &settings.namespace;
    let job = format!(
        "{{namespace=\"{namespace}\",cronjob=\"{}\"}}",
        names::AUDIT_JOB
    );
    vec![
        // The time between two runs is that to the next, so that the rule holds for any schedule. A suspended job has no
        // next run.
        alert(
            "ExtregAuditOverdue",
            format!(
                "time() - max(kube_cronjob_status_last_successful_time{job}) > 2 * (max(kube_cronjob_next_schedule_time{job}) - max(kube_cronjob_status_last_schedule_time{job})) or max(kube_cronjob_status_last_schedule_time{job}) unless max(kube_cronjob_status_last_successful_time{job})"
            ),
            "30m",
            Warning,
            "The audit of the cluster has not succeeded for two schedules.",
            "The published reports are out of date; the logs of the last job in the webhook's namespace show why.",
        ),
        alert(
            "ExtregAuditFindings",
            format!(
                "sum by (check) (max by (check, severity) (extreg_audit_findings{{namespace=\"{namespace}\",severity=~\"critical|high\",check!=\"EXR008\"}})) > 0"
            ),
            "5m",
            Warning,
            "The audit of the cluster has open findings of a high severity.",
            "Check {{ $labels.check }}; `oc extreg audit -A --check {{ $labels.check }} --details` shows each with its fix.",
        ),
        alert(
            "ExtregImportBudgetExceeded",
            format!(
                "max by (check) (extreg_audit_findings{{namespace=\"{namespace}\",check=\"EXR008\"}}) > 0"
            ),
            "5m",
            Warning,
            "Scheduled imports need more pulls than the registry allows.",
            "Imports and pulls start to fail when the limit is reached; `oc extreg ratelimit --budget -A` shows the numbers.",
        ),
    ]
}
