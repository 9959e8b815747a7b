//! Whether a client that trusts a bundle would accept a serving pair.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::{CertificateError, RootCertStore};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};

use crate::crypto;
use crate::host::Host;
use crate::inspect::{Certificate, InspectError};
use crate::pem::{self, ParsePemError};

/// Why a serving certificate is rejected.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// A file is not valid, or key and certificate are of different pairs.
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
    #[error("the bundle contains no usable authority")]
    EmptyBundle,
    /// It is signed by an authority of the bundle that is no longer valid, or not valid yet.
    #[error(
        "the authority that signed the serving certificate is only valid from {from} to {until}"
    )]
    Authority {
        /// The authority's first second.
        from: Timestamp,
        /// Its last second.
        until: Timestamp,
    },
    /// The chain does not end in the bundle.
    #[error("the serving certificate is not signed by any authority of the bundle")]
    UnknownIssuer,
    /// The certificate does not contain the name that clients use.
    #[error("the serving certificate is for {for_}, not for {host}", for_ = list(names))]
    WrongHost {
        /// The queried name.
        host: Host,
        /// The names in the certificate.
        names: Vec<Host>,
    },
    /// Any other error of rustls's verifier.
    #[error("the serving certificate is not acceptable: {0}")]
    Rejected(rustls::Error),
}

/// Checks `chain` and `key` as a client would at `now` that trusts `bundle` and calls the server
/// `host`: they belong together, the dates, the signatures up to the bundle, the purpose and the
/// name. Returns the leaf.
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

/// [`verify`] without the key, for a certificate that another server serves.
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

    // Webpki ignores the dates of roots; Go's verifier, which the API servers use, checks them (crypto/x509 `isValid`).
    let mut valid = Vec::new();
    let mut invalid = Vec::new();
    for der in pem::certificates("bundle", bundle)? {
        match Certificate::from_der(&der, 1) {
            Ok(root) if now < root.not_before || root.expired_at(now) => invalid.push((der, root)),
            Ok(_) => valid.push(der),
            // Clients skip certificates that they cannot read.
            Err(_) => {}
        }
    }
    let client = Client {
        name: server_name(host)?,
        leaf: leaf_der,
        intermediates,
        now,
    };
    let error = match client.accepts(valid) {
        Ok(()) => return Ok(leaf),
        Err(error) => explain(error, host, leaf),
    };
    if matches!(error, VerifyError::UnknownIssuer | VerifyError::EmptyBundle) {
        for (der, root) in invalid {
            if client.accepts(vec![der]).is_ok() {
                return Err(VerifyError::Authority {
                    from: root.not_before,
                    until: root.not_after,
                });
            }
        }
    }
    Err(error)
}

struct Client<'a> {
    name: ServerName<'static>,
    leaf: &'a CertificateDer<'a>,
    intermediates: &'a [CertificateDer<'a>],
    now: Timestamp,
}

impl Client<'_> {
    /// Whether a client that trusts `roots` accepts the chain. None if no root can be used.
    fn accepts(&self, roots: Vec<CertificateDer<'_>>) -> Result<(), Option<rustls::Error>> {
        let mut store = RootCertStore::empty();
        store.add_parsable_certificates(roots);
        let verifier =
            WebPkiServerVerifier::builder_with_provider(Arc::new(store), crypto::provider())
                .build()
                .map_err(|_| None)?;
        let now = UnixTime::since_unix_epoch(Duration::from_secs(
            u64::try_from(self.now.as_second()).unwrap_or_default(),
        ));
        verifier
            .verify_server_cert(self.leaf, self.intermediates, &self.name, &[], now)
            .map(drop)
            .map_err(Some)
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

fn explain(error: Option<rustls::Error>, host: &Host, leaf: Certificate) -> VerifyError {
    let Some(error) = error else {
        return VerifyError::EmptyBundle;
    };
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
