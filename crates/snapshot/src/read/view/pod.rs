//! Pods, their controllers, and Tasks (`core/v1`, `apps/v1`, `batch/v1`, `apps.openshift.io/v1`,
//! `tekton.dev/v1`).

use extreg_core::object::{LocalReference, Text};
use extreg_core::views;

use super::{List, Metadata, Number, TemplateMetadata};
use crate::trigger::DeploymentTrigger;

views! {
    /// A Pod.
    pub(in crate::read) struct PodView<'a> {
        pub(in crate::read) metadata: Metadata<'a>,
        pub(in crate::read) spec: PodSpec<'a>,
        pub(in crate::read) status: PodStatus<'a>,
    }

    /// A controller of pods.
    pub(in crate::read) struct MakerView<'a> {
        pub(in crate::read) metadata: Metadata<'a>,
        pub(in crate::read) spec: MakerSpec<'a>,
    }

    /// `spec` of a controller of pods: the fields of all kinds.
    pub(in crate::read) struct MakerSpec<'a> {
        pub(in crate::read) replicas: Number,
        pub(in crate::read) template: PodTemplate<'a>,
        pub(in crate::read) job_template: JobTemplate<'a>,
        pub(in crate::read) triggers: Option<List<DeploymentTrigger<'a>>>,
        pub(in crate::read) strategy: DeploymentStrategy<'a>,
    }

    /// A pod template.
    pub(in crate::read) struct PodTemplate<'a> {
        pub(in crate::read) metadata: TemplateMetadata<'a>,
        pub(in crate::read) spec: PodSpec<'a>,
    }

    /// `spec.jobTemplate` of a CronJob.
    pub(in crate::read) struct JobTemplate<'a> {
        pub(in crate::read) metadata: TemplateMetadata<'a>,
        pub(in crate::read) spec: JobSpec<'a>,
    }

    /// `spec` of a Job, as a CronJob has it.
    pub(in crate::read) struct JobSpec<'a> {
        pub(in crate::read) template: PodTemplate<'a>,
    }

    /// `spec.strategy` of a DeploymentConfig.
    pub(in crate::read) struct DeploymentStrategy<'a> {
        /// A custom deployer.
        pub(in crate::read) custom_params: CustomDeployer<'a>,
    }

    /// `customParams`.
    pub(in crate::read) struct CustomDeployer<'a> {
        pub(in crate::read) image: Text<'a>,
    }

    /// `spec` of a pod.
    pub(in crate::read) struct PodSpec<'a> {
        pub(in crate::read) containers: List<Container<'a>>,
        pub(in crate::read) init_containers: List<Container<'a>>,
        pub(in crate::read) ephemeral_containers: List<Container<'a>>,
        pub(in crate::read) volumes: List<Volume<'a>>,
        pub(in crate::read) image_pull_secrets: List<LocalReference<'a>>,
        pub(in crate::read) service_account_name: Text<'a>,
        /// The older name of the same field.
        pub(in crate::read) service_account: Text<'a>,
    }

    /// A container of any kind, or a step of a Task.
    pub(in crate::read) struct Container<'a> {
        pub(in crate::read) name: Text<'a>,
        pub(in crate::read) image: Text<'a>,
        pub(in crate::read) image_pull_policy: Text<'a>,
    }

    /// A volume. `rbd.image` is a block device, not a container image.
    pub(in crate::read) struct Volume<'a> {
        pub(in crate::read) name: Text<'a>,
        pub(in crate::read) image: VolumeImage<'a>,
    }

    /// `image` of a volume.
    pub(in crate::read) struct VolumeImage<'a> {
        pub(in crate::read) reference: Text<'a>,
    }

    /// `status` of a Pod.
    #[expect(clippy::struct_field_names, reason = "the names are those of the API")]
    pub(in crate::read) struct PodStatus<'a> {
        pub(in crate::read) container_statuses: List<ContainerStatus<'a>>,
        pub(in crate::read) init_container_statuses: List<ContainerStatus<'a>>,
        pub(in crate::read) ephemeral_container_statuses: List<ContainerStatus<'a>>,
    }

    /// The status of a container.
    pub(in crate::read) struct ContainerStatus<'a> {
        pub(in crate::read) name: Text<'a>,
        #[serde(rename = "imageID")]
        pub(in crate::read) image_id: Text<'a>,
        pub(in crate::read) state: ContainerState<'a>,
    }

    /// `state` of a container.
    pub(in crate::read) struct ContainerState<'a> {
        pub(in crate::read) running: Running<'a>,
        pub(in crate::read) waiting: Option<Waiting<'a>>,
    }

    /// How a container runs.
    pub(in crate::read) struct Running<'a> {
        pub(in crate::read) started_at: Text<'a>,
    }

    /// Why a container waits.
    pub(in crate::read) struct Waiting<'a> {
        pub(in crate::read) reason: Text<'a>,
        pub(in crate::read) message: Text<'a>,
    }

    /// A Task.
    pub(in crate::read) struct TaskView<'a> {
        pub(in crate::read) metadata: Metadata<'a>,
        pub(in crate::read) spec: TaskSpec<'a>,
    }

    /// `spec` of a Task.
    pub(in crate::read) struct TaskSpec<'a> {
        pub(in crate::read) steps: List<Container<'a>>,
        pub(in crate::read) sidecars: List<Container<'a>>,
        pub(in crate::read) step_template: Container<'a>,
        pub(in crate::read) volumes: List<Volume<'a>>,
    }
}
