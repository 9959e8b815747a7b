//! Pods, their controllers, and Tasks (`core/v1`, `apps/v1`, `batch/v1`, `apps.openshift.io/v1`,
//! `tekton.dev/v1`).

use extreg_core::object::nullable;
use extreg_core::object::{LocalReference, Text};
use serde::Deserialize;

use super::{List, Metadata, Number, TemplateMetadata};
use crate::trigger::DeploymentTrigger;

/// A Pod.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct PodView<'a> {
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) metadata: Metadata<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) spec: PodSpec<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) status: PodStatus<'a>,
}

/// A controller of pods.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct MakerView<'a> {
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) metadata: Metadata<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) spec: MakerSpec<'a>,
}

/// `spec` of a controller of pods: the fields of all kinds.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct MakerSpec<'a> {
    #[serde(default)]
    pub(in crate::read) replicas: Number,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) template: PodTemplate<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) job_template: JobTemplate<'a>,
    #[serde(borrow)]
    pub(in crate::read) triggers: Option<List<DeploymentTrigger<'a>>>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) strategy: DeploymentStrategy<'a>,
}

/// A pod template.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct PodTemplate<'a> {
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) metadata: TemplateMetadata<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) spec: PodSpec<'a>,
}

/// `spec.jobTemplate` of a CronJob.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct JobTemplate<'a> {
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) metadata: TemplateMetadata<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) spec: JobSpec<'a>,
}

/// `spec` of a Job, as a CronJob has it.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct JobSpec<'a> {
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) template: PodTemplate<'a>,
}

/// `spec.strategy` of a DeploymentConfig.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct DeploymentStrategy<'a> {
    /// A custom deployer.
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) custom_params: CustomDeployer<'a>,
}

/// `customParams`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct CustomDeployer<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) image: Text<'a>,
}

/// `spec` of a pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct PodSpec<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) containers: List<Container<'a>>,
    #[serde(borrow, default)]
    pub(in crate::read) init_containers: List<Container<'a>>,
    #[serde(borrow, default)]
    pub(in crate::read) ephemeral_containers: List<Container<'a>>,
    #[serde(borrow, default)]
    pub(in crate::read) volumes: List<Volume<'a>>,
    #[serde(borrow, default)]
    pub(in crate::read) image_pull_secrets: List<LocalReference<'a>>,
    #[serde(borrow, default)]
    pub(in crate::read) service_account_name: Text<'a>,
    /// The older name of the same field.
    #[serde(borrow, default)]
    pub(in crate::read) service_account: Text<'a>,
}

/// A container of any kind, or a step of a Task.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct Container<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) name: Text<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) image: Text<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) image_pull_policy: Text<'a>,
}

/// A volume. `rbd.image` is a block device, not a container image.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct Volume<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) name: Text<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) image: VolumeImage<'a>,
}

/// `image` of a volume.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct VolumeImage<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) reference: Text<'a>,
}

/// `status` of a Pod.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "the names are those of the API")]
pub(in crate::read) struct PodStatus<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) container_statuses: List<ContainerStatus<'a>>,
    #[serde(borrow, default)]
    pub(in crate::read) init_container_statuses: List<ContainerStatus<'a>>,
    #[serde(borrow, default)]
    pub(in crate::read) ephemeral_container_statuses: List<ContainerStatus<'a>>,
}

/// The status of a container.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct ContainerStatus<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) name: Text<'a>,
    #[serde(rename = "imageID", borrow, default)]
    pub(in crate::read) image_id: Text<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) state: ContainerState<'a>,
}

/// `state` of a container.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct ContainerState<'a> {
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) running: Running<'a>,
    #[serde(borrow)]
    pub(in crate::read) waiting: Option<Waiting<'a>>,
}

/// How a container runs.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct Running<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) started_at: Text<'a>,
}

/// Why a container waits.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct Waiting<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) reason: Text<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) message: Text<'a>,
}

/// A Task.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct TaskView<'a> {
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) metadata: Metadata<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) spec: TaskSpec<'a>,
}

/// `spec` of a Task.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct TaskSpec<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) steps: List<Container<'a>>,
    #[serde(borrow, default)]
    pub(in crate::read) sidecars: List<Container<'a>>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) step_template: Container<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) volumes: List<Volume<'a>>,
}
