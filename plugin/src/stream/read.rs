//! Views of an ImageStream's tags. Every field may be absent.

use extreg_cluster::{Cluster, Json as _, Kind, Object, ObjectRef};
use extreg_core::object::opt_out;
use serde_json::Value;

use crate::error::Error;

/// An ImageStream as read.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stream(Object);

/// A tag of `spec`: its source and policies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SpecTag<'a>(&'a Value);

/// The source of a tag: its `from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin<'a> {
    /// An image in a registry.
    Image(&'a str),
    /// A fixed image of a stream.
    StreamImage(&'a str),
    /// Another tag: this one is its alias.
    StreamTag(&'a str),
    /// No source: it was pushed to.
    None,
}

/// The result of the import that a write of a tag requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Arrival<'a> {
    /// The image import controller has not processed it yet.
    Pending,
    /// The tag shows this image.
    Imported(Shown<'a>),
    /// The registry or the cluster refused.
    Failed {
        /// The API's reason.
        reason: &'a str,
        /// The registry's message.
        message: &'a str,
    },
}

/// The newest image of a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shown<'a> {
    /// Its digest; empty for a tag that is never imported.
    pub(crate) digest: &'a str,
    /// The reference to pull it with.
    pub(crate) pull_spec: &'a str,
}

impl Stream {
    /// Reads a stream; `None` if it does not exist.
    ///
    /// # Errors
    /// The API server's error; [`Error::Failed`] if it does not serve ImageStreams.
    pub(crate) async fn read(
        cluster: &Cluster,
        namespace: &str,
        name: &str,
    ) -> Result<Option<Self>, Error> {
        let reference = ObjectRef::new(Kind::IMAGE_STREAM, namespace, name);
        if let Some(object) = cluster.get(&reference).await? {
            return Ok(Some(Self(object)));
        }
        if cluster.serves(Kind::IMAGE_STREAM).await? {
            return Ok(None);
        }
        Err(Error::failed(format!(
            "the cluster does not serve {} ({}): it is not OpenShift, or the capability is \
             disabled",
            Kind::IMAGE_STREAM.plural,
            Kind::IMAGE_STREAM.api_version(),
        )))
    }

    /// From a body, such as that of an answer.
    pub(crate) const fn new(body: Value) -> Self {
        Self(Object {
            kind: Kind::IMAGE_STREAM,
            body,
        })
    }

    /// The complete object.
    pub(crate) const fn object(&self) -> &Object {
        &self.0
    }

    /// Whether a label opts the stream out of all changes by policies.
    pub(crate) fn opts_out(&self) -> bool {
        self.0
            .body
            .pointer("/metadata/labels")
            .and_then(|labels| labels.get(opt_out::LABEL)?.as_str())
            == Some("true")
    }

    /// A tag of `spec`. Of two with the same name the last counts, as in the API server.
    pub(crate) fn spec_tag(&self, tag: &str) -> Option<SpecTag<'_>> {
        self.0
            .list("/spec/tags")
            .rev()
            .find(|entry| entry.text("/name") == tag)
            .map(SpecTag)
    }

    /// The names of the tags of `spec`, sorted.
    pub(crate) fn spec_tags(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .0
            .list("/spec/tags")
            .map(|tag| tag.text("/name"))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Whether the tag exists: it follows a source, or was pushed to.
    pub(crate) fn has_tag(&self, tag: &str) -> bool {
        self.spec_tag(tag).is_some() || self.status(tag).is_some()
    }

    /// The newest image of a tag.
    pub(crate) fn shown(&self, tag: &str) -> Option<Shown<'_>> {
        self.items(tag).next()
    }

    /// Every image that any tag has had, newest first for each.
    pub(crate) fn history(&self) -> impl Iterator<Item = Shown<'_>> {
        self.0
            .list("/status/tags")
            .flat_map(|status| self.items(status.text("/tag")))
    }

    /// Why the last import of a tag failed, if it did. A success removes the condition.
    pub(crate) fn failure(&self, tag: &str) -> Option<&str> {
        let failed = self.conditions(tag).find(|c| is_failure(c));
        failed.map(|condition| condition.text("/message"))
    }

    /// The result of the last import of a tag: of its generation in `spec`, which the API server sets for each change
    /// that requires an import (openshift-apiserver `pkg/image/apiserver/registry/imagestream/strategy.go`
    /// `updateSpecTagGenerationsForUpdate`). `None` for a tag that is not imported.
    pub(crate) fn arrival(&self, tag: &str) -> Option<Arrival<'_>> {
        let spec = self.spec_tag(tag)?;
        let wanted = generation(spec.0).filter(|wanted| *wanted > 0)?;
        if spec.is_reference() || !matches!(spec.origin(), Origin::Image(_)) {
            return None;
        }
        let is_current = |value: &Value| generation(value).is_some_and(|it| it >= wanted);
        let failed = self
            .conditions(tag)
            .find(|c| is_failure(c) && is_current(c));
        if let Some(condition) = failed {
            return Some(Arrival::Failed {
                reason: condition.text("/reason"),
                message: condition.text("/message"),
            });
        }
        let newest = self
            .status(tag)
            .and_then(|status| status.list("/items").next());
        Some(
            match (newest.filter(|item| is_current(item)), self.shown(tag)) {
                (Some(_), Some(shown)) => Arrival::Imported(shown),
                _ => Arrival::Pending,
            },
        )
    }

    fn conditions(&self, tag: &str) -> impl Iterator<Item = &Value> {
        let status = self.status(tag).into_iter();
        status.flat_map(|status| status.list("/conditions"))
    }

    fn items(&self, tag: &str) -> impl Iterator<Item = Shown<'_>> {
        let status = self.status(tag).into_iter();
        status
            .flat_map(|status| status.list("/items"))
            .map(|item| Shown {
                digest: item.text("/image"),
                pull_spec: item.text("/dockerImageReference"),
            })
    }

    fn status(&self, tag: &str) -> Option<&Value> {
        self.0
            .list("/status/tags")
            .find(|status| status.text("/tag") == tag)
    }
}

impl<'a> SpecTag<'a> {
    /// The complete entry.
    pub(crate) const fn body(self) -> &'a Value {
        self.0
    }

    /// Its source.
    pub(crate) fn origin(self) -> Origin<'a> {
        let name = self.0.text("/from/name");
        match self.0.text("/from/kind") {
            "DockerImage" => Origin::Image(name),
            "ImageStreamImage" => Origin::StreamImage(name),
            "ImageStreamTag" => Origin::StreamTag(name),
            _ => Origin::None,
        }
    }

    /// The namespace of the stream that it follows; empty for its own.
    pub(crate) fn origin_namespace(self) -> &'a str {
        self.0.text("/from/namespace")
    }

    /// Whether it is imported on schedule.
    pub(crate) fn is_scheduled(self) -> bool {
        is_true(self.0, "/importPolicy/scheduled")
    }

    /// Whether its registry may use plain HTTP or any certificate.
    pub(crate) fn is_insecure(self) -> bool {
        is_true(self.0, "/importPolicy/insecure")
    }

    /// Whether it is only a reference, which is never imported.
    pub(crate) fn is_reference(self) -> bool {
        is_true(self.0, "/reference")
    }

    /// The part of a manifest list that is imported; empty for the cluster's default.
    pub(crate) fn import_mode(self) -> &'a str {
        self.0.text("/importPolicy/importMode")
    }

    /// The source of pulls by pods; empty for the default, which is `Source`.
    pub(crate) fn reference_policy(self) -> &'a str {
        self.0.text("/referencePolicy/type")
    }

    /// Whether an annotation forbids a schedule.
    pub(crate) fn opts_out(self) -> bool {
        self.0
            .get("annotations")
            .and_then(|all| all.get(opt_out::TAG_ANNOTATION)?.as_str())
            == Some("false")
    }
}

fn generation(value: &Value) -> Option<i64> {
    value.get("generation")?.as_i64()
}

fn is_failure(condition: &Value) -> bool {
    condition.text("/type") == "ImportSuccess" && condition.text("/status") == "False"
}

fn is_true(value: &Value, pointer: &str) -> bool {
    value.pointer(pointer) == Some(&Value::Bool(true))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn stream_with_missing_fields_is_read() {
        let empty = Stream::new(json!({"spec": {"tags": null}, "status": {}}));
        assert!(empty.spec_tags().is_empty() && empty.spec_tag("a").is_none());
        assert!(empty.shown("a").is_none() && empty.failure("a").is_none());
        assert!(!empty.opts_out());

        let stream = Stream::new(json!({
            "metadata": {"labels": {"extreg.io/ignore": "true"}},
            "spec": {"tags": [
                {"name": "b", "from": {"kind": "DockerImage", "name": "first"}},
                {"name": "a", "annotations": null},
                {"name": "b", "from": {"kind": "DockerImage", "name": "last"},
                 "importPolicy": {"scheduled": true}, "annotations": {"extreg.io/scheduled": "false"}},
            ]},
            "status": {"tags": [
                {"tag": "b", "items": [{"image": "sha256:1", "dockerImageReference": "d@sha256:1"}, {"image": "sha256:0"}]},
                {"tag": "c", "items": null, "conditions": [
                    {"type": "ImportSuccess", "status": "False", "message": "no"}]},
            ]},
        }));
        assert!(stream.opts_out());
        assert_eq!(stream.spec_tags(), ["a", "b"]);
        let tag = stream.spec_tag("b").unwrap();
        assert_eq!(tag.origin(), Origin::Image("last"));
        assert!(tag.is_scheduled() && tag.opts_out() && !tag.is_reference());
        assert_eq!(stream.spec_tag("a").unwrap().origin(), Origin::None);
        assert_eq!(stream.shown("b").unwrap().pull_spec, "d@sha256:1");
        assert_eq!(stream.history().count(), 2);
        assert_eq!(stream.failure("c"), Some("no"));
        assert_eq!(stream.failure("b"), None);
    }

    #[test]
    fn an_import_counts_from_the_generation_of_its_tag() {
        let arrival = |generation: &Value, status: Value| {
            let stream = Stream::new(json!({
                "spec": {"tags": [{"name": "v1", "generation": generation,
                    "from": {"kind": "DockerImage", "name": "docker.io/u/a:v1"}}]},
                "status": {"tags": [status]},
            }));
            match stream.arrival("v1") {
                None => "none".to_owned(),
                Some(Arrival::Pending) => "pending".to_owned(),
                Some(Arrival::Imported(shown)) => shown.digest.to_owned(),
                Some(Arrival::Failed { reason, .. }) => reason.to_owned(),
            }
        };
        let item = |generation: u8| json!({"image": format!("sha256:{generation}"), "generation": generation});
        let failed = |generation: u8| {
            json!([{"type": "ImportSuccess", "status": "False", "reason": "NotFound",
                "generation": generation}])
        };
        for (generation, status, expected) in [
            (
                json!(3),
                json!({"tag": "v1", "items": [item(3)]}),
                "sha256:3",
            ),
            (
                json!(3),
                json!({"tag": "v1", "items": [item(2)]}),
                "pending",
            ),
            (
                json!(3),
                json!({"tag": "v1", "items": [item(2)], "conditions": failed(3)}),
                "NotFound",
            ),
            (
                json!(3),
                json!({"tag": "v1", "items": [item(3)], "conditions": failed(2)}),
                "sha256:3",
            ),
            (
                json!(3),
                json!({"tag": "v1", "items": null, "conditions": null}),
                "pending",
            ),
            (json!(3), json!({"tag": "other"}), "pending"),
            (json!(0), json!({"tag": "v1", "items": [item(1)]}), "none"),
            (Value::Null, json!({}), "none"),
        ] {
            assert_eq!(arrival(&generation, status.clone()), expected, "{status}");
        }
    }
}
