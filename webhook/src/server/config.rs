//! The configuration of the server.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use super::connections::ConnectionLimits;
use super::trust::Trust;
use crate::metrics::Metrics;

/// The configuration for [`crate::server::Server::start`].
#[derive(Clone, Debug)]
pub struct Config {
    /// Address for reviews, over TLS; port 0 lets the system choose.
    pub listen: SocketAddr,
    /// Address for probes and metrics, without TLS.
    pub health_listen: SocketAddr,
    /// PEM file with the serving certificate and its intermediates.
    pub certificate: PathBuf,
    /// PEM file with its private key.
    pub key: PathBuf,
    /// The clients that can connect; `None` for all.
    pub clients: Option<Clients>,
    /// The certificate that the API servers expect.
    pub trust: Trust,
    /// How often these files are read.
    pub reload_every: Duration,
    /// Limits on the resources that clients use.
    pub limits: Limits,
    /// How the server stops.
    pub drain: Drain,
    /// The metrics of the server.
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
            clients: None,
            trust: Trust::default(),
            reload_every: Duration::from_secs(15),
            limits: Limits::default(),
            drain: Drain::default(),
            metrics: Metrics::new(),
        }
    }
}

/// The clients that can connect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clients {
    /// PEM file with the authorities of their certificates.
    pub ca: PathBuf,
    /// Names of which their certificates must have one; empty for any.
    pub names: Vec<String>,
}

/// Limits on the resources that clients use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of one body; more is a 413. An UPDATE of an ImageStream carries two objects, of which
    /// an API server takes 3 MiB each.
    pub body: usize,
    /// Bytes of all bodies and answers, from the first byte received to the last byte sent; more
    /// is a 429.
    pub memory: usize,
    /// Incomplete bodies; more is a 429.
    pub arriving: usize,
    /// Time without a byte of an incomplete body.
    pub stall: Duration,
    /// Concurrent decisions; more is a 429.
    pub in_flight: usize,
    /// Time from the head of a request to its answer, in total. Must be shorter than
    /// `timeoutSeconds` of the webhook configuration, the time limit of API servers.
    pub deadline: Duration,
    /// Time for a TLS handshake.
    pub handshake: Duration,
    /// Connections to the port for reviews.
    pub connections: ConnectionLimits,
    /// Connections to the port for probes and metrics.
    pub health_connections: ConnectionLimits,
}

impl Default for Limits {
    fn default() -> Self {
        let connections = ConnectionLimits {
            // With other open files, within the 1,024 descriptors of a typical process.
            total: 768,
            // API servers have a few connections each; behind an address translation they all
            // have one address.
            per_peer: 256,
            first_request: Duration::from_secs(5),
            idle: Duration::from_mins(2),
            // An API server has given up by then.
            unread: Duration::from_secs(5),
        };
        Self {
            body: 8 << 20,
            memory: 32 << 20,
            arriving: 512,
            // Long enough to send a lost packet again over a long distance.
            stall: Duration::from_secs(1),
            in_flight: 512,
            deadline: Duration::from_millis(1500),
            handshake: Duration::from_secs(3),
            connections,
            health_connections: ConnectionLimits {
                total: 64,
                per_peer: 64,
                ..connections
            },
        }
    }
}

/// How the server stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drain {
    /// Time between being unready and refusing connections, in which the endpoints of the Service
    /// reach every node.
    pub wait: Duration,
    /// Time to finish running requests.
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
