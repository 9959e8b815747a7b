//! The certificate of an external webhook: a handshake that trusts any certificate, only to read it.

use std::{
    io,
    net::{TcpStream, ToSocketAddrs as _},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use extreg_certs::{crypto, host::Host, pem};
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    pki_types::{CertificateDer, ServerName, UnixTime},
};

/// The time limit of each step: connecting, and each read and write.
const LIMIT: Duration = Duration::from_secs(3);

/// The chain that is served at a URL, PEM, leaf first.
///
/// # Errors
/// The reason why it cannot be reached.
pub(crate) async fn chain(url: &str) -> Result<String, String> {
    let url = url.to_owned();
    tokio::task::spawn_blocking(move || look(&url, LIMIT).map_err(|error| explain(&error)))
        .await
        .map_err(|error| error.to_string())?
}

/// On Linux a read that times out fails with `WouldBlock`.
fn explain(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => "no answer in time".to_owned(),
        _ => error.to_string(),
    }
}

fn look(url: &str, limit: Duration) -> io::Result<String> {
    let invalid = |error: &dyn std::fmt::Display| {
        io::Error::new(io::ErrorKind::InvalidInput, error.to_string())
    };
    let host = Host::of_url(url)
        .map_err(|error| invalid(&error))?
        .to_string();
    let port = port(url).ok_or_else(|| invalid(&"no port"))?;
    let name = ServerName::try_from(host.clone()).map_err(|error| invalid(&error))?;
    let mut addresses = (host.as_str(), port).to_socket_addrs()?;
    let address = addresses.next().ok_or(io::ErrorKind::HostUnreachable)?;
    let mut socket = TcpStream::connect_timeout(&address, limit)?;
    socket.set_read_timeout(Some(limit))?;
    socket.set_write_timeout(Some(limit))?;
    let seen = Arc::new(Seen::default());
    let verifier: Arc<dyn ServerCertVerifier> = Arc::clone(&seen) as _;
    let config = ClientConfig::builder_with_provider(crypto::provider())
        .with_safe_default_protocol_versions()
        .map_err(|error| invalid(&error))?
        .dangerous()
        .with_custom_certificate_verifier(verifier)
        .with_no_client_auth();
    let mut connection =
        ClientConnection::new(Arc::new(config), name).map_err(|error| invalid(&error))?;
    while connection.is_handshaking() {
        connection.complete_io(&mut socket)?;
    }
    let chain = seen.0.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(chain.clone())
}

fn port(url: &str) -> Option<u16> {
    let authority = url.strip_prefix("https://")?.split('/').next()?;
    let after_host = authority.rsplit(']').next()?;
    match after_host.rsplit_once(':') {
        Some((_, port)) => port.parse().ok(),
        None => Some(443),
    }
}

/// Trusts any certificate and stores it. No data is ever sent over such a connection.
#[derive(Debug, Default)]
struct Seen(Mutex<String>);

impl ServerCertVerifier for Seen {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let chain = std::iter::once(leaf).chain(intermediates);
        let text: String = chain.map(|der| pem::encode_certificate(der)).collect();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = text;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let provider = crypto::provider();
        rustls::crypto::verify_tls12_signature(
            message,
            leaf,
            signed,
            &provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        leaf: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let provider = crypto::provider();
        rustls::crypto::verify_tls13_signature(
            message,
            leaf,
            signed,
            &provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        crypto::provider()
            .signature_verification_algorithms
            .supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silent_server_times_out() {
        let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("https://{}/mutate", silent.local_addr().unwrap());
        let error = look(&url, Duration::from_millis(50)).unwrap_err();
        assert_eq!(explain(&error), "no answer in time");
    }

    #[test]
    fn a_url_has_a_port() {
        let table = [
            ("https://h:8443/mutate", Some(8443)),
            ("https://h/mutate", Some(443)),
            ("https://[::1]/x", Some(443)),
            ("https://[::1]:9/x", Some(9)),
            ("https://h:x/", None),
        ];
        for (url, wanted) in table {
            assert_eq!(port(url), wanted, "{url}");
        }
    }
}
