//! The bundle and the catalog, by the rules that the pipelines of OperatorHub check: operator-framework/api
//! `pkg/validation`, operator-pipelines `operatorcert/static_tests`, operator-registry `alpha/declcfg`.
#![cfg(test)]

mod bundle;
mod catalog;
mod csv;

use std::collections::BTreeMap;

use extreg_packaging::{Release, olm};
use serde_json::Value;

/// A release with digests that are not zeros.
fn release() -> Release {
    let pinned = |name: &str, digit: &str| {
        let image = format!("quay.io/acme/{name}@sha256:{}", digit.repeat(64));
        image.parse().unwrap()
    };
    Release {
        image: pinned("webhook", "a"),
        bundle: pinned("bundle", "b"),
        created: Some("2026-11-30T12:00:00Z".parse().unwrap()),
    }
}

/// The files of the release, by name.
fn files() -> BTreeMap<String, String> {
    let files = olm::olm(&release()).unwrap().into_iter();
    files.map(|file| (file.name, file.content)).collect()
}

fn yaml(text: &str) -> Value {
    serde_saphyr::from_str(text).unwrap()
}

/// The objects in the folder `manifests` of the bundle, by file.
fn manifests() -> BTreeMap<String, Value> {
    let files = files().into_iter();
    files
        .filter(|(name, _)| name.starts_with("olm/bundle/manifests/"))
        .map(|(name, content)| (name, yaml(&content)))
        .collect()
}

/// The only object of a kind in the bundle.
fn the(kind: &str) -> Value {
    let mut found: Vec<Value> = manifests()
        .into_values()
        .filter(|object| object["kind"] == kind)
        .collect();
    assert_eq!(found.len(), 1, "{kind}");
    found.remove(0)
}

fn csv() -> Value {
    the("ClusterServiceVersion")
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    let found = value.pointer(pointer).and_then(Value::as_str);
    found.unwrap_or_else(|| panic!("{pointer} is not a text"))
}

fn list<'a>(value: &'a Value, pointer: &str) -> &'a [Value] {
    let found = value.pointer(pointer).and_then(Value::as_array);
    found.unwrap_or_else(|| panic!("{pointer} is not a list"))
}

/// A semantic version with three numbers.
fn is_version(text: &str) -> bool {
    let parts: Vec<&str> = text.split('.').collect();
    parts.len() == 3
        && parts.iter().all(|part| {
            part.parse::<u32>()
                .is_ok_and(|number| number.to_string() == *part)
        })
}
