//! Commands that change nothing.

use std::sync::Arc;

use extreg_snapshot::place::ObjectId;

/// A command that changes nothing and shows what decides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inspection {
    /// An object as it is.
    Get(ObjectId),
    /// Objects of these resources, `a.group,b.group`; in a namespace, or in all where that is empty.
    List {
        /// The resources.
        resources: &'static str,
        /// The namespace.
        namespace: Arc<str>,
    },
    /// What an object and its events say.
    Describe(ObjectId),
    /// The log of a pod, a build or a workload.
    Logs {
        /// What.
        of: ObjectId,
        /// The container of a pod that ended.
        previous: Option<Arc<str>>,
    },
    /// The limits of a namespace.
    Quota {
        /// The namespace.
        namespace: Arc<str>,
    },
    /// An audit; of a namespace, or of the whole cluster where that is empty.
    Audit {
        /// The namespace.
        namespace: Arc<str>,
    },
    /// What was not collected, with `oc adm inspect`; with `oc adm must-gather` where the namespace is
    /// empty.
    Gather {
        /// The namespace.
        namespace: Arc<str>,
    },
    /// The rights that an audit needs.
    AuditRights,
    /// The images and registries that are in use.
    Inventory,
    /// Which credential is used for an image, and whether the registry takes it.
    CheckSecret {
        /// The namespace.
        namespace: Arc<str>,
        /// The secret; none to search all.
        secret: Option<Arc<str>>,
        /// The image; none for all that the secret is used for.
        image: Option<Arc<str>>,
    },
    /// What a registry allows to be pulled, and what is.
    RateLimit {
        /// The namespace.
        namespace: Arc<str>,
        /// The registry.
        registry: Arc<str>,
    },
    /// What a flow is waiting for.
    Status {
        /// The namespace.
        namespace: Arc<str>,
        /// `stream:tag` or a name.
        name: Arc<str>,
    },
    /// The webhook as it is installed.
    WebhookStatus,
}
