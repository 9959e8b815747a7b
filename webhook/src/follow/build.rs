//! The Build as it is watched: what following needs is kept, everything else dropped as it is read.

use std::borrow::Cow;
use std::collections::BTreeMap;

use extreg_core::follow::{Build, BuildSpec, BuildStatus};
use k8s_openapi::NamespaceResourceScope;
use kube::Resource;
use kube::api::ObjectMeta;
use serde::{Deserialize, Deserializer};

/// A Build of the cluster.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Watched {
    #[serde(default, deserialize_with = "least")]
    metadata: ObjectMeta,
    #[serde(default)]
    spec: BuildSpec,
    #[serde(default)]
    status: BuildStatus,
}

impl Watched {
    /// Its namespace.
    pub(super) fn namespace(&self) -> &str {
        self.metadata.namespace.as_deref().unwrap_or_default()
    }

    /// Its name.
    pub(super) fn name(&self) -> &str {
        self.metadata.name.as_deref().unwrap_or_default()
    }

    /// Its `metadata.uid`.
    pub(super) fn uid(&self) -> &str {
        self.metadata.uid.as_deref().unwrap_or_default()
    }

    /// What the engine looks at.
    pub(super) fn into_build(self) -> Build {
        Build {
            labels: self.metadata.labels.unwrap_or_default(),
            spec: self.spec,
            status: self.status,
        }
    }
}

impl Resource for Watched {
    type DynamicType = ();
    type Scope = NamespaceResourceScope;

    fn kind((): &()) -> Cow<'_, str> {
        "Build".into()
    }

    fn group((): &()) -> Cow<'_, str> {
        "build.openshift.io".into()
    }

    fn version((): &()) -> Cow<'_, str> {
        "v1".into()
    }

    fn plural((): &()) -> Cow<'_, str> {
        "builds".into()
    }

    fn meta(&self) -> &ObjectMeta {
        &self.metadata
    }

    fn meta_mut(&mut self) -> &mut ObjectMeta {
        &mut self.metadata
    }
}

/// Without annotations and managed fields, which are most of it.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Least {
    name: Option<String>,
    namespace: Option<String>,
    uid: Option<String>,
    resource_version: Option<String>,
    labels: Option<BTreeMap<String, String>>,
}

fn least<'de, D: Deserializer<'de>>(deserializer: D) -> Result<ObjectMeta, D::Error> {
    let least = Least::deserialize(deserializer)?;
    let ours = |key: &String| key.starts_with("extreg.io/");
    let labels = least.labels.map(|mut labels| {
        labels.retain(|key, _| ours(key));
        labels
    });
    Ok(ObjectMeta {
        name: least.name,
        namespace: least.namespace,
        uid: least.uid,
        resource_version: least.resource_version,
        labels,
        ..ObjectMeta::default()
    })
}

#[cfg(test)]
mod tests {
    use extreg_core::follow::Pushed;
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_needed_is_kept() {
        let digest = format!("sha256:{}", "ab".repeat(32));
        let text = json!({
            "metadata": {
                "name": "app-1", "namespace": "snow", "uid": "u", "resourceVersion": "5",
                "labels": {"buildconfig": "app", "extreg.io/x": "y"},
                "annotations": {"a": "hunter2"},
                "managedFields": [{"manager": "hunter2"}],
            },
            "spec": {
                "output": {"to": {"kind": "DockerImage", "name": "ann/app"}},
                "source": {"dockerfile": "hunter2"},
            },
            "status": {
                "phase": "Complete", "completionTimestamp": "2026-11-24T12:00:00Z",
                "output": {"to": {"imageDigest": digest}}, "logSnippet": "hunter2",
            },
        })
        .to_string();
        let watched: Watched = serde_json::from_str(&text).unwrap();
        assert!(!format!("{watched:?}").contains("hunter2"));
        assert_eq!((watched.namespace(), watched.name()), ("snow", "app-1"));
        let build = watched.into_build();
        assert_eq!(build.labels.len(), 1);
        assert_eq!(Pushed::of(&build).unwrap().digest, digest);
        for odd in [
            "{}",
            r#"{"metadata":{},"spec":{"output":null},"status":{"output":null}}"#,
        ] {
            let watched: Watched = serde_json::from_str(odd).unwrap();
            assert!(Pushed::of(&watched.into_build()).is_err(), "{odd}");
        }
    }
}
