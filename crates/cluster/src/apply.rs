//! Bringing an object to a desired state, if it is ours to bring there.

use std::cmp::Ordering;

use serde_json::Value;

use crate::{Cluster, ClusterError, DryRun, Object, Verb};

/// The field manager that we write as, and the value of [`MANAGED_BY`].
pub const MANAGER: &str = "oc-extreg";
/// The label that marks what is ours.
pub const MANAGED_BY: &str = "app.kubernetes.io/managed-by";

/// How to apply.
#[derive(Clone, Copy, Debug, Default)]
pub struct ApplyOptions {
    /// Whether and where it is only tried.
    pub dry_run: DryRun,
    /// Take fields from other managers instead of reporting the conflict.
    pub force: bool,
}

/// What applying came to.
#[derive(Clone, Debug)]
pub struct Applied {
    /// What was done.
    pub verb: Verb,
    /// The object as it is now; in a client dry run as it would be, as far as we know.
    pub object: Object,
}

/// Whether an existing object is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owned {
    /// It carries our label.
    Ours,
    /// It does not.
    Theirs,
}

/// Whether an object carries our label.
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

/// Brings an object to the state desired by server-side apply. `current` is what was read before;
/// whose it is has been settled by the caller.
///
/// # Errors
/// 409 if another manager has set a field otherwise and `force` is off.
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

/// Whether `desired` is in `current`: every map entry, and every list element, matched by its name
/// where it has one. What `current` has besides, and defaults, do not matter.
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

/// `current` with what is `desired` laid over it: maps by key, lists by name where they have names.
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

/// Whether two states differ in nothing but the server's book-keeping and what controllers report.
/// Taking co-ownership of a field moves the `resourceVersion` and changes nothing that anybody sees;
/// `status` is never ours, and may be written between our read and our write.
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
    // Not by the `resourceVersion`: a dry run of a change answers with the old one.
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
    fn book_keeping_is_no_change() {
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
