//! The features that a scenario needs, and whether this cluster has them.

use anyhow::Result;
use serde_json::{Value, json};

use super::cluster::Cluster;
use super::namespaces::{Ground, Namespaces};

/// A feature that not every cluster has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// BuildConfigs and Builds; an OpenShift can be installed without them.
    Builds,
    /// The image can be imported.
    Import,
    /// All tags of a repository can be imported; a mirror does not list them.
    Listing,
    /// ImageStreams and ImageStreamTags.
    Streams,
    /// ImageTags, served from 4.5 on.
    ImageTags,
    /// ProjectRequests.
    Projects,
}

/// The missing features, each with the reason.
#[derive(Debug)]
pub(super) struct Capabilities {
    lacking: Vec<(Need, String)>,
}

impl Capabilities {
    /// Queries the cluster.
    pub(super) fn probe(cluster: &Cluster, namespaces: &Namespaces<'_>) -> Result<Self> {
        let mut lacking = Vec::new();
        for (need, group, resources) in [
            (Need::Builds, "build", &["buildconfigs", "builds"][..]),
            (
                Need::Streams,
                "image",
                &["imagestreams", "imagestreamtags", "imagestreamimports"],
            ),
            (Need::ImageTags, "image", &["imagetags"]),
            (Need::Projects, "project", &["projectrequests"]),
        ] {
            if let Some(reason) = unserved(cluster, group, resources)? {
                lacking.push((need, reason));
            }
        }
        let mut capabilities = Self { lacking };
        if capabilities.lacks(&[Need::Streams]).is_none() {
            let from = |name: &str| json!({"from": {"kind": "DockerImage", "name": name}});
            let image = json!({"import": false, "images": [from(cluster.image())]});
            let repository = json!({"import": false, "repository": from(cluster.listed())});
            for (need, name, at, spec) in [
                (
                    Need::Import,
                    cluster.image(),
                    "/status/images/0/status",
                    image,
                ),
                (
                    Need::Listing,
                    cluster.listed(),
                    "/status/repository/status",
                    repository,
                ),
            ] {
                if let Some(reason) = import_fails(cluster, namespaces, &spec, at)? {
                    let reason = format!("{name} cannot be imported, give another: {reason}");
                    capabilities.lacking.push((need, reason));
                }
            }
        }
        Ok(capabilities)
    }

    /// Why these needs are not met, if they are not.
    pub(super) fn lacks(&self, needs: &[Need]) -> Option<String> {
        self.lacking
            .iter()
            .find(|(need, _)| {
                let importing = [Need::Import, Need::Listing]
                    .iter()
                    .any(|n| needs.contains(n));
                needs.contains(need) || (*need == Need::Streams && importing)
            })
            .map(|(_, reason)| reason.clone())
    }
}

fn unserved(cluster: &Cluster, group: &str, wanted: &[&str]) -> Result<Option<String>> {
    let path = format!("/apis/{group}.openshift.io/v1");
    let answer = cluster.oc(&format!("get --raw {path}"), None)?;
    if !answer.success {
        return Ok(Some(format!("{path} is not served")));
    }
    let list: Value = serde_json::from_str(&answer.stdout)?;
    let served = |name: &str| {
        let resources = list.pointer("/resources").and_then(Value::as_array);
        resources
            .into_iter()
            .flatten()
            .any(|resource| resource.pointer("/name") == Some(&json!(name)))
    };
    Ok(wanted
        .iter()
        .find(|name| !served(name))
        .map(|name| format!("{name} are not served in {path}")))
}

/// Reads an image without storing anything.
fn import_fails(
    cluster: &Cluster,
    namespaces: &Namespaces<'_>,
    spec: &Value,
    at: &str,
) -> Result<Option<String>> {
    let namespace = namespaces.pair(Ground::Main)?.plain;
    let request = json!({
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStreamImport",
        "metadata": {"name": "probe", "namespace": namespace},
        "spec": spec,
    });
    let path = format!("/apis/image.openshift.io/v1/namespaces/{namespace}/imagestreamimports");
    let words = format!("create --raw {path} -f -");
    let answer = cluster.oc(&words, Some(&request.to_string()))?;
    if !answer.success {
        return Ok(Some(answer.output()));
    }
    let answer: Value = serde_json::from_str(&answer.stdout)?;
    let status = answer.pointer(at).cloned().unwrap_or_default();
    let text = |field: &str| status.pointer(field).and_then(Value::as_str);
    Ok(match text("/status") {
        Some("Success") => None,
        _ => Some(text("/message").unwrap_or("no reason was given").to_owned()),
    })
}
