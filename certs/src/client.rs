//! Which clients can connect to a TLS server: by the authority of their certificate and, if
//! names are given, by name. The authorities are read from a file that can change while the
//! server runs.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, io};

use rustls::client::danger::HandshakeSignatureValid;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{
    CertificateError, DigitallySignedStruct, DistinguishedName, RootCertStore, SignatureScheme,
};
use rustls_pki_types::{CertificateDer, UnixTime};
use x509_parser::extensions::GeneralName;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::crypto::{self, Verifier};
use crate::pem::{self, ParsePemError};

/// Why a file of client authorities is not valid.
#[derive(Debug, thiserror::Error)]
pub enum ClientCaError {
    /// The file cannot be read.
    #[error("cannot read {path}: {cause}", path = path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's error.
        cause: io::Error,
    },
    /// The file is not PEM with certificates.
    #[error("{path}: {cause}", path = path.display())]
    Pem {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        cause: ParsePemError,
    },
    /// A certificate cannot be used as an authority.
    #[error("{path}: certificate {position} cannot be used as an authority: {cause}", path = path.display())]
    Authority {
        /// The file.
        path: PathBuf,
        /// Its place in the file, from 1.
        position: usize,
        /// The error of rustls.
        cause: String,
    },
}

/// The file of client authorities, and the names that clients must have.
#[derive(Debug)]
pub struct ClientCa {
    path: PathBuf,
    names: Arc<[String]>,
    content: Vec<u8>,
}

impl ClientCa {
    /// Reads the file for the first time. With `names`, the common name or a DNS name of a
    /// client's certificate must be one of them; without, any certificate of the authorities does.
    pub fn start(
        path: impl Into<PathBuf>,
        names: Vec<String>,
    ) -> Result<(Self, Verifier), ClientCaError> {
        let path = path.into();
        let names: Arc<[String]> = names.into();
        let content = read(&path)?;
        let verifier = verifier(&path, &content, &names)?;
        let file = Self {
            path,
            names,
            content,
        };
        Ok((file, verifier))
    }

    /// Reads the file again. Returns a new verifier if its content is new and valid; after an error the
    /// previous one remains in force.
    pub fn tick(&mut self) -> Result<Option<Verifier>, ClientCaError> {
        let content = read(&self.path)?;
        if content == self.content {
            return Ok(None);
        }
        let verifier = verifier(&self.path, &content, &self.names)?;
        self.content = content;
        Ok(Some(verifier))
    }
}

fn read(path: &Path) -> Result<Vec<u8>, ClientCaError> {
    fs::read(path).map_err(|cause| ClientCaError::Read {
        path: path.to_owned(),
        cause,
    })
}

fn verifier(path: &Path, content: &[u8], names: &Arc<[String]>) -> Result<Verifier, ClientCaError> {
    let certificates =
        pem::certificates("client CA", content).map_err(|cause| ClientCaError::Pem {
            path: path.to_owned(),
            cause,
        })?;
    let refused = |position: usize, cause: &dyn fmt::Display| ClientCaError::Authority {
        path: path.to_owned(),
        position,
        cause: cause.to_string(),
    };
    let mut roots = RootCertStore::empty();
    for (certificate, position) in certificates.into_iter().zip(1..) {
        roots
            .add(certificate)
            .map_err(|cause| refused(position, &cause))?;
    }
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), crypto::provider())
        .build()
        .map_err(|cause| refused(1, &cause))?;
    Ok(if names.is_empty() {
        verifier
    } else {
        Arc::new(Named {
            verifier,
            names: Arc::clone(names),
        })
    })
}

/// Accepts what `verifier` accepts, if it has one of the names.
#[derive(Debug)]
struct Named {
    verifier: Verifier,
    names: Arc<[String]>,
}

impl ClientCertVerifier for Named {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.verifier.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        let verified = self
            .verifier
            .verify_client_cert(end_entity, intermediates, now)?;
        if names_of(end_entity)
            .iter()
            .any(|name| self.names.contains(name))
        {
            Ok(verified)
        } else {
            let refused = CertificateError::ApplicationVerificationFailure;
            Err(rustls::Error::InvalidCertificate(refused))
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier
            .verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.verifier
            .verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.verifier.supported_verify_schemes()
    }
}

/// The common names and DNS names of a certificate.
fn names_of(certificate: &CertificateDer<'_>) -> Vec<String> {
    let Ok((_, x509)) = X509Certificate::from_der(certificate) else {
        return Vec::new();
    };
    let mut names: Vec<String> = x509
        .subject()
        .iter_common_name()
        .filter_map(|name| name.as_str().ok().map(str::to_owned))
        .collect();
    if let Ok(Some(alternative)) = x509.subject_alternative_name() {
        let general = &alternative.value.general_names;
        names.extend(general.iter().filter_map(|name| match name {
            GeneralName::DNSName(name) => Some((*name).to_owned()),
            _ => None,
        }));
    }
    names
}
