//! One object at a time, when a decision depends on it.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use extreg_core::facts::{Known, SecretFact, StreamFact, StreamRead};
use extreg_core::policy::Labels;
use extreg_core::verdict::StreamKey;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use k8s_openapi::api::core::v1::Namespace;
use kube::Client;
use kube::api::Api;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::secrets::NamedSecret;
use super::watch::explain_client;
use crate::facts::Table;
use crate::metrics::SourceState;
use crate::review::Lookup;

/// Concurrent reads. More would only queue at the API server.
const MOST: usize = 32;

/// Reads single objects from the API server, each within a time limit.
pub struct ApiLookup {
    client: Client,
    streams: Arc<Table<()>>,
    slots: Semaphore,
    deadline: Duration,
}

impl ApiLookup {
    pub(super) fn new(client: Client, streams: Arc<Table<()>>, deadline: Duration) -> Self {
        Self {
            client,
            streams,
            slots: Semaphore::new(MOST),
            deadline,
        }
    }

    async fn read_stream(&self, key: &StreamKey) -> StreamRead {
        if !is_name(&key.namespace) || !is_name(&key.name) {
            // No object can have such a name, and it must not become part of a path.
            return StreamRead::Absent;
        }
        let Ok(_slot) = self.slots.try_acquire() else {
            return StreamRead::Failed;
        };
        let path = format!(
            "/apis/image.openshift.io/v1/namespaces/{}/imagestreams/{}",
            key.namespace, key.name
        );
        let Ok(request) = http::Request::get(path).body(Vec::new()) else {
            return StreamRead::Failed;
        };
        match timeout(self.deadline, self.client.request_text(request)).await {
            Ok(Ok(json)) => {
                self.streams.finish();
                StreamFact::parse(json.as_bytes()).map_or(StreamRead::Failed, |fact| {
                    StreamRead::Present(Arc::new(fact))
                })
            }
            Ok(Err(kube::Error::Api(status))) if status.code == 404 => {
                self.streams.finish();
                StreamRead::Absent
            }
            Ok(Err(error)) => {
                let (state, message) = explain_client(&error);
                self.streams.failed(state, message);
                StreamRead::Failed
            }
            Err(_) => {
                let message = "the API server did not answer in time".to_owned();
                self.streams.failed(SourceState::Down, message);
                StreamRead::Failed
            }
        }
    }

    async fn read_secret(&self, namespace: &str, name: &str) -> Known<Option<SecretFact>> {
        let api: Api<NamedSecret> = Api::namespaced(self.client.clone(), namespace);
        match self.read(namespace, name, api.get_opt(name)).await {
            Known::Known(secret) => Known::Known(secret.map(|secret| secret.fact)),
            Known::Unknown => Known::Unknown,
        }
    }

    async fn read_labels(&self, namespace: &str) -> Known<Labels> {
        let api: Api<Namespace> = Api::all(self.client.clone());
        let reading = api.get_metadata_opt(namespace);
        match self.read(namespace, namespace, reading).await {
            Known::Known(Some(found)) => Known::Known(found.metadata.labels.unwrap_or_default()),
            Known::Known(None) | Known::Unknown => Known::Unknown,
        }
    }

    async fn read<T>(
        &self,
        namespace: &str,
        name: &str,
        reading: impl Future<Output = kube::Result<Option<T>>>,
    ) -> Known<Option<T>> {
        if !is_name(namespace) || !is_name(name) {
            return Known::Known(None);
        }
        let Ok(_slot) = self.slots.try_acquire() else {
            return Known::Unknown;
        };
        match timeout(self.deadline, reading).await {
            Ok(Ok(object)) => Known::Known(object),
            // The watch of the same objects reports the state of their source.
            Ok(Err(_)) | Err(_) => Known::Unknown,
        }
    }
}

impl Lookup for ApiLookup {
    fn stream<'a>(&'a self, key: &'a StreamKey) -> BoxFuture<'a, StreamRead> {
        self.read_stream(key).boxed()
    }

    fn secret<'a>(
        &'a self,
        namespace: &'a str,
        name: &'a str,
    ) -> BoxFuture<'a, Known<Option<SecretFact>>> {
        self.read_secret(namespace, name).boxed()
    }

    fn labels<'a>(&'a self, namespace: &'a str) -> BoxFuture<'a, Known<Labels>> {
        self.read_labels(namespace).boxed()
    }
}

/// Whether an object can have this name: it comes from a request and becomes part of a path.
fn is_name(name: &str) -> bool {
    (1..=253).contains(&name.len())
        && name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_become_part_of_a_path() {
        for name in ["app", "my-app.v2", "a__b", "0"] {
            assert!(is_name(name), "{name}");
        }
        for name in [
            "",
            ".",
            "..",
            "a/b",
            "../x",
            "a?b",
            "a b",
            "é",
            "%2e",
            &"a".repeat(254),
        ] {
            assert!(!is_name(name), "{name}");
        }
    }
}
