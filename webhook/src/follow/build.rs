//! The Build as it is watched: needed fields are kept, the rest is dropped while reading.
//!
//! Watches deliver one object at a time. Lists do not: those of [`reducing`] are reduced while they
//! arrive, so that no page is ever in memory as a whole.

use std::borrow::Cow;
use std::collections::BTreeMap;

use extreg_core::follow::{Build, BuildSpec, BuildStatus, Pushed};
use futures::TryStreamExt as _;
use http::header::CONTENT_LENGTH;
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::BodyExt as _;
use k8s_openapi::NamespaceResourceScope;
use kube::api::ObjectMeta;
use kube::client::Body;
use kube::{Client, Resource};
use serde::{Deserialize, Deserializer, Serialize};
use tower::service_fn;

use crate::thin;

/// The path of the list of all builds.
const LIST: &str = "/apis/build.openshift.io/v1/builds";
/// Longer, in bytes, than any image name that OpenShift accepts.
const LONGEST_NAME: usize = 1024;

/// A Build of the cluster.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
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

    /// The pushed image, if it can be followed.
    pub(super) fn pushed(&self) -> Option<Pushed> {
        let build = Build {
            labels: self.metadata.labels.clone().unwrap_or_default(),
            spec: self.spec.clone(),
            status: self.status.clone(),
        };
        let pushed = Pushed::of(&build).ok();
        pushed.filter(|pushed| pushed.name.len() <= LONGEST_NAME)
    }
}

/// The same client, except that a list of all builds contains only those that can be followed, and of
/// each only the needed fields.
pub(super) fn reducing(client: &Client) -> Client {
    let real = client.clone();
    let service = service_fn(move |request: Request<Body>| {
        let real = real.clone();
        async move {
            let is_list = request.method() == Method::GET && is_list(request.uri());
            let response = real.send(request).await?;
            if is_list && response.status() == StatusCode::OK {
                reduced(response).await
            } else {
                Ok(response)
            }
        }
    });
    Client::new(service, client.default_namespace())
}

fn is_list(uri: &Uri) -> bool {
    let watches = uri.query().is_some_and(|query| query.contains("watch="));
    uri.path() == LIST && !watches
}

async fn reduced(response: Response<Body>) -> kube::Result<Response<Body>> {
    let (mut parts, body) = response.into_parts();
    let body = body.into_data_stream().map_err(std::io::Error::other);
    let (list, skipped) = thin::read(body.into_async_read(), reduce)
        .await
        .map_err(|error| kube::Error::Service(Box::new(error)))?;
    if skipped > 0 {
        tracing::warn!(skipped, "skipped builds that are too large");
    }
    parts.headers.remove(CONTENT_LENGTH);
    Ok(Response::from_parts(parts, Body::from(list)))
}

fn reduce(item: &[u8]) -> Option<Vec<u8>> {
    let build: Watched = serde_json::from_slice(item).ok()?;
    build.pushed()?;
    serde_json::to_vec(&build).ok()
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
    use serde_json::{Value, json};

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
        assert_eq!(watched.metadata.labels.as_ref().unwrap().len(), 1);
        assert_eq!(watched.pushed().unwrap().digest, digest);

        let reduced = reduce(text.as_bytes()).unwrap();
        assert!(!String::from_utf8_lossy(&reduced).contains("hunter2"));
        let again: Watched = serde_json::from_slice(&reduced).unwrap();
        assert_eq!(again.pushed(), watched.pushed());
        assert_eq!(again.uid(), "u");
        for odd in [
            "{}",
            r#"{"metadata":{},"spec":{"output":null},"status":{"output":null}}"#,
        ] {
            let watched: Watched = serde_json::from_str(odd).unwrap();
            assert!(watched.pushed().is_none(), "{odd}");
            assert!(reduce(odd.as_bytes()).is_none(), "{odd}");
        }
    }

    #[test]
    fn a_name_without_end_is_not_kept() {
        let build = |name: &str| {
            json!({
                "spec": {"output": {"to": {"kind": "DockerImage", "name": name}}},
                "status": {
                    "phase": "Complete", "completionTimestamp": "2026-11-24T12:00:00Z",
                    "output": {"to": {"imageDigest": format!("sha256:{}", "ab".repeat(32))}},
                },
            })
            .to_string()
        };
        assert!(reduce(build("quay.io/ann/app").as_bytes()).is_some());
        let host = format!("{}.example.com/ann/app", "a.".repeat(LONGEST_NAME));
        assert!(reduce(build(&host).as_bytes()).is_none());
    }

    #[tokio::test]
    async fn only_lists_are_reduced() {
        let item = |phase: &str| {
            json!({
                "metadata": {"name": phase, "namespace": "snow", "uid": phase},
                "spec": {"output": {"to": {"kind": "DockerImage", "name": "ann/app"}}, "x": "y"},
                "status": {
                    "phase": phase, "completionTimestamp": "2026-11-24T12:00:00Z",
                    "output": {"to": {"imageDigest": format!("sha256:{}", "ab".repeat(32))}},
                },
            })
        };
        let list = json!({
            "metadata": {"resourceVersion": "5", "continue": "c"},
            "items": [item("Complete"), item("Failed"), {"metadata": 7}],
        });
        let answer = list.to_string();
        let service = service_fn(move |_: Request<Body>| {
            let answer = answer.clone().into_bytes();
            async move { Ok::<_, kube::Error>(Response::new(Body::from(answer))) }
        });
        let client = reducing(&Client::new(service, "default"));
        let get = async |path: &str| {
            let request = Request::get(path).body(Vec::new()).unwrap();
            client.request::<Value>(request).await.unwrap()
        };
        let reduced = get("/apis/build.openshift.io/v1/builds?limit=100").await;
        assert_eq!(reduced["metadata"], list["metadata"]);
        let items = reduced["items"].as_array().unwrap();
        assert_eq!(items.len(), 1);
        assert_eq!(items[0]["metadata"]["name"], "Complete");
        assert!(items[0]["spec"].get("x").is_none());
        for other in [
            "/apis/build.openshift.io/v1/builds?watch=true",
            "/api/v1/namespaces",
        ] {
            assert_eq!(get(other).await, list, "{other}");
        }
    }
}
