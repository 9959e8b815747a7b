//! ImageStreams (`image.openshift.io/v1`).

use extreg_core::object::nullable;
use extreg_core::object::{ObjectReference, Text};
use serde::Deserialize;

use super::{Chosen, First, List, Metadata};

/// An ImageStream.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct StreamView<'a> {
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) metadata: Metadata<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) spec: StreamSpec<'a>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) status: StreamStatus<'a>,
}

/// `spec`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct StreamSpec<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) docker_image_repository: Text<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) tags: List<Tag<'a>>,
    #[serde(default, deserialize_with = "nullable")]
    pub(in crate::read) lookup_policy: LookupPolicy,
}

/// `spec.lookupPolicy`.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
pub(in crate::read) struct LookupPolicy {
    #[serde(default, deserialize_with = "nullable")]
    pub(in crate::read) local: bool,
}

/// An element of `spec.tags`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct Tag<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) name: Text<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) annotations: Option<Chosen<'a>>,
    #[serde(borrow)]
    pub(in crate::read) from: Option<ObjectReference<'a>>,
    #[serde(default, deserialize_with = "nullable")]
    pub(in crate::read) reference: bool,
    #[serde(borrow)]
    pub(in crate::read) import_policy: Option<ImportPolicy<'a>>,
    #[serde(borrow, default, deserialize_with = "nullable")]
    pub(in crate::read) reference_policy: ReferencePolicy<'a>,
}

/// `importPolicy`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct ImportPolicy<'a> {
    #[serde(default, deserialize_with = "nullable")]
    pub(in crate::read) insecure: bool,
    #[serde(default, deserialize_with = "nullable")]
    pub(in crate::read) scheduled: bool,
    #[serde(borrow, default)]
    pub(in crate::read) import_mode: Text<'a>,
}

/// `referencePolicy`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct ReferencePolicy<'a> {
    #[serde(rename = "type", borrow, default)]
    pub(in crate::read) kind: Text<'a>,
}

/// `status`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct StreamStatus<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) docker_image_repository: Text<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) tags: List<StatusTag<'a>>,
}

/// An element of `status.tags`.
#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::read) struct StatusTag<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) tag: Text<'a>,
    /// The newest comes first; older ones are history.
    #[serde(borrow, default)]
    pub(in crate::read) items: First<TagEvent<'a>>,
    #[serde(borrow, default)]
    pub(in crate::read) conditions: List<Condition<'a>>,
}

/// An element of `status.tags[].items`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct TagEvent<'a> {
    #[serde(borrow, default)]
    pub(in crate::read) created: Text<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) docker_image_reference: Text<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) image: Text<'a>,
    #[serde(default, deserialize_with = "nullable")]
    pub(in crate::read) generation: i64,
}

/// A condition, of a tag or of anything else.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(in crate::read) struct Condition<'a> {
    #[serde(rename = "type", borrow, default)]
    pub(in crate::read) kind: Text<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) status: Text<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) reason: Text<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) message: Text<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) last_transition_time: Text<'a>,
    #[serde(borrow, default)]
    pub(in crate::read) last_update_time: Text<'a>,
    #[serde(default, deserialize_with = "nullable")]
    pub(in crate::read) generation: i64,
}
