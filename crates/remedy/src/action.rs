//! Commands that write.

use std::sync::Arc;

use extreg_snapshot::place::ObjectId;
use extreg_snapshot::{TagOrigin, TagRecord};

/// A command that writes, as what it does to which object.
///
/// Each one is run by a test on the state that it is suggested for, on a control plane; where only
/// OpenShift's own servers or nodes can carry it out, that test says so (`tests/tests/remedies`).
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
    /// Adds a pull secret beside those that the pods of a workload name.
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
        /// What for.
        uses: LinkUse,
    },
    /// Writes a credential for a registry into a secret: a secret that does not exist is created, one
    /// that exists keeps its other keys. Username and token are asked for.
    SetCredential {
        /// The secret.
        secret: ObjectId,
        /// The registry's host.
        registry: Arc<str>,
    },
    /// Lets imports use a secret, or leave it out.
    SetExcluded {
        /// The secret.
        secret: ObjectId,
        /// Whether they leave it out.
        excluded: bool,
    },
    /// Lets a tag be imported on schedule, or no longer. Then it is opted out too: a policy would set it again once the
    /// tag is written, and the audit would miss the schedule.
    SetSchedule {
        /// The tag.
        tag: SpecTag,
        /// Whether it is scheduled.
        scheduled: bool,
    },
    /// Lets a tag be imported over TLS with a certificate that is checked.
    Secure {
        /// The tag.
        tag: SpecTag,
    },
    /// Lets a tag be imported that only named its image (`reference: true`).
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
    /// Lets a new tag follow an image on schedule. The stream is created where there is none.
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
        /// Its text; none where there is none.
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
        /// The namespace of the stream, where it is another.
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
        /// `stream:tag`, as it stands there.
        tag: Arc<str>,
    },
    /// Lets an image trigger of a DeploymentConfig set another container.
    RepointConfigTrigger {
        /// The DeploymentConfig.
        workload: ObjectId,
        /// The index in `spec.triggers`.
        index: usize,
        /// `stream:tag`, as it stands there.
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
    /// Lets a BuildConfig push to an image in place of a tag of an ImageStream.
    SetOutput {
        /// The BuildConfig.
        build: ObjectId,
        /// The `stream:tag` that it pushes to now.
        was: Arc<str>,
        /// The image.
        image: Arc<str>,
    },
    /// Writes a list of the cluster's image configuration that is empty.
    SetClusterList {
        /// Which list.
        list: ClusterList,
        /// The registries.
        registries: Vec<String>,
    },
    /// Removes a registry from those that are not verified.
    VerifyRegistry {
        /// Its index in `insecureRegistries`.
        index: usize,
        /// The registry.
        registry: Arc<str>,
    },
    /// Lets imports from a registry be verified.
    VerifyImports {
        /// Its index in `allowedRegistriesForImport`.
        index: usize,
        /// The registry.
        registry: Arc<str>,
    },
    /// Installs the webhook.
    InstallWebhook,
    /// Brings the installed webhook up to date.
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
        /// What to do.
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
    /// Gives a tag the image of another one.
    Promote {
        /// The stream.
        stream: ObjectId,
        /// The tag that is written.
        tag: Arc<str>,
        /// `stream:tag` or `stream@digest`.
        from: Arc<str>,
        /// Whether it follows the other tag from then on.
        alias: bool,
    },
    /// Lets a tag follow an image again.
    Retag {
        /// The stream.
        stream: ObjectId,
        /// The tag.
        tag: Arc<str>,
        /// The image, as it was written.
        image: Arc<str>,
        /// Whether it is scheduled.
        scheduled: bool,
        /// Whether it only names its image.
        reference: bool,
    },
    /// Writes a tag as it was.
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

/// What a secret is linked for.
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
    /// The rollout is no longer paused.
    Resume,
    /// A DeploymentConfig is rolled out.
    Latest,
}

impl SpecTag {
    /// A tag that follows an image; none for one that only status has, or that follows none.
    pub fn of(stream: &ObjectId, tag: &TagRecord) -> Option<Self> {
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
