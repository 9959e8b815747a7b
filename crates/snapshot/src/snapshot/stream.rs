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
    /// Whether the samples operator or the ClusterVersion owns it: its tags are not the user's to
    /// schedule (ComplianceAsCode, rule `imagestream_sets_schedule`).
    pub managed: bool,
    /// `spec.lookupPolicy.local`: a name of one segment in its namespace may mean it.
    pub looks_up: bool,
    /// `spec.dockerImageRepository`; empty where there is none.
    pub follows_repository: Arc<str>,
    /// `status.dockerImageRepository`; empty where there is none.
    pub repository: Arc<str>,
    /// The tags of spec, with what status says of each, and the tags that only status has, by name.
    pub tags: Vec<TagRecord>,
    /// The last import without a change; only in a snapshot for flows.
    pub checked: Option<Timestamp>,
}

impl StreamRecord {
    /// A tag by its name.
    pub fn tag(&self, name: &str) -> Option<&TagRecord> {
        let found = self.tags.binary_search_by(|tag| (*tag.name).cmp(name));
        found.ok().and_then(|at| self.tags.get(at))
    }
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TagRecord {
    /// Its name.
    pub name: Arc<str>,
    /// Its index in `spec.tags`; none for a tag that only status has.
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
    /// How many platforms its newest item's image has, where status tells; else none.
    pub platforms: Option<usize>,
    /// The digest of its newest item; empty where there is none.
    pub digest: Arc<str>,
    /// When its newest item came, RFC 3339; empty where there is none.
    pub created: Arc<str>,
    /// The condition that says that its import failed.
    pub failure: Option<FailedImport>,
    /// What it has shown; only in a snapshot for flows.
    pub history: Option<Box<TagHistory>>,
}

/// What a tag follows.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// Nothing: it is pushed to.
    Pushed,
}

/// The condition `ImportSuccess: False` (openshift-apiserver `imagestreamimport/rest.go`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedImport {
    /// `Unauthorized`, `NotFound`, `InternalError` and the like.
    pub reason: Arc<str>,
    /// The registry's own words.
    pub message: Arc<str>,
    /// Since when, RFC 3339: of the first of equal failures, not of the last.
    pub since: Arc<str>,
}
