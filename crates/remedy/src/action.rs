//! Commands that write.

use std::sync::Arc;

use extreg_snapshot::place::ObjectId;
use extreg_snapshot::{TagOrigin, TagRecord};

/// A command that writes, with its effect on an object.
///
/// A test runs each of them on a control plane, on the state that it is suggested for; if only
/// OpenShift's own servers or nodes can run it, the test notes that (`tests/tests/remedies`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Lets a build push with a secret.
    SetPushSecret {
        /// A BuildConfig, or a Build of OpenShift or of Shipwright.
        build: ObjectId,
        /// The secret.
        secret: Arc<str>,
    },
    /// Lets a build pull an image with a secret.
    SetPullSecret {
        /// A BuildConfig.
        build: ObjectId,
        /// The field that names the image: `spec.strategy.dockerStrategy`, `spec.source.images[0]`.
        holder: Arc<str>,
        /// The secret.
        secret: Arc<str>,
    },
    /// Adds a pull secret to the pods of a workload and keeps the existing ones.
    AddPullSecret {
        /// The workload.
        workload: ObjectId,
        /// The secret.
        secret: Arc<str>,
    },
    /// Links a secret to a service account.
    LinkSecret {
        /// The account.
        account: ObjectId,
        /// The secret.
        secret: Arc<str>,
        /// The use of the link.
        uses: LinkUse,
    },
    /// Writes a credential for a registry into a secret: creates the secret if it does not exist, and
    /// keeps the other keys if it does. The command prompts for username and token.
    SetCredential {
        /// The secret.
        secret: ObjectId,
        /// The registry's host.
        registry: Arc<str>,
    },
    /// Includes a secret in imports, or excludes it.
    SetExcluded {
        /// The secret.
        secret: ObjectId,
        /// Whether to exclude it.
        excluded: bool,
    },
    /// Turns the scheduled import of a tag on or off. Turning it off also opts the tag out: otherwise a policy would
    /// set the schedule again when the tag is written, and the audit would report the missing schedule.
    SetSchedule {
        /// The tag.
        tag: SpecTag,
        /// Whether it is scheduled.
        scheduled: bool,
    },
    /// Makes the import of a tag verify the registry's certificate.
    Secure {
        /// The tag.
        tag: SpecTag,
    },
    /// Imports a tag that only named its image (`reference: true`).
    Unreference {
        /// The tag.
        tag: SpecTag,
    },
    /// Lets a tag follow another image.
    FollowImage {
        /// The tag.
        tag: SpecTag,
        /// The image.
        image: Arc<str>,
    },
    /// Lets a new tag follow an image on schedule. The stream is created if it does not exist.
    CreateTag {
        /// The stream.
        stream: ObjectId,
        /// The tag.
        tag: Arc<str>,
        /// The image, with its registry.
        image: Arc<str>,
    },
    /// Imports a tag now.
    ImportTag {
        /// The stream.
        stream: ObjectId,
        /// The tag.
        tag: Arc<str>,
        /// Whether to wait until the registry has it.
        wait: bool,
    },
    /// Creates an ImageStream that builds push to.
    CreateStream {
        /// The stream.
        stream: ObjectId,
    },
    /// Lets pods and builds of its namespace name an ImageStream by its short name.
    SetLookup {
        /// The stream.
        stream: ObjectId,
    },
    /// Replaces the annotation with the image triggers of a workload.
    SetTriggers {
        /// The workload.
        workload: ObjectId,
        /// The current text; none if the annotation does not exist.
        was: Option<Arc<str>>,
        /// The new text.
        text: String,
    },
    /// Adds an image trigger to a DeploymentConfig.
    AddConfigTrigger {
        /// The DeploymentConfig.
        workload: ObjectId,
        /// Whether `spec.triggers` exists.
        has_list: bool,
        /// `stream:tag`.
        tag: Arc<str>,
        /// The namespace of the stream, if it differs.
        namespace: Option<Arc<str>>,
        /// The containers.
        containers: Vec<Arc<str>>,
    },
    /// Lets an image trigger of a DeploymentConfig set its containers automatically.
    ResumeConfigTrigger {
        /// The DeploymentConfig.
        workload: ObjectId,
        /// The index in `spec.triggers`.
        index: usize,
        /// The `stream:tag` of the trigger.
        tag: Arc<str>,
    },
    /// Lets an image trigger of a DeploymentConfig set another container.
    RepointConfigTrigger {
        /// The DeploymentConfig.
        workload: ObjectId,
        /// The index in `spec.triggers`.
        index: usize,
        /// The `stream:tag` of the trigger.
        tag: Arc<str>,
        /// The container.
        container: Arc<str>,
    },
    /// Lets a container of a pod run another image.
    SetImage {
        /// The pod.
        workload: ObjectId,
        /// The container.
        container: Arc<str>,
        /// The field of its image: `spec.template.spec.containers[0].image`.
        field: Arc<str>,
        /// The image.
        image: Arc<str>,
    },
    /// Lets a BuildConfig push to an image instead of a tag of an ImageStream.
    SetOutput {
        /// The BuildConfig.
        build: ObjectId,
        /// The current `stream:tag`.
        was: Arc<str>,
        /// The image.
        image: Arc<str>,
    },
    /// Sets an empty list of the cluster's image configuration.
    SetClusterList {
        /// The list.
        list: ClusterList,
        /// The registries.
        registries: Vec<String>,
    },
    /// Removes a registry from the insecure registries.
    VerifyRegistry {
        /// Its index in `insecureRegistries`.
        index: usize,
        /// The registry.
        registry: Arc<str>,
    },
    /// Makes imports from a registry verify its certificate.
    VerifyImports {
        /// Its index in `allowedRegistriesForImport`.
        index: usize,
        /// The registry.
        registry: Arc<str>,
    },
    /// Installs the webhook.
    InstallWebhook,
    /// Upgrades the installed webhook.
    UpgradeWebhook,
    /// Renews the webhook's certificates.
    RotateCertificate,
    /// Starts a build.
    StartBuild {
        /// The BuildConfig.
        config: ObjectId,
    },
    /// Rolls a workload out.
    Rollout {
        /// The workload.
        workload: ObjectId,
        /// The step.
        step: RolloutStep,
    },
    /// Lets a CronJob start jobs again.
    ResumeCronJob {
        /// The CronJob.
        workload: ObjectId,
    },
    /// Lets a StatefulSet or DaemonSet replace its pods automatically.
    RollingUpdate {
        /// The workload.
        workload: ObjectId,
    },
    /// Sets a tag to the image of another one.
    Promote {
        /// The stream.
        stream: ObjectId,
        /// The tag to write.
        tag: Arc<str>,
        /// `stream:tag` or `stream@digest`.
        from: Arc<str>,
        /// Whether it follows the other tag afterwards.
        alias: bool,
    },
    /// Lets a tag follow an image again.
    Retag {
        /// The stream.
        stream: ObjectId,
        /// The tag.
        tag: Arc<str>,
        /// The image as written.
        image: Arc<str>,
        /// Whether it is scheduled.
        scheduled: bool,
        /// Whether it only names its image.
        reference: bool,
    },
    /// Restores a tag.
    RestoreTag {
        /// The stream.
        stream: ObjectId,
        /// The tag.
        tag: Arc<str>,
        /// Its `from`, `reference` and `importPolicy`, as JSON.
        was: String,
    },
    /// Deletes a tag.
    DeleteTag {
        /// The stream.
        stream: ObjectId,
        /// The tag.
        tag: Arc<str>,
    },
}

/// A tag of `spec.tags`, as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecTag {
    /// The stream.
    pub stream: ObjectId,
    /// The tag.
    pub name: Arc<str>,
    /// Its index in `spec.tags`.
    pub index: usize,
    /// Whether `importPolicy` is written.
    pub has_import_policy: bool,
    /// Whether `annotations` is written.
    pub has_annotations: bool,
    /// The image that it follows, as written.
    pub from: Arc<str>,
}

/// The use of a linked secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkUse {
    /// The pods of the account pull with it.
    Pull,
    /// Builds of the account push and pull with it.
    Push,
}

/// A list of `image.config.openshift.io/cluster`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClusterList {
    /// `registrySources.allowedRegistries`.
    Allowed,
    /// `allowedRegistriesForImport`.
    AllowedForImport,
}

/// A step of a rollout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RolloutStep {
    /// New pods of the same template.
    Restart,
    /// Resumes a paused rollout.
    Resume,
    /// Starts a rollout of a DeploymentConfig.
    Latest,
}

impl SpecTag {
    /// A tag that follows an image; none for a tag that exists only in status, or that follows no image.
    pub fn new(stream: &ObjectId, tag: &TagRecord) -> Option<Self> {
        let TagOrigin::Image(from) = &tag.from else {
            return None;
        };
        Some(Self {
            stream: stream.clone(),
            name: Arc::clone(&tag.name),
            index: tag.index?,
            has_import_policy: tag.has_import_policy,
            has_annotations: tag.has_annotations,
            from: Arc::clone(from),
        })
    }
}
