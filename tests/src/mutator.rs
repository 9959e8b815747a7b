//! A second mutating webhook, beside the product's.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Result;
use extreg_webhook::reserved::ReservedThread;
use extreg_webhook::reviewer::{Review, Reviewer};
use extreg_webhook::server::{Config, Server};
use extreg_webhook::wire::Request;
use serde_json::Value;

use crate::Pki;

/// A running webhook that makes one change to every object. It ends when this is dropped.
#[derive(Debug)]
pub struct Mutator {
    server: Server,
    calls: Arc<AtomicUsize>,
    _reserved: ReservedThread,
    _folder: tempfile::TempDir,
}

struct Change {
    patch: fn(&Value) -> Vec<Value>,
    calls: Arc<AtomicUsize>,
}

impl Reviewer for Change {
    async fn review(&self, request: Request<'_>) -> Review {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let object = request
            .object
            .and_then(|object| serde_json::from_str(object.get()).ok())
            .unwrap_or_default();
        let patch = (self.patch)(&object);
        Review {
            patch: (!patch.is_empty()).then(|| Value::from(patch).to_string().into_bytes()),
            ..Review::default()
        }
    }
}

impl Mutator {
    /// Starts it on loopback with a certificate of `pki`. `patch` returns the operations of a JSON Patch for an object,
    /// an empty list to keep it unchanged.
    pub async fn start(pki: &Pki, patch: fn(&Value) -> Vec<Value>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        pki.serving(&["127.0.0.1"])?.write(folder.path(), "tls")?;
        let file = |name: &str| folder.path().join(name);
        let loopback = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let config = Config {
            listen: loopback,
            health_listen: loopback,
            ..Config::new(file("tls.crt"), file("tls.key"))
        };
        let calls = Arc::new(AtomicUsize::new(0));
        let reserved = ReservedThread::start()?;
        let change = Change {
            patch,
            calls: Arc::clone(&calls),
        };
        Ok(Self {
            server: Server::start(config, change, &reserved).await?,
            calls,
            _reserved: reserved,
            _folder: folder,
        })
    }

    /// The URL for a webhook configuration.
    pub fn url(&self) -> String {
        format!("https://{}/mutate", self.server.address())
    }

    /// The number of calls.
    pub fn calls(&self) -> usize {
        self.calls.load(Ordering::Relaxed)
    }
}
