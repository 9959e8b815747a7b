//! PEM in: a chain of certificates, a private key, and the two as one pair.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::{self, PemObject};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};

use crate::crypto;

/// Why a PEM text is not valid.
#[derive(Debug, thiserror::Error)]
pub enum ParsePemError {
    /// The text is cut off or not PEM.
    #[error("{what}: not PEM: {cause}")]
    Syntax {
        /// What was read, for the message.
        what: &'static str,
        /// The parser's error.
        cause: pem::Error,
    },
    /// There is PEM, but no certificate in it.
    #[error("{what}: contains no certificate")]
    NoCertificate {
        /// What was read, for the message.
        what: &'static str,
    },
    /// There is PEM, but without a private key.
    #[error("private key: contains no key")]
    NoKey,
    /// A key type that TLS does not support, or a damaged key.
    #[error("private key: not usable: {0}")]
    Key(rustls::Error),
    /// Certificate and key belong to different pairs, as in the middle of a rotation.
    #[error("the private key does not belong to the first certificate of the chain")]
    Mismatch,
    /// The first certificate cannot be read.
    #[error("first certificate of the chain: not usable: {0}")]
    Leaf(rustls::Error),
}

/// Reads every certificate in `text`, at least one. Other sections are skipped.
pub fn certificates(
    what: &'static str,
    text: &[u8],
) -> Result<Vec<CertificateDer<'static>>, ParsePemError> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(text)
        .collect::<Result<_, _>>()
        .map_err(|cause| ParsePemError::Syntax { what, cause })?;
    if chain.is_empty() {
        return Err(ParsePemError::NoCertificate { what });
    }
    Ok(chain)
}

/// Reads a chain (leaf first, then any number of intermediates) and its key, PKCS#8, SEC1 or
/// PKCS#1, and checks that they belong together.
pub fn pair(chain: &[u8], key: &[u8]) -> Result<Arc<CertifiedKey>, ParsePemError> {
    let chain = certificates("certificate chain", chain)?;
    let key = PrivateKeyDer::from_pem_slice(key).map_err(|cause| match cause {
        pem::Error::NoItemsFound => ParsePemError::NoKey,
        cause => ParsePemError::Syntax {
            what: "private key",
            cause,
        },
    })?;
    let key = crypto::provider()
        .key_provider
        .load_private_key(key)
        .map_err(ParsePemError::Key)?;
    let pair = CertifiedKey::new(chain, key);
    match pair.keys_match() {
        Ok(()) => Ok(Arc::new(pair)),
        Err(rustls::Error::InconsistentKeys(_)) => Err(ParsePemError::Mismatch),
        Err(error) => Err(ParsePemError::Leaf(error)),
    }
}

/// One certificate as PEM, with lines of 64 characters.
pub fn encode_certificate(der: &CertificateDer<'_>) -> String {
    let body = STANDARD.encode(der);
    let mut text = String::from("-----BEGIN CERTIFICATE-----\n");
    for (index, character) in body.chars().enumerate() {
        if index > 0 && index % 64 == 0 {
            text.push('\n');
        }
        text.push(character);
    }
    text.push_str("\n-----END CERTIFICATE-----\n");
    text
}
