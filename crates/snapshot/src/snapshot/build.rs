//! BuildConfigs and Builds, OpenShift's and Shipwright's.

use std::sync::Arc;

use super::BuildProgress;
use crate::place::{ObjectId, Origin};

/// A BuildConfig or a Build. The images it names are in [`super::ImageUse`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildRecord {
    /// The object.
    pub object: ObjectId,
    /// Where it was read.
    pub origin: Origin,
    /// The BuildConfig of a Build; `None` for a BuildConfig, or a Build without one.
    pub config: Option<Arc<str>>,
    /// `spec.serviceAccount`; the default is `builder`.
    pub account: Arc<str>,
    /// `spec.output.to` of kind DockerImage, or of a stream outside the cluster: the
    /// reference; empty if the build pushes nowhere or to the integrated registry.
    pub pushes_to: Arc<str>,
    /// `spec.output.to` if it is the tag of an ImageStream: its namespace, and `stream:tag`. A
    /// build creates the tag when it pushes.
    pub writes: Option<(Arc<str>, Arc<str>)>,
    /// `spec.output.pushSecret.name`; empty if unset.
    pub push_secret: Arc<str>,
    /// `spec.output.pushSecret` is set, even if empty.
    pub has_push_secret: bool,
    /// The pull secrets of strategy and source images: the secret's name, and its image, as
    /// written.
    pub pull_secrets: Vec<(Arc<str>, Arc<str>)>,
    /// Whether an ImageChange trigger rebuilds it when its base changes.
    pub has_image_trigger: bool,
    /// Builds only: the phase with its reason and message.
    pub phase: Option<BuildPhase>,
    /// Its progress; only in a snapshot for flows.
    pub progress: Option<Box<BuildProgress>>,
}

impl BuildRecord {
    /// One of the cluster that pushes nowhere.
    pub fn new(object: ObjectId) -> Self {
        Self {
            object,
            origin: Origin::Cluster,
            config: None,
            account: "builder".into(),
            pushes_to: Arc::default(),
            writes: None,
            push_secret: Arc::default(),
            has_push_secret: false,
            pull_secrets: Vec::new(),
            has_image_trigger: false,
            phase: None,
            progress: None,
        }
    }

    /// Whether it is a finished Build.
    pub fn is_over(&self) -> bool {
        self.phase.as_ref().is_some_and(|phase| {
            matches!(&*phase.phase, "Complete" | "Failed" | "Error" | "Cancelled")
        })
    }
}

/// The status of a Build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildPhase {
    /// `New`, `Pending`, `Running`, `Complete`, `Failed`, `Error`, `Cancelled`.
    pub phase: Arc<str>,
    /// `MissingPushSecret` and so on.
    pub reason: Arc<str>,
    /// The message.
    pub message: Arc<str>,
    /// `status.output.to.imageDigest`; empty until it has pushed.
    pub pushed: Arc<str>,
}
