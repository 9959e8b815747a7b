//! An ImageStream.

use std::sync::Arc;

use jiff::Timestamp;

use super::TagHistory;
use crate::place::{ObjectId, Origin};

/// An ImageStream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamRecord {
    /// The object.
    pub object: ObjectId,
    /// Where it was read.
    pub origin: Origin,
    /// Whether the samples operator or the ClusterVersion owns it: the user cannot schedule its
    /// tags (ComplianceAsCode, rule `imagestream_sets_schedule`).
    pub managed: bool,
    /// `spec.lookupPolicy.local`: a name of one segment in its namespace can mean it.
    pub looks_up: bool,
    /// `spec.dockerImageRepository`; empty if unset.
    pub follows_repository: Arc<str>,
    /// `status.dockerImageRepository`; empty if unset.
    pub repository: Arc<str>,
    /// The tags of spec with their status, and the tags that only status has, by name.
    pub tags: Vec<TagRecord>,
    /// The last import without a change; only in a snapshot for flows.
    pub checked: Option<Timestamp>,
}

impl StreamRecord {
    /// One of the cluster without tags.
    pub fn new(object: ObjectId) -> Self {
        Self {
            object,
            origin: Origin::Cluster,
            managed: false,
            looks_up: false,
            follows_repository: Arc::default(),
            repository: Arc::default(),
            tags: Vec::new(),
            checked: None,
        }
    }

    /// A tag by its name.
    pub fn tag(&self, name: &str) -> Option<&TagRecord> {
        let found = self.tags.binary_search_by(|tag| (*tag.name).cmp(name));
        found.ok().and_then(|at| self.tags.get(at))
    }
}

/// A tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TagRecord {
    /// Its name.
    pub name: Arc<str>,
    /// Its index in `spec.tags`; `None` for a tag that only status has.
    pub index: Option<usize>,
    /// What it follows.
    pub from: TagOrigin,
    /// `reference: true`.
    pub reference: bool,
    /// Whether `importPolicy` is written, even if empty.
    pub has_import_policy: bool,
    /// `importPolicy.scheduled`.
    pub scheduled: bool,
    /// `importPolicy.insecure`.
    pub insecure: bool,
    /// `importPolicy.importMode: PreserveOriginal`: every platform is fetched.
    pub preserves_original: bool,
    /// `referencePolicy.type: Local`: pulled through the integrated registry.
    pub local: bool,
    /// Whether `annotations` is written, even if empty.
    pub has_annotations: bool,
    /// Whether the opt-out annotation is on the tag.
    pub opts_out: bool,
    /// The number of platforms of its newest item's image, if status shows it; else `None`.
    pub platforms: Option<usize>,
    /// The digest of its newest item; empty without one.
    pub digest: Arc<str>,
    /// The time of its newest item, RFC 3339; empty without one.
    pub created: Arc<str>,
    /// The condition of a failed import.
    pub failure: Option<FailedImport>,
    /// What it has shown; only in a snapshot for flows.
    pub history: Option<Box<TagHistory>>,
}

/// The source of a tag.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum TagOrigin {
    /// An image of a registry, as written.
    Image(Arc<str>),
    /// Another tag or image of a stream: `name:tag` or `name@id`, and its namespace.
    Stream {
        /// `name:tag` or `name@id`; a bare tag is of the same stream.
        name: Arc<str>,
        /// The namespace; empty for the stream's own.
        namespace: Arc<str>,
    },
    /// Nothing: builds push to it.
    #[default]
    Pushed,
}

/// The condition `ImportSuccess: False` (openshift-apiserver `imagestreamimport/rest.go`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedImport {
    /// `Unauthorized`, `NotFound`, `InternalError` and so on.
    pub reason: Arc<str>,
    /// The registry's own message.
    pub message: Arc<str>,
    /// Its start, RFC 3339: of the first of equal failures, not of the last.
    pub since: Arc<str>,
}
