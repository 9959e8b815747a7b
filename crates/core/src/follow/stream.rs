//! The fields of an ImageStream that following a build needs.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::object::nullable;

/// An ImageStream (`openshift/api` `image/v1/types.go`). Of its history only the newest item of each
/// tag is kept, and the policies of its tags unchanged, including unknown fields.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Stream {
    /// `metadata`.
    #[serde(deserialize_with = "nullable")]
    pub metadata: Metadata,
    #[serde(deserialize_with = "nullable")]
    pub(super) spec: Spec,
    #[serde(deserialize_with = "nullable")]
    pub(super) status: Status,
}

/// `metadata` of an ImageStream.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// `metadata.name`.
    #[serde(deserialize_with = "nullable")]
    pub name: String,
    /// `metadata.uid`.
    #[serde(deserialize_with = "nullable")]
    pub uid: String,
    /// `metadata.resourceVersion`.
    #[serde(deserialize_with = "nullable")]
    pub resource_version: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) deletion_timestamp: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) labels: BTreeMap<String, String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Spec {
    #[serde(deserialize_with = "nullable")]
    pub(super) tags: Vec<Tag>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Tag {
    #[serde(deserialize_with = "nullable")]
    pub(super) name: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) from: Option<From>,
    #[serde(deserialize_with = "nullable")]
    pub(super) reference: bool,
    pub(super) import_policy: Option<Value>,
    pub(super) reference_policy: Option<Value>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct From {
    #[serde(deserialize_with = "nullable")]
    pub(super) kind: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) namespace: String,
    #[serde(deserialize_with = "nullable")]
    pub(super) name: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct Status {
    #[serde(deserialize_with = "nullable")]
    pub(super) tags: Vec<History>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct History {
    #[serde(deserialize_with = "nullable")]
    pub(super) tag: String,
    #[serde(deserialize_with = "nullable")]
    items: Newest,
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

#[derive(Default, Deserialize)]
#[serde(default)]
struct Item {
    #[serde(deserialize_with = "nullable")]
    image: String,
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
