//! The network: a thread with its own runtime, for tests without a runtime.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;

use futures::future::BoxFuture;
use http::{Request, Response};
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use rustls::ServerConfig;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::sync::oneshot;
use tokio_rustls::TlsAcceptor;

use crate::answer::{Answer, Body};
use crate::seen::Seen;

/// A function that answers requests.
pub(crate) type Answering = Arc<dyn Fn(Seen) -> BoxFuture<'static, Answer> + Send + Sync>;

/// A server on loopback; dropping it stops it.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    _end: oneshot::Sender<()>,
}

impl Server {
    pub(crate) fn start(tls: Option<Arc<ServerConfig>>, answering: Answering) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ended) = oneshot::channel();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = accept(listener, tls, answering) => {}
                    _ = ended => {}
                }
            });
            runtime.shutdown_background();
        });
        Self { address, _end: end }
    }
}

async fn accept(listener: TcpListener, tls: Option<Arc<ServerConfig>>, answering: Answering) {
    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
    let tls = tls.map(TlsAcceptor::from);
    while let Ok((stream, _)) = listener.accept().await {
        let (tls, answering) = (tls.clone(), Arc::clone(&answering));
        tokio::spawn(async move {
            match tls {
                None => serve(stream, answering).await,
                Some(tls) => {
                    if let Ok(stream) = tls.accept(stream).await {
                        serve(stream, answering).await;
                    }
                }
            }
        });
    }
}

async fn serve(stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static, answering: Answering) {
    let service = service_fn(|request| answer(request, Arc::clone(&answering)));
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let _ = connection.await;
}

async fn answer(
    request: Request<Incoming>,
    answering: Answering,
) -> Result<Response<Body>, Box<dyn std::error::Error + Send + Sync>> {
    let (parts, body) = request.into_parts();
    let bytes = body.collect().await?.to_bytes();
    let seen = Seen::new(Request::from_parts(parts, bytes));
    Ok(answering(seen).await.into_response().await)
}

/// The same without a network, for a paused clock.
pub(crate) fn client(answering: Answering) -> kube::Client {
    let service = tower::service_fn(move |request: Request<kube::client::Body>| {
        let answering = Arc::clone(&answering);
        async move {
            let (parts, body) = request.into_parts();
            let bytes = body.collect().await.unwrap().to_bytes();
            let seen = Seen::new(Request::from_parts(parts, bytes));
            Ok::<_, Infallible>(answering(seen).await.into_response().await)
        }
    });
    kube::Client::new(service, "default")
}
