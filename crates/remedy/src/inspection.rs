//! Commands that change nothing.

use std::sync::Arc;

use extreg_snapshot::place::ObjectId;

/// A command that changes nothing and shows the relevant state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inspection {
    /// An object.
    Get(ObjectId),
    /// Objects of these resources, `a.group,b.group`; in a namespace, or in all if that is empty.
    List {
        /// The resources.
        resources: &'static str,
        /// The namespace.
        namespace: Arc<str>,
    },
    /// The description and events of an object.
    Describe(ObjectId),
    /// The log of a pod, a build or a workload.
    Logs {
        /// The object.
        of: ObjectId,
        /// The container of a terminated pod.
        previous: Option<Arc<str>>,
    },
    /// The limits of a namespace.
    Quota {
        /// The namespace.
        namespace: Arc<str>,
    },
    /// An audit of a namespace, or of the whole cluster if that is empty.
    Audit {
        /// The namespace.
        namespace: Arc<str>,
    },
    /// Collects missing objects with `oc adm inspect`; with `oc adm must-gather` if the namespace is
    /// empty.
    Gather {
        /// The namespace.
        namespace: Arc<str>,
    },
    /// The permissions that an audit needs.
    AuditRights,
    /// The images and registries in use.
    Inventory,
    /// The credential that is used for an image, and whether the registry accepts it.
    CheckSecret {
        /// The namespace.
        namespace: Arc<str>,
        /// The secret; none to search all.
        secret: Option<Arc<str>>,
        /// The image; none for all that the secret is used for.
        image: Option<Arc<str>>,
    },
    /// The pull limit of a registry, and its use.
    RateLimit {
        /// The namespace.
        namespace: Arc<str>,
        /// The registry.
        registry: Arc<str>,
    },
    /// The cause of a stuck flow.
    Status {
        /// The namespace.
        namespace: Arc<str>,
        /// `stream:tag` or a name.
        name: Arc<str>,
    },
    /// The installed webhook.
    WebhookStatus,
}
