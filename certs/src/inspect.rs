//! The content of a certificate.

use std::net::IpAddr;

use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::host::Host;
use crate::pem::{self, ParsePemError};

/// The relevant fields of one certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Distinguished name of the holder.
    pub subject: String,
    /// Distinguished name of the issuer.
    pub issuer: String,
    /// Serial number, hexadecimal with colons.
    pub serial: String,
    /// Its DNS names and addresses, in the order of the certificate.
    pub hosts: Vec<Host>,
    /// First second of its validity.
    pub not_before: Timestamp,
    /// Last second of its validity.
    pub not_after: Timestamp,
    /// Whether it can sign other certificates.
    pub is_ca: bool,
    /// Whether subject and issuer are equal.
    pub self_issued: bool,
}

/// Why a certificate cannot be inspected.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// Not PEM with certificates.
    #[error(transparent)]
    Pem(#[from] ParsePemError),
    /// A certificate is damaged.
    #[error("certificate {position} of the chain: not X.509: {cause}")]
    X509 {
        /// Its place in the chain, the leaf being 1.
        position: usize,
        /// The parser's error.
        cause: String,
    },
    /// A date before year -9999 or after year 9999.
    #[error("certificate {position} of the chain: date out of range")]
    Date {
        /// Its place in the chain, the leaf being 1.
        position: usize,
    },
}

impl Certificate {
    /// Reads one certificate; `position` is only for the error.
    pub fn from_der(der: &CertificateDer<'_>, position: usize) -> Result<Self, InspectError> {
        let (_, x509) = X509Certificate::from_der(der).map_err(|cause| InspectError::X509 {
            position,
            cause: cause.to_string(),
        })?;
        let date =
            |seconds| Timestamp::from_second(seconds).map_err(|_| InspectError::Date { position });
        Ok(Self {
            subject: x509.subject().to_string(),
            issuer: x509.issuer().to_string(),
            serial: x509.raw_serial_as_string(),
            hosts: hosts(&x509),
            not_before: date(x509.validity().not_before.timestamp())?,
            not_after: date(x509.validity().not_after.timestamp())?,
            is_ca: x509.is_ca(),
            self_issued: x509.subject() == x509.issuer(),
        })
    }

    /// Whether `now` is after its last second.
    pub fn expired_at(&self, now: Timestamp) -> bool {
        now > self.not_after
    }

    /// When to renew it: after two thirds of its lifetime, as in cert-manager.
    pub fn renew_at(&self) -> Timestamp {
        let start = self.not_before.as_second();
        let lifetime = self.not_after.as_second().saturating_sub(start);
        // In range, because it is between two timestamps; the fallback is never used.
        Timestamp::from_second(start + lifetime / 3 * 2).unwrap_or(self.not_after)
    }
}

/// Reads every certificate of a PEM text, in its order: of a serving chain the leaf comes first.
pub fn inspect(text: &[u8]) -> Result<Vec<Certificate>, InspectError> {
    pem::certificates("certificate chain", text)?
        .iter()
        .zip(1..)
        .map(|(der, position)| Certificate::from_der(der, position))
        .collect()
}

fn hosts(x509: &X509Certificate<'_>) -> Vec<Host> {
    let Ok(Some(names)) = x509.subject_alternative_name() else {
        return Vec::new();
    };
    names
        .value
        .general_names
        .iter()
        .filter_map(|name| match name {
            GeneralName::DNSName(name) => Host::parse(name).ok(),
            GeneralName::IPAddress(bytes) => <[u8; 4]>::try_from(*bytes)
                .map(IpAddr::from)
                .or_else(|_| <[u8; 16]>::try_from(*bytes).map(IpAddr::from))
                .ok()
                .map(Host::Ip),
            _ => None,
        })
        .collect()
}
