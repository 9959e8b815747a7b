//! The admission server: TLS on one port for API servers, plain HTTP on another for probes and
//! Prometheus.

mod arrivals;
mod budget;
mod config;
mod connections;
mod health;
mod intake;
mod listen;
mod mutate;
mod state;
mod tls;
mod trust;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::routing::{get, post};
use extreg_certs::client::ClientCaError;
use extreg_certs::crypto;
use extreg_certs::reload::ReloadError;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

pub use config::{Clients, Config, Drain, Limits};
pub use connections::ConnectionLimits;
pub use trust::{Expectation, Trust};

use crate::metrics;
use crate::reserved::ReservedThread;
use crate::reviewer::Reviewer;
use connections::Connections;
use listen::{Port, Transport};
use state::State;
use tls::Tls;

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No certificate to serve.
    #[error("serving certificate: {0}")]
    Certificate(#[from] ReloadError),
    /// The client authorities are not valid.
    #[error("client CA: {0}")]
    Clients(#[from] ClientCaError),
    /// The TLS library rejects the settings.
    #[error("TLS settings: {0}")]
    Tls(#[from] rustls::Error),
    /// A port is taken or not permitted.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The system's error.
        cause: io::Error,
    },
}

/// How a drain ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drained {
    /// Every request was answered.
    Clean,
    /// The deadline passed and connections were cut.
    Cut,
}

/// A server that is running. Dropping it stops it without a drain.
#[derive(Debug)]
pub struct Server {
    address: SocketAddr,
    health_address: SocketAddr,
    draining: Arc<AtomicBool>,
    drain: Drain,
    stop: CancellationToken,
    connections: Arc<Connections>,
    serving: JoinHandle<()>,
    background: JoinSet<()>,
}

impl Server {
    /// Loads the certificate, opens both ports and serves until [`Server::drain`]: reviews on the
    /// runtime of the caller, probes and metrics on the reserved thread.
    pub async fn start<R: Reviewer>(
        config: Config,
        reviewer: R,
        reserved: &ReservedThread,
    ) -> Result<Self, StartError> {
        crypto::install();
        let tls = Tls::start(&config)?;
        let listener = listen(config.listen).await?;
        let address = local_address(&listener, config.listen)?;
        let draining = Arc::new(AtomicBool::new(false));
        let connections =
            |port, limits| Arc::new(Connections::new(port, limits, config.metrics.clone()));
        let reviews = connections(metrics::Port::Reviews, config.limits.connections);
        let state = Arc::new(State::new(
            &config,
            reviewer,
            tls.certificate(),
            Arc::clone(&reviews),
            Arc::clone(&draining),
        ));
        let stop = CancellationToken::new();
        let mut background = JoinSet::new();

        let health = connections(metrics::Port::Health, config.limits.health_connections);
        let router = Router::new()
            .route("/livez", get(health::live))
            .route("/readyz", get(health::ready::<R>))
            .route("/metrics", get(health::metrics::<R>))
            .with_state(Arc::clone(&state));
        let health_listen = config.health_listen;
        let of_health = Arc::clone(&health);
        // A listener is driven by the runtime in which it is opened.
        let opening = async move {
            let listener = listen(health_listen).await?;
            let address = local_address(&listener, health_listen)?;
            let port = Port {
                listener,
                transport: Transport::Plain,
                router,
                connections: of_health,
                stop: CancellationToken::new(),
            };
            Ok::<_, StartError>((address, port))
        };
        let (health_address, port) =
            reserved
                .handle()
                .spawn(opening)
                .await
                .map_err(|error| StartError::Listen {
                    address: health_listen,
                    cause: io::Error::other(error),
                })??;
        background.spawn_on(port.serve(), reserved.handle());
        for connections in [&health, &reviews] {
            background.spawn_on(Arc::clone(connections).reap(), reserved.handle());
        }

        let port = Port {
            listener,
            transport: Transport::Tls(tls.settings(), config.limits.handshake),
            router: Router::new()
                .route("/mutate", post(mutate::mutate::<R>))
                .with_state(state),
            connections: Arc::clone(&reviews),
            stop: stop.clone(),
        };
        let follow = tls.follow(config.reload_every, config.metrics);
        background.spawn_on(follow, reserved.handle());
        let serving = tokio::spawn(port.serve());

        tracing::info!(%address, %health_address, "serving");
        Ok(Self {
            address,
            health_address,
            draining,
            drain: config.drain,
            stop,
            connections: reviews,
            serving,
            background,
        })
    }

    /// The address for reviews, with the port that the system chose for port 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The address for probes and metrics.
    pub fn health_address(&self) -> SocketAddr {
        self.health_address
    }

    /// Stops without losing a request: becomes unready, waits until no new connections
    /// arrive, stops accepting, and finishes running requests.
    pub async fn drain(mut self) -> Drained {
        self.draining.store(true, Ordering::Relaxed);
        tracing::info!(wait = ?self.drain.wait, "draining");
        sleep(self.drain.wait).await;
        self.stop.cancel();
        let left = self.connections.count();
        let serving = timeout(self.drain.deadline, &mut self.serving).await;
        let drained = if serving.is_ok() {
            Drained::Clean
        } else {
            self.connections.cut_all();
            let _ = (&mut self.serving).await;
            Drained::Cut
        };
        tracing::info!(connections = left, outcome = ?drained, "drained");
        self.background.shutdown().await;
        drained
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop.cancel();
        self.connections.cut_all();
    }
}

/// Opens a port for probes and metrics of a program other than the webhook, without TLS and with the
/// same limits, and serves it until `tasks` end.
pub(crate) async fn serve_probes(
    address: SocketAddr,
    router: Router,
    tasks: &mut JoinSet<()>,
) -> Result<SocketAddr, StartError> {
    let listener = listen(address).await?;
    let address = local_address(&listener, address)?;
    let limits = Limits::default().health_connections;
    // Not counted: the series of connections belong to the webhook.
    let connections = Connections::new(metrics::Port::Health, limits, metrics::Metrics::new());
    let connections = Arc::new(connections);
    let port = Port {
        listener,
        transport: Transport::Plain,
        router,
        connections: Arc::clone(&connections),
        stop: CancellationToken::new(),
    };
    tasks.spawn(connections.reap());
    tasks.spawn(port.serve());
    Ok(address)
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address)
        .await
        .map_err(|cause| StartError::Listen { address, cause })
}

fn local_address(listener: &TcpListener, address: SocketAddr) -> Result<SocketAddr, StartError> {
    listener
        .local_addr()
        .map_err(|cause| StartError::Listen { address, cause })
}
