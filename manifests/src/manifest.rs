//! One object to install, and its YAML.

use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::{Metadata, Resource};
use serde::Serialize;
use serde_json::Value;

use crate::names;

/// When an object is applied; every phase needs the ones before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The policy's definition. Wait until it is Established before the next phase.
    Definition,
    /// Namespace, permissions, Service and other objects that do not need the webhook.
    Base,
    /// The first policy.
    Policy,
    /// The webhook's pods. Wait until they are ready before the next phase.
    Workload,
    /// The configuration; from then on the API servers call the webhook.
    Arm,
}

/// The identity of an object in a cluster.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ObjectName {
    /// `apiVersion` of the object.
    pub api_version: String,
    /// `kind` of the object.
    pub kind: String,
    /// Its namespace, if it has one.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/", self.kind.to_ascii_lowercase())?;
        if let Some(namespace) = &self.namespace {
            write!(f, "{namespace}/")?;
        }
        f.write_str(&self.name)
    }
}

/// One object to install.
#[derive(Clone, Debug, PartialEq)]
pub struct Manifest {
    /// When it is applied.
    pub phase: Phase,
    /// The identity of the object.
    pub object: ObjectName,
    /// The object itself, `apiVersion` and `kind` included.
    pub value: Value,
}

/// An object could not be written as JSON or YAML.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {object}: {reason}")]
pub struct RenderError {
    object: String,
    reason: String,
}

impl RenderError {
    /// The reason why `object` could not be written.
    pub fn new(object: impl fmt::Display, reason: impl fmt::Display) -> Self {
        Self {
            object: object.to_string(),
            reason: reason.to_string(),
        }
    }
}

impl Manifest {
    /// The object as one YAML document, without a leading `---`.
    pub fn yaml(&self) -> Result<String, RenderError> {
        yaml(&self.value).map_err(|reason| RenderError {
            object: self.object.to_string(),
            reason,
        })
    }

    /// The object without the label by which `oc extreg` recognizes its own: another tool manages it.
    #[must_use]
    pub fn without_manager(mut self) -> Self {
        remove_manager(&mut self.value);
        self
    }

    /// Takes an object of a kind in k8s-openapi.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub fn of<K>(phase: Phase, object: &K) -> Result<Self, RenderError>
    where
        K: Resource + Metadata<Ty = ObjectMeta> + Serialize,
    {
        let meta = object.metadata();
        let name = ObjectName {
            api_version: K::API_VERSION.to_owned(),
            kind: K::KIND.to_owned(),
            namespace: meta.namespace.clone(),
            name: meta.name.clone().unwrap_or_default(),
        };
        Self::named(phase, name, object)
    }

    /// Takes an object of any other kind.
    ///
    /// # Errors
    /// If it cannot be written as JSON.
    pub fn named(
        phase: Phase,
        object: ObjectName,
        content: &impl Serialize,
    ) -> Result<Self, RenderError> {
        let mut value = serde_json::to_value(content).map_err(|error| RenderError {
            object: object.to_string(),
            reason: error.to_string(),
        })?;
        value.sort_all_objects();
        Ok(Self {
            phase,
            object,
            value,
        })
    }
}

/// The objects as one YAML stream, documents separated by `---`.
pub fn to_yaml(manifests: &[Manifest]) -> Result<String, RenderError> {
    let documents: Vec<String> = manifests
        .iter()
        .map(Manifest::yaml)
        .collect::<Result<_, _>>()?;
    Ok(documents.join("---\n"))
}

pub(crate) fn yaml(value: &Value) -> Result<String, String> {
    // Lines are not folded: a folded expression is hard to read and to compare.
    let options = serde_saphyr::ser_options! { folded_wrap_chars: usize::MAX };
    let mut text =
        serde_saphyr::to_string_with_options(value, options).map_err(|e| e.to_string())?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}
/// Removes the label wherever an object has it, a template or a list item too.
fn remove_manager(value: &mut Value) {
    match value {
        Value::Object(map) => {
            for (key, inner) in map {
                match inner.as_object_mut().filter(|_| key == "labels") {
                    Some(labels) => {
                        labels.remove(names::MANAGED_BY_LABEL);
                    }
                    None => remove_manager(inner),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(remove_manager),
        _ => {}
    }
}
