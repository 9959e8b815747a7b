//! The file `kustomization.yaml`.

use serde::Serialize;

use super::{File, NOTE};
use crate::manifest::{Manifest, ObjectName, Phase, RenderError};

/// A kustomization or a component; fields that are empty are omitted.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Kustomization {
    #[serde(flatten)]
    pub(super) kind: Kind,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) resources: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) components: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) images: Vec<Image>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) patches: Vec<Patch>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) configurations: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) vars: Vec<Variable>,
}

/// What a kustomization is.
#[derive(Clone, Copy, Debug, Default, Serialize)]
#[serde(tag = "kind")]
pub(super) enum Kind {
    /// Complete: it can be built.
    #[default]
    Kustomization,
    /// An addition to a kustomization.
    Component,
}

/// Another name for an image.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Image {
    name: String,
    new_name: String,
    new_tag: String,
}

/// A file that changes an object.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Patch {
    pub(super) path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target: Option<Target>,
}

/// The object that a patch of operations changes.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Target {
    pub(super) kind: String,
    pub(super) name: String,
}

/// A text that is replaced after everything else, also after the namespace of the kustomization that uses a component.
/// `replacements`, which succeed it, run before that.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Variable {
    pub(super) name: String,
    pub(super) objref: Reference,
    pub(super) fieldref: Field,
}

/// The object with the value of a variable.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Reference {
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) name: String,
}

/// The field with the value of a variable.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Field {
    pub(super) field_path: String,
}

impl Kind {
    const fn api_version(self) -> &'static str {
        match self {
            Self::Kustomization => "kustomize.config.k8s.io/v1beta1",
            Self::Component => "kustomize.config.k8s.io/v1alpha1",
        }
    }
}

impl Image {
    /// Replaces the image of this name by another one with a tag.
    pub(super) fn replacing(name: &str, image: &str) -> Option<Self> {
        let (new_name, new_tag) = image.rsplit_once(':')?;
        Some(Self {
            name: name.to_owned(),
            new_name: new_name.to_owned(),
            new_tag: new_tag.to_owned(),
        })
    }
}

impl Kustomization {
    /// The file of a folder; empty for the root.
    pub(super) fn file(&self, folder: &str) -> Result<File, RenderError> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Document<'a> {
            api_version: &'static str,
            #[serde(flatten)]
            content: &'a Kustomization,
        }
        let api_version = self.kind.api_version();
        let object = ObjectName {
            api_version: api_version.to_owned(),
            kind: "Kustomization".to_owned(),
            namespace: None,
            name: folder.to_owned(),
        };
        let document = Document {
            api_version,
            content: self,
        };
        let manifest = Manifest::named(Phase::Base, object, &document)?;
        let separator = if folder.is_empty() { "" } else { "/" };
        Ok(File {
            name: format!("{folder}{separator}kustomization.yaml"),
            content: format!("{NOTE}{}", manifest.yaml()?),
        })
    }
}
