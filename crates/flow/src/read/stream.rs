//! ImageStreams (openshift/api `image/v1/types.go`).

use std::collections::BTreeMap;

use extreg_core::object::{nullable, opt_out};
use jiff::Timestamp;
use serde::Deserialize;

use super::value::time;

/// So many images of a tag are kept, to know an older one that still runs.
const KEPT: usize = 5;

/// An ImageStream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stream {
    /// Its namespace.
    pub namespace: String,
    /// Its name.
    pub name: String,
    /// Whether the samples operator keeps it.
    pub sample: bool,
    /// `spec.lookupPolicy.local`: pods may name a tag of it as their image.
    pub is_looked_up: bool,
    /// `status.dockerImageRepository`: where a build that outputs to a tag of it pushes; may be empty.
    pub repository: String,
    /// When OpenShift last wrote down that it has asked the registry: an import that changes nothing
    /// is not written down (openshift-apiserver `imagestreamimport/rest.go`).
    pub checked: Option<Timestamp>,
    /// By name; of two of one name the last, as for the API server. In boxes, as a map has room for
    /// eleven where most streams have one.
    pub tags: BTreeMap<String, Box<Tag>>,
}

/// A tag, of `spec`, of `status`, or of both.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tag {
    /// What it follows.
    pub from: From,
    pub reference: bool,
    /// Its index in `spec.tags`; none for one that only status has.
    pub index: Option<usize>,
    /// Whether `importPolicy` is written.
    pub has_import_policy: bool,
    /// Whether `annotations` is written.
    pub has_annotations: bool,
    pub scheduled: bool,
    /// `PreserveOriginal`: a list of manifests is kept as it is, under its own digest.
    pub preserves: bool,
    /// Whether somebody wants it never to be scheduled.
    pub opts_out: bool,
    /// `generation` of spec: from it on an import is due.
    pub generation: i64,
    /// Newest first.
    pub items: Vec<Item>,
    /// The condition that says that an import has failed. A success takes it away.
    pub failure: Option<Failure>,
}

/// What a tag follows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum From {
    /// Nothing: it is pushed to.
    #[default]
    Pushed,
    /// An image, as written.
    Image(String),
    /// Another tag: this one is its alias.
    StreamTag {
        /// Its namespace.
        namespace: String,
        /// The stream.
        stream: String,
        /// The tag.
        tag: String,
    },
    /// One image of a stream, for good.
    StreamImage(String),
}

/// An image that a tag has shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Item {
    /// Its digest; empty for a reference.
    pub digest: String,
    /// Where pods pull it, of a reference, which has no digest.
    pub pull_spec: String,
    pub created: Option<Timestamp>,
    pub generation: i64,
}

/// A condition `ImportSuccess: False`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    pub reason: String,
    pub message: String,
    pub generation: i64,
    /// Of the first of equal failures, not of the last.
    pub since: Option<Timestamp>,
}

impl Stream {
    /// Reads one.
    pub fn read(json: &str) -> Result<Self, serde_json::Error> {
        let View {
            metadata,
            spec,
            status,
        } = serde_json::from_str(json)?;
        let namespace = metadata.namespace;
        let mut tags: BTreeMap<String, Box<Tag>> = BTreeMap::new();
        for (index, tag) in spec.tags.into_iter().enumerate() {
            let own = (namespace.as_str(), metadata.name.as_str());
            tags.insert(tag.name.clone(), Box::new(tag.read(index, own)));
        }
        for status in status.tags {
            let tag = tags.entry(status.tag).or_default();
            tag.items = status.items.into_iter().take(KEPT).map(Item::of).collect();
            let mut conditions = status.conditions.into_iter();
            tag.failure = conditions
                .find(|c| c.kind == "ImportSuccess" && c.status == "False")
                .map(|c| Failure {
                    reason: c.reason,
                    message: c.message,
                    generation: c.generation,
                    since: c.since,
                });
        }
        Ok(Self {
            namespace,
            name: metadata.name,
            sample: metadata.labels.sample == "true",
            is_looked_up: spec.lookup_policy.local,
            repository: status.docker_image_repository,
            checked: metadata.annotations.checked,
            tags,
        })
    }
}

impl Tag {
    /// The image that it shows.
    pub fn newest(&self) -> Option<&Item> {
        self.items.first()
    }

    /// How many images ago it showed a digest; 0 is now.
    pub fn age_of(&self, digest: &str) -> Option<usize> {
        self.items.iter().position(|item| item.digest == digest)
    }
}

impl SpecTag {
    fn read(self, index: usize, (namespace, stream): (&str, &str)) -> Tag {
        let has_import_policy = self.import_policy.is_some();
        let import_policy = self.import_policy.unwrap_or_default();
        let from = self.from.unwrap_or_default();
        let own_or = |written: String| {
            if written.is_empty() {
                namespace.to_owned()
            } else {
                written
            }
        };
        let from = match from.kind.as_str() {
            "DockerImage" => From::Image(from.name),
            // A tag alone is one of the same stream.
            "ImageStreamTag" => {
                let (of, tag) = from.name.split_once(':').unwrap_or((stream, &from.name));
                From::StreamTag {
                    namespace: own_or(from.namespace),
                    stream: of.to_owned(),
                    tag: tag.to_owned(),
                }
            }
            "ImageStreamImage" => From::StreamImage(from.name),
            _ => From::Pushed,
        };
        Tag {
            from,
            reference: self.reference,
            index: Some(index),
            has_import_policy,
            has_annotations: self.annotations.is_some(),
            scheduled: import_policy.scheduled,
            preserves: import_policy.import_mode == "PreserveOriginal",
            opts_out: self
                .annotations
                .as_ref()
                .and_then(|all| all.get(opt_out::TAG_ANNOTATION))
                .is_some_and(|value| value == "false"),
            generation: self.generation,
            items: Vec::new(),
            failure: None,
        }
    }
}

impl Item {
    fn of(view: ItemView) -> Self {
        Self {
            pull_spec: if view.image.is_empty() {
                view.docker_image_reference
            } else {
                String::new()
            },
            digest: view.image,
            created: view.created,
            generation: view.generation,
        }
    }
}

#[derive(Deserialize)]
struct View {
    metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    spec: Spec,
    #[serde(default, deserialize_with = "nullable")]
    status: Status,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(default)]
    namespace: String,
    name: String,
    #[serde(default, deserialize_with = "nullable")]
    annotations: Annotations,
    #[serde(default, deserialize_with = "nullable")]
    labels: Labels,
}

#[derive(Default, Deserialize)]
struct Annotations {
    #[serde(
        default,
        rename = "openshift.io/image.dockerRepositoryCheck",
        deserialize_with = "time"
    )]
    checked: Option<Timestamp>,
}

#[derive(Default, Deserialize)]
struct Labels {
    #[serde(default, rename = "samples.operator.openshift.io/managed")]
    sample: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spec {
    #[serde(default, deserialize_with = "nullable")]
    lookup_policy: LookupPolicy,
    #[serde(default, deserialize_with = "nullable")]
    tags: Vec<SpecTag>,
}

#[derive(Default, Deserialize)]
struct LookupPolicy {
    #[serde(default, deserialize_with = "nullable")]
    local: bool,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpecTag {
    #[serde(default, deserialize_with = "nullable")]
    name: String,
    annotations: Option<BTreeMap<String, String>>,
    from: Option<Reference>,
    #[serde(default, deserialize_with = "nullable")]
    reference: bool,
    #[serde(default, deserialize_with = "nullable")]
    generation: i64,
    import_policy: Option<ImportPolicy>,
}

#[derive(Default, Deserialize)]
struct Reference {
    #[serde(default, deserialize_with = "nullable")]
    kind: String,
    #[serde(default, deserialize_with = "nullable")]
    namespace: String,
    #[serde(default, deserialize_with = "nullable")]
    name: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ImportPolicy {
    #[serde(default, deserialize_with = "nullable")]
    scheduled: bool,
    #[serde(default, deserialize_with = "nullable")]
    import_mode: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default, deserialize_with = "nullable")]
    docker_image_repository: String,
    #[serde(default, deserialize_with = "nullable")]
    tags: Vec<StatusTag>,
}

#[derive(Default, Deserialize)]
struct StatusTag {
    #[serde(default, deserialize_with = "nullable")]
    tag: String,
    #[serde(default, deserialize_with = "nullable")]
    items: Vec<ItemView>,
    #[serde(default, deserialize_with = "nullable")]
    conditions: Vec<ConditionView>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct ItemView {
    #[serde(default, deserialize_with = "nullable")]
    image: String,
    #[serde(default, deserialize_with = "nullable")]
    docker_image_reference: String,
    #[serde(default, deserialize_with = "time")]
    created: Option<Timestamp>,
    #[serde(default, deserialize_with = "nullable")]
    generation: i64,
}

#[derive(Default, Deserialize)]
struct ConditionView {
    #[serde(default, rename = "type", deserialize_with = "nullable")]
    kind: String,
    #[serde(default, deserialize_with = "nullable")]
    status: String,
    #[serde(default, deserialize_with = "nullable")]
    reason: String,
    #[serde(default, deserialize_with = "nullable")]
    message: String,
    #[serde(default, deserialize_with = "nullable")]
    generation: i64,
    #[serde(default, rename = "lastTransitionTime", deserialize_with = "time")]
    since: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spec_and_status_are_one_tag() {
        let stream = Stream::read(
            r#"{"metadata":{"name":"app","namespace":"snow","annotations":{
                "openshift.io/image.dockerRepositoryCheck":"2026-01-01T00:00:00Z"}},
              "spec":{"lookupPolicy":{"local":false},"tags":[
                {"name":"latest","annotations":null,"from":{"kind":"DockerImage","name":"u/a:latest"},"generation":2,
                 "importPolicy":{"scheduled":true,"importMode":"Legacy"},"referencePolicy":{"type":"Source"}},
                {"name":"prod","from":{"kind":"ImageStreamTag","name":"latest"},"generation":null,"importPolicy":{}}]},
              "status":{"dockerImageRepository":"","tags":[
                {"tag":"latest","items":[{"created":"2026-01-01T00:00:00Z","dockerImageReference":"u/a@sha256:1",
                  "image":"sha256:1","generation":2}]},
                {"tag":"pushed","items":null,"conditions":[{"type":"ImportSuccess","status":"False",
                  "lastTransitionTime":"2026-01-01T00:00:00Z","reason":"NotFound","message":"no","generation":3}]}]}}"#,
        )
        .unwrap();
        let latest = &stream.tags["latest"];
        assert!(latest.scheduled && latest.age_of("sha256:1") == Some(0));
        let alias = From::StreamTag {
            namespace: "snow".to_owned(),
            stream: "app".to_owned(),
            tag: "latest".to_owned(),
        };
        assert_eq!(stream.tags["prod"].from, alias);
        let pushed = &stream.tags["pushed"];
        assert_eq!(pushed.from, From::Pushed);
        assert_eq!(pushed.failure.as_ref().unwrap().reason, "NotFound");
    }
}
