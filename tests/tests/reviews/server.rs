//! The server under test, and the recordings.

use std::future::ready;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use extreg_certs::host::Host;
use extreg_certs::issue::{Issued, Validity, issue};
use extreg_core::facts::{Known, StreamFact, StreamRead};
use extreg_core::policy::{Labels, Mode};
use extreg_core::verdict::StreamKey;
use extreg_webhook::facts::FactStore;
use extreg_webhook::metrics::Metrics;
use extreg_webhook::reserved::ReservedThread;
use extreg_webhook::review::{EngineReviewer, Lookup};
use extreg_webhook::server::{Config, Server};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use secrecy::ExposeSecret as _;
use serde_json::Value;

/// The thread that answers probes, shared by all servers.
static RESERVED: OnceLock<ReservedThread> = OnceLock::new();

/// The webhook with the built-in policy, on a cluster that has only the ImageStream `python-lyapp` in its recorded
/// state.
pub(crate) async fn server() -> (Server, String) {
    server_with(Known::Unknown, |facts| facts).await
}

/// The same, with other facts, on a cluster where a namespace has these labels when it is read.
pub(crate) async fn server_with(
    labels: Known<Labels>,
    change: impl FnOnce(FactStore) -> FactStore,
) -> (Server, String) {
    let hosts = [Host::parse("127.0.0.1").unwrap()];
    let Issued {
        ca_bundle,
        chain,
        key,
        ..
    } = issue(&hosts, Validity::default(), jiff::Timestamp::now()).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let (certificate, private) = (folder.path().join("tls.crt"), folder.path().join("tls.key"));
    std::fs::write(&certificate, chain).unwrap();
    std::fs::write(&private, key.expose_secret()).unwrap();

    let facts = change(FactStore::new(None, Mode::Enforce, Metrics::new()).assuming());
    facts.set_no_policy_kind();
    let lookup = Box::new(Recorded::read(labels));
    let reviewer = EngineReviewer::new(Arc::new(facts), Some(lookup));
    let loopback = "127.0.0.1:0".parse().unwrap();
    let config = Config {
        listen: loopback,
        health_listen: loopback,
        ..Config::new(certificate, private)
    };
    let reserved = RESERVED.get_or_init(|| ReservedThread::start().unwrap());
    let server = Server::start(config, reviewer, reserved).await.unwrap();
    (server, ca_bundle)
}

#[derive(Debug)]
struct Recorded {
    stream: Arc<StreamFact>,
    labels: Known<Labels>,
}

impl Recorded {
    fn read(labels: Known<Labels>) -> Self {
        let file = data("recorded").join("36-image-lookup-imagestreams-update.json");
        let review: Value = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
        let stream = review["request"]["oldObject"].to_string();
        Self {
            stream: Arc::new(StreamFact::parse(stream.as_bytes()).unwrap()),
            labels,
        }
    }
}

impl Lookup for Recorded {
    fn stream<'a>(&'a self, key: &'a StreamKey) -> BoxFuture<'a, StreamRead> {
        let read = match (key.namespace.as_str(), key.name.as_str()) {
            ("snow", "python-lyapp") => StreamRead::Present(Arc::clone(&self.stream)),
            _ => StreamRead::Absent,
        };
        ready(read).boxed()
    }

    fn labels<'a>(&'a self, _: &'a str) -> BoxFuture<'a, Known<Labels>> {
        ready(self.labels.clone()).boxed()
    }
}

/// The recordings, in order.
pub(crate) fn recordings() -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(data("recorded"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    files
}

/// A folder of the tests' data.
pub(crate) fn data(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/data")
        .join(folder)
}
