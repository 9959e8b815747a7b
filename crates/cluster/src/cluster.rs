//! A cluster: reading and writing objects of any kind.

use std::{sync::Arc, time::Duration};

use http::{HeaderMap, Method, Request, header};
use kube::{Client, client::Body, core::Status};
use serde_json::Value;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::{
    ClusterError, DryRun, Kind, MANAGER, Object, ObjectRef, encode, from_kube,
    service::{WantsWarnings, warnings},
};

/// Concurrent page requests; more would affect other users of the server.
pub const IN_FLIGHT: usize = 8;

/// A cluster, as the user of the kubeconfig and the flags.
#[derive(Clone)]
pub struct Cluster {
    client: Client,
    name: String,
    namespace: String,
    turns: Arc<Semaphore>,
}

impl Cluster {
    pub(super) fn new(client: Client, name: String, namespace: String) -> Self {
        Self {
            client,
            name,
            namespace,
            turns: Arc::new(Semaphore::new(IN_FLIGHT)),
        }
    }

    /// Waits until another page can be fetched. The turn lasts until the returned guard is dropped.
    pub async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        // Nothing closes it.
        self.turns.acquire().await.ok()
    }

    /// The cluster's name in the kubeconfig; the server's address if that is set separately.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The client, for kube's typed API.
    pub fn client(&self) -> Client {
        self.client.clone()
    }

    /// The namespace of `--namespace`, else of the context, else `default`.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Any path of the API, as JSON.
    pub async fn get_path(&self, path: &str) -> Result<Value, ClusterError> {
        self.send(Method::GET, path, None, None).await
    }

    /// Any path of the API, as JSON, with the `Date` of the server's answer, if it has one.
    pub async fn get_dated(&self, path: &str) -> Result<(Value, Option<String>), ClusterError> {
        let request = Request::get(path)
            .header(header::ACCEPT, "application/json")
            .body(Body::empty())
            .map_err(|e| ClusterError::failed(format!("cannot request {path}: {e}")))?;
        let (body, headers) = self.answer(request).await?;
        let date = headers.get(header::DATE);
        let date = date.and_then(|date| date.to_str().ok()).map(str::to_owned);
        Ok((body, date))
    }

    /// An object, or `None` if it does not exist.
    pub async fn get(&self, object: &ObjectRef) -> Result<Option<Object>, ClusterError> {
        match self.get_path(&object.path()).await {
            Ok(body) => Ok(Some(Object {
                kind: object.kind,
                body,
            })),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The objects of a kind in a namespace that a label selector selects; an empty one selects all.
    pub async fn list(
        &self,
        kind: Kind,
        namespace: &str,
        selector: &str,
    ) -> Result<Vec<Object>, ClusterError> {
        let path = format!(
            "{}?labelSelector={}",
            kind.path(Some(namespace)),
            encode(selector)
        );
        let mut list = self.get_path(&path).await?;
        let items = list.get_mut("items").map(Value::take);
        let Some(Value::Array(items)) = items else {
            return Ok(Vec::new());
        };
        Ok(items
            .into_iter()
            .map(|body| Object { kind, body }.typed())
            .collect())
    }

    /// Whether the API serves a kind.
    pub async fn serves(&self, kind: Kind) -> Result<bool, ClusterError> {
        match self.get_path(&kind.group_path()).await {
            Ok(list) => Ok(list
                .get("resources")
                .and_then(Value::as_array)
                .is_some_and(|all| all.iter().any(|r| r["name"] == kind.plural))),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Creates an object and returns the created one.
    pub async fn create(&self, object: &Object, dry_run: DryRun) -> Result<Object, ClusterError> {
        let kind = object.kind;
        let path = format!(
            "{}?fieldManager={MANAGER}{}",
            kind.path(Some(&object.reference().namespace)),
            dry_run.query()
        );
        let body = self.send(
            Method::POST,
            &path,
            Some("application/json"),
            Some(&object.body),
        );
        Ok(Object {
            kind,
            body: body.await?,
        })
    }

    /// Creates an object on the server without storing it, with admission, and returns the
    /// result and the server's warnings. The warnings are not printed.
    pub async fn try_create(&self, object: &Object) -> Result<(Object, Vec<String>), ClusterError> {
        let kind = object.kind;
        let path = format!(
            "{}?fieldManager={MANAGER}{}",
            kind.path(Some(&object.reference().namespace)),
            DryRun::Server.query()
        );
        let request = Request::builder()
            .method(Method::POST)
            .uri(&path)
            .header(header::ACCEPT, "application/json")
            .header(header::CONTENT_TYPE, "application/json")
            .extension(WantsWarnings)
            .body(Body::from(object.body.to_string().into_bytes()))
            .map_err(|e| ClusterError::failed(format!("cannot request {path}: {e}")))?;
        let (body, headers) = self.answer(request).await?;
        let warnings = warnings(&headers).collect();
        Ok((Object { kind, body }, warnings))
    }

    /// The headers and the body of a successful answer. With `patience`, waiting for a body ends
    /// after that time.
    pub(super) async fn receive(
        &self,
        request: Request<Body>,
        patience: Option<Duration>,
    ) -> Result<(HeaderMap, Vec<u8>), ClusterError> {
        let response = self.client.send(request).await.map_err(from_kube)?;
        let (head, body) = response.into_parts();
        let bytes = body.collect_bytes();
        let bytes = match patience {
            Some(limit) => tokio::time::timeout(limit, bytes).await.map_err(|_| {
                let seconds = limit.as_secs();
                ClusterError::Unreachable(format!("the answer was not complete within {seconds}s"))
            })?,
            None => bytes.await,
        };
        let bytes = bytes.map_err(from_kube)?;
        if !head.status.is_success() {
            let status = serde_json::from_slice::<Status>(&bytes).unwrap_or_else(|_| {
                let text = String::from_utf8_lossy(&bytes);
                Status::failure(&text, "Failed to parse error data").with_code(head.status.as_u16())
            });
            return Err(from_kube(kube::Error::Api(status.boxed())));
        }
        Ok((head.headers, bytes.into()))
    }

    /// Replaces an object. With a `resourceVersion` in it, only exactly that state of it (else 409).
    pub async fn replace(&self, object: &Object, dry_run: DryRun) -> Result<Object, ClusterError> {
        let path = format!(
            "{}?fieldManager={MANAGER}{}",
            object.reference().path(),
            dry_run.query()
        );
        let body = self.send(
            Method::PUT,
            &path,
            Some("application/json"),
            Some(&object.body),
        );
        Ok(Object {
            kind: object.kind,
            body: body.await?,
        })
    }

    /// Server-side apply of the fields in `object`; with `force` also of fields that other managers own.
    pub async fn server_side_apply(
        &self,
        object: &Object,
        force: bool,
        dry_run: DryRun,
    ) -> Result<Object, ClusterError> {
        let path = format!(
            "{}?fieldManager={MANAGER}&force={force}{}",
            object.reference().path(),
            dry_run.query()
        );
        let media = Some("application/apply-patch+yaml");
        let body = self
            .send(Method::PATCH, &path, media, Some(&object.body))
            .await?;
        Ok(Object {
            kind: object.kind,
            body,
        })
    }

    /// Sends a POST to a subresource of an object, such as `instantiate`.
    pub async fn post_to(
        &self,
        object: &ObjectRef,
        part: &str,
        body: &Value,
    ) -> Result<Value, ClusterError> {
        let path = format!("{}/{part}?fieldManager={MANAGER}", object.path());
        self.send(Method::POST, &path, Some("application/json"), Some(body))
            .await
    }

    /// The result of `oc apply --server-side` of an object of any kind, taking ownership of all fields;
    /// its path is the object's own. Nothing is stored.
    pub async fn try_apply(&self, path: &str, body: &Value) -> Result<Value, ClusterError> {
        // As that manager and not as ours: fields that setup set and the file does not contain are not dropped.
        let path = format!(
            "{path}?fieldManager=kubectl&force=true{}",
            DryRun::Server.query()
        );
        let media = Some("application/apply-patch+yaml");
        self.send(Method::PATCH, &path, media, Some(body)).await
    }

    /// Deletes an object. `Ok(false)` if it did not exist.
    pub async fn delete(&self, object: &ObjectRef, dry_run: DryRun) -> Result<bool, ClusterError> {
        // Background is the default of these kinds except DeploymentConfig and BuildConfig, whose
        // server orphans dependents without it.
        let path = format!(
            "{}?propagationPolicy=Background{}",
            object.path(),
            dry_run.query()
        );
        match self.send(Method::DELETE, &path, None, None).await {
            Ok(_) => Ok(true),
            Err(error) if error.is_not_found() => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// The answer with its headers.
    async fn answer(&self, request: Request<Body>) -> Result<(Value, HeaderMap), ClusterError> {
        let (headers, bytes) = self.receive(request, None).await?;
        let body = serde_json::from_slice(&bytes).map_err(kube::Error::SerdeError);
        Ok((body.map_err(from_kube)?, headers))
    }

    pub(super) async fn send(
        &self,
        method: Method,
        path: &str,
        media: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Value, ClusterError> {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::ACCEPT, "application/json");
        if let Some(media) = media {
            request = request.header(header::CONTENT_TYPE, media);
        }
        let body = body.map(Value::to_string).unwrap_or_default().into_bytes();
        let request = request
            .body(body)
            .map_err(|e| ClusterError::failed(format!("cannot request {path}: {e}")))?;
        self.client.request(request).await.map_err(from_kube)
    }
}
