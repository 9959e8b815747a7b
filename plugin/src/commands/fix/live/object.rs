//! An object of the cluster, reduced to what a fix needs.

use std::fmt;

use extreg_cluster::{Json as _, Kind, ObjectRef};
use extreg_core::object::Resource;
use serde_json::{Map, Value};

use super::super::report::{Entry, Outcome};

/// An object to report.
#[derive(Clone, Debug)]
pub(in super::super) struct Found {
    pub(in super::super) resource: Resource,
    pub(in super::super) namespace: String,
    pub(in super::super) name: String,
    /// The phase of a Build.
    pub(in super::super) phase: Option<Phase>,
    /// Whether a Build waits for a push secret that does not exist.
    pub(in super::super) waits: bool,
    /// The tool or owner that would change it back, if any.
    pub(in super::super) manager: Option<String>,
    /// The object as JSON, which takes a tenth of the memory of a value, without what a fix does not
    /// need: history in `status`, most annotations, managed fields.
    pub(super) json: Box<str>,
}

/// The phase of a Build (openshift/api `build/v1/types.go`, `BuildPhase`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Phase {
    New,
    Pending,
    Running,
    Over,
}

/// The annotations that are kept besides ours.
const ANNOTATIONS: [&str; 3] = [
    "argocd.argoproj.io/tracking-id",
    "meta.helm.sh/release-name",
    "openshift.io/build-config.name",
];

impl Found {
    /// Keeps the needed parts of an object.
    pub(super) fn new(resource: Resource, json: &str) -> Option<Self> {
        let Value::Object(mut body) = serde_json::from_str(json).ok()? else {
            return None;
        };
        let mut kept = Map::new();
        if let Some(Value::Object(mut metadata)) = body.remove("metadata") {
            metadata.retain(|key, _| {
                matches!(
                    key.as_str(),
                    "name" | "namespace" | "uid" | "labels" | "annotations" | "ownerReferences"
                )
            });
            if let Some(Value::Object(annotations)) = metadata.get_mut("annotations") {
                annotations.retain(|key, _| {
                    key.starts_with("extreg.io/") || ANNOTATIONS.contains(&key.as_str())
                });
            }
            kept.insert("metadata".to_owned(), Value::Object(metadata));
        }
        kept.extend(body.remove("spec").map(|spec| ("spec".to_owned(), spec)));
        if let Some(Value::Object(mut status)) = body.remove("status") {
            status.retain(|key, _| matches!(key.as_str(), "phase" | "reason"));
            kept.insert("status".to_owned(), Value::Object(status));
        }
        let body = Value::Object(kept);
        let text = |pointer: &str| body.text(pointer).to_owned();
        let phase =
            (resource == Resource::Builds).then(|| Phase::from_text(&text("/status/phase")));
        Some(Self {
            resource,
            namespace: text("/metadata/namespace"),
            name: text("/metadata/name"),
            phase,
            waits: phase == Some(Phase::Pending) && text("/status/reason") == "MissingPushSecret",
            manager: manager(resource, &body),
            json: body.to_string().into(),
        })
    }

    /// Everything that is kept.
    pub(in super::super) fn body(&self) -> Value {
        serde_json::from_str(&self.json).unwrap_or_default()
    }

    /// A string in it; empty if missing.
    pub(in super::super) fn text(&self, pointer: &str) -> String {
        self.body().text(pointer).to_owned()
    }

    /// The identity of the object.
    pub(in super::super) fn reference(&self) -> ObjectRef {
        ObjectRef::new(kind(self.resource), &self.namespace, &self.name)
    }

    /// Its sort key in the plan.
    pub(super) fn order(&self) -> (&str, Resource, &str) {
        (&self.namespace, self.resource, &self.name)
    }

    /// Its entry in the plan, without changes yet.
    pub(super) fn entry(&self) -> Entry {
        Entry {
            source: None,
            api_version: kind(self.resource).api_version(),
            kind: self.resource.kind().to_owned(),
            namespace: self.namespace.clone(),
            name: self.name.clone(),
            changes: Vec::new(),
            skipped: Vec::new(),
            warnings: Vec::new(),
            result: Outcome::Unchanged,
        }
    }
}

/// The tool or owner that would change an object back, if any.
fn manager(resource: Resource, body: &Value) -> Option<String> {
    let metadata = body.pointer("/metadata")?;
    let label = |key| metadata.get("labels")?.get(key)?.as_str();
    let annotation = |key| metadata.get("annotations")?.get(key)?.as_str();
    if label("argocd.argoproj.io/instance").is_some()
        || annotation("argocd.argoproj.io/tracking-id").is_some()
    {
        return Some("Argo CD".to_owned());
    }
    if label("kustomize.toolkit.fluxcd.io/name").is_some()
        || label("helm.toolkit.fluxcd.io/name").is_some()
    {
        return Some("Flux".to_owned());
    }
    if label("app.kubernetes.io/managed-by") == Some("Helm")
        || annotation("meta.helm.sh/release-name").is_some()
    {
        return Some("Helm".to_owned());
    }
    if label("samples.operator.openshift.io/managed") == Some("true") {
        return Some("the samples operator".to_owned());
    }
    let mut owners = metadata.list("/ownerReferences");
    // A BuildConfig creates its Builds and does not check them again.
    let owner = owners
        .find(|owner| resource != Resource::Builds || owner.text("/kind") != "BuildConfig")?;
    Some(format!(
        "its owner, {} {},",
        owner.text("/kind"),
        owner.text("/name")
    ))
}

impl Phase {
    pub(super) fn from_text(text: &str) -> Self {
        match text {
            "" | "New" => Self::New,
            "Pending" => Self::Pending,
            "Running" => Self::Running,
            _ => Self::Over,
        }
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "New",
            Self::Pending => "Pending",
            Self::Running => "Running",
            Self::Over => "over",
        })
    }
}

/// The kind of a resource that can be listed.
pub(super) const fn kind(resource: Resource) -> Kind {
    match resource {
        Resource::BuildConfigs => Kind::BUILD_CONFIG,
        Resource::Builds => Kind::BUILD,
        _ => Kind::IMAGE_STREAM,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn owners_that_change_objects_back_are_recognized() {
        let found = |resource, metadata: Value| {
            let body = json!({"metadata": metadata, "spec": {}});
            Found::new(resource, &body.to_string()).unwrap()
        };
        let labels = |key: &str, value: &str| json!({"labels": {key: value}});
        let owned = json!({"ownerReferences": [{"kind": "BuildConfig", "name": "app"}]});
        for (resource, metadata, want) in [
            (Resource::ImageStreams, json!({}), None),
            (
                Resource::ImageStreams,
                labels("app.kubernetes.io/managed-by", "oc-extreg"),
                None,
            ),
            (
                Resource::ImageStreams,
                labels("app.kubernetes.io/managed-by", "Helm"),
                Some("Helm"),
            ),
            (
                Resource::BuildConfigs,
                labels("argocd.argoproj.io/instance", "x"),
                Some("Argo CD"),
            ),
            (
                Resource::BuildConfigs,
                json!({"annotations": {"argocd.argoproj.io/tracking-id": "x"}}),
                Some("Argo CD"),
            ),
            (
                Resource::BuildConfigs,
                labels("kustomize.toolkit.fluxcd.io/name", "x"),
                Some("Flux"),
            ),
            (
                Resource::ImageStreams,
                labels("samples.operator.openshift.io/managed", "true"),
                Some("the samples operator"),
            ),
            (Resource::Builds, owned.clone(), None),
            (
                Resource::ImageStreams,
                owned,
                Some("its owner, BuildConfig app,"),
            ),
        ] {
            assert_eq!(
                found(resource, metadata.clone()).manager.as_deref(),
                want,
                "{metadata}"
            );
        }
    }

    #[test]
    fn history_is_not_kept() {
        let json = json!({"metadata": {"name": "a", "managedFields": [1], "annotations": {
            "kubectl.kubernetes.io/last-applied-configuration": "canary"}},
            "spec": {"tags": []}, "status": {"phase": "Pending", "reason": "MissingPushSecret", "tags": ["canary"]}});
        let found = Found::new(Resource::Builds, &json.to_string()).unwrap();
        assert!(found.waits && !found.json.contains("canary"), "{found:?}");
        assert!(found.body().pointer("/metadata/managedFields").is_none());
    }
}
