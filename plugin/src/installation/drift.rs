//! Whether the configuration still matches what `webhook install` wrote.
//!
//! The API server records which manager last set a field. A field that we wrote and no longer own has changed since,
//! and the record names the program and the time. Service-ca writes the caBundle, which is checked by the served
//! certificate.

use std::collections::{BTreeMap, BTreeSet};

use extreg_cluster::{MANAGER, Owned, is_owned};
use serde_json::{Map, Value};

use super::{installed::Installed, kinds};

/// The field that service-ca sets.
const BUNDLE: &str = "clientConfig.caBundle";

/// The problems of the configuration.
pub(crate) fn problems(live: &Installed) -> Vec<String> {
    let Some(configuration) = &live.configuration else {
        return Vec::new();
    };
    // Another tool maintains the objects that it manages.
    if is_owned(configuration) == Owned::Theirs {
        return Vec::new();
    }
    let fields = configuration.body.pointer("/metadata/managedFields");
    let fields = fields.and_then(Value::as_array);
    let Drift { changed, removed } = drift(fields.map(Vec::as_slice).unwrap_or_default());
    let advice = "run \"webhook install --force-conflicts\" with the options that you want";
    let reference = kinds::configuration();
    let mut problems: Vec<String> = changed
        .into_iter()
        .map(|(manager, Change { fields, time })| {
            let fields: Vec<String> = fields.into_iter().collect();
            let fields = fields.join(", ");
            format!("{fields} of {reference} was changed by {manager} at {time}; {advice}")
        })
        .collect();
    if !removed.is_empty() {
        let fields = removed.join(", ");
        problems.push(format!("{fields} of {reference} was removed; {advice}"));
    }
    problems
}

/// The current state of the fields that we wrote.
#[derive(Debug, Default)]
struct Drift {
    /// By the manager that changed them.
    changed: BTreeMap<String, Change>,
    removed: Vec<&'static str>,
}

/// The fields that our entry always has.
const ALWAYS: [&str; 8] = [
    "admissionReviewVersions",
    "failurePolicy",
    "matchConditions",
    "namespaceSelector",
    "objectSelector",
    "reinvocationPolicy",
    "rules",
    "timeoutSeconds",
];

#[derive(Debug, Default, PartialEq, Eq)]
struct Change {
    fields: BTreeSet<String>,
    time: String,
}

fn drift(managed: &[Value]) -> Drift {
    let mut ours = BTreeSet::new();
    let mut theirs: BTreeMap<String, Change> = BTreeMap::new();
    for record in managed {
        let text = |key: &str| record.get(key).and_then(Value::as_str).unwrap_or_default();
        let mut fields = BTreeSet::new();
        if let Some(entries) = record
            .pointer("/fieldsV1/f:webhooks")
            .and_then(Value::as_object)
        {
            // In an entry, `.` means that it exists.
            for entry in entries.values().filter_map(Value::as_object) {
                collect(entry, "", &mut fields);
            }
        }
        if text("manager") == MANAGER {
            ours.extend(fields);
        } else if !fields.is_empty() {
            let change = theirs.entry(text("manager").to_owned()).or_default();
            change.fields.extend(fields);
            change.time = change.time.clone().max(text("time").to_owned());
        }
    }
    let is_set = |field: &&str| {
        ours.contains(*field) || theirs.values().any(|change| change.fields.contains(*field))
    };
    let removed = if ours.is_empty() {
        Vec::new()
    } else {
        ALWAYS.into_iter().filter(|field| !is_set(field)).collect()
    };
    theirs.retain(|_, change| {
        change
            .fields
            .retain(|field| field != BUNDLE && !ours.contains(field));
        !change.fields.is_empty()
    });
    Drift {
        changed: theirs,
        removed,
    }
}

fn collect(fields: &Map<String, Value>, path: &str, into: &mut BTreeSet<String>) {
    for (key, inner) in fields {
        let Some(name) = key.strip_prefix("f:") else {
            continue;
        };
        let path = if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        };
        let is_part = |inner: &&Map<String, Value>| inner.keys().any(|key| key.starts_with("f:"));
        match inner.as_object().filter(is_part) {
            Some(inner) => collect(inner, &path, into),
            // A value, or a list that is owned as a whole.
            None => {
                into.insert(path);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use extreg_manifests::{Settings, mutating_webhook_configuration};
    use serde_json::json;

    use super::*;

    fn record(manager: &str, time: &str, fields: &Value) -> Value {
        json!({
            "manager": manager, "time": time,
            "fieldsV1": {"f:webhooks": {r#"k:{"name":"mutate.extreg.io"}"#: fields}},
        })
    }

    /// The fields that we write, except these.
    fn ours(without: &[&str]) -> Value {
        let mut fields =
            json!({".": {}, "f:name": {}, "f:clientConfig": {"f:service": {"f:port": {}}}});
        for field in ALWAYS.iter().filter(|field| !without.contains(field)) {
            fields[format!("f:{field}")] = json!({});
        }
        fields["f:matchConditions"] = json!({r#"k:{"name":"x"}"#: {".": {}, "f:name": {}}});
        record(MANAGER, "2026-11-24T12:00:00Z", &fields)
    }

    #[test]
    fn field_of_another_manager_is_a_change() {
        let service_ca = record(
            "service-ca-operator",
            "2026-11-24T12:00:05Z",
            &json!({"f:clientConfig": {"f:caBundle": {}}}),
        );
        // Another tool applied it with the same value: shared, so not changed.
        let shared = record("argocd", "2026-11-24T12:01:00Z", &json!({"f:rules": {}}));
        let same = drift(&[ours(&[]), service_ca.clone(), shared]);
        assert!(
            same.changed.is_empty() && same.removed.is_empty(),
            "{same:?}"
        );

        let taken = ["namespaceSelector", "failurePolicy"];
        let edited = record(
            "kubectl-edit",
            "2026-11-24T12:02:00Z",
            &json!({"f:namespaceSelector": {}, "f:failurePolicy": {}}),
        );
        let drift = drift(&[ours(&taken), service_ca, edited]);
        let change = &drift.changed["kubectl-edit"];
        let fields: Vec<&str> = change.fields.iter().map(String::as_str).collect();
        assert_eq!(fields, ["failurePolicy", "namespaceSelector"]);
        assert_eq!(change.time, "2026-11-24T12:02:00Z");
        assert_eq!((drift.changed.len(), drift.removed.len()), (1, 0));
    }

    #[test]
    fn deleted_field_is_removed() {
        assert_eq!(
            drift(&[ours(&["objectSelector"])]).removed,
            ["objectSelector"]
        );
        assert!(drift(&[]).removed.is_empty(), "the server keeps no record");
    }

    #[test]
    fn every_mandatory_field_is_written() {
        let configuration = mutating_webhook_configuration(&Settings::default());
        let configuration = serde_json::to_value(configuration).unwrap();
        for field in ALWAYS {
            assert!(!configuration["webhooks"][0][field].is_null(), "{field}");
        }
    }
}
