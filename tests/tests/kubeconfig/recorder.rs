//! A server that records the identity of its requests.

use std::collections::BTreeSet;
use std::sync::Arc;

use extreg_fakes::{Api, Seen, status};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A server, with or without TLS, that refuses every request and records its identity.
pub(crate) struct Recorder {
    pub(crate) address: String,
    api: Api,
}

impl Recorder {
    pub(crate) fn start(tls: Option<Arc<ServerConfig>>) -> Self {
        let api = Api::default().unless(|_, _| Some(status(403, "Forbidden", "no")));
        let api = match tls {
            None => api.start(),
            Some(tls) => api.start_tls(tls),
        };
        Self {
            address: api.host().to_owned(),
            api,
        }
    }

    /// The identities of the requests since the last call, without duplicates.
    pub(crate) fn take(&self) -> Vec<String> {
        let mut taken: Vec<String> = self.api.take().iter().map(identity).collect();
        taken.dedup();
        taken
    }
}

/// The credential of a request, or that the request was sent to a proxy.
fn identity(seen: &Seen) -> String {
    if seen.line.starts_with("CONNECT ") || seen.line.contains("http://") {
        return "proxied".to_owned();
    }
    let is_kept = |name: &str| name == "authorization" || name.starts_with("impersonate-");
    let headers = seen.headers.iter().filter(|(name, _)| is_kept(name));
    let kept: BTreeSet<String> = headers
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    kept.into_iter().collect::<Vec<_>>().join(" ")
}

/// The TLS settings of a server with an untrusted certificate.
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
