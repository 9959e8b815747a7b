//! The tags of an existing ImageStream: setup owns the tags that it created.

use extreg_cluster::{Json as _, Kind, Object, applied_tags};
use serde_json::Value;

use crate::stream::StreamTag;

/// A tag that another tool created and that follows another image than in `desired`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ForeignTag {
    /// The tag.
    pub(crate) name: StreamTag,
    /// The image that it follows; empty if it was pushed to.
    pub(crate) follows: String,
}

/// The tag of `desired` that setup does not own in `current`, if any.
pub(crate) fn foreign(desired: &Object, current: &Object) -> Option<ForeignTag> {
    if desired.kind != Kind::IMAGE_STREAM {
        return None;
    }
    let own = applied_tags(&current.body);
    tags(desired).find_map(|wanted| {
        let is_same = |tag: &&Value| tag["name"] == wanted["name"];
        let tag = tags(current).find(is_same)?;
        let is_ours = own.iter().any(|tag| is_same(&tag));
        if is_ours || from(tag) == from(wanted) {
            return None;
        }
        Some(ForeignTag {
            name: StreamTag::new(desired.text("/metadata/name"), name(tag)),
            follows: from(tag).1.to_owned(),
        })
    })
}

/// The names of the tags of a stream that are not in `desired`, sorted.
pub(crate) fn unrequested<'a>(desired: &Object, stream: &'a Object) -> Vec<&'a str> {
    let is_wanted = |tag: &Value| tags(desired).any(|wanted| wanted["name"] == tag["name"]);
    let mut names: Vec<&str> = tags(stream)
        .filter(|tag| !is_wanted(tag))
        .map(name)
        .collect();
    names.sort_unstable();
    names
}

fn tags(stream: &Object) -> impl Iterator<Item = &Value> {
    stream.list("/spec/tags")
}

fn name(tag: &Value) -> &str {
    tag["name"].as_str().unwrap_or_default()
}

fn from(tag: &Value) -> (&str, &str) {
    (tag.text("/from/kind"), tag.text("/from/name"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn stream(tags: &[(&str, &str)], applied: &[&str]) -> Object {
        let entries: Vec<Value> = tags
            .iter()
            .map(|(name, image)| json!({"name": name, "from": {"kind": "DockerImage", "name": image}}))
            .collect();
        let mut stream = Object::new(
            Kind::IMAGE_STREAM,
            "snow",
            "app",
            json!({"spec": {"tags": entries}}),
        );
        let mut fields = json!({});
        for tag in applied {
            fields[format!("k:{{\"name\":\"{tag}\"}}")] = json!({"f:name": {}, "f:from": {}});
        }
        stream.body["metadata"]["managedFields"] = json!([{"manager": "oc-extreg",
            "operation": "Apply", "fieldsV1": {"f:spec": {"f:tags": fields}}}]);
        stream
    }

    #[test]
    fn tag_of_another_tool_with_another_image_is_foreign() {
        let desired = stream(&[("v1", "u/a:v1")], &[]);
        for (current, expected) in [
            (stream(&[("v1", "u/a:v1")], &[]), None),
            (stream(&[("v1", "o/b:v1")], &["v1"]), None),
            (stream(&[("v2", "o/b:v1")], &[]), None),
            (stream(&[("v1", "o/b:v1")], &["v2"]), Some("o/b:v1")),
        ] {
            let found = foreign(&desired, &current).map(|tag| tag.follows);
            assert_eq!(found.as_deref(), expected, "{:?}", current.body);
        }
    }

    #[test]
    fn unrequested_tags_are_listed() {
        let desired = stream(&[("v1", "u/a:v1")], &[]);
        let current = stream(&[("v2", "x"), ("v1", "y"), ("a", "z")], &["v2"]);
        assert_eq!(unrequested(&desired, &current), ["a", "v2"]);
    }
}
