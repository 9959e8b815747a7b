//! The progress of objects on the way of an image. Read only with [`crate::read::Detail::Flows`].

use std::sync::Arc;

use jiff::Timestamp;

use crate::kind::Kind;

/// The progress of a BuildConfig or a Build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BuildProgress {
    /// When it was created.
    pub created: Option<Timestamp>,
    /// When it ended.
    pub completed: Option<Timestamp>,
    /// Which build of its BuildConfig it is, from 1.
    pub number: u64,
    /// BuildConfigs only: how many builds it has started.
    pub started: u64,
}

/// The images that a tag has shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagHistory {
    /// `generation` of spec; an import is due if status has an older one.
    pub generation: i64,
    /// `generation` of the condition for a failed import.
    pub failed: i64,
    /// Newest first, limited: enough to recognize an older one that still runs.
    pub items: Box<[ShownImage]>,
}

/// An image that a tag has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownImage {
    /// Its digest; empty for a reference.
    pub digest: Arc<str>,
    /// Where pods pull it, of a reference, which has no digest.
    pub pull_spec: Arc<str>,
    /// Since when.
    pub created: Option<Timestamp>,
    /// The generation of the tag that it was imported for.
    pub generation: i64,
}

/// The progress of a rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rollout {
    /// `spec.paused`, or `spec.suspend` of a CronJob.
    pub paused: bool,
    /// Whether a change of its template rolls out: not for a DeploymentConfig without a ConfigChange
    /// trigger.
    pub has_config_change: bool,
    /// Whether pods are only replaced when they are deleted.
    pub on_delete: bool,
    /// Number of wanted pods; none for a kind without one.
    pub wanted: Option<u64>,
    /// Number of pods of the newest version.
    pub updated: u64,
    /// Number of available pods.
    pub available: u64,
    /// Pods of any version.
    pub total: u64,
    /// Whether the controller has seen the object as it is.
    pub is_observed: bool,
    /// Rollouts of a DeploymentConfig so far.
    pub latest_version: u64,
    /// When a CronJob last made a Job.
    pub last_run: Option<Timestamp>,
    /// The condition `Progressing`.
    pub progressing: Option<Condition>,
    /// The condition `ReplicaFailure`.
    pub failing: Option<Condition>,
}

/// A condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition {
    /// `True`, `False` or `Unknown`.
    pub status: Arc<str>,
    /// The reason, one word.
    pub reason: Arc<str>,
    /// The message.
    pub message: Arc<str>,
    /// `lastUpdateTime`.
    pub updated: Option<Timestamp>,
    /// `lastTransitionTime`.
    pub changed: Option<Timestamp>,
}

/// How a pod runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PodRun {
    /// Its workload. Objects between them are named after the workload, so they are not read.
    pub of: (Kind, Arc<str>),
    /// When it was created.
    pub created: Option<Timestamp>,
    /// Whether it has ended, well or not.
    pub has_ended: bool,
    /// The scheduler's message, if no node fits.
    pub unschedulable: Option<Arc<str>>,
    /// The status of its containers, init containers first.
    pub containers: Box<[RunningContainer]>,
}

/// The status of a container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunningContainer {
    /// Its name.
    pub name: Arc<str>,
    /// The digest in `imageID`, which CRI-O writes as a reference by digest; empty if it has none.
    pub digest: Arc<str>,
    /// When it started.
    pub started: Option<Timestamp>,
    /// Why it waits: a reason such as `ImagePullBackOff`, and the runtime's message.
    pub waiting: Option<(Arc<str>, Arc<str>)>,
}
