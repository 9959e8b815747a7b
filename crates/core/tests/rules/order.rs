//! With other mutating webhooks: the order does not matter, and the result of all of them is stable.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test panics to fail"
)]

use extreg_core::object::Resource;
use serde_json::{Value, json};

use crate::world::{World, Write};

/// A mutator: changes an object, and returns whether it did.
type Mutator = fn(Resource, &mut Value) -> bool;

fn ours(resource: Resource, object: &mut Value) -> bool {
    let json = object.to_string();
    let patch = World::default().with(&Write::create(resource, &json), |verdict| {
        verdict.patch().map(|plan| plan.to_patch().unwrap())
    });
    patch.is_some_and(|patch| {
        json_patch::patch(object, &patch).unwrap();
        true
    })
}

/// As policies that add labels do.
fn labeller(_: Resource, object: &mut Value) -> bool {
    let before = object.clone();
    object["metadata"]["labels"]["team"] = json!("shop");
    before != *object
}

/// As image swappers do: every image of one registry is replaced by another.
fn swapper(_: Resource, object: &mut Value) -> bool {
    fn walk(value: &mut Value, changed: &mut bool) {
        match value {
            Value::Object(members) => {
                let is_image = members.get("kind") == Some(&json!("DockerImage"));
                if let Some(Value::String(name)) = members.get_mut("name").filter(|_| is_image)
                    && let Some(rest) = name.strip_prefix("quay.io/")
                {
                    *name = format!("docker.io/{rest}");
                    *changed = true;
                }
                members
                    .values_mut()
                    .for_each(|member| walk(member, changed));
            }
            Value::Array(items) => items.iter_mut().for_each(|item| walk(item, changed)),
            _ => {}
        }
    }
    let mut changed = false;
    walk(object, &mut changed);
    changed
}

/// What an API server does with mutators of reinvocationPolicy IfNeeded: all in order, and then once more those that
/// came before a change (apiserver `webhook/mutating/dispatcher.go`). Counts the patches of ours.
fn admit(resource: Resource, mutators: &[Mutator], mut object: Value) -> (Value, usize) {
    let mut patches = 0;
    let mut last_change = None;
    let is_ours = |mutator: &Mutator| std::ptr::fn_addr_eq(*mutator, ours as Mutator);
    for (place, mutator) in mutators.iter().enumerate() {
        if mutator(resource, &mut object) {
            last_change = Some(place);
            patches += usize::from(is_ours(mutator));
        }
    }
    for (place, mutator) in mutators.iter().enumerate() {
        if last_change.is_some_and(|last| place < last) && mutator(resource, &mut object) {
            patches += usize::from(is_ours(mutator));
        }
    }
    (object, patches)
}

fn objects() -> Vec<(Resource, Value)> {
    let from = |name: &str| json!({"kind": "DockerImage", "name": name});
    vec![
        (
            Resource::BuildConfigs,
            json!({"metadata": {"name": "a"}, "spec": {"output": {"to": from("quay.io/u/a")}}}),
        ),
        (
            Resource::Builds,
            json!({"metadata": {"name": "a"}, "spec": {"output": {"to": from("docker.io/u/a")}}}),
        ),
        (
            Resource::ImageStreams,
            json!({"metadata": {"name": "a"}, "spec": {"tags": [
            {"name": "1", "from": from("quay.io/u/a")}, {"name": "2", "from": from("docker.io/u/b")},
            {"name": "3", "from": from("ghcr.io/u/b"), "importPolicy": {"importMode": "PreserveOriginal"}}]}}),
        ),
        (
            Resource::ImageStreamTags,
            json!({"metadata": {"name": "a:1"}, "tag": {"name": "1", "from": from("quay.io/u/a")}}),
        ),
    ]
}

#[test]
fn every_order_of_three_mutators_gives_one_stable_object() {
    let [a, b, c]: [Mutator; 3] = [ours, labeller, swapper];
    for (resource, object) in objects() {
        let orders = [
            [a, b, c],
            [a, c, b],
            [b, a, c],
            [b, c, a],
            [c, a, b],
            [c, b, a],
        ];
        let mut results = orders
            .iter()
            .map(|order| admit(resource, order, object.clone()));
        let (first, _) = results.next().unwrap();
        assert!(first.to_string().contains("docker.io") && !first.to_string().contains("quay.io"));
        for (other, patches) in results {
            assert_eq!(other, first, "{resource:?}");
            assert!(patches <= 2, "{resource:?}: {patches}");
        }
        // Written again, as a second round or another request does: nothing changes.
        for order in orders {
            assert_eq!(admit(resource, &order, first.clone()), (first.clone(), 0));
        }
    }
}
