//! A container registry on loopback: as much of the OCI distribution protocol as pushing and pulling an image takes.
//!
//! It speaks plain HTTP, keeps everything in memory and checks what it is given: a blob against its digest, a manifest
//! against the blobs that it names.

mod archive;
mod client;
mod store;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Result;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use archive::{Archive, Entry};
pub use client::{Pulled, pull, push};
pub use store::digest;
use store::{Content, Refusal, Store};

/// A running registry; it ends when this is dropped.
#[derive(Debug)]
pub struct Registry {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

#[derive(Debug, Default)]
struct State {
    store: Store,
    requests: Vec<String>,
}

impl Registry {
    /// Starts an empty registry on the current runtime.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let state = Arc::<Mutex<State>>::default();
        let task = tokio::spawn(serve(listener, Arc::clone(&state)));
        Ok(Self {
            address,
            state,
            task,
        })
    }

    /// Host and port, as an image names them.
    pub fn host(&self) -> String {
        self.address.to_string()
    }

    /// What it was asked for so far, as `METHOD /path`.
    pub fn requests(&self) -> Vec<String> {
        lock(&self.state).requests.clone()
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn serve(listener: TcpListener, state: Arc<Mutex<State>>) {
    while let Ok((stream, _)) = listener.accept().await {
        let state = Arc::clone(&state);
        let service = service_fn(move |request| answer(Arc::clone(&state), request));
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

async fn answer(
    state: Arc<Mutex<State>>,
    request: Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (parts, body) = request.into_parts();
    let Ok(body) = body.collect().await else {
        return Ok(plain(StatusCode::BAD_REQUEST));
    };
    let call = Call {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        digest: parts.uri.query().and_then(|query| {
            let digest = query
                .split('&')
                .find_map(|pair| pair.strip_prefix("digest="))?;
            Some(digest.replace("%3A", ":").replace("%3a", ":"))
        }),
        content_type: parts
            .headers
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .unwrap_or("application/octet-stream")
            .to_owned(),
        body: body.to_bytes(),
    };
    let mut state = lock(&state);
    state
        .requests
        .push(format!("{} {}", call.method, call.path));
    Ok(route(&mut state.store, call).unwrap_or_else(refuse))
}

struct Call {
    method: Method,
    path: String,
    digest: Option<String>,
    content_type: String,
    body: Bytes,
}

/// One request of the distribution protocol, version 1.1. A repository's name has slashes itself, so the path is read
/// from its end.
fn route(store: &mut Store, call: Call) -> Result<Response<Full<Bytes>>, Refusal> {
    let path = call.path.trim_end_matches('/');
    if path == "/v2" {
        return Ok(plain(StatusCode::OK));
    }
    let path = path.strip_prefix("/v2/").ok_or(Refusal::Unknown)?;
    let (rest, last) = path.rsplit_once('/').ok_or(Refusal::Unknown)?;
    let reading = matches!(call.method, Method::GET | Method::HEAD);
    if let Some(name) = rest.strip_suffix("/manifests") {
        return match call.method {
            Method::PUT => {
                let digest = store.put_manifest(name, last, call.content_type, call.body)?;
                let location = format!("/v2/{name}/manifests/{digest}");
                created(StatusCode::CREATED, &location, Some(&digest))
            }
            _ if reading => content(&call.method, store.manifest(name, last)?),
            _ => Err(Refusal::Unsupported),
        };
    }
    if let Some(name) = rest.strip_suffix("/blobs/uploads") {
        let id = last.parse().map_err(|_| Refusal::UploadUnknown)?;
        return match call.method {
            Method::PATCH => {
                store.append(id, &call.body)?;
                created(StatusCode::ACCEPTED, &call.path, None)
            }
            Method::PUT => {
                store.append(id, &call.body)?;
                let digest = call.digest.ok_or(Refusal::DigestInvalid)?;
                store.finish(id, name, &digest)?;
                let location = format!("/v2/{name}/blobs/{digest}");
                created(StatusCode::CREATED, &location, Some(&digest))
            }
            _ => Err(Refusal::Unsupported),
        };
    }
    if let Some(name) = rest.strip_suffix("/blobs") {
        return match call.method {
            Method::POST if last == "uploads" => {
                let location = format!("/v2/{name}/blobs/uploads/{}", store.begin());
                created(StatusCode::ACCEPTED, &location, None)
            }
            _ if reading => content(&call.method, store.blob(name, last)?),
            _ => Err(Refusal::Unsupported),
        };
    }
    match rest.strip_suffix("/tags") {
        Some(name) if last == "list" && reading => {
            let list = serde_json::json!({ "name": name, "tags": store.tags(name)? });
            let list = Content {
                content_type: "application/json".to_owned(),
                bytes: list.to_string().into(),
            };
            content(&call.method, &list)
        }
        _ => Err(Refusal::Unknown),
    }
}

fn content(method: &Method, content: &Content) -> Result<Response<Full<Bytes>>, Refusal> {
    let body = if method == Method::HEAD {
        Bytes::new()
    } else {
        content.bytes.clone()
    };
    Response::builder()
        .header(header::CONTENT_TYPE, &content.content_type)
        .header(header::CONTENT_LENGTH, content.bytes.len())
        .header("docker-content-digest", digest(&content.bytes))
        .body(Full::new(body))
        .map_err(|_| Refusal::Unknown)
}

fn created(
    status: StatusCode,
    location: &str,
    digest: Option<&str>,
) -> Result<Response<Full<Bytes>>, Refusal> {
    let mut response = Response::builder()
        .status(status)
        .header(header::LOCATION, location);
    if let Some(digest) = digest {
        response = response.header("docker-content-digest", digest);
    }
    response.body(Full::default()).map_err(|_| Refusal::Unknown)
}

fn refuse(refusal: Refusal) -> Response<Full<Bytes>> {
    let body = serde_json::json!({ "errors": [{ "code": refusal.code() }] });
    let mut response = Response::new(Full::new(body.to_string().into()));
    *response.status_mut() = refusal.status();
    response
}

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
