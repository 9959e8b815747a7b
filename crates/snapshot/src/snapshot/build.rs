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
    /// The BuildConfig that a Build came from; none for a BuildConfig, or a Build of its own.
    pub config: Option<Arc<str>>,
    /// `spec.serviceAccount`; `builder` where none is named.
    pub account: Arc<str>,
    /// `spec.output.to` of kind DockerImage, or of a stream that lies outside the cluster: the
    /// reference; empty where the build pushes nowhere or to the integrated registry.
    pub pushes_to: Arc<str>,
    /// `spec.output.to` where that is the tag of an ImageStream: its namespace, and `stream:tag`. A
    /// build makes the tag when it pushes.
    pub writes: Option<(Arc<str>, Arc<str>)>,
    /// `spec.output.pushSecret.name`; empty where there is none.
    pub push_secret: Arc<str>,
    /// `spec.output.pushSecret` is there, even if empty.
    pub has_push_secret: bool,
    /// The pull secrets of strategy and source images: the secret's name, and the image, as
    /// written, that it is for.
    pub pull_secrets: Vec<(Arc<str>, Arc<str>)>,
    /// Whether an ImageChange trigger rebuilds it when its base changes.
    pub has_image_trigger: bool,
    /// Builds only: the phase with its reason and message.
    pub phase: Option<BuildPhase>,
    /// Its progress; only in a snapshot for flows.
    pub progress: Option<Box<BuildProgress>>,
}

impl BuildRecord {
    /// Whether it is a Build that will do no more.
    pub fn is_over(&self) -> bool {
        self.phase.as_ref().is_some_and(|phase| {
            matches!(&*phase.phase, "Complete" | "Failed" | "Error" | "Cancelled")
        })
    }
}

/// Where a Build stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuildPhase {
    /// `New`, `Pending`, `Running`, `Complete`, `Failed`, `Error`, `Cancelled`.
    pub phase: Arc<str>,
    /// `MissingPushSecret` and the like.
    pub reason: Arc<str>,
    /// In words.
    pub message: Arc<str>,
    /// `status.output.to.imageDigest`; empty until it has pushed.
    pub pushed: Arc<str>,
}
