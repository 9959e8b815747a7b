//! ImageStreams (`image.openshift.io/v1`).

use extreg_core::object::{ObjectReference, Text};
use extreg_core::views;

use super::{Chosen, First, List, Metadata};

views! {
    /// An ImageStream.
    pub(in crate::read) struct StreamView<'a> {
        pub(in crate::read) metadata: Metadata<'a>,
        pub(in crate::read) spec: StreamSpec<'a>,
        pub(in crate::read) status: StreamStatus<'a>,
    }

    /// `spec`.
    pub(in crate::read) struct StreamSpec<'a> {
        pub(in crate::read) docker_image_repository: Text<'a>,
        pub(in crate::read) tags: List<Tag<'a>>,
        pub(in crate::read) lookup_policy: LookupPolicy,
    }
}

views! {
    /// `spec.lookupPolicy`.
    #[derive(Copy)]
    pub(in crate::read) struct LookupPolicy {
        pub(in crate::read) local: bool,
    }
}

views! {
    /// An element of `spec.tags`.
    pub(in crate::read) struct Tag<'a> {
        pub(in crate::read) name: Text<'a>,
        pub(in crate::read) annotations: Option<Chosen<'a>>,
        pub(in crate::read) from: Option<ObjectReference<'a>>,
        pub(in crate::read) reference: bool,
        pub(in crate::read) import_policy: Option<ImportPolicy<'a>>,
        pub(in crate::read) reference_policy: ReferencePolicy<'a>,
    }

    /// `importPolicy`.
    pub(in crate::read) struct ImportPolicy<'a> {
        pub(in crate::read) insecure: bool,
        pub(in crate::read) scheduled: bool,
        pub(in crate::read) import_mode: Text<'a>,
    }

    /// `referencePolicy`.
    pub(in crate::read) struct ReferencePolicy<'a> {
        #[serde(rename = "type")]
        pub(in crate::read) kind: Text<'a>,
    }

    /// `status`.
    pub(in crate::read) struct StreamStatus<'a> {
        pub(in crate::read) docker_image_repository: Text<'a>,
        pub(in crate::read) tags: List<StatusTag<'a>>,
    }

    /// An element of `status.tags`.
    pub(in crate::read) struct StatusTag<'a> {
        pub(in crate::read) tag: Text<'a>,
        /// The newest comes first; older ones are history.
        pub(in crate::read) items: First<TagEvent<'a>>,
        pub(in crate::read) conditions: List<Condition<'a>>,
    }

    /// An element of `status.tags[].items`.
    pub(in crate::read) struct TagEvent<'a> {
        pub(in crate::read) created: Text<'a>,
        pub(in crate::read) docker_image_reference: Text<'a>,
        pub(in crate::read) image: Text<'a>,
        pub(in crate::read) generation: i64,
    }

    /// A condition, of a tag or of anything else.
    pub(in crate::read) struct Condition<'a> {
        #[serde(rename = "type")]
        pub(in crate::read) kind: Text<'a>,
        pub(in crate::read) status: Text<'a>,
        pub(in crate::read) reason: Text<'a>,
        pub(in crate::read) message: Text<'a>,
        pub(in crate::read) last_transition_time: Text<'a>,
        pub(in crate::read) last_update_time: Text<'a>,
        pub(in crate::read) generation: i64,
    }
}
