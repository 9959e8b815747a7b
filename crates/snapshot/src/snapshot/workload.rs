//! Objects that run containers.

use std::sync::Arc;

use super::{PodRun, Rollout};
use crate::place::{ObjectId, Origin};
use crate::trigger::{ImageTrigger, Unusable};

/// An object that runs containers: a pod, or a controller of pods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkloadRecord {
    /// The object.
    pub object: ObjectId,
    /// Where it was read.
    pub origin: Origin,
    /// The controller that made it, by `metadata.ownerReferences`: kind and name; `None` if it
    /// represents itself.
    pub owner: Option<(Arc<str>, Arc<str>)>,
    /// The account its pods run as; the default is `default`.
    pub account: Arc<str>,
    /// `imagePullSecrets` of the pod template, in their order.
    pub pull_secrets: Vec<Arc<str>>,
    /// Requested replicas; `None` if the kind has none.
    pub replicas: Option<u64>,
    /// Its containers of every kind.
    pub containers: Vec<ContainerRecord>,
    /// Its image triggers, including those that OpenShift does not follow.
    pub triggers: Vec<ImageTrigger>,
    /// Why OpenShift cannot use the trigger annotation; `None` if it can.
    pub unusable_triggers: Option<Unusable>,
    /// The location of its image triggers.
    pub trigger_source: TriggerSource,
    /// Whether every short name in it is resolved among the ImageStreams of its namespace, by the
    /// annotation `alpha.image.policy.openshift.io/resolve-names: "*"` on it or its pod template.
    pub resolves_names: bool,
    /// Pods only: the reason that a container waits for, such as `ImagePullBackOff`, and the
    /// runtime's message.
    pub waiting: Vec<(Arc<str>, Arc<str>)>,
    /// The rollout of an object that makes pods; only in a snapshot for flows.
    pub rollout: Option<Box<Rollout>>,
    /// The status of a pod of a workload; only in a snapshot for flows.
    pub run: Option<Box<PodRun>>,
}

impl WorkloadRecord {
    /// One of the cluster without containers and credentials.
    pub fn new(object: ObjectId) -> Self {
        Self {
            object,
            origin: Origin::Cluster,
            owner: None,
            account: "default".into(),
            pull_secrets: Vec::new(),
            replicas: None,
            containers: Vec::new(),
            triggers: Vec::new(),
            unusable_triggers: None,
            trigger_source: TriggerSource::None,
            resolves_names: false,
            waiting: Vec::new(),
            rollout: None,
            run: None,
        }
    }
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
    /// `imagePullPolicy`; empty for the default.
    pub pull_policy: Arc<str>,
    /// The running digest, from a pod's `status.containerStatuses[].imageID`; empty for other kinds.
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

/// The location of a workload's image triggers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TriggerSource {
    /// None yet.
    #[default]
    None,
    /// In the annotation, with this text.
    Annotation(Arc<str>),
    /// In `spec.triggers` of a DeploymentConfig.
    Spec,
}
