//! One watch into one table.

use std::fmt::Debug;
use std::pin::pin;

use futures::StreamExt as _;
use http::{Request, StatusCode};
use http_body_util::BodyExt as _;
use kube::Client;
use kube::api::Api;
use kube::client::Body;
use kube::core::Status;
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt as _, watcher as watch};
use kube::{Resource, ResourceExt as _};
use serde::de::DeserializeOwned;
use tokio::time::Instant;

use crate::facts::{Pulse, Table};
use crate::metrics::SourceState;

/// How the objects of a watch are converted to rows of a table.
pub(super) struct Rows<K, V> {
    /// The name of an object's row.
    pub(super) key: fn(&K) -> String,
    /// The part of an object that is stored.
    pub(super) value: fn(&K) -> V,
}

impl<K: Resource, V> Rows<K, V> {
    /// Rows by name of the object.
    pub(super) fn by_name(value: fn(&K) -> V) -> Self {
        Self {
            key: |object| object.name_any(),
            value,
        }
    }

    /// Rows by namespace of the object; each namespace has at most one.
    pub(super) fn by_namespace(value: fn(&K) -> V) -> Self {
        Self {
            key: |object| object.namespace().unwrap_or_default(),
            value,
        }
    }
}

/// Watches forever; calls `changed` whenever the table has changed or a request has failed.
pub(super) async fn follow<K, V>(
    client: &Client,
    api: impl FnOnce(Client) -> Api<K>,
    config: watcher::Config,
    rows: Rows<K, V>,
    table: &Table<V>,
    changed: impl Fn(),
) where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
    let api = api(with_pulse(client.clone(), table.pulse()));
    let mut events = pin!(watch(api, config).default_backoff());
    while let Some(event) = events.next().await {
        match event {
            Ok(Event::Init) => {
                table.begin();
                continue;
            }
            Ok(Event::InitApply(object)) => {
                table.arrive(&(rows.key)(&object), (rows.value)(&object));
                continue;
            }
            Ok(Event::InitDone) => table.finish(),
            Ok(Event::Apply(object)) => table.set(&(rows.key)(&object), (rows.value)(&object)),
            Ok(Event::Delete(object)) => table.remove(&(rows.key)(&object)),
            Err(error) => {
                // The resource version is too old: a new list follows immediately.
                if !is_expired(&error) {
                    let (state, message) = explain(&error);
                    table.failed(state, message);
                }
            }
        }
        changed();
    }
}

/// The same client, which records a sign of life when a watch is accepted and whenever data arrives: an idle
/// watch gets a bookmark about every minute, which the client does not report to its user.
///
/// Lists do not count. A list that fails halfway must not keep older facts alive.
pub(crate) fn with_pulse(client: Client, pulse: Pulse) -> Client {
    let namespace = client.default_namespace().to_owned();
    let service = tower::service_fn(move |request: Request<Body>| {
        let (client, pulse) = (client.clone(), pulse.clone());
        async move {
            let query = request.uri().query().unwrap_or_default();
            let is_watch = query.split('&').any(|pair| pair == "watch=true");
            let response = client.send(request).await?;
            let pulse = (is_watch && response.status().is_success()).then_some(pulse);
            let beat = move || {
                if let Some(pulse) = &pulse {
                    pulse.beat(Instant::now());
                }
            };
            beat();
            Ok::<_, kube::Error>(response.map(|body| {
                body.map_frame(move |frame| {
                    beat();
                    frame
                })
            }))
        }
    });
    Client::new(service, namespace)
}

/// The state of a source after a client error. The message contains nothing of an object: of an
/// API server's message only the code and the reason are repeated.
pub(super) fn explain_client(error: &kube::Error) -> (SourceState, String) {
    match error {
        kube::Error::Api(status) => explain_status(status),
        kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) | kube::Error::ReadEvents(_) => {
            (SourceState::Down, "cannot parse the response".to_owned())
        }
        kube::Error::Auth(_) => (SourceState::Forbidden, "cannot log in".to_owned()),
        _ => (SourceState::Down, "cannot reach the API server".to_owned()),
    }
}

/// The state of a source after an error of a watch.
pub(crate) fn explain(error: &watcher::Error) -> (SourceState, String) {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => explain_client(error),
        watcher::Error::WatchError(status) => explain_status(status),
        watcher::Error::NoResourceVersion => (
            SourceState::Down,
            "the response has no resource version".to_owned(),
        ),
    }
}

fn explain_status(status: &Status) -> (SourceState, String) {
    match StatusCode::from_u16(status.code) {
        Ok(StatusCode::NOT_FOUND) => (
            SourceState::Off,
            "the cluster does not serve this resource".to_owned(),
        ),
        Ok(StatusCode::FORBIDDEN) => (
            SourceState::Forbidden,
            "permission denied for the webhook's account".to_owned(),
        ),
        Ok(StatusCode::UNAUTHORIZED) => (
            SourceState::Forbidden,
            "the API server rejected the webhook's credentials".to_owned(),
        ),
        _ => (
            SourceState::Down,
            format!("the API server returned {} {}", status.code, status.reason),
        ),
    }
}

fn is_expired(error: &watcher::Error) -> bool {
    matches!(error, watcher::Error::WatchError(status) if status.code == 410)
}
