//! The audit job in a cluster: its options, and whether its last run succeeded.

use extreg_cluster::{Cluster, Kind, Object, Owned, is_owned};
use extreg_manifests::{AuditJob, AuditSecrets, Settings, audit_job, audit_job_monitoring};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::{kinds, wait};
use crate::error::Error;

/// The kind that it publishes.
const REPORT: Kind = Kind {
    group: "openreports.io",
    version: "v1alpha1",
    kind: "Report",
    plural: "reports",
    namespaced: true,
};
/// The flag of the audit without which it reads secrets.
const WITHOUT_SECRETS: &str = "--without-secrets";

/// The state of the audit job.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Report {
    /// When it runs.
    pub(crate) schedule: String,
    /// Whether it reads secrets.
    pub(crate) reads_secrets: bool,
    pub(crate) suspended: bool,
    /// When a run last succeeded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_success: Option<String>,
    #[serde(skip)]
    pub(crate) problem: Option<String>,
}

/// The options of an existing job.
///
/// # Errors
/// If a request fails, or if its schedule is not one that an installation writes.
pub(crate) async fn existing(cluster: &Cluster, home: &str) -> Result<Option<AuditJob>, Error> {
    let Some(job) = cluster.get(&kinds::audit_job(home)).await? else {
        return Ok(None);
    };
    let schedule = schedule(&job);
    Ok(Some(AuditJob {
        schedule: schedule
            .parse()
            .map_err(|error| Error::failed(format!("{}: {error}", job.reference())))?,
        secrets: secrets(&job),
    }))
}

/// Examines the job; `None` if it does not exist.
///
/// # Errors
/// If a request fails or is forbidden.
pub(crate) async fn examine(cluster: &Cluster, home: &str) -> Result<Option<Report>, Error> {
    let job = cluster.get(&kinds::audit_job(home)).await?;
    Ok(job.as_ref().map(report))
}

/// Whether the cluster serves the reports that the job publishes.
///
/// # Errors
/// If a request fails.
pub(crate) async fn can_publish(cluster: &Cluster) -> Result<bool, Error> {
    Ok(cluster.serves(REPORT).await?)
}

/// All objects of an audit job that are ours and not being deleted, in the order of their removal.
///
/// # Errors
/// If a request fails.
pub(crate) async fn everything(
    cluster: &Cluster,
    settings: &Settings,
) -> Result<Vec<Object>, Error> {
    let unwritable = |error: extreg_manifests::RenderError| Error::failed(error.to_string());
    let mut manifests = audit_job(settings, &AuditJob::default()).map_err(unwritable)?;
    manifests.extend(audit_job_monitoring(settings).map_err(unwritable)?);
    let mut found = Vec::new();
    for manifest in manifests.iter().rev() {
        let object = cluster.get(&kinds::reference(&manifest.object)?).await?;
        found.extend(object);
    }
    found.retain(|object| is_owned(object) == Owned::Ours && !wait::is_going(object));
    Ok(found)
}

fn report(job: &Object) -> Report {
    let time = |pointer: &str| {
        let text = job.body.pointer(pointer).and_then(Value::as_str);
        text.map(str::to_owned)
    };
    let (scheduled, succeeded) = (
        time("/status/lastScheduleTime"),
        time("/status/lastSuccessfulTime"),
    );
    let running = job.body.pointer("/status/active");
    let is_running =
        running.is_some_and(|jobs| jobs.as_array().is_some_and(|jobs| !jobs.is_empty()));
    let parse = |time: Option<&String>| time?.parse::<Timestamp>().ok();
    let is_later = parse(scheduled.as_ref()) > parse(succeeded.as_ref());
    let problem = match &scheduled {
        Some(at) if !is_running && is_later => {
            let home = job.text("/metadata/namespace");
            let label = extreg_manifests::names::NAME_LABEL;
            let name = job.text("/metadata/name");
            Some(format!(
                "the audit of {at} did not succeed: see \"kubectl logs -n {home} -l {label}={name} --tail=-1\""
            ))
        }
        _ => None,
    };
    Report {
        schedule: schedule(job),
        reads_secrets: secrets(job) == AuditSecrets::Read,
        suspended: job.body.pointer("/spec/suspend") == Some(&Value::Bool(true)),
        last_success: succeeded,
        problem,
    }
}

/// The schedule with its time zone, as the flag has it.
fn schedule(job: &Object) -> String {
    let cron = job.text("/spec/schedule");
    match job.text("/spec/timeZone") {
        "" | "Etc/UTC" => cron.to_owned(),
        zone => format!("TZ={zone} {cron}"),
    }
}

fn secrets(job: &Object) -> AuditSecrets {
    let args = "/spec/jobTemplate/spec/template/spec/containers/0/args";
    let args = job.body.pointer(args).and_then(Value::as_array);
    if args.is_some_and(|args| args.iter().any(|arg| arg == WITHOUT_SECRETS)) {
        AuditSecrets::Skip
    } else {
        AuditSecrets::Read
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn job(options: &AuditJob, status: &Value) -> Object {
        let manifests = audit_job(&Settings::default(), options).unwrap();
        let mut body = manifests.last().unwrap().value.clone();
        body["status"] = status.clone();
        Object {
            kind: kinds::audit_job("extreg-system").kind,
            body,
        }
    }

    #[test]
    fn options_of_a_job_are_read_as_they_were_given() {
        for (text, secrets) in [
            ("0 3 * * *", AuditSecrets::Skip),
            ("TZ=Europe/Berlin */30 * * * 1-5", AuditSecrets::Read),
        ] {
            let schedule = text.parse().unwrap();
            let options = AuditJob { schedule, secrets };
            let report = report(&job(&options, &Value::Null));
            assert_eq!(report.schedule, text);
            assert_eq!(report.reads_secrets, secrets == AuditSecrets::Read);
        }
    }

    #[test]
    fn a_run_that_ended_without_success_is_a_problem() {
        let problem = |status: Value| report(&job(&AuditJob::default(), &status)).problem;
        let (first, later) = ("2026-11-30T03:00:00Z", "2026-11-30T03:04:10Z");
        let active = json!([{"name": "extreg-audit-job-1"}]);
        assert_eq!(problem(Value::Null), None, "no run yet");
        assert_eq!(
            problem(json!({"lastScheduleTime": first, "lastSuccessfulTime": later})),
            None
        );
        assert_eq!(
            problem(json!({"lastScheduleTime": first, "active": active})),
            None
        );
        for failed in [
            json!({"lastScheduleTime": first}),
            json!({"lastScheduleTime": first, "active": []}),
            json!({"lastScheduleTime": later, "lastSuccessfulTime": first}),
        ] {
            let problem = problem(failed.clone()).unwrap_or_else(|| panic!("{failed}"));
            assert!(
                problem.contains("did not succeed: see \"kubectl logs"),
                "{problem}"
            );
        }
    }
}
