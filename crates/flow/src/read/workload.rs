//! What runs pods: Deployments and their like.

use extreg_core::object::nullable;
use extreg_snapshot::{
    TriggerSource,
    kind::Kind,
    trigger::{self, ContainerNames, DeploymentTrigger, Triggers},
};
use jiff::Timestamp;
use serde::Deserialize;

use super::value::time;

/// A kind that an image trigger can set the image of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum WorkloadKind {
    /// `batch` CronJob.
    CronJob,
    /// `apps` DaemonSet.
    DaemonSet,
    /// `apps` Deployment.
    Deployment,
    /// `apps.openshift.io` DeploymentConfig.
    DeploymentConfig,
    /// `apps` StatefulSet.
    StatefulSet,
}

/// A workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workload {
    pub kind: WorkloadKind,
    pub namespace: String,
    pub name: String,
    /// Init containers first.
    pub containers: Vec<Container>,
    pub triggers: Triggers,
    /// Where they are written.
    pub trigger_source: TriggerSource,
    /// The annotation by which names of ImageStream tags are looked up when the object is written
    /// (openshift-apiserver `pkg/image/apiserver/admission/imagepolicy`).
    pub is_looked_up: bool,
    pub account: String,
    /// `imagePullSecrets` of the template.
    pub pull_secrets: Vec<String>,
    /// `spec.paused`, or `spec.suspend` of a CronJob.
    pub paused: bool,
    /// Whether a change of its configuration rolls out by itself: not for a DeploymentConfig without
    /// a ConfigChange trigger.
    pub follows_itself: bool,
    /// Whether pods are only replaced when somebody deletes them.
    pub on_delete: bool,
    /// Of these pods so many are wanted; none of a kind that does not say.
    pub wanted: Option<u64>,
    pub updated: u64,
    pub available: u64,
    /// Pods of any version.
    pub total: u64,
    /// Whether the controller has seen the object as it is.
    pub is_observed: bool,
    /// Rollouts of a DeploymentConfig so far.
    pub latest_version: u64,
    /// When a CronJob last made a Job.
    pub last_run: Option<Timestamp>,
    pub conditions: Vec<Condition>,
}

/// A container of the template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Container {
    pub name: String,
    pub image: String,
    pub is_init: bool,
}

/// A condition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Condition {
    #[serde(default, rename = "type", deserialize_with = "nullable")]
    pub kind: String,
    #[serde(default, deserialize_with = "nullable")]
    pub status: String,
    #[serde(default, deserialize_with = "nullable")]
    pub reason: String,
    #[serde(default, deserialize_with = "nullable")]
    pub message: String,
    #[serde(default, rename = "lastUpdateTime", deserialize_with = "time")]
    pub updated: Option<Timestamp>,
    #[serde(default, rename = "lastTransitionTime", deserialize_with = "time")]
    pub changed: Option<Timestamp>,
}

impl WorkloadKind {
    /// All of them, by name.
    pub const ALL: [Self; 5] = [
        Self::CronJob,
        Self::DaemonSet,
        Self::Deployment,
        Self::DeploymentConfig,
        Self::StatefulSet,
    ];

    /// As the API has it.
    pub const fn kind(self) -> Kind {
        match self {
            Self::CronJob => Kind::CronJob,
            Self::DaemonSet => Kind::DaemonSet,
            Self::Deployment => Kind::Deployment,
            Self::DeploymentConfig => Kind::DeploymentConfig,
            Self::StatefulSet => Kind::StatefulSet,
        }
    }

    /// In a command.
    pub const fn word(self) -> &'static str {
        match self {
            Self::CronJob => "cronjob",
            Self::DaemonSet => "daemonset",
            Self::Deployment => "deployment",
            Self::DeploymentConfig => "deploymentconfig",
            Self::StatefulSet => "statefulset",
        }
    }

    /// Where its pod is, in a field path.
    pub const fn pod_path(self) -> &'static str {
        match self {
            Self::CronJob => "spec.jobTemplate.spec.template.spec",
            _ => "spec.template.spec",
        }
    }
}

impl Workload {
    /// Reads one.
    pub fn read(kind: WorkloadKind, json: &str) -> Result<Self, serde_json::Error> {
        let View {
            metadata,
            spec,
            status,
        }: View<'_> = serde_json::from_str(json)?;
        let template = match kind {
            WorkloadKind::CronJob => spec.job_template.spec.template,
            _ => spec.template,
        };
        let (pod, template_annotations) = (template.spec, template.metadata.annotations);
        let names = |list: &[ContainerView]| -> Vec<String> {
            list.iter()
                .map(|container| container.name.clone())
                .collect()
        };
        let (init, containers) = (names(&pod.init_containers), names(&pod.containers));
        let init: Vec<&str> = init.iter().map(String::as_str).collect();
        let containers: Vec<&str> = containers.iter().map(String::as_str).collect();
        let names = ContainerNames {
            init: &init,
            main: &containers,
        };
        let triggers = spec.triggers;
        let has_config_change = match &triggers {
            // Absent is defaulted to it, empty is none (`SetDefaults_DeploymentConfigSpec`).
            None => true,
            Some(list) => list.iter().any(DeploymentTrigger::is_config_change),
        };
        let (triggers, trigger_source) = match (kind, triggers, metadata.annotations.triggers) {
            (WorkloadKind::DeploymentConfig, Some(list), _) => (
                trigger::of_config(&list, names, &metadata.namespace),
                TriggerSource::Spec,
            ),
            (WorkloadKind::DeploymentConfig, None, _) | (_, _, None) => {
                (Triggers::default(), TriggerSource::None)
            }
            (_, _, Some(text)) => (
                trigger::of_annotation(&text, kind.pod_path(), names, &metadata.namespace),
                TriggerSource::Annotation(text.into()),
            ),
        };
        let wanted = match kind {
            WorkloadKind::CronJob => None,
            WorkloadKind::DaemonSet => Some(status.desired_number_scheduled),
            WorkloadKind::DeploymentConfig => Some(spec.replicas.unwrap_or(0)),
            WorkloadKind::Deployment | WorkloadKind::StatefulSet => {
                Some(spec.replicas.unwrap_or(1))
            }
        };
        let of_daemons = kind == WorkloadKind::DaemonSet;
        let pick = |daemons, others| if of_daemons { daemons } else { others };
        Ok(Self {
            kind,
            containers: read_containers(pod.init_containers, true)
                .chain(read_containers(pod.containers, false))
                .collect(),
            triggers,
            trigger_source,
            is_looked_up: metadata.annotations.resolve_names == "*"
                || template_annotations.resolve_names == "*",
            account: if pod.service_account_name.is_empty() {
                "default".to_owned()
            } else {
                pod.service_account_name
            },
            pull_secrets: pod.image_pull_secrets.into_iter().map(|s| s.name).collect(),
            paused: spec.paused || spec.suspend,
            follows_itself: kind != WorkloadKind::DeploymentConfig || has_config_change,
            on_delete: spec.update_strategy.kind == "OnDelete",
            wanted,
            updated: pick(status.updated_number_scheduled, status.updated_replicas),
            available: pick(status.number_available, status.available_replicas),
            total: pick(status.current_number_scheduled, status.replicas),
            is_observed: status.observed_generation >= metadata.generation,
            latest_version: status.latest_version,
            last_run: status.last_schedule_time,
            conditions: status.conditions,
            namespace: metadata.namespace,
            name: metadata.name,
        })
    }

    /// `kind/name`, as in a command.
    pub fn reference(&self) -> String {
        format!("{}/{}", self.kind.word(), self.name)
    }

    /// A container by its name.
    pub fn container(&self, name: &str) -> Option<&Container> {
        self.containers
            .iter()
            .find(|container| container.name == name)
    }

    /// A condition by its type.
    pub fn condition(&self, kind: &str) -> Option<&Condition> {
        self.conditions
            .iter()
            .find(|condition| condition.kind == kind)
    }
}

fn read_containers(list: Vec<ContainerView>, is_init: bool) -> impl Iterator<Item = Container> {
    list.into_iter().map(move |view| Container {
        name: view.name,
        image: view.image,
        is_init,
    })
}

#[derive(Deserialize)]
struct View<'a> {
    metadata: Metadata,
    #[serde(borrow, default, deserialize_with = "nullable")]
    spec: Spec<'a>,
    #[serde(default, deserialize_with = "nullable")]
    status: Status,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    namespace: String,
    name: String,
    #[serde(default, deserialize_with = "nullable")]
    generation: i64,
    #[serde(default, deserialize_with = "nullable")]
    annotations: Annotations,
}

#[derive(Default, Deserialize)]
struct Annotations {
    #[serde(rename = "image.openshift.io/triggers")]
    triggers: Option<String>,
    #[serde(
        default,
        rename = "alpha.image.policy.openshift.io/resolve-names",
        deserialize_with = "nullable"
    )]
    resolve_names: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec<'a> {
    replicas: Option<u64>,
    #[serde(default, deserialize_with = "nullable")]
    paused: bool,
    #[serde(default, deserialize_with = "nullable")]
    suspend: bool,
    #[serde(default, deserialize_with = "nullable")]
    template: Template,
    #[serde(default, deserialize_with = "nullable")]
    job_template: JobTemplate,
    #[serde(borrow)]
    triggers: Option<Vec<DeploymentTrigger<'a>>>,
    #[serde(default, deserialize_with = "nullable")]
    update_strategy: UpdateStrategy,
}

#[derive(Default, Deserialize)]
struct UpdateStrategy {
    #[serde(default, rename = "type", deserialize_with = "nullable")]
    kind: String,
}

#[derive(Default, Deserialize)]
struct JobTemplate {
    #[serde(default, deserialize_with = "nullable")]
    spec: JobSpec,
}

#[derive(Default, Deserialize)]
struct JobSpec {
    #[serde(default, deserialize_with = "nullable")]
    template: Template,
}

#[derive(Default, Deserialize)]
struct Template {
    #[serde(default, deserialize_with = "nullable")]
    metadata: TemplateMetadata,
    #[serde(default, deserialize_with = "nullable")]
    spec: PodSpec,
}

#[derive(Default, Deserialize)]
struct TemplateMetadata {
    #[serde(default, deserialize_with = "nullable")]
    annotations: Annotations,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PodSpec {
    #[serde(default, deserialize_with = "nullable")]
    containers: Vec<ContainerView>,
    #[serde(default, deserialize_with = "nullable")]
    init_containers: Vec<ContainerView>,
    #[serde(default, deserialize_with = "nullable")]
    service_account_name: String,
    #[serde(default, deserialize_with = "nullable")]
    image_pull_secrets: Vec<Named>,
}

#[derive(Default, Deserialize)]
struct ContainerView {
    #[serde(default, deserialize_with = "nullable")]
    name: String,
    #[serde(default, deserialize_with = "nullable")]
    image: String,
}

#[derive(Default, Deserialize)]
struct Named {
    #[serde(default, deserialize_with = "nullable")]
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default, deserialize_with = "nullable")]
    observed_generation: i64,
    #[serde(default, deserialize_with = "nullable")]
    replicas: u64,
    #[serde(default, deserialize_with = "nullable")]
    updated_replicas: u64,
    #[serde(default, deserialize_with = "nullable")]
    available_replicas: u64,
    #[serde(default, deserialize_with = "nullable")]
    desired_number_scheduled: u64,
    #[serde(default, deserialize_with = "nullable")]
    current_number_scheduled: u64,
    #[serde(default, deserialize_with = "nullable")]
    updated_number_scheduled: u64,
    #[serde(default, deserialize_with = "nullable")]
    number_available: u64,
    #[serde(default, deserialize_with = "nullable")]
    latest_version: u64,
    #[serde(default, deserialize_with = "time")]
    last_schedule_time: Option<Timestamp>,
    #[serde(default, deserialize_with = "nullable")]
    conditions: Vec<Condition>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_counts_its_own_pods() {
        for (kind, spec, status, wanted) in [
            ("Deployment", "{}", r#"{"updatedReplicas":1}"#, Some(1)),
            (
                "DeploymentConfig",
                "{}",
                r#"{"updatedReplicas":1}"#,
                Some(0),
            ),
            (
                "DaemonSet",
                r#"{"replicas":null}"#,
                r#"{"desiredNumberScheduled":3,"updatedNumberScheduled":1}"#,
                Some(3),
            ),
            ("CronJob", r#"{"suspend":true}"#, "null", None),
        ] {
            let kind = WorkloadKind::ALL
                .into_iter()
                .find(|k| k.kind().api().kind == kind)
                .unwrap();
            let json = format!(
                r#"{{"metadata":{{"name":"a","namespace":"n"}},"spec":{spec},"status":{status}}}"#
            );
            let read = Workload::read(kind, &json).unwrap();
            assert_eq!(read.wanted, wanted, "{kind:?}");
            let updated = u64::from(kind != WorkloadKind::CronJob);
            assert_eq!(read.updated, updated, "{kind:?}");
            assert_eq!(read.paused, kind == WorkloadKind::CronJob);
            assert_eq!(read.account, "default");
        }
    }

    #[test]
    fn a_cron_jobs_pod_is_further_down() {
        let json = r#"{"metadata":{"name":"a","namespace":"n","annotations":{"image.openshift.io/triggers":
            "[{\"from\":{\"kind\":\"ImageStreamTag\",\"name\":\"s:t\"},\"fieldPath\":\"spec.jobTemplate.spec.template.spec.containers[0].image\"}]"}},
            "spec":{"jobTemplate":{"spec":{"template":{"spec":{"containers":[{"name":"c","image":" "}]}}}}}}"#;
        let read = Workload::read(WorkloadKind::CronJob, json).unwrap();
        let [trigger] = &*read.triggers.list else {
            panic!("{:?}", read.triggers);
        };
        assert_eq!(trigger.containers, ["c".into()]);
    }
}
