//! The fields of an object that this program owns, as the server tracks them for server-side apply.

use serde_json::{Map, Value};

use crate::MANAGER;

/// The fields of `object` that this program has set by server-side apply, with their present values:
/// an apply that leaves one of them out removes it (`metadata.managedFields`, structured-merge-diff
/// `value/serialize-pe.go`). Null if it has set none.
pub(crate) fn applied(object: &Value) -> Value {
    let entries = object
        .pointer("/metadata/managedFields")
        .and_then(Value::as_array);
    let ours = entries.into_iter().flatten().filter(|entry| {
        entry["manager"] == MANAGER
            && entry["operation"] == "Apply"
            && entry.get("subresource").is_none()
    });
    ours.filter_map(|entry| entry.get("fieldsV1")?.as_object())
        .fold(Value::Null, |all, fields| {
            merge(all, extract(object, fields))
        })
}

/// The entries of `spec.tags` of an ImageStream that this program has applied, each with the fields
/// that it has applied.
pub fn applied_tags(stream: &Value) -> Vec<Value> {
    match applied(stream).pointer_mut("/spec/tags").map(Value::take) {
        Some(Value::Array(tags)) => tags,
        _ => Vec::new(),
    }
}

/// The part of a value that a set of fields selects. An empty set is the whole value.
fn extract(value: &Value, fields: &Map<String, Value>) -> Value {
    if fields.is_empty() {
        return value.clone();
    }
    let parts = fields.iter().filter_map(|(path, below)| {
        let (how, name) = path.split_once(':')?;
        Some((how, name, below.as_object()?))
    });
    match value {
        Value::Object(map) => parts
            .filter(|(how, _, _)| *how == "f")
            .filter_map(|(_, name, below)| Some((name.to_owned(), extract(map.get(name)?, below))))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => parts
            .filter_map(|(how, name, below)| {
                let wanted: Value = serde_json::from_str(name).ok()?;
                match how {
                    "k" => {
                        let item = items.iter().find(|item| has(item, &wanted))?;
                        Some(merge(wanted, extract(item, below)))
                    }
                    "v" => items.contains(&wanted).then_some(wanted),
                    _ => None,
                }
            })
            .collect(),
        _ => Value::Null,
    }
}

/// Whether an item of a list has the values of a key.
fn has(item: &Value, key: &Value) -> bool {
    key.as_object().is_some_and(|key| {
        key.iter()
            .all(|(name, value)| item.get(name) == Some(value))
    })
}

/// Merges two parts of one value; in lists, whose items have keys, the items of both.
fn merge(first: Value, second: Value) -> Value {
    match (first, second) {
        (Value::Object(mut first), Value::Object(second)) => {
            for (name, value) in second {
                let before = first.remove(&name).unwrap_or(Value::Null);
                first.insert(name, merge(before, value));
            }
            Value::Object(first)
        }
        (Value::Array(mut first), Value::Array(second)) => {
            for item in second {
                if !first.contains(&item) {
                    first.push(item);
                }
            }
            Value::Array(first)
        }
        (first, Value::Null) => first,
        (_, second) => second,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// As the API server returns it after an apply of `v1` and an update of another manager.
    fn stream() -> Value {
        json!({
            "apiVersion": "image.openshift.io/v1",
            "kind": "ImageStream",
            "metadata": {
                "name": "app", "namespace": "snow",
                "labels": {"app.kubernetes.io/name": "app", "theirs": "x"},
                "managedFields": [
                    {"manager": "oc-extreg", "operation": "Apply", "fieldsV1": {
                        "f:metadata": {"f:labels": {"f:app.kubernetes.io/name": {}}},
                        "f:spec": {"f:tags": {"k:{\"name\":\"v1\"}": {
                            ".": {}, "f:name": {}, "f:from": {"f:kind": {}, "f:name": {}},
                            "f:importPolicy": {"f:scheduled": {}}}}}}},
                    {"manager": "oc-extreg", "operation": "Update", "fieldsV1": {
                        "f:spec": {"f:tags": {"k:{\"name\":\"v2\"}": {".": {}, "f:name": {}}}}}},
                    {"manager": "oc-extreg", "operation": "Apply", "subresource": "status", "fieldsV1": {
                        "f:status": {}}},
                    {"manager": "other", "operation": "Apply", "fieldsV1": {
                        "f:metadata": {"f:labels": {"f:theirs": {}}}}},
                ],
            },
            "spec": {"lookupPolicy": {"local": false}, "tags": [
                {"name": "v1", "generation": 3, "annotations": null,
                    "from": {"kind": "DockerImage", "name": "docker.io/u/a:v1"},
                    "importPolicy": {"importMode": "Legacy", "scheduled": true}},
                {"name": "v2", "from": {"kind": "DockerImage", "name": "quay.io/o/a:v2"}},
            ]},
            "status": {"tags": []},
        })
    }

    #[test]
    fn only_applied_fields_are_owned() {
        assert_eq!(
            applied(&stream()),
            json!({
                "metadata": {"labels": {"app.kubernetes.io/name": "app"}},
                "spec": {"tags": [{
                    "name": "v1",
                    "from": {"kind": "DockerImage", "name": "docker.io/u/a:v1"},
                    "importPolicy": {"scheduled": true},
                }]},
            })
        );
        assert_eq!(applied_tags(&stream()).len(), 1);
    }

    #[test]
    fn an_object_without_managed_fields_is_not_owned() {
        for metadata in [
            json!({}),
            json!({"managedFields": null}),
            json!({"managedFields": [1]}),
        ] {
            let object = json!({"metadata": metadata, "spec": {"tags": [{"name": "v1"}]}});
            assert_eq!(applied(&object), Value::Null);
            assert!(applied_tags(&object).is_empty());
        }
    }

    #[test]
    fn sets_leaves_and_removed_items() {
        let object = json!({
            "metadata": {"finalizers": ["a", "b"], "managedFields": [
                {"manager": "oc-extreg", "operation": "Apply", "fieldsV1": {
                    "f:metadata": {"f:finalizers": {"v:\"a\"": {}, "v:\"gone\"": {}}},
                    "f:data": {},
                    "f:list": {"k:{\"name\":\"gone\"}": {}, "i:0": {}, "k:nonsense": {}}}},
            ]},
            "data": {"x": [1, {"y": 2}]},
            "list": [{"name": "here"}],
        });
        assert_eq!(
            applied(&object),
            json!({"metadata": {"finalizers": ["a"]}, "data": {"x": [1, {"y": 2}]}, "list": []})
        );
    }
}
