//! A server that writes down how it is asked.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// An HTTP server, with TLS or without, that says no to everything and writes down what it was asked for.
pub(crate) struct Recorder {
    pub(crate) address: String,
    seen: Arc<Mutex<Vec<String>>>,
}

impl Recorder {
    pub(crate) fn start(tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (kept, tls) = (Arc::clone(&kept), tls.clone());
                std::thread::spawn(move || match tls {
                    None => serve(stream, &kept),
                    Some(tls) => {
                        let tls = ServerConnection::new(tls).unwrap();
                        serve(StreamOwned::new(tls, stream), &kept);
                    }
                });
            }
        });
        Self { address, seen }
    }

    /// Who was logged in for the requests since the last time; one entry for all that are alike.
    pub(crate) fn take(&self) -> Vec<String> {
        let mut taken = std::mem::take(&mut *lock(&self.seen));
        taken.dedup();
        taken
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers one request a connection with 403, and keeps its credential.
fn serve(stream: impl Read + Write, seen: &Mutex<Vec<String>>) {
    let mut stream = BufReader::new(stream);
    let mut lines = stream.by_ref().lines();
    let mut kept = BTreeSet::new();
    let Some(Ok(first)) = lines.next() else {
        return;
    };
    if first.starts_with("CONNECT ") {
        lock(seen).push("proxied".to_owned());
    }
    for line in lines.map_while(Result::ok) {
        if line.is_empty() {
            break;
        }
        let (name, value) = line.split_once(':').unwrap();
        let name = name.to_ascii_lowercase();
        if name == "authorization" || name.starts_with("impersonate-") {
            kept.insert(format!("{name}={}", value.trim()));
        }
    }
    if first.contains("http://") {
        lock(seen).push("proxied".to_owned());
    } else if !first.starts_with("CONNECT ") {
        lock(seen).push(kept.into_iter().collect::<Vec<_>>().join(" "));
    }
    let body = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","message":"no","code":403}"#;
    let _ = write!(
        stream.get_mut(),
        "HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         Connection: close\r\n\r\n{body}",
        body.len()
    );
}

/// What a server of TLS needs, with a certificate that nobody trusts.
pub(crate) fn tls(pair: &extreg_tests::CertPair) -> Arc<ServerConfig> {
    let certificate = CertificateDer::from_pem_slice(pair.cert.as_bytes()).unwrap();
    let key = PrivateKeyDer::from_pem_slice(pair.key.as_bytes()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    Arc::new(config)
}
