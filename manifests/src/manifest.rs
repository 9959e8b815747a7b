//! One object to install, and its YAML.

use std::fmt;

use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use k8s_openapi::{Metadata, Resource};
use serde::Serialize;
use serde_json::Value;

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

impl Manifest {
    /// The object as one YAML document, without a leading `---`.
    pub fn yaml(&self) -> Result<String, RenderError> {
        yaml(&self.value).map_err(|reason| RenderError {
            object: self.object.to_string(),
            reason,
        })
    }

    /// Takes an object of a kind in k8s-openapi.
    pub(crate) fn of<K>(phase: Phase, object: &K) -> Result<Self, RenderError>
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
    pub(crate) fn named(
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
    // Strings remain on one line: a folded expression is hard to read and to compare.
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    let mut text =
        serde_saphyr::to_string_with_options(value, options).map_err(|e| e.to_string())?;
    if !text.ends_with('\n') {
        text.push('\n');
    }
    Ok(text)
}
