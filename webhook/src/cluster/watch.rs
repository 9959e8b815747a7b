//! One watch into one table.

use std::fmt::Debug;
use std::pin::pin;

use futures::StreamExt as _;
use http::StatusCode;
use kube::api::Api;
use kube::core::Status;
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt as _, watcher as watch};
use kube::{Resource, ResourceExt as _};
use serde::de::DeserializeOwned;

use crate::facts::Table;
use crate::metrics::SourceState;

/// How the objects of a watch become rows of a table.
pub(super) struct Rows<K, V> {
    /// The name of an object's row.
    pub(super) key: fn(&K) -> String,
    /// What is kept of an object.
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

    /// Rows by namespace of the object, of which each namespace has at most one.
    pub(super) fn by_namespace(value: fn(&K) -> V) -> Self {
        Self {
            key: |object| object.namespace().unwrap_or_default(),
            value,
        }
    }
}

/// Follows a watch for ever; calls `changed` whenever the table or its health has changed.
pub(super) async fn follow<K, V>(
    api: Api<K>,
    config: watcher::Config,
    rows: Rows<K, V>,
    table: &Table<V>,
    changed: impl Fn(),
) where
    K: Resource + Clone + DeserializeOwned + Debug + Send + 'static,
{
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
                // The resource version is too old: a new list follows at once.
                if !is_expired(&error) {
                    let (state, message) = explain(&error);
                    table.failed(state, message);
                }
            }
        }
        changed();
    }
}

/// What an error of a client means for a source. The message holds nothing of an object: of what
/// an API server says only the code and the reason are repeated.
pub(super) fn explain_client(error: &kube::Error) -> (SourceState, String) {
    match error {
        kube::Error::Api(status) => explain_status(status),
        kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) | kube::Error::ReadEvents(_) => {
            (SourceState::Down, "the answer cannot be read".to_owned())
        }
        kube::Error::Auth(_) => (SourceState::Forbidden, "cannot log in".to_owned()),
        _ => (
            SourceState::Down,
            "the API server cannot be reached".to_owned(),
        ),
    }
}

/// What an error of a watch means for a source.
pub(crate) fn explain(error: &watcher::Error) -> (SourceState, String) {
    match error {
        watcher::Error::InitialListFailed(error)
        | watcher::Error::WatchStartFailed(error)
        | watcher::Error::WatchFailed(error) => explain_client(error),
        watcher::Error::WatchError(status) => explain_status(status),
        watcher::Error::NoResourceVersion => (
            SourceState::Down,
            "the answer has no resource version".to_owned(),
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
            "the webhook's account may not read this".to_owned(),
        ),
        Ok(StatusCode::UNAUTHORIZED) => (
            SourceState::Forbidden,
            "the API server does not accept the webhook's credentials".to_owned(),
        ),
        _ => (
            SourceState::Down,
            format!("the API server answers {} {}", status.code, status.reason),
        ),
    }
}

fn is_expired(error: &watcher::Error) -> bool {
    matches!(error, watcher::Error::WatchError(status) if status.code == 410)
}
