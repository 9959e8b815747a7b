//! A server that writes down how it is asked.

use std::collections::BTreeSet;
use std::sync::Arc;

use extreg_fakes::{Api, Seen, status};
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

/// A server, with TLS or without, that refuses everything and records as whom it was asked.
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

    /// Who was logged in for the requests since the last time; one entry for all that are alike.
    pub(crate) fn take(&self) -> Vec<String> {
        let mut taken: Vec<String> = self.api.take().iter().map(identity).collect();
        taken.dedup();
        taken
    }
}

/// The credential of a request to it, or that it was asked as a proxy.
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
