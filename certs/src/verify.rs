//! Whether a client that trusts a bundle would accept a serving pair.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::{CertificateError, RootCertStore};
use rustls_pki_types::{ServerName, UnixTime};

use crate::crypto;
use crate::host::Host;
use crate::inspect::{Certificate, InspectError};
use crate::pem::{self, ParsePemError};

/// Why a serving certificate would not be accepted.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A file is not what it should be, or key and certificate are of different pairs.
    #[error(transparent)]
    Pem(#[from] ParsePemError),
    /// The serving certificate cannot be read.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// It is not valid yet: a clock is wrong or it was issued ahead of time.
    #[error("the serving certificate is not valid before {0}")]
    NotYetValid(Timestamp),
    /// It is no longer valid.
    #[error("the serving certificate expired at {0}")]
    Expired(Timestamp),
    /// The bundle holds nothing that a chain can end in.
    #[error("the bundle holds no usable authority")]
    EmptyBundle,
    /// The chain does not end in the bundle.
    #[error("the serving certificate is not signed by any authority of the bundle")]
    UnknownIssuer,
    /// The name that clients use is not among the certificate's.
    #[error("the serving certificate is for {for_}, not for {host}", for_ = list(names))]
    WrongHost {
        /// What was asked for.
        host: Host,
        /// What the certificate has.
        names: Vec<Host>,
    },
    /// Anything else that the verifier of rustls objects to.
    #[error("the serving certificate is not acceptable: {0}")]
    Rejected(rustls::Error),
}

/// Checks `chain` and `key` as a client would at `now` that trusts `bundle` and calls the server
/// `host`: they belong together, the dates, the signatures up to the bundle, the purpose and the
/// name. Answers the leaf.
pub fn verify(
    chain: &[u8],
    key: &[u8],
    bundle: &[u8],
    host: &Host,
    now: Timestamp,
) -> Result<Certificate, VerifyError> {
    pem::pair(chain, key)?;
    verify_chain(chain, bundle, host, now)
}

/// [`verify`] without the key, for a certificate that somebody else serves.
pub fn verify_chain(
    chain: &[u8],
    bundle: &[u8],
    host: &Host,
    now: Timestamp,
) -> Result<Certificate, VerifyError> {
    let chain = pem::certificates("certificate chain", chain)?;
    let Some((leaf_der, intermediates)) = chain.split_first() else {
        return Err(ParsePemError::NoCertificate {
            what: "certificate chain",
        }
        .into());
    };
    let leaf = Certificate::from_der(leaf_der, 1)?;
    if now < leaf.not_before {
        return Err(VerifyError::NotYetValid(leaf.not_before));
    }
    if leaf.expired_at(now) {
        return Err(VerifyError::Expired(leaf.not_after));
    }

    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(pem::certificates("bundle", bundle)?);
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), crypto::provider())
        .build()
        .map_err(|_| VerifyError::EmptyBundle)?;
    let name = server_name(host)?;
    let now = UnixTime::since_unix_epoch(Duration::from_secs(
        u64::try_from(now.as_second()).unwrap_or_default(),
    ));
    match verifier.verify_server_cert(leaf_der, intermediates, &name, &[], now) {
        Ok(_) => Ok(leaf),
        Err(error) => Err(explain(error, host, leaf)),
    }
}

fn server_name(host: &Host) -> Result<ServerName<'static>, VerifyError> {
    match host {
        Host::Ip(address) => Ok(ServerName::IpAddress((*address).into())),
        Host::Dns(name) => ServerName::try_from(name.clone()).map_err(|_| VerifyError::WrongHost {
            host: host.clone(),
            names: Vec::new(),
        }),
    }
}

fn explain(error: rustls::Error, host: &Host, leaf: Certificate) -> VerifyError {
    match error {
        rustls::Error::InvalidCertificate(
            CertificateError::UnknownIssuer | CertificateError::BadSignature,
        ) => VerifyError::UnknownIssuer,
        rustls::Error::InvalidCertificate(
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. },
        ) => VerifyError::WrongHost {
            host: host.clone(),
            names: leaf.hosts,
        },
        error => VerifyError::Rejected(error),
    }
}

fn list(names: &[Host]) -> String {
    if names.is_empty() {
        return "no name at all".to_owned();
    }
    names
        .iter()
        .map(ToString::to_string)
        .collect::<Vec<_>>()
        .join(", ")
}
