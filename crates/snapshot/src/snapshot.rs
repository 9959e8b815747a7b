//! The objects read, reduced to the input of the checks: no object is kept completely and no secret value at
//! all.

mod build;
mod cluster;
mod credential;
mod image_use;
mod listed;
mod owners;
mod progress;
mod source;
mod stream;
mod webhook_view;
mod workload;

use std::collections::BTreeMap;
use std::sync::Arc;

use extreg_core::policy::PolicySet;

pub use self::build::{BuildPhase, BuildRecord};
pub use self::cluster::{
    AllowedRegistry, ClusterRecord, MirrorKind, MirrorRule, RegistrySources, SignaturePolicy,
    WebhookRecord,
};
pub use self::credential::{AccountRecord, SecretKeys, SecretRecord};
pub use self::image_use::{ImageUse, Meaning, UseRole};
pub use self::listed::Listed;
pub use self::progress::{
    BuildProgress, Condition, PodRun, Rollout, RunningContainer, ShownImage, TagHistory,
};
pub use self::source::SourceKind;
pub use self::stream::{FailedImport, StreamRecord, TagOrigin, TagRecord};
pub use self::webhook_view::{Injection, InjectionOutcome, OptOut};
pub use self::workload::{ContainerKind, ContainerRecord, TriggerSource, WorkloadRecord};
use crate::approved::Approved;
use crate::coverage::Coverage;
use crate::kind::Kind;
use crate::place::{ObjectId, Origin};

/// The content read from one cluster or one set of files.
#[derive(Clone, Debug, Default)]
pub struct Snapshot {
    /// The cluster's name in the kubeconfig's context; empty for files.
    pub cluster_name: String,
    /// The connection flags, if the user set some: suggested commands repeat them.
    pub connection: Arc<[String]>,
    /// The source.
    pub source: SourceKind,
    /// Configuration of the cluster as a whole.
    pub cluster: ClusterRecord,
    /// The policies in force: of the cluster, of a file, or the built-in one.
    pub policies: PolicySet,
    /// The user's list of approved registries, if given.
    pub approved: Option<Approved>,
    /// Namespaces by name.
    pub namespaces: BTreeMap<Arc<str>, NamespaceRecord>,
    /// BuildConfigs and Builds of OpenShift and of Shipwright, sorted by object.
    pub builds: Vec<BuildRecord>,
    /// ImageStreams, sorted by object.
    pub streams: Vec<StreamRecord>,
    /// Objects that run containers, sorted by object.
    pub workloads: Vec<WorkloadRecord>,
    /// ServiceAccounts by namespace and name.
    pub accounts: BTreeMap<(Arc<str>, Arc<str>), AccountRecord>,
    /// Secrets of the two docker types by namespace and name.
    pub secrets: BTreeMap<(Arc<str>, Arc<str>), SecretRecord>,
    /// Secrets of other types by namespace and name, each with the docker config that a build reads if it names
    /// the secret for its push. Other consumers ignore them.
    pub other_secrets: BTreeMap<(Arc<str>, Arc<str>), SecretKeys>,
    /// Every field that names an image, sorted.
    pub uses: Vec<ImageUse>,
    /// The webhook's decision on each object, place by place.
    pub injections: Vec<Injection>,
    /// Every opt-out.
    pub opt_outs: Vec<OptOut>,
    /// Annotations by which an object suppresses a check: `extreg.io/ignore-checks`.
    pub annotations: BTreeMap<ObjectId, Vec<Annotation>>,
    /// The complete lists.
    pub listed: Listed,
    /// What was read, and what could not be read.
    pub coverage: Coverage,
}

impl Snapshot {
    /// An ImageStream by its namespace and name.
    pub fn stream(&self, namespace: &str, name: &str) -> Option<&StreamRecord> {
        let found = self.streams.binary_search_by(|stream| {
            let object = &stream.object;
            (&*object.namespace, &*object.name).cmp(&(namespace, name))
        });
        found.ok().and_then(|at| self.streams.get(at))
    }

    /// Whether all objects of that kind and namespace were read, so that a missing one does not exist.
    pub fn holds_all(&self, kind: Kind, namespace: &str) -> bool {
        self.listed.is_complete(kind, namespace, &self.coverage)
    }
}

/// A namespace.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamespaceRecord {
    /// Its labels.
    pub labels: BTreeMap<String, String>,
    /// Whether it is being deleted: nothing can be created in it.
    pub terminating: bool,
    /// Where it was read.
    pub origin: Origin,
}

/// An annotation on an object, on its pod template or for one container, that suppresses a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Annotation {
    /// The container that it is for; `None` for the whole object.
    pub part: Option<Arc<str>>,
    /// The annotation's key.
    pub key: Arc<str>,
    /// Its value, not yet parsed.
    pub value: Arc<str>,
}
