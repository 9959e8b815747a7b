//! One port: connections are accepted, shake hands and serve HTTP, each in a separate task.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use axum::Router;
use axum::body::Body;
use http::Request;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::{ServiceExt as _, service_fn};

use super::connections::{Connection, Connections, Place, QUIET};
use crate::metrics::ConnectionEnd;

/// Concurrent requests of one connection. Go's clients open another connection for more.
const STREAMS: u32 = 64;
/// The number of bytes of a body that are buffered before it is read.
const WINDOW: u32 = 256 * 1024;
/// The bytes read from a connection together; a head has to fit.
const READ_BUFFER: usize = 64 * 1024;
/// The heads of a request take a tenth of it.
const HEAD: u32 = 16 * 1024;
/// The pause after the system has run out of descriptors.
const OUT_OF_DESCRIPTORS: Duration = Duration::from_millis(50);

/// The protocol below HTTP.
#[derive(Clone)]
pub(super) enum Transport {
    Plain,
    /// TLS with the current settings, and the time limit for a handshake.
    Tls(Arc<ArcSwap<ServerConfig>>, Duration),
}

/// An open port.
pub(super) struct Port {
    pub(super) listener: TcpListener,
    pub(super) transport: Transport,
    pub(super) router: Router,
    pub(super) connections: Arc<Connections>,
    /// Stops accepting; running requests are finished.
    pub(super) stop: CancellationToken,
}

impl Port {
    /// Serves until stopped and the last connection has ended.
    pub(super) async fn serve(self) {
        let tasks = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                biased;
                () = self.stop.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            match accepted {
                Ok((stream, address)) => {
                    if let Some(place) = self.connections.admit(address.ip()) {
                        tasks.spawn(self.conversation(place).hold(stream, address));
                    }
                }
                Err(error) if is_of_the_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections");
                    self.connections.evict_one();
                    sleep(OUT_OF_DESCRIPTORS).await;
                }
            }
        }
        drop(self.listener);
        tasks.close();
        tasks.wait().await;
    }

    fn conversation(&self, place: Place) -> Conversation {
        Conversation {
            place,
            transport: self.transport.clone(),
            router: self.router.clone(),
            stop: self.stop.clone(),
        }
    }
}

/// Whether the client failed, not the system.
fn is_of_the_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    )
}

/// One connection and the state to serve it.
struct Conversation {
    place: Place,
    transport: Transport,
    router: Router,
    stop: CancellationToken,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Protocol {
    Http1,
    Http2,
}

impl Conversation {
    async fn hold(self, stream: TcpStream, address: SocketAddr) {
        // Answers are short, and written in one piece.
        let _ = stream.set_nodelay(true);
        match self.transport.clone() {
            Transport::Plain => self.speak(stream, Protocol::Http1).await,
            Transport::Tls(settings, limit) => {
                let acceptor = TlsAcceptor::from(settings.load_full());
                let connection = &self.place.connection;
                let handshake = tokio::select! {
                    biased;
                    () = connection.cut.cancelled() => return,
                    () = self.stop.cancelled() => return,
                    handshake = timeout(limit, acceptor.accept(stream)) => handshake,
                };
                match handshake {
                    Ok(Ok(stream)) => {
                        connection.touch();
                        let protocol = match stream.get_ref().1.alpn_protocol() {
                            Some(b"h2") => Protocol::Http2,
                            _ => Protocol::Http1,
                        };
                        self.speak(stream, protocol).await;
                    }
                    Ok(Err(error)) => {
                        // Scanners and probes cause these all the time.
                        tracing::debug!(%address, %error, "handshake failed");
                        self.place.connections.ended(cause(&error));
                    }
                    Err(_) => self.place.connections.ended(ConnectionEnd::Handshake),
                }
            }
        }
    }

    async fn speak<S>(self, stream: S, protocol: Protocol)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let connection = &self.place.connection;
        let builder = builder(protocol);
        let service = TowerToHyperService::new(handler(self.router, Arc::clone(connection)));
        let mut http = pin!(builder.serve_connection(TokioIo::new(stream), service));
        let mut stopping = false;
        loop {
            tokio::select! {
                biased;
                () = connection.cut.cancelled() => return,
                () = connection.finish.cancelled() => break,
                () = self.stop.cancelled(), if !stopping => {
                    stopping = true;
                    http.as_mut().graceful_shutdown();
                }
                // Clients disconnect all the time.
                _ = http.as_mut() => return,
            }
        }
        http.as_mut().graceful_shutdown();
        let _ = timeout(QUIET, http).await;
    }
}

/// The routes, for the requests of one connection.
fn handler(
    router: Router,
    connection: Arc<Connection>,
) -> impl tower::Service<
    Request<hyper::body::Incoming>,
    Response = axum::response::Response,
    Error = Infallible,
    Future = impl Future<Output = Result<axum::response::Response, Infallible>> + Send,
> + Clone
+ Send {
    service_fn(move |request: Request<hyper::body::Incoming>| {
        let exchange = connection.begin();
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Arc::clone(&connection));
        let answering = router.clone().oneshot(request);
        async move {
            let answer = answering.await;
            drop(exchange);
            answer
        }
    })
}

fn builder(protocol: Protocol) -> Builder<TokioExecutor> {
    let mut builder = Builder::new(TokioExecutor::new());
    // The time between two requests, and for the head of the first, is limited in `connections`.
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(None)
        .max_buf_size(READ_BUFFER);
    builder
        .http2()
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(WINDOW)
        .initial_connection_window_size(WINDOW)
        .max_header_list_size(HEAD)
        .keep_alive_interval(Some(Duration::from_secs(30)))
        .keep_alive_timeout(Duration::from_secs(10));
    match protocol {
        Protocol::Http1 => builder.http1_only(),
        Protocol::Http2 => builder.http2_only(),
    }
}

/// Why a handshake failed, as a metrics label.
fn cause(error: &io::Error) -> ConnectionEnd {
    let inner = error.get_ref().and_then(|error| error.downcast_ref());
    match inner {
        Some(rustls::Error::NoCertificatesPresented | rustls::Error::InvalidCertificate(_)) => {
            ConnectionEnd::ClientCertificate
        }
        _ => ConnectionEnd::Handshake,
    }
}
