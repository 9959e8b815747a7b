//! Bringing an object to a desired state, if this program owns it.

use std::cmp::Ordering;

use serde_json::Value;

use crate::{Cluster, ClusterError, DryRun, Object, Verb};

/// The field manager for our writes, and the value of [`MANAGED_BY`].
pub const MANAGER: &str = "oc-extreg";
/// The label that marks our objects.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// How to apply.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApplyOptions {
    /// Whether to apply or to do a dry run.
    pub dry_run: DryRun,
    /// Take fields from other managers instead of reporting the conflict.
    pub force: bool,
}

/// The result of applying.
#[derive(Clone, Debug)]
pub struct Applied {
    /// The operation.
    pub verb: Verb,
    /// The object after it; in a client dry run the computed result, as far as it is known.
    pub object: Object,
}

/// Whether an existing object is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owned {
    /// It has our label.
    Ours,
    /// It does not have our label.
    Theirs,
}

/// Whether an object has our label.
pub fn is_owned(object: &Object) -> Owned {
    let label = object
        .body
        .pointer("/metadata/labels")
        .and_then(|labels| labels.get(MANAGED_BY));
    if label.and_then(Value::as_str) == Some(MANAGER) {
        Owned::Ours
    } else {
        Owned::Theirs
    }
}

/// Brings an object to the desired state by server-side apply. `current` is the object as read before;
/// the caller has checked its owner.
///
/// # Errors
/// 409 if another manager has set a field to another value and `force` is off.
pub async fn apply(
    cluster: &Cluster,
    desired: &Object,
    current: Option<&Object>,
    options: ApplyOptions,
) -> Result<Applied, ClusterError> {
    if options.dry_run == DryRun::Client {
        let verb = match current {
            None => Verb::Created,
            Some(current) if contains(&current.body, &desired.body) => Verb::Unchanged,
            Some(_) => Verb::Configured,
        };
        let mut object = desired.clone();
        if let Some(current) = current {
            object.body = overlay(&current.body, &desired.body);
        }
        return Ok(Applied { verb, object });
    }
    let object = cluster
        .server_side_apply(desired, options.force, options.dry_run)
        .await?;
    let verb = match current {
        None => Verb::Created,
        Some(current) if same_state(&current.body, &object.body) => Verb::Unchanged,
        Some(_) => Verb::Configured,
    };
    Ok(Applied { verb, object })
}

/// Whether `current` contains `desired`: every map entry, and every list element, matched by its name
/// if it has one. Additional content of `current`, and defaults, do not matter.
pub fn contains(current: &Value, desired: &Value) -> bool {
    match (current, desired) {
        (Value::Object(current), Value::Object(desired)) => desired
            .iter()
            .all(|(key, value)| current.get(key).is_some_and(|have| contains(have, value))),
        (Value::Array(current), Value::Array(desired)) => {
            let named = |item: &Value| item.get("name").cloned();
            if desired.iter().all(|item| named(item).is_some()) {
                desired.iter().all(|item| {
                    let have = current.iter().find(|have| named(have) == named(item));
                    have.is_some_and(|have| contains(have, item))
                })
            } else {
                current.len().cmp(&desired.len()) == Ordering::Equal
                    && current
                        .iter()
                        .zip(desired)
                        .all(|(have, item)| contains(have, item))
            }
        }
        (current, desired) => current == desired,
    }
}

/// `current` merged with `desired`: maps by key, lists by name if they have names.
fn overlay(current: &Value, desired: &Value) -> Value {
    match (current, desired) {
        (Value::Object(current), Value::Object(desired)) => {
            let mut merged = current.clone();
            for (key, value) in desired {
                let have = merged.get(key).unwrap_or(&Value::Null);
                let value = overlay(have, value);
                merged.insert(key.clone(), value);
            }
            Value::Object(merged)
        }
        (Value::Array(current), Value::Array(desired))
            if desired.iter().all(|item| item.get("name").is_some()) =>
        {
            let mut merged = current.clone();
            for item in desired {
                match merged
                    .iter_mut()
                    .find(|have| have.get("name") == item.get("name"))
                {
                    Some(have) => *have = overlay(have, item),
                    None => merged.push(item.clone()),
                }
            }
            Value::Array(merged)
        }
        (_, desired) => desired.clone(),
    }
}

/// Whether two states differ only in the server's metadata and in status.
/// Co-ownership of a field changes the `resourceVersion` without a visible change;
/// `status` is never ours, and can change between our read and our write.
fn same_state(before: &Value, after: &Value) -> bool {
    let stripped = |object: &Value| {
        let mut object = object.clone();
        if let Some(metadata) = object.get_mut("metadata").and_then(Value::as_object_mut) {
            metadata.remove("managedFields");
            metadata.remove("resourceVersion");
        }
        if let Some(object) = object.as_object_mut() {
            object.remove("status");
        }
        object
    };
    // Not by the `resourceVersion`: a dry run of a change returns the old one.
    stripped(before) == stripped(after)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Kind;

    #[test]
    fn contained() {
        let current = json!({"a": 1, "m": {"x": 1, "y": 2}, "n": [{"name": "p", "v": 1}, {"name": "q"}], "l": [1, 2]});
        let cases = [
            (json!({}), true),
            (json!({"m": {"x": 1}}), true),
            (json!({"m": {"x": 2}}), false),
            (json!({"m": {"z": 1}}), false),
            (json!({"n": [{"name": "q"}]}), true),
            (json!({"n": [{"name": "p", "v": 2}]}), false),
            (json!({"n": [{"name": "r"}]}), false),
            (json!({"l": [1, 2]}), true),
            (json!({"l": [1]}), false),
        ];
        for (desired, expected) in cases {
            assert_eq!(contains(&current, &desired), expected, "{desired}");
            let after = overlay(&current, &desired);
            assert!(contains(&after, &desired), "{desired}");
            assert_eq!(after == current, expected, "{desired}");
        }
    }

    #[test]
    fn ours_is_what_carries_the_label() {
        let object = Object::new(Kind::SECRET, "n", "s", json!({}));
        assert_eq!(is_owned(&object), Owned::Theirs);
        assert_eq!(
            is_owned(&object.clone().label(MANAGED_BY, "helm")),
            Owned::Theirs
        );
        assert_eq!(is_owned(&object.label(MANAGED_BY, MANAGER)), Owned::Ours);
    }

    #[test]
    fn metadata_differences_are_not_a_change() {
        let state = |version: &str, data: i32| json!({"metadata": {"resourceVersion": version, "managedFields": [version]}, "data": data});
        assert!(same_state(&state("1", 1), &state("2", 1)));
        assert!(!same_state(&state("1", 1), &state("2", 2)));
        let mut reported = state("2", 1);
        reported["status"] = json!({"observedGeneration": 1});
        assert!(
            same_state(&state("1", 1), &reported),
            "a controller reports"
        );
        assert!(
            !same_state(&state("1", 1), &state("1", 2)),
            "as in a dry run"
        );
    }
}
