//! The admission server: TLS on one port for API servers, plain HTTP on another for probes and
//! Prometheus.

mod body;
mod config;
mod health;
mod mutate;
mod state;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use axum_server::Handle;
use axum_server::accept::NoDelayAcceptor;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use extreg_certs::crypto;
use extreg_certs::reload::{ReloadError, Reloader, Tick};
use jiff::Timestamp;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{MissedTickBehavior, interval, sleep};

pub use config::{Config, Drain, Limits};

use crate::metrics::Metrics;
use crate::reviewer::Reviewer;
use state::State;

/// Why the server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// No certificate to serve.
    #[error("serving certificate: {0}")]
    Certificate(#[from] ReloadError),
    /// The TLS library refuses the settings.
    #[error("TLS settings: {0}")]
    Tls(#[from] rustls::Error),
    /// A port is taken or not ours to take.
    #[error("cannot listen on {address}: {cause}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
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
    draining: Arc<dyn Draining>,
    drain: Drain,
    handle: Handle<SocketAddr>,
    health_handle: Handle<SocketAddr>,
    serving: JoinHandle<io::Result<()>>,
    background: JoinSet<()>,
}

impl Server {
    /// Loads the certificate, opens both ports and serves until [`Server::drain`].
    pub async fn start<R: Reviewer>(config: Config, reviewer: R) -> Result<Self, StartError> {
        crypto::install();
        let reloader = Reloader::start(&config.certificate, &config.key)?;
        let tls = crypto::server_config(reloader.serving())?;
        let state = Arc::new(State::new(&config, reviewer, reloader.status()));
        let listener = listen(config.listen).await?;
        let health_listener = listen(config.health_listen).await?;
        let address = local_address(&listener, config.listen)?;
        let health_address = local_address(&health_listener, config.health_listen)?;

        let mut background = JoinSet::new();
        background.spawn(reload(
            reloader,
            config.reload_every,
            config.metrics.clone(),
        ));

        let health_handle = Handle::new();
        let mut health = axum_server::Server::<SocketAddr>::from_listener(health_listener)
            .handle(health_handle.clone())
            .first_request_timeout(config.limits.first_request);
        limit_connections(health.http_builder(), &config.limits);
        let router = Router::new()
            .route("/livez", get(health::live))
            .route("/readyz", get(health::ready::<R>))
            .route("/metrics", get(health::metrics::<R>))
            .with_state(Arc::clone(&state));
        background.spawn(async move {
            // Accept errors are retried inside; there is no other way to fail after binding.
            let _ = health.serve(router.into_make_service()).await;
        });

        let handle = Handle::new();
        let acceptor = RustlsAcceptor::new(RustlsConfig::from_config(Arc::new(tls)))
            .handshake_timeout(config.limits.handshake)
            .acceptor(NoDelayAcceptor::new());
        let mut server = axum_server::Server::<SocketAddr>::from_listener(listener)
            .acceptor(acceptor)
            .handle(handle.clone())
            .first_request_timeout(config.limits.first_request)
            .accept_error_handler(|peer, error| {
                // Scanners and probes cause these all day long.
                tracing::debug!(?peer, %error, "connection not accepted");
            });
        limit_connections(server.http_builder(), &config.limits);
        let router = Router::new()
            .route("/mutate", post(mutate::mutate::<R>))
            .with_state(Arc::clone(&state));
        let serving = tokio::spawn(server.serve(router.into_make_service()));

        tracing::info!(%address, %health_address, "serving");
        Ok(Self {
            address,
            health_address,
            draining: state,
            drain: config.drain,
            handle,
            health_handle,
            serving,
            background,
        })
    }

    /// Where API servers are answered, with the port that the system chose for port 0.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where probes and Prometheus are answered.
    pub fn health_address(&self) -> SocketAddr {
        self.health_address
    }

    /// Stops without losing a request: says that it is not ready, waits until nobody sends new
    /// connections here any more, stops accepting, and lets what is being answered finish.
    pub async fn drain(mut self) -> Drained {
        self.draining.begin();
        tracing::info!(wait = ?self.drain.wait, "draining");
        sleep(self.drain.wait).await;
        self.handle.graceful_shutdown(Some(self.drain.deadline));
        let left = self.handle.connection_count();
        let started = tokio::time::Instant::now();
        let _ = (&mut self.serving).await;
        let drained = if started.elapsed() < self.drain.deadline {
            Drained::Clean
        } else {
            Drained::Cut
        };
        tracing::info!(connections = left, outcome = ?drained, "drained");
        self.health_handle.shutdown();
        self.background.shutdown().await;
        drained
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.handle.shutdown();
        self.health_handle.shutdown();
    }
}

/// What [`Server`] needs of the state, whatever its reviewer.
trait Draining: std::fmt::Debug + Send + Sync {
    fn begin(&self);
}

impl<R: Reviewer> Draining for State<R> {
    fn begin(&self) {
        self.begin_drain();
    }
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

type Builder = hyper_util::server::conn::auto::Builder<hyper_util::rt::TokioExecutor>;

fn limit_connections(builder: &mut Builder, limits: &Limits) {
    // hyper counts the time between two requests of a connection as reading headers too, so this
    // has to be longer than clients keep idle connections. The first request of a connection, as a
    // slowloris never sends it whole, has its own and shorter limit.
    builder
        .http1()
        .header_read_timeout(Some(limits.idle))
        .max_buf_size(64 * 1024);
    builder
        .http2()
        .max_concurrent_streams(250)
        .max_header_list_size(16 * 1024)
        .keep_alive_interval(Some(Duration::from_secs(30)))
        .keep_alive_timeout(Duration::from_secs(10));
}

async fn reload(mut reloader: Reloader, every: Duration, metrics: Metrics) {
    let status = reloader.status();
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let had_error = status.get().last_error.is_some();
        let tick = reloader.tick(Timestamp::now());
        let now = status.get();
        metrics.certificate(now.reloads, now.failures, now.leaf.not_after.as_second());
        match (tick, &now.last_error) {
            (Tick::Swapped, _) => {
                tracing::info!(not_after = %now.leaf.not_after, "serving certificate replaced");
            }
            // Said once, not every tick; the counter goes on.
            (Tick::Failed, Some(error)) if !had_error => {
                tracing::warn!(%error, "certificate files not usable, keeping the last good pair");
            }
            _ => {}
        }
    }
}
