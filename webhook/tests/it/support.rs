//! A server with its own certificate and a stub for the engine, and a client that trusts it.

use std::fs;
use std::future::pending;
use std::net::SocketAddr;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use extreg_certs::crypto;
use extreg_certs::host::Host;
use extreg_certs::issue::{Issued, Validity, issue};
use extreg_core::rule::RuleId;
use extreg_webhook::metrics::RequestEnd;
use extreg_webhook::reserved::ReservedThread;
use extreg_webhook::reviewer::{Review, Reviewer};
use extreg_webhook::server::{Config, Drain, Limits, Server};
use extreg_webhook::wire::Request;
use http::{Method, StatusCode};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Bytes;
use hyper::client::conn::{http1, http2};
use hyper_util::rt::{TokioExecutor, TokioIo};
use jiff::Timestamp;
use rustls::client::WantsClientCert;
use rustls::version::{TLS12, TLS13};
use rustls::{ClientConfig, ConfigBuilder, RootCertStore, SupportedProtocolVersion};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, ServerName};
use secrecy::ExposeSecret as _;
use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub(crate) const HOST: &str = "extreg-webhook.extreg-system.svc";

/// Serves certificates from a folder with kubelet's layout.
pub(crate) struct Pki {
    folder: TempDir,
    version: u32,
    bundle: String,
}

impl Pki {
    pub(crate) fn new() -> Self {
        let mut pki = Self {
            folder: TempDir::new().unwrap(),
            version: 0,
            bundle: String::new(),
        };
        pki.rotate();
        for name in ["tls.crt", "tls.key"] {
            symlink(Path::new("..data").join(name), pki.path(name)).unwrap();
        }
        pki
    }

    /// The CAs of all pairs so far.
    pub(crate) fn bundle(&self) -> String {
        self.bundle.clone()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Replaces the pair; clients created later also trust the old one.
    pub(crate) fn rotate(&mut self) -> Issued {
        let hosts = [Host::parse(HOST).unwrap()];
        let issued = issue(&hosts, Validity::default(), Timestamp::now()).unwrap();
        self.bundle.push_str(&issued.ca_bundle);
        self.publish(&issued.chain, issued.key.expose_secret());
        issued
    }

    pub(crate) fn publish(&mut self, chain: &str, key: &str) {
        self.version += 1;
        let folder = format!("..{}", self.version);
        fs::create_dir(self.path(&folder)).unwrap();
        fs::write(self.path(&folder).join("tls.crt"), chain).unwrap();
        fs::write(self.path(&folder).join("tls.key"), key).unwrap();
        symlink(&folder, self.path("..data_tmp")).unwrap();
        fs::rename(self.path("..data_tmp"), self.path("..data")).unwrap();
    }

    pub(crate) fn config(&self) -> Config {
        Config {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            health_listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            reload_every: Duration::from_millis(20),
            drain: Drain {
                wait: Duration::from_millis(300),
                ..Drain::default()
            },
            ..Config::new(self.path("tls.crt"), self.path("tls.key"))
        }
    }

    pub(crate) fn with_limits(&self, change: impl FnOnce(&mut Limits)) -> Config {
        let mut config = self.config();
        change(&mut config.limits);
        config
    }

    pub(crate) fn client_config(&self, protocol: &str) -> Arc<ClientConfig> {
        let mut config = self.trusting(&[&TLS13, &TLS12]).with_no_client_auth();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        Arc::new(config)
    }

    /// Settings of a client that trusts all pairs so far, without its own certificate yet.
    pub(crate) fn trusting(
        &self,
        versions: &[&'static SupportedProtocolVersion],
    ) -> ConfigBuilder<ClientConfig, WantsClientCert> {
        let mut roots = RootCertStore::empty();
        for root in CertificateDer::pem_slice_iter(self.bundle.as_bytes()) {
            roots.add(root.unwrap()).unwrap();
        }
        ClientConfig::builder_with_provider(crypto::provider())
            .with_protocol_versions(versions)
            .unwrap()
            .with_root_certificates(roots)
    }
}

/// Decides by the namespace of the request.
#[derive(Clone)]
pub(crate) struct Stub {
    /// Requests of namespace `wait` end when they get a permit.
    pub(crate) gate: Arc<Semaphore>,
    /// One permit for each request of namespace `wait` that has begun.
    pub(crate) waiting: Arc<Semaphore>,
    /// Requests of namespace `spin` keep their worker busy until it is set.
    spun: Arc<AtomicBool>,
}

impl Stub {
    pub(crate) fn new() -> Self {
        Self {
            gate: Arc::new(Semaphore::new(0)),
            waiting: Arc::new(Semaphore::new(0)),
            spun: Arc::new(AtomicBool::new(false)),
        }
    }

    pub(crate) fn stop_spinning(&self) {
        self.spun.store(true, Ordering::Relaxed);
    }

    /// Returns when `count` more requests of namespace `wait` or `spin` have begun.
    pub(crate) async fn begun(&self, count: u32) {
        self.waiting.acquire_many(count).await.unwrap().forget();
    }
}

impl Reviewer for Stub {
    async fn review(&self, request: Request<'_>) -> Review {
        match &*request.namespace {
            "panic" => panic!("hunter2"),
            "forever" => pending().await,
            "wait" => {
                self.waiting.add_permits(1);
                self.gate.acquire().await.unwrap().forget();
            }
            "spin" => {
                self.waiting.add_permits(1);
                while !self.spun.load(Ordering::Relaxed) {
                    std::hint::spin_loop();
                }
            }
            // Six MiB, which are eight in the answer.
            "large" => {
                return Review {
                    patch: Some(vec![b' '; 6 << 20]),
                    ..Review::default()
                };
            }
            "patch" => {
                return Review {
                    end: RequestEnd::Patch,
                    patch: Some(br#"[{"op":"add","path":"/a","value":1}]"#.to_vec()),
                    warnings: vec!["a warning".to_owned()],
                    audit: vec![("policy", "hub".to_owned())],
                    rules: vec![RuleId::PushSecret],
                    ..Review::default()
                };
            }
            _ => {}
        }
        Review::default()
    }
}

/// The thread that answers probes, one for all servers of all tests.
pub(crate) fn reserved() -> &'static ReservedThread {
    static THREAD: OnceLock<ReservedThread> = OnceLock::new();
    THREAD.get_or_init(|| ReservedThread::start().unwrap())
}

pub(crate) async fn start(pki: &Pki) -> Server {
    Server::start(pki.config(), Stub::new(), reserved())
        .await
        .unwrap()
}

/// A review as an API server sends it.
pub(crate) fn review(uid: &str, namespace: &str) -> Vec<u8> {
    format!(
        r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"{uid}",
            "resource":{{"group":"build.openshift.io","version":"v1","resource":"builds"}},
            "namespace":"{namespace}","name":"b","operation":"CREATE","object":{{"kind":"Build"}}}}}}"#
    )
    .into_bytes()
}

/// [`review`] made `bytes` long by an object that is mostly padding.
pub(crate) fn review_of(bytes: usize) -> Vec<u8> {
    let head = review("big", "ns");
    let padding = "x".repeat(bytes - head.len() - r#","pad":"""#.len());
    let text = String::from_utf8(head).unwrap();
    let text = text.replace(
        r#""kind":"Build""#,
        &format!(r#""kind":"Build","pad":"{padding}""#),
    );
    assert_eq!(text.len(), bytes);
    text.into_bytes()
}

pub(crate) enum Client {
    H1(http1::SendRequest<Full<Bytes>>),
    H2(http2::SendRequest<Full<Bytes>>),
}

pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
    /// Whether the server requests to close the connection.
    pub(crate) closing: bool,
}

impl Answer {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }
}

pub(crate) async fn tls(
    config: Arc<ClientConfig>,
    address: SocketAddr,
) -> std::io::Result<TlsStream<TcpStream>> {
    tls_over(config, TcpStream::connect(address).await?).await
}

pub(crate) async fn tls_over(
    config: Arc<ClientConfig>,
    stream: TcpStream,
) -> std::io::Result<TlsStream<TcpStream>> {
    stream.set_nodelay(true)?;
    let name = ServerName::try_from(HOST).unwrap();
    TlsConnector::from(config).connect(name, stream).await
}

impl Client {
    pub(crate) async fn h1(pki: &Pki, address: SocketAddr) -> Self {
        Self::try_h1(pki.client_config("http/1.1"), address)
            .await
            .unwrap()
    }

    pub(crate) async fn try_h1(
        config: Arc<ClientConfig>,
        address: SocketAddr,
    ) -> std::io::Result<Self> {
        Ok(Self::over(tls(config, address).await?).await)
    }

    /// HTTP/1.1 over a connection.
    pub(crate) async fn over(stream: TlsStream<TcpStream>) -> Self {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self::H1(sender)
    }

    pub(crate) async fn h2(pki: &Pki, address: SocketAddr) -> Self {
        Self::try_h2(pki.client_config("h2"), address)
            .await
            .unwrap()
    }

    pub(crate) async fn try_h2(
        config: Arc<ClientConfig>,
        address: SocketAddr,
    ) -> std::io::Result<Self> {
        let io = TokioIo::new(tls(config, address).await?);
        let (sender, connection) = http2::handshake(TokioExecutor::new(), io)
            .await
            .map_err(std::io::Error::other)?;
        tokio::spawn(connection);
        Ok(Self::H2(sender))
    }

    pub(crate) async fn post(&mut self, body: Vec<u8>) -> hyper::Result<Answer> {
        self.send(Method::POST, "/mutate", body).await
    }

    pub(crate) async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> hyper::Result<Answer> {
        let authority = format!("https://{HOST}{path}");
        let uri = match self {
            Self::H1(_) => path,
            Self::H2(_) => &authority,
        };
        let request = http::Request::builder()
            .method(method)
            .uri(uri)
            .header("host", HOST)
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body)))
            .unwrap();
        let response = match self {
            Self::H1(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
            Self::H2(sender) => {
                sender.ready().await?;
                sender.send_request(request).await?
            }
        };
        let status = response.status();
        let closing = response
            .headers()
            .get("connection")
            .is_some_and(|v| v == "close");
        let body = response.into_body().collect().await?.to_bytes();
        Ok(Answer {
            status,
            body,
            closing,
        })
    }
}

/// GET on the plain port.
pub(crate) async fn get(address: SocketAddr, path: &str) -> Answer {
    let io = TokioIo::new(TcpStream::connect(address).await.unwrap());
    let (sender, connection) = http1::handshake(io).await.unwrap();
    tokio::spawn(connection);
    Client::H1(sender)
        .send(Method::GET, path, Vec::new())
        .await
        .unwrap()
}
