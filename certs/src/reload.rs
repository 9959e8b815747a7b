//! Reloading the serving pair from files, without a restart and without failed handshakes.
//!
//! Files are polled, not watched: kubelet publishes a Secret by renaming a `..data` link, which an
//! inotify watch on the target file never sees. A rotation can also be seen halfway, new
//! certificate with old key; such a pair is rejected, the old one remains, and the next tick
//! retries.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fs, io};

use arc_swap::ArcSwap;
use aws_lc_rs::digest::{SHA256, SHA256_OUTPUT_LEN, digest};
use jiff::Timestamp;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;

use crate::inspect::{Certificate, InspectError};
use crate::pem::{self, ParsePemError};

/// The pair that a TLS server currently serves; pass it to [`crate::crypto::server_config`]. Handshakes
/// read it without a lock.
pub struct ServingCert {
    pair: ArcSwap<CertifiedKey>,
}

impl ResolvesServerCert for ServingCert {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.pair.load_full())
    }
}

impl fmt::Debug for ServingCert {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ServingCert")
            .finish_non_exhaustive()
    }
}

/// The state of reloading, for `/readyz` and `/metrics`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReloadStatus {
    /// The served certificate.
    pub leaf: Certificate,
    /// The served chain, in PEM.
    pub chain: Arc<[u8]>,
    /// The number of replaced pairs since the start.
    pub reloads: u64,
    /// The number of ticks with invalid files. Increases on each tick until fixed.
    pub failures: u64,
    /// The error of the last tick; `None` if it succeeded.
    pub last_error: Option<String>,
}

impl ReloadStatus {
    /// Whether clients would accept the served certificate's dates at `now`.
    pub fn valid_at(&self, now: Timestamp) -> bool {
        now >= self.leaf.not_before && !self.leaf.expired_at(now)
    }
}

/// Why the files cannot be served.
#[derive(Debug, thiserror::Error)]
pub enum ReloadError {
    /// A file cannot be read.
    #[error("cannot read {path}: {cause}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        cause: io::Error,
    },
    /// The files are not a valid pair.
    #[error(transparent)]
    Pem(#[from] ParsePemError),
    /// The leaf cannot be read.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// The pair is valid, but too old to replace the served one.
    #[error("the certificate expired at {0}")]
    Expired(Timestamp),
}

/// The result of a tick.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tick {
    /// The files contain the served pair.
    Unchanged,
    /// A new pair is served from now on.
    Swapped,
    /// The files cannot be served; the last valid pair remains.
    Failed,
}

/// Reads the two files periodically. Call [`Reloader::tick`] every 15 seconds or so: kubelet
/// itself takes about a minute to publish a changed Secret.
#[derive(Debug)]
pub struct Reloader {
    files: Files,
    served: Fingerprint,
    serving: Arc<ServingCert>,
    status: Arc<ArcSwap<ReloadStatus>>,
    current: ReloadStatus,
}

impl Reloader {
    /// Loads the pair for the first time. An expired pair is served, without a better one, until
    /// the files contain a new one; [`ReloadStatus::valid_at`] reports it.
    pub fn start(chain: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Result<Self, ReloadError> {
        let files = Files {
            chain: chain.into(),
            key: key.into(),
        };
        let content = files.read()?;
        let (pair, leaf) = content.parse()?;
        let current = ReloadStatus {
            leaf,
            chain: content.chain.as_slice().into(),
            reloads: 0,
            failures: 0,
            last_error: None,
        };
        Ok(Self {
            files,
            served: content.fingerprint(),
            serving: Arc::new(ServingCert {
                pair: ArcSwap::new(pair),
            }),
            status: Arc::new(ArcSwap::from_pointee(current.clone())),
            current,
        })
    }

    /// The resolver for the TLS server.
    pub fn serving(&self) -> Arc<ServingCert> {
        Arc::clone(&self.serving)
    }

    /// The status, which later ticks update.
    pub fn status(&self) -> StatusHandle {
        StatusHandle(Arc::clone(&self.status))
    }

    /// Reads the files once, and serves the pair if it is new, complete and valid at `now`.
    pub fn tick(&mut self, now: Timestamp) -> Tick {
        let outcome = self.load(now);
        let tick = match outcome {
            Ok(true) => {
                self.current.reloads = self.current.reloads.saturating_add(1);
                self.current.last_error = None;
                Tick::Swapped
            }
            Ok(false) if self.current.last_error.is_none() => return Tick::Unchanged,
            Ok(false) => {
                self.current.last_error = None;
                Tick::Unchanged
            }
            Err(error) => {
                self.current.failures = self.current.failures.saturating_add(1);
                self.current.last_error = Some(error.to_string());
                Tick::Failed
            }
        };
        self.status.store(Arc::new(self.current.clone()));
        tick
    }

    fn load(&mut self, now: Timestamp) -> Result<bool, ReloadError> {
        let content = self.files.read()?;
        let fingerprint = content.fingerprint();
        if fingerprint == self.served {
            return Ok(false);
        }
        let (pair, leaf) = content.parse()?;
        if leaf.expired_at(now) {
            return Err(ReloadError::Expired(leaf.not_after));
        }
        self.serving.pair.store(pair);
        self.served = fingerprint;
        self.current.leaf = leaf;
        self.current.chain = content.chain.into();
        Ok(true)
    }
}

/// Reads the latest [`ReloadStatus`] from any thread, without a lock.
#[derive(Clone, Debug)]
pub struct StatusHandle(Arc<ArcSwap<ReloadStatus>>);

impl StatusHandle {
    /// The status after the last tick.
    pub fn get(&self) -> Arc<ReloadStatus> {
        self.0.load_full()
    }
}

type Fingerprint = [u8; SHA256_OUTPUT_LEN];

#[derive(Debug)]
struct Files {
    chain: PathBuf,
    key: PathBuf,
}

impl Files {
    fn read(&self) -> Result<Content, ReloadError> {
        let read = |path: &Path| {
            fs::read(path).map_err(|cause| ReloadError::Read {
                path: path.to_owned(),
                cause,
            })
        };
        Ok(Content {
            chain: read(&self.chain)?,
            key: read(&self.key)?,
        })
    }
}

struct Content {
    chain: Vec<u8>,
    key: Vec<u8>,
}

impl Content {
    fn fingerprint(&self) -> Fingerprint {
        let mut both = [0; 2 * SHA256_OUTPUT_LEN];
        let (first, second) = both.split_at_mut(SHA256_OUTPUT_LEN);
        first.copy_from_slice(digest(&SHA256, &self.chain).as_ref());
        second.copy_from_slice(digest(&SHA256, &self.key).as_ref());
        let mut fingerprint = [0; SHA256_OUTPUT_LEN];
        fingerprint.copy_from_slice(digest(&SHA256, &both).as_ref());
        fingerprint
    }

    fn parse(&self) -> Result<(Arc<CertifiedKey>, Certificate), ReloadError> {
        let pair = pem::pair(&self.chain, &self.key)?;
        let leaf = pair.end_entity_cert().map_err(ParsePemError::Leaf)?;
        let leaf = Certificate::from_der(leaf, 1)?;
        Ok((pair, leaf))
    }
}
