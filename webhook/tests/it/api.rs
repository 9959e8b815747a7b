//! An API server as small as the client's use of it: lists, watches, a Lease, a status.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use futures::stream::unfold;
use http::{Method, StatusCode};
use http_body_util::BodyExt as _;
use kube::{Client, Config};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::broadcast;

pub(crate) const NAMESPACES: &str = "/api/v1/namespaces";
pub(crate) const BUILDERS: &str = "/api/v1/serviceaccounts?metadata.name=builder";
pub(crate) const SECRETS: &str = "/api/v1/secrets?metadata.name=dockerhub";
pub(crate) const IMAGE_CONFIG: &str = "/apis/config.openshift.io/v1/images?metadata.name=cluster";
pub(crate) const POLICIES: &str = "/apis/extreg.io/v1alpha1/registrypolicies";
pub(crate) const LEASE: &str =
    "/apis/coordination.k8s.io/v1/namespaces/extreg-system/leases/extreg-webhook";

#[derive(Clone)]
pub(crate) struct Api(Arc<Inner>);

struct Inner {
    /// Items of a collection by path and field selector; single objects by path.
    collections: Mutex<HashMap<String, Vec<Value>>>,
    objects: Mutex<HashMap<String, Value>>,
    refused: Mutex<HashMap<String, u16>>,
    events: broadcast::Sender<(String, Value)>,
    writes: Mutex<Vec<(Method, String, Value)>>,
    answers: Mutex<HashMap<String, Answers>>,
}

/// What is answered to the first, second … object that is posted to a path.
type Answers = Box<dyn Fn(usize, &Value) -> (u16, Value) + Send>;

impl Api {
    pub(crate) async fn start() -> (Self, Client) {
        let api = Self(Arc::new(Inner {
            collections: Mutex::default(),
            objects: Mutex::default(),
            refused: Mutex::default(),
            events: broadcast::Sender::new(64),
            writes: Mutex::default(),
            answers: Mutex::default(),
        }));
        for collection in [NAMESPACES, BUILDERS, SECRETS, IMAGE_CONFIG, POLICIES] {
            api.set(collection, Vec::new());
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new().fallback(answer).with_state(api.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        (api, client(address))
    }

    pub(crate) fn set(&self, collection: &str, items: Vec<Value>) {
        let mut collections = self.0.collections.lock().unwrap();
        collections.insert(collection.to_owned(), items);
    }

    pub(crate) fn put(&self, path: &str, object: Value) {
        self.0
            .objects
            .lock()
            .unwrap()
            .insert(path.to_owned(), object);
    }

    pub(crate) fn object(&self, path: &str) -> Option<Value> {
        self.0.objects.lock().unwrap().get(path).cloned()
    }

    /// Tells watchers; the next list will hold it only if [`Api::set`] says so.
    pub(crate) fn send(&self, collection: &str, kind: &str, object: &Value) {
        let event = json!({"type": kind, "object": object});
        let _ = self.0.events.send((collection.to_owned(), event));
    }

    /// Answers `code` to everything whose path starts so.
    pub(crate) fn refuse(&self, path: &str, code: u16) {
        self.0.refused.lock().unwrap().insert(path.to_owned(), code);
    }

    pub(crate) fn accept(&self, path: &str) {
        self.0.refused.lock().unwrap().remove(path);
    }

    /// Answers what is posted to this path so, instead of storing it.
    pub(crate) fn on_post(
        &self,
        path: &str,
        answer: impl Fn(usize, &Value) -> (u16, Value) + Send + 'static,
    ) {
        let mut answers = self.0.answers.lock().unwrap();
        answers.insert(path.to_owned(), Box::new(answer));
    }

    /// What was posted to a path.
    pub(crate) fn posts(&self, path: &str) -> Vec<Value> {
        let posts = self.writes(&Method::POST).into_iter();
        let posts = posts.filter(|(other, _)| other == path);
        posts.map(|(_, body)| body).collect()
    }

    pub(crate) fn writes(&self, method: &Method) -> Vec<(String, Value)> {
        let writes = self.0.writes.lock().unwrap();
        let of_method = writes.iter().filter(|(other, ..)| other == method);
        of_method
            .map(|(_, path, body)| (path.clone(), body.clone()))
            .collect()
    }
}

pub(crate) fn client(address: SocketAddr) -> Client {
    extreg_certs::crypto::install();
    let mut config = Config::new(format!("http://{address}").parse().unwrap());
    config.default_retry = false;
    Client::try_from(config).unwrap()
}

async fn answer(State(api): State<Api>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    let query = request.uri().query().unwrap_or_default().to_owned();
    let method = request.method().clone();
    let body = request.into_body().collect().await.unwrap().to_bytes();
    let refused = api.0.refused.lock().unwrap().clone();
    if let Some((_, code)) = refused.iter().find(|(prefix, _)| path.starts_with(*prefix)) {
        return status(*code);
    }
    match method {
        Method::GET => read(&api, &path, &query),
        _ => write(&api, &method, path, &body),
    }
}

fn read(api: &Api, path: &str, query: &str) -> Response {
    let selector = query
        .split('&')
        .find_map(|pair| pair.strip_prefix("fieldSelector="));
    let collection = match selector {
        Some(selector) => format!("{path}?{}", selector.replace("%3D", "=")),
        None => path.to_owned(),
    };
    if query.contains("watch=") {
        return watch(api, collection);
    }
    if let Some(items) = api.0.collections.lock().unwrap().get(&collection) {
        let list = json!({
            "apiVersion": "v1", "kind": "List",
            "metadata": {"resourceVersion": "1"}, "items": items,
        });
        return axum_json(StatusCode::OK, &list);
    }
    match api.object(path) {
        Some(object) => axum_json(StatusCode::OK, &object),
        None => status(404),
    }
}

fn watch(api: &Api, collection: String) -> Response {
    let events = api.0.events.subscribe();
    let lines = unfold(
        (events, collection),
        |(mut events, collection)| async move {
            loop {
                let (of, event) = events.recv().await.ok()?;
                if of == collection {
                    let line = Ok::<_, Infallible>(Bytes::from(format!("{event}\n")));
                    return Some((line, (events, collection)));
                }
            }
        },
    );
    Body::from_stream(lines).into_response()
}

fn write(api: &Api, method: &Method, path: String, body: &[u8]) -> Response {
    let body: Value = serde_json::from_slice(body).unwrap();
    api.0
        .writes
        .lock()
        .unwrap()
        .push((method.clone(), path.clone(), body.clone()));
    if *method == Method::POST
        && let Some(answer) = api.0.answers.lock().unwrap().get(&path)
    {
        let (code, body) = answer(api.posts(&path).len(), &body);
        return axum_json(StatusCode::from_u16(code).unwrap(), &body);
    }
    let path = match *method {
        Method::POST => format!("{path}/{}", body["metadata"]["name"].as_str().unwrap()),
        _ => path,
    };
    let mut objects = api.0.objects.lock().unwrap();
    if *method == Method::PATCH {
        return axum_json(StatusCode::OK, &json!({"metadata": {"name": "p"}}));
    }
    let version = |object: &Value| object["metadata"]["resourceVersion"].clone();
    let stored = objects.get(&path).map_or(Value::Null, version);
    if stored != version(&body) {
        return status(409);
    }
    let mut body = body;
    let next = stored
        .as_str()
        .map_or(1, |version| version.parse::<u64>().unwrap() + 1);
    body["metadata"]["resourceVersion"] = json!(next.to_string());
    objects.insert(path, body.clone());
    axum_json(StatusCode::OK, &body)
}

fn status(code: u16) -> Response {
    let reason = if code == 404 { "NotFound" } else { "Because" };
    let body = json!({
        "apiVersion": "v1", "kind": "Status", "metadata": {}, "status": "Failure",
        "message": "hunter2", "reason": reason, "code": code,
    });
    axum_json(StatusCode::from_u16(code).unwrap(), &body)
}

fn axum_json(status: StatusCode, body: &Value) -> Response {
    (
        status,
        [("content-type", "application/json")],
        body.to_string(),
    )
        .into_response()
}
