//! An error in a document, and how to fix it.

use extreg_cluster::Json as _;
use std::fmt;

use extreg_core::dns::is_subdomain;
use extreg_documents::Document;
use extreg_manifests::PolicyFault;
use serde_json::Value;

use crate::closest::closest;

/// An error in a document. Displays the error and the fix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The field, `spec.repositories[0]`; empty for the whole document.
    pub(super) field: String,
    /// The field as a JSON pointer into the object.
    pub(super) pointer: String,
    /// The error, and which values are valid.
    pub(super) message: String,
    /// The suggestion.
    pub(super) suggestion: Option<String>,
    /// The line of the file; of the document if the field has none.
    pub(super) line: usize,
}

/// The fields of metadata (apimachinery `pkg/apis/meta/v1/types.go`, `ObjectMeta`).
const METADATA: [&str; 15] = [
    "annotations",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "finalizers",
    "generateName",
    "generation",
    "labels",
    "managedFields",
    "name",
    "namespace",
    "ownerReferences",
    "resourceVersion",
    "selfLink",
    "uid",
];

impl Fault {
    /// For a field, by its dotted path.
    pub(super) fn new(field: &str, message: impl Into<String>) -> Self {
        let parts = field.split(['.', '[']).filter(|part| !part.is_empty());
        let pointer = parts
            .flat_map(|part| ["/", part.trim_end_matches(']')])
            .collect();
        Self {
            field: field.to_owned(),
            pointer,
            message: message.into(),
            suggestion: None,
            line: 0,
        }
    }

    /// From a text that begins with the field: `spec.registry: …`.
    pub(super) fn from_text(text: &str) -> Self {
        match text.split_once(": ") {
            Some((field, message)) if !field.contains(' ') => Self::new(field, message),
            _ => Self::new("", text),
        }
    }

    /// Adds the line; `at` is the place of the object in its document.
    pub(super) fn on(self, document: &Document, at: &str) -> Self {
        let line = document.line(&format!("{at}{}", self.pointer));
        Self { line, ..self }
    }
}

impl From<PolicyFault> for Fault {
    fn from(fault: PolicyFault) -> Self {
        let name = fault.field.rsplit_once('.').map(|(_, name)| name);
        let known = fault.known.iter().map(String::as_str);
        let suggestion = closest(name.unwrap_or_default(), known);
        Self {
            suggestion: suggestion.map(str::to_owned),
            message: match (&*fault.known, suggestion) {
                ([], _) | (_, Some(_)) => fault.message,
                (known, None) => format!("{}; there are {}", fault.message, known.join(", ")),
            },
            field: fault.field,
            pointer: fault.pointer,
            line: 0,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The message of an unknown field names the field, as the API server's does.
        if !self.field.is_empty() && !self.message.starts_with("unknown field") {
            write!(f, "{}: ", self.field)?;
        }
        f.write_str(&self.message)?;
        match &self.suggestion {
            Some(meant) => write!(f, "; did you mean {meant}?"),
            None => Ok(()),
        }
    }
}

/// The unknown members of a map.
pub(super) fn unknown(value: Option<&Value>, field: &str, known: &[&str]) -> Vec<Fault> {
    let members = value.and_then(Value::as_object).into_iter().flatten();
    members
        .map(|(key, _)| key.as_str())
        .filter(|key| !known.contains(key))
        .map(|key| {
            let path = match field {
                "" => key.to_owned(),
                field => format!("{field}.{key}"),
            };
            Fault::from(PolicyFault {
                pointer: Fault::new(&path, "").pointer,
                message: format!("unknown field \"{path}\""),
                field: path,
                known: known.iter().map(|name| (*name).to_owned()).collect(),
            })
        })
        .collect()
}

/// The errors in the metadata of a cluster-scoped object.
pub(super) fn metadata(body: &Value) -> Vec<Fault> {
    let metadata = body.get("metadata");
    let mut faults = unknown(metadata, "metadata", &METADATA);
    let (name, prefix) = (
        body.text("/metadata/name"),
        body.text("/metadata/generateName"),
    );
    if name.is_empty() && prefix.is_empty() {
        faults.push(Fault::new("metadata.name", "Required value"));
    } else if !is_subdomain(if name.is_empty() { "x" } else { name }) {
        faults.push(Fault::new(
            "metadata.name",
            format!(
                "Invalid value: {name:?}: must be a valid object name: lower case letters, digits, \
                 '-' and '.', with a letter or digit at both ends"
            ),
        ));
    }
    faults
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_fault_has_a_suggestion() {
        let body = json!({"metadata": {"name": "Hub", "lables": {}, "x": 1}});
        let lines: Vec<_> = metadata(&body).iter().map(ToString::to_string).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(
            lines[0],
            "unknown field \"metadata.lables\"; did you mean labels?"
        );
        assert!(lines[1].starts_with("unknown field \"metadata.x\"; there are annotations,"));
        assert!(lines[2].starts_with("metadata.name: Invalid value: \"Hub\": must be"));
        let none = metadata(&json!({"metadata": {"generateName": "hub-"}}));
        assert!(none.is_empty(), "{none:?}");
    }

    #[test]
    fn a_fault_from_text_has_its_field() {
        let fault = Fault::from_text("spec.registries[1]: is empty; write a registry");
        assert_eq!(fault.pointer, "/spec/registries/1");
        assert_eq!(
            fault.to_string(),
            "spec.registries[1]: is empty; write a registry"
        );
        assert_eq!(Fault::from_text("no such thing: at all").field, "");
    }
}
