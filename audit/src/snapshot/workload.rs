//! Whatever runs containers.

use std::sync::Arc;

use crate::place::{ObjectId, Origin};

/// An object that runs containers: a pod, or what makes pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadRecord {
    /// The object.
    pub object: ObjectId,
    /// Where it was read.
    pub origin: Origin,
    /// The controller that made it, by `metadata.ownerReferences`: kind and name; none for what
    /// stands for itself.
    pub owner: Option<(Arc<str>, Arc<str>)>,
    /// The account its pods run as; `default` where none is named.
    pub account: Arc<str>,
    /// `imagePullSecrets` of the pod template, in their order.
    pub pull_secrets: Vec<Arc<str>>,
    /// Replicas asked for; none where the kind has none.
    pub replicas: Option<u64>,
    /// Its containers of every kind.
    pub containers: Vec<ContainerRecord>,
    /// Its image triggers: of the annotation, or of a DeploymentConfig's `spec.triggers`.
    pub triggers: Vec<ImageTrigger>,
    /// Why the trigger annotation is no use, where it is there and is none
    /// (library-go `pkg/image/trigger/annotations.go`).
    pub broken_triggers: Option<String>,
    /// Pods only: the reason that a container waits for, such as `ImagePullBackOff`, and the
    /// runtime's message.
    pub waiting: Vec<(Arc<str>, Arc<str>)>,
}

/// A container.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContainerRecord {
    /// Its name.
    pub name: Arc<str>,
    /// Which list it is in.
    pub kind: ContainerKind,
    /// `image`, as written.
    pub image: Arc<str>,
    /// `imagePullPolicy`; empty where the default holds.
    pub pull_policy: Arc<str>,
    /// The digest that runs, from a pod's `status.containerStatuses[].imageID`; empty elsewhere.
    pub running: Arc<str>,
}

/// Which list a container is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ContainerKind {
    /// `containers`.
    Main,
    /// `initContainers`.
    Init,
    /// `ephemeralContainers`.
    Ephemeral,
}

/// An image trigger that OpenShift understands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageTrigger {
    /// The namespace of the ImageStreamTag.
    pub namespace: Arc<str>,
    /// `stream:tag`.
    pub tag: Arc<str>,
    /// The names of the containers that it sets.
    pub containers: Vec<Arc<str>>,
    /// Whether it is paused, or `automatic: false`.
    pub paused: bool,
}
