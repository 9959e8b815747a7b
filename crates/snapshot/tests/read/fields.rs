//! Every field that holds an image is found, and nothing else.
//!
//! The objects mark the expected results themselves: a reference on `found.example` if an image is
//! in use, one on `other.example` if a string only looks like one, or is history.

use std::collections::BTreeSet;

use extreg_snapshot::kind::Kind;
use serde_json::Value;

use super::{kind_of, read, yaml};

const OBJECTS: &str = include_str!("../data/fields.yaml");

/// Kinds that name no image.
const NONE: [Kind; 11] = [
    Kind::ClusterImagePolicy,
    Kind::ImageConfig,
    Kind::ImageContentSourcePolicy,
    Kind::ImageDigestMirrorSet,
    Kind::ImagePolicy,
    Kind::ImageTagMirrorSet,
    Kind::MutatingWebhookConfiguration,
    Kind::Namespace,
    Kind::RegistryPolicy,
    Kind::Secret,
    Kind::ServiceAccount,
];

#[test]
fn every_kind_that_names_images_is_read() {
    let mut kinds: BTreeSet<Kind> = yaml(OBJECTS).iter().filter_map(kind_of).collect();
    kinds.extend(NONE);
    assert_eq!(kinds, Kind::ALL.into_iter().collect());
}

#[test]
fn only_fields_with_images_are_found() {
    for object in yaml(OBJECTS) {
        let mut wanted = BTreeSet::new();
        walk(&object, "", &mut wanted);
        assert!(!wanted.is_empty(), "{object}");
        let found: BTreeSet<(String, String)> = read(std::slice::from_ref(&object))
            .uses
            .iter()
            .map(|found| {
                (
                    found.place.field.to_string(),
                    found.image.written.to_string(),
                )
            })
            .collect();
        assert_eq!(
            found, wanted,
            "{} {}",
            object["kind"], object["metadata"]["name"]
        );
    }
}

/// Strings on `found.example` with their field; those of a Dockerfile, line by line.
fn walk(value: &Value, path: &str, found: &mut BTreeSet<(String, String)>) {
    match value {
        Value::String(text) => {
            for word in text.split_whitespace() {
                let word = word.rsplit_once("from=").map_or(word, |(_, image)| image);
                if word.starts_with("found.example/") {
                    found.insert((path.to_owned(), word.to_owned()));
                }
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{path}[{index}]"), found);
            }
        }
        Value::Object(members) => {
            for (name, member) in members {
                let dot = if path.is_empty() { "" } else { "." };
                walk(member, &format!("{path}{dot}{name}"), found);
            }
        }
        _ => {}
    }
}
