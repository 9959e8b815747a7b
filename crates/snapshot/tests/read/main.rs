//! The reader: the images found in objects of every kind, and their meaning.
#![cfg(test)]

mod credentials;
mod fields;
mod injections;
mod progress;
mod properties;
mod sample;
mod schema;
mod streams;
mod together;
mod workloads;

use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::Origin;
use extreg_snapshot::read::{ReadOptions, Reader};
use extreg_snapshot::{ImageUse, Snapshot};
use serde_json::Value;

/// The kind of an object, by its content.
fn kind_of(object: &Value) -> Option<Kind> {
    Kind::of(object["apiVersion"].as_str()?, object["kind"].as_str()?)
}

/// Documents of YAML.
fn yaml(text: &str) -> Vec<Value> {
    serde_saphyr::from_multiple(text).unwrap()
}

/// Reads objects as those of a cluster.
fn reader(objects: &[Value]) -> Reader {
    let mut reader = Reader::new(ReadOptions::default());
    for object in objects {
        let kind = kind_of(object).unwrap();
        reader
            .read(kind, &object.to_string(), Origin::Cluster, "")
            .unwrap();
    }
    reader
}

fn read(objects: &[Value]) -> Snapshot {
    reader(objects).finish(String::new())
}

fn read_yaml(text: &str) -> Snapshot {
    read(&yaml(text))
}

/// `Kind/name[part] field = written`, and the meaning.
fn describe_use(found: &ImageUse) -> String {
    let ImageUse {
        place,
        role,
        image,
        meaning,
        owned,
    } = found;
    let part = if place.part.is_empty() {
        String::new()
    } else {
        format!("[{}]", place.part)
    };
    let owned = if *owned { " copy" } else { "" };
    let digest = image
        .digest
        .split_once(':')
        .map_or("", |(_, hex)| hex.get(..4).unwrap_or(hex));
    format!(
        "{} {}/{}{part} {} = {:?} {} {meaning:?} {}|{}|{digest}{owned}",
        place.object.namespace,
        place.object.kind.api().kind,
        place.object.name,
        place.field,
        image.written,
        role.word(),
        image.registry,
        image.repository,
    )
}

fn uses(snapshot: &Snapshot) -> Vec<String> {
    snapshot.uses.iter().map(describe_use).collect()
}
