//! The job that audits the cluster: it runs the plugin on a schedule, which publishes its findings as reports.

mod monitoring;

pub use self::monitoring::audit_job_monitoring;

use extreg_snapshot::kind::Kind;
use k8s_openapi::api::batch::v1::{CronJob, CronJobSpec, JobSpec, JobTemplateSpec};
use k8s_openapi::api::core::v1::{Container, PodSpec, PodTemplateSpec, ServiceAccount};
use k8s_openapi::api::rbac::v1::{ClusterRole, ClusterRoleBinding, Subject};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;

use crate::manifest::{Manifest, Phase, RenderError};
use crate::names;
use crate::namespace::{labels_of, own_meta};
use crate::network::audit_network_policy;
use crate::rbac::{role_ref, rule};
use crate::settings::{AuditJob, AuditSecrets, Settings};
use crate::workload;

/// A run that takes longer hangs.
const DEADLINE_SECONDS: i64 = 3600;
/// A run that could not start for so long is skipped.
const STARTING_DEADLINE_SECONDS: i64 = 3600;
/// Runs after a failed one, before the next schedule.
const RETRIES: i32 = 1;
/// Completed and failed runs whose logs are kept.
const HISTORY: (i32, i32) = (1, 3);

/// The job, its account and its permissions, in the order in which they are applied.
///
/// # Errors
/// If an object cannot be written as JSON.
pub fn audit_job(settings: &Settings, job: &AuditJob) -> Result<Vec<Manifest>, RenderError> {
    Ok(vec![
        Manifest::of(Phase::Base, &service_account(settings))?,
        Manifest::of(Phase::Base, &cluster_role(job))?,
        Manifest::of(Phase::Base, &cluster_role_binding(settings))?,
        Manifest::of(Phase::Base, &audit_network_policy(meta(settings)))?,
        Manifest::of(Phase::Workload, &cron_job(settings, job))?,
    ])
}

fn service_account(settings: &Settings) -> ServiceAccount {
    ServiceAccount {
        metadata: meta(settings),
        automount_service_account_token: Some(false),
        ..ServiceAccount::default()
    }
}

/// To list what an audit reads, and to write reports. RBAC has no label selectors, and the number of reports is not
/// fixed: the program itself changes only reports with its own label and name.
fn cluster_role(job: &AuditJob) -> ClusterRole {
    let mut kinds = Kind::ALL.to_vec();
    kinds.retain(|kind| *kind != Kind::Secret || job.secrets == AuditSecrets::Read);
    let mut rules = crate::audit::rules(&kinds);
    rules.push(rule(
        names::REPORTS_GROUP,
        &["clusterreports", "reports"],
        &[],
        &["create", "delete", "get", "list", "patch"],
    ));
    ClusterRole {
        metadata: cluster_meta(),
        rules: Some(rules),
        aggregation_rule: None,
    }
}

fn cluster_role_binding(settings: &Settings) -> ClusterRoleBinding {
    ClusterRoleBinding {
        metadata: cluster_meta(),
        role_ref: role_ref("ClusterRole", names::AUDIT_JOB),
        subjects: Some(vec![Subject {
            name: names::AUDIT_JOB.to_owned(),
            ..crate::rbac::subject(settings)
        }]),
    }
}

fn cron_job(settings: &Settings, job: &AuditJob) -> CronJob {
    let (completed, failed) = HISTORY;
    CronJob {
        metadata: meta(settings),
        spec: Some(CronJobSpec {
            schedule: job.schedule.cron().to_owned(),
            time_zone: Some(job.schedule.time_zone().to_owned()),
            concurrency_policy: Some("Forbid".to_owned()),
            starting_deadline_seconds: Some(STARTING_DEADLINE_SECONDS),
            successful_jobs_history_limit: Some(completed),
            failed_jobs_history_limit: Some(failed),
            job_template: JobTemplateSpec {
                metadata: Some(labeled()),
                spec: Some(JobSpec {
                    active_deadline_seconds: Some(DEADLINE_SECONDS),
                    backoff_limit: Some(RETRIES),
                    template: PodTemplateSpec {
                        metadata: Some(labeled()),
                        spec: Some(pod(settings, job)),
                    },
                    ..JobSpec::default()
                }),
            },
            ..CronJobSpec::default()
        }),
        status: None,
    }
}

fn pod(settings: &Settings, job: &AuditJob) -> PodSpec {
    PodSpec {
        service_account_name: Some(names::AUDIT_JOB.to_owned()),
        automount_service_account_token: Some(true),
        restart_policy: Some("Never".to_owned()),
        security_context: Some(workload::pod_security()),
        containers: vec![Container {
            name: "audit".to_owned(),
            image: Some(settings.image()),
            command: Some(vec![format!("/{}", names::PLUGIN)]),
            args: Some(args(job)),
            resources: Some(workload::resources("100m", "64Mi", "512Mi")),
            security_context: Some(workload::container_security()),
            termination_message_policy: Some("FallbackToLogsOnError".to_owned()),
            ..Container::default()
        }],
        ..PodSpec::default()
    }
}

fn args(job: &AuditJob) -> Vec<String> {
    let mut args = vec!["audit", "--all-namespaces", "--publish"];
    if job.secrets == AuditSecrets::Skip {
        args.push("--without-secrets");
    }
    args.into_iter().map(str::to_owned).collect()
}

fn meta(settings: &Settings) -> ObjectMeta {
    ObjectMeta {
        labels: labeled().labels,
        ..own_meta(names::AUDIT_JOB, settings)
    }
}

fn cluster_meta() -> ObjectMeta {
    ObjectMeta {
        name: Some(names::AUDIT_JOB.to_owned()),
        ..labeled()
    }
}

fn labeled() -> ObjectMeta {
    ObjectMeta {
        labels: Some(labels_of(names::AUDIT_JOB)),
        ..ObjectMeta::default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::rbac::tests::show;

    fn job(secrets: AuditSecrets) -> AuditJob {
        AuditJob {
            schedule: "TZ=Europe/Berlin 0 3 * * *".parse().unwrap(),
            secrets,
        }
    }

    fn rendered(job: &AuditJob) -> Value {
        serde_json::to_value(cron_job(&Settings::default(), job)).unwrap()
    }

    #[test]
    fn the_rights_are_to_list_and_to_publish() {
        let rules = show(cluster_role(&job(AuditSecrets::Skip)).rules);
        let (publish, read) = rules.split_last().unwrap();
        assert_eq!(
            publish,
            "openreports.io/clusterreports+reports[] create,delete,get,list,patch"
        );
        for rule in read {
            let is_namespaces = rule == "/namespaces[] get,list";
            assert!(is_namespaces || rule.ends_with("[] list"), "{rule}");
        }
        let read = read.join("\n");
        assert!(!read.contains("secrets") && !read.contains('*'), "{read}");
        assert!(
            show(cluster_role(&job(AuditSecrets::Read)).rules)
                .join("\n")
                .contains("+secrets+")
        );
    }

    #[test]
    fn the_pod_is_clean_for_restricted_v2() {
        let cron_job = rendered(&job(AuditSecrets::Skip));
        let template = &cron_job["spec"]["jobTemplate"];
        workload::tests::is_clean_for_restricted_v2(template);
        let spec = &template["spec"]["template"]["spec"];
        assert!(spec.get("volumes").is_none(), "nothing is mounted");
        assert_eq!(spec["restartPolicy"], "Never");
    }

    #[test]
    fn the_job_publishes_an_audit_of_all_namespaces() {
        let arguments = |secrets| {
            let cron_job = rendered(&job(secrets));
            assert_eq!(cron_job["spec"]["schedule"], "0 3 * * *");
            assert_eq!(cron_job["spec"]["timeZone"], "Europe/Berlin");
            assert_eq!(cron_job["spec"]["concurrencyPolicy"], "Forbid");
            let pod = &cron_job["spec"]["jobTemplate"]["spec"]["template"]["spec"];
            assert_eq!(pod["containers"][0]["command"], json!(["/oc-extreg"]));
            pod["containers"][0]["args"].clone()
        };
        let all = ["audit", "--all-namespaces", "--publish"];
        assert_eq!(arguments(AuditSecrets::Read), json!(all));
        assert_eq!(
            arguments(AuditSecrets::Skip),
            json!([
                "audit",
                "--all-namespaces",
                "--publish",
                "--without-secrets"
            ])
        );
    }

    #[test]
    fn the_binding_and_the_policy_match_the_job() {
        let settings = Settings::default();
        let binding = serde_json::to_value(cluster_role_binding(&settings)).unwrap();
        let account = serde_json::to_value(service_account(&settings)).unwrap();
        let pod = &rendered(&job(AuditSecrets::Skip))["spec"]["jobTemplate"]["spec"]["template"];
        assert_eq!(binding["subjects"][0]["name"], account["metadata"]["name"]);
        assert_eq!(
            pod["spec"]["serviceAccountName"],
            account["metadata"]["name"]
        );
        let network = serde_json::to_value(audit_network_policy(meta(&settings))).unwrap();
        let selector = &network["spec"]["podSelector"]["matchLabels"];
        for (key, value) in selector.as_object().unwrap() {
            assert_eq!(&pod["metadata"]["labels"][key], value);
        }
        assert_eq!(network["spec"]["policyTypes"][0], "Ingress");
        assert!(network["spec"].get("ingress").is_none());
    }
}
