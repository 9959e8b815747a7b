//! What a patch can change in an object, with any content.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test panics to fail")]

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::properties::{cases, object, world};
use crate::world::Write;

/// Every path that a patch can have, `0` standing for any index.
const ALLOWED: [&str; 13] = [
    "/spec/output/pushSecret",
    "/spec/strategy/dockerStrategy/pullSecret",
    "/spec/strategy/sourceStrategy/pullSecret",
    "/spec/strategy/customStrategy/pullSecret",
    "/spec/source/images/0/pullSecret",
    "/spec/tags/0/importPolicy",
    "/spec/tags/0/importPolicy/scheduled",
    "/tag/importPolicy",
    "/tag/importPolicy/scheduled",
    "/spec/importPolicy",
    "/spec/importPolicy/scheduled",
    "/spec/images/0/importPolicy/scheduled",
    "/spec/repository/importPolicy/scheduled",
];

fn is_allowed(path: &str) -> bool {
    let parts = path.split('/').map(|part| match part.parse::<usize>() {
        Ok(_) => "0",
        Err(_) => part,
    });
    let path = parts.collect::<Vec<_>>().join("/");
    let parent = format!("{path}/scheduled");
    ALLOWED.contains(&path.as_str()) || ALLOWED.contains(&parent.as_str())
}

/// Fields that no version of OpenShift has yet, in every object of a value.
fn with_future_fields(value: &mut Value, number: &mut u32) {
    match value {
        Value::Object(members) => {
            members
                .values_mut()
                .for_each(|member| with_future_fields(member, number));
            *number += 1;
            members.insert(
                format!("future{number}"),
                json!({"n": *number, "list": [null, 0.5, "é\n"]}),
            );
        }
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| with_future_fields(item, number)),
        _ => {}
    }
}

/// RFC 6902 as far as our patches use it, written from the RFC alone and without the library that the product uses:
/// `add` to an object sets a member (section 4.1); the target's parent must exist.
fn add_by_the_rfc(document: &mut Value, patch: &Value) {
    for operation in patch.as_array().unwrap() {
        assert_eq!(operation["op"], "add");
        let path = operation["path"].as_str().unwrap();
        let mut tokens: Vec<String> = path
            .split('/')
            .skip(1)
            .map(|token| token.replace("~1", "/").replace("~0", "~"))
            .collect();
        let last = tokens.pop().unwrap();
        let mut target = &mut *document;
        for token in tokens {
            target = match target {
                Value::Object(members) => members.get_mut(&token).unwrap(),
                Value::Array(items) => items.get_mut(token.parse::<usize>().unwrap()).unwrap(),
                other => panic!("{path} leads through {other}"),
            };
        }
        let Value::Object(members) = target else {
            panic!("{path} is not a member of an object");
        };
        members.insert(last, operation["value"].clone());
    }
}

/// The document without what the patch added, its operations undone from the last to the first.
fn undone(mut document: Value, patch: &Value, before: &Value) -> Value {
    for operation in patch.as_array().unwrap().iter().rev() {
        let path = operation["path"].as_str().unwrap();
        let (parent, last) = path.rsplit_once('/').unwrap();
        let members: &mut Map<_, _> = document
            .pointer_mut(parent)
            .unwrap()
            .as_object_mut()
            .unwrap();
        match before.pointer(path) {
            // An explicit null or false counts as absent.
            Some(old @ (Value::Null | Value::Bool(false))) => {
                members.insert(last.to_owned(), old.clone());
            }
            Some(old) => assert_eq!(Some(old), members.get(last), "{path} was replaced"),
            None => {
                members.remove(last);
            }
        }
    }
    document
}

proptest! {
    #![proptest_config(cases())]

    /// Each operation adds one allowed field; two implementations agree on its effect; and the rest of the
    /// object is unchanged, including unknown fields.
    #[test]
    fn patch_adds_only_allowed_fields((resource, object) in object(), world in world()) {
        let mut object = object;
        with_future_fields(&mut object, &mut 0);
        let json = object.to_string();
        world.with(&Write::create(resource, &json), |verdict| {
            let Some(plan) = verdict.patch() else { return };
            let patch: Value = serde_json::from_str(plan.as_json()).unwrap();
            for operation in patch.as_array().unwrap() {
                let path = operation["path"].as_str().unwrap();
                assert!(is_allowed(path), "{path}");
                assert_eq!(operation.as_object().unwrap().len(), 3);
                let value = &operation["value"];
                let secret = json!({"name": "dockerhub"});
                assert!(*value == json!(true) || *value == json!({}) || *value == secret, "{value}");
            }
            let (mut one, mut other) = (object.clone(), object.clone());
            json_patch::patch(&mut one, &plan.to_patch().unwrap()).unwrap();
            add_by_the_rfc(&mut other, &patch);
            assert_eq!(one, other);
            assert_eq!(undone(one, &patch, &object), object);
        });
    }
}

/// Unusual objects, valid and invalid: no panic, and the API server decides.
#[test]
fn odd_objects_pass() {
    use extreg_core::object::Resource::{BuildConfigs, Builds, ImageStreams};
    let long = "x".repeat(253);
    let label = "y".repeat(63);
    let digest = format!("docker.io/u/a:v1@sha256:{}", "0".repeat(64));
    for (resource, object) in [
        (BuildConfigs, json!({})),
        (BuildConfigs, json!({"spec": {}})),
        (BuildConfigs, json!({"spec": {"output": {}}})),
        (BuildConfigs, json!({"spec": {"output": {"to": {}}}})),
        (
            BuildConfigs,
            json!({"spec": {"output": {"to": {"kind": "DockerImage"}}}}),
        ),
        (
            Builds,
            json!({"spec": {"strategy": {"customStrategy": {}}, "source": {"images": [{}, null]}}}),
        ),
        (
            Builds,
            json!({"spec": {"output": {"to": {"kind": "DockerImage", "name": digest}}}}),
        ),
        (
            Builds,
            json!({"metadata": {"annotations": {}, "labels": {}, "generateName": "x-"}}),
        ),
        (
            ImageStreams,
            json!({"metadata": {"name": long, "namespace": label}}),
        ),
        (ImageStreams, json!({"spec": {"tags": []}})),
        (
            ImageStreams,
            json!({"spec": {"tags": [{"name": label, "from": {"kind": "DockerImage", "name": long}}]}}),
        ),
    ] {
        let json = object.to_string();
        crate::world::World::default().outcome(&Write::create(resource, &json));
    }
}
