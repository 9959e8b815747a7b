//! Texts of a component that contain the namespace as a part, such as a DNS name.
//!
//! kustomize replaces a field that is the namespace; a part of a field it replaces only by a variable.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::kustomization::{Field, Kustomization, Reference, Variable};
use super::{File, NOTE};
use crate::manifest::{Manifest, ObjectName, Phase, RenderError};
use crate::names;

/// The file with the fields that contain the variable.
const FILE: &str = "variable.yaml";

/// The variable of a component, and the fields that contain it.
#[derive(Debug)]
pub(super) struct Late {
    name: String,
    fields: BTreeSet<(String, String)>,
}

impl Late {
    /// Of the component with this name: kustomize rejects two variables of one name.
    pub(super) fn new(component: &str) -> Self {
        let component = component.to_ascii_uppercase().replace('-', "_");
        Self {
            name: format!("{component}_NAMESPACE"),
            fields: BTreeSet::new(),
        }
    }

    /// Replaces the namespace in every text of an object that contains it as a part.
    pub(super) fn replace(&mut self, object: &mut Value) {
        let kind = object["kind"].as_str().unwrap_or_default().to_owned();
        self.walk(object, &kind, &mut Vec::new());
    }

    /// Declares the variable, if any field contains it; returns the file that the declaration needs.
    pub(super) fn declare(
        &self,
        folder: &str,
        kustomization: &mut Kustomization,
    ) -> Result<Option<File>, RenderError> {
        if self.fields.is_empty() {
            return Ok(None);
        }
        kustomization.configurations.push(FILE.to_owned());
        kustomization.vars.push(Variable {
            name: self.name.clone(),
            objref: Reference {
                api_version: "v1".to_owned(),
                kind: "Service".to_owned(),
                name: names::WEBHOOK.to_owned(),
            },
            fieldref: Field {
                field_path: "metadata.namespace".to_owned(),
            },
        });
        let fields = self.fields.iter();
        let fields = fields.map(|(kind, path)| json!({ "kind": kind, "path": path }));
        let value = json!({ "varReference": fields.collect::<Vec<_>>() });
        let object = ObjectName {
            api_version: String::new(),
            kind: "varReference".to_owned(),
            namespace: None,
            name: folder.to_owned(),
        };
        let yaml = Manifest::named(Phase::Base, object, &value)?.yaml()?;
        Ok(Some(File {
            name: format!("{folder}/{FILE}"),
            content: format!("{NOTE}{yaml}"),
        }))
    }

    fn walk(&mut self, value: &mut Value, kind: &str, path: &mut Vec<String>) {
        match value {
            Value::Object(map) => {
                for (key, inner) in map {
                    // A path of kustomize names the map of a key with a slash; lists have no step.
                    let is_step = !key.contains('/');
                    if is_step {
                        path.push(key.clone());
                    }
                    self.walk(inner, kind, path);
                    if is_step {
                        path.pop();
                    }
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.walk(item, kind, path);
                }
            }
            Value::String(text) if text.contains(names::NAMESPACE) && text != names::NAMESPACE => {
                *text = text.replace(names::NAMESPACE, &format!("$({})", self.name));
                self.fields.insert((kind.to_owned(), path.join("/")));
            }
            _ => {}
        }
    }
}
