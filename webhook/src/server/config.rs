//! What the server is told.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::metrics::Metrics;

/// Everything that [`crate::server::Server::start`] has to know.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where API servers are answered over TLS; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Where probes and Prometheus are answered, without TLS.
    pub health_listen: SocketAddr,
    /// PEM file with the serving certificate and what is between it and its authority.
    pub certificate: PathBuf,
    /// PEM file with its private key.
    pub key: PathBuf,
    /// How often the two files are looked at.
    pub reload_every: Duration,
    /// Limits on what clients may use.
    pub limits: Limits,
    /// How it stops.
    pub drain: Drain,
    /// Where it counts.
    pub metrics: Metrics,
}

impl Config {
    /// The defaults, for a pair of files.
    pub fn new(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self {
            listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8443)),
            health_listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8080)),
            certificate: certificate.into(),
            key: key.into(),
            reload_every: Duration::from_secs(15),
            limits: Limits::default(),
            drain: Drain::default(),
            metrics: Metrics::new(),
        }
    }
}

/// Limits on what clients may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one body; more is a 413. An UPDATE of an ImageStream carries two objects, of which
    /// an API server takes 3 MiB each.
    pub body: usize,
    /// Bytes of all bodies that are being answered; more is a 429.
    pub bodies: usize,
    /// Requests that are being answered; more is a 429.
    pub in_flight: usize,
    /// Time from the head of a request to its answer. Has to be shorter than `timeoutSeconds` of
    /// the webhook configuration, which API servers wait for.
    pub deadline: Duration,
    /// Time for a TLS handshake.
    pub handshake: Duration,
    /// Time from the end of the handshake to the head of the first request.
    pub first_request: Duration,
    /// Time between two requests of a connection. Go's clients keep idle connections for 90 s.
    pub idle: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: 8 << 20,
            bodies: 32 << 20,
            in_flight: 512,
            deadline: Duration::from_secs(2),
            handshake: Duration::from_secs(3),
            first_request: Duration::from_secs(5),
            idle: Duration::from_mins(2),
        }
    }
}

/// How the server stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drain {
    /// Time between being unready and refusing connections, in which the endpoints of the Service
    /// reach every node.
    pub wait: Duration,
    /// Time for the requests that are being answered then.
    pub deadline: Duration,
}

impl Default for Drain {
    fn default() -> Self {
        Self {
            wait: Duration::from_secs(5),
            deadline: Duration::from_secs(15),
        }
    }
}
