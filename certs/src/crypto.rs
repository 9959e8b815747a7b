//! The cryptographic provider of the process, and the TLS settings that follow from it.
//!
//! rustls panics if two providers are linked and none was chosen, and a FIPS build can replace it by the
//! operating system's OpenSSL. Both are reasons to choose it in this file only.

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::ResolvesServerCert;
use rustls::server::danger::ClientCertVerifier;
use rustls::version::{TLS12, TLS13};

/// Verifies client certificates; pass it to [`server_config`].
pub type Verifier = Arc<dyn ClientCertVerifier>;

/// Makes aws-lc-rs the provider of the process. Call it first in `main`; a second call, or a
/// provider that other code installed before, changes nothing.
pub fn install() {
    if CryptoProvider::get_default().is_none() {
        // An error means that another thread was faster, which is equivalent.
        let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    }
}

/// The provider of the process, or aws-lc-rs if none was installed.
pub fn provider() -> Arc<CryptoProvider> {
    CryptoProvider::get_default().map_or_else(
        || Arc::new(rustls::crypto::aws_lc_rs::default_provider()),
        Arc::clone,
    )
}

/// Settings of a TLS server: 1.2 or newer, HTTP/2 preferred over 1.1, the certificate resolved by
/// `certificate` at each handshake, and with `clients` only clients whose certificate it accepts.
pub fn server_config(
    certificate: Arc<dyn ResolvesServerCert>,
    clients: Option<Verifier>,
) -> Result<ServerConfig, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])?;
    let builder = match clients {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}
