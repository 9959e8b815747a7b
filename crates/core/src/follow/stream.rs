//! The fields of an ImageStream that following a build needs.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::views;

views! {
    /// An ImageStream (`openshift/api` `image/v1/types.go`). Of its history only the newest item of each
    /// tag is kept, and the policies of its tags unchanged, including unknown fields.
    pub struct Stream {
        /// `metadata`.
        pub metadata: Metadata,
        pub(super) spec: Spec,
        pub(super) status: Status,
    }

    /// `metadata` of an ImageStream.
    pub struct Metadata {
        /// `metadata.name`.
        pub name: String,
        /// `metadata.uid`.
        pub uid: String,
        /// `metadata.resourceVersion`.
        pub resource_version: String,
        pub(super) deletion_timestamp: String,
        pub(super) labels: BTreeMap<String, String>,
    }

    pub(super) struct Spec {
        pub(super) tags: Vec<Tag>,
    }

    pub(super) struct Tag {
        pub(super) name: String,
        pub(super) annotations: BTreeMap<String, String>,
        pub(super) from: Option<From>,
        pub(super) reference: bool,
        pub(super) import_policy: Option<Value>,
        pub(super) reference_policy: Option<Value>,
    }

    pub(super) struct From {
        pub(super) kind: String,
        pub(super) namespace: String,
        pub(super) name: String,
    }

    pub(super) struct Status {
        pub(super) tags: Vec<History>,
    }

    pub(super) struct History {
        pub(super) tag: String,
        items: Newest,
    }
}

impl Stream {
    /// The digest of the newest item of a tag.
    pub(super) fn newest(&self, tag: &str) -> Option<&str> {
        let history = self.status.tags.iter().find(|history| history.tag == tag)?;
        history.items.0.as_deref()
    }
}

/// The image of the first item of a list; the other items are skipped.
#[derive(Clone, Debug, Default)]
struct Newest(Option<String>);

views! {
    struct Item {
        image: String,
    }
}

impl<'de> Deserialize<'de> for Newest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(NewestVisitor)
    }
}

struct NewestVisitor;

impl<'de> serde::de::Visitor<'de> for NewestVisitor {
    type Value = Newest;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a list of tag events")
    }

    fn visit_seq<S: serde::de::SeqAccess<'de>>(self, mut list: S) -> Result<Newest, S::Error> {
        let newest = list.next_element::<Option<Item>>()?.flatten();
        while list.next_element::<serde::de::IgnoredAny>()?.is_some() {}
        Ok(Newest(newest.map(|item| item.image)))
    }
}
