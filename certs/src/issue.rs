//! A separate certificate authority and a leaf signed by it, for clusters without service-ca.
//!
//! The authority's key is dropped when the leaf is signed, so it cannot be stolen;
//! a renewal creates a new authority and keeps the old one in the bundle during the change.

use std::time::Duration;

use jiff::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, SanType, date_time_ymd,
};
use secrecy::SecretString;

use crate::host::Host;
use crate::inspect::{Certificate, InspectError};
use crate::pem::{self, ParsePemError};

/// How far validity is dated back, for clients whose clock is slow.
const BACKDATED: Duration = Duration::from_mins(5);

/// The validity of issued certificates, from the time of issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    ca: Duration,
    leaf: Duration,
}

impl Validity {
    /// `ca` for the authority and `leaf` for the serving certificate, which cannot outlive it.
    pub fn new(ca: Duration, leaf: Duration) -> Result<Self, IssueError> {
        if leaf > ca {
            return Err(IssueError::LeafOutlivesCa);
        }
        if leaf.is_zero() {
            return Err(IssueError::NoValidity);
        }
        Ok(Self { ca, leaf })
    }
}

impl Default for Validity {
    /// Two years for both, as in service-ca's leaves.
    fn default() -> Self {
        let two_years = Duration::from_hours(2 * 365 * 24);
        Self {
            ca: two_years,
            leaf: two_years,
        }
    }
}

/// The issued certificates and key, all PEM.
#[derive(Debug)]
pub struct Issued {
    /// The authorities that clients have to trust: the new one, and after a rotation the older ones that
    /// have not expired, newest first. It goes into the webhook configuration's `caBundle`.
    pub ca_bundle: String,
    /// The serving certificate: `tls.crt`.
    pub chain: String,
    /// Its private key, PKCS#8: `tls.key`.
    pub key: SecretString,
    /// The expiry of the serving certificate.
    pub not_after: Timestamp,
}

/// Why nothing was issued.
#[derive(Debug, thiserror::Error)]
pub enum IssueError {
    /// No host was given.
    #[error("no host to issue a certificate for: name a service or a URL")]
    NoHost,
    /// The leaf would be valid longer than its authority.
    #[error("a serving certificate cannot be valid longer than its authority")]
    LeafOutlivesCa,
    /// A validity of zero.
    #[error("the validity must not be zero")]
    NoValidity,
    /// The dates are outside of X.509's range.
    #[error("validity out of range")]
    Range,
    /// The bundle that was to be kept cannot be read.
    #[error("bundle of older authorities: {0}")]
    Bundle(#[from] InspectError),
    /// The cryptographic library refused.
    #[error("cannot issue a certificate: {0}")]
    Rcgen(#[from] rcgen::Error),
}

impl From<ParsePemError> for IssueError {
    fn from(error: ParsePemError) -> Self {
        Self::Bundle(InspectError::Pem(error))
    }
}

/// Issues an authority and a serving certificate (both ECDSA P-256) for `hosts`, valid from `now`.
pub fn issue(hosts: &[Host], validity: Validity, now: Timestamp) -> Result<Issued, IssueError> {
    if hosts.is_empty() {
        return Err(IssueError::NoHost);
    }
    let ca_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let ca = CertifiedIssuer::self_signed(ca_params(validity, now)?, ca_key)?;
    let leaf_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)?;
    let leaf = leaf_params(hosts, validity, now)?.signed_by(&leaf_key, &ca)?;
    Ok(Issued {
        ca_bundle: ca.pem(),
        chain: leaf.pem(),
        key: SecretString::from(leaf_key.serialize_pem()),
        not_after: Certificate::from_der(leaf.der(), 1)?.not_after,
    })
}

/// Issues again and keeps the authorities of `bundle` that have not expired at `now` after the
/// new one, so that clients trust both pairs during the change.
///
/// Give clients the new bundle first and the server the new pair after that: in the opposite
/// order no client trusts the server for a while.
pub fn rotate(
    bundle: &str,
    hosts: &[Host],
    validity: Validity,
    now: Timestamp,
) -> Result<Issued, IssueError> {
    let kept = unexpired(bundle, now)?;
    let mut issued = issue(hosts, validity, now)?;
    issued.ca_bundle.push_str(&kept);
    Ok(issued)
}

/// The certificates of `bundle` that are valid at `now`, as PEM; empty if none is or if the
/// bundle is blank.
pub fn unexpired(bundle: &str, now: Timestamp) -> Result<String, IssueError> {
    if bundle.trim().is_empty() {
        return Ok(String::new());
    }
    let mut kept = String::new();
    for (der, position) in pem::certificates("bundle", bundle.as_bytes())?
        .iter()
        .zip(1..)
    {
        if !Certificate::from_der(der, position)?.expired_at(now) {
            kept.push_str(&pem::encode_certificate(der));
        }
    }
    Ok(kept)
}

fn ca_params(validity: Validity, now: Timestamp) -> Result<CertificateParams, IssueError> {
    let mut params = params(validity.ca, now)?;
    // Distinct names, so that a client with two of them in its bundle tries the correct one.
    let name = format!("extreg webhook CA {}", now.as_second());
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    Ok(params)
}

fn leaf_params(
    hosts: &[Host],
    validity: Validity,
    now: Timestamp,
) -> Result<CertificateParams, IssueError> {
    let mut params = params(validity.leaf, now)?;
    params
        .distinguished_name
        .push(DnType::CommonName, "extreg-webhook");
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    params.subject_alt_names = hosts
        .iter()
        .map(|host| {
            Ok(match host {
                Host::Dns(name) => SanType::DnsName(name.as_str().try_into()?),
                Host::Ip(address) => SanType::IpAddress(*address),
            })
        })
        .collect::<Result<_, rcgen::Error>>()?;
    Ok(params)
}

fn params(lifetime: Duration, now: Timestamp) -> Result<CertificateParams, IssueError> {
    let now = u64::try_from(now.as_second()).map_err(|_| IssueError::Range)?;
    let epoch = date_time_ymd(1970, 1, 1);
    // X.509 dates end in year 9999.
    let end = now
        .checked_add(lifetime.as_secs())
        .ok_or(IssueError::Range)?;
    if end >= 253_402_300_800 {
        return Err(IssueError::Range);
    }
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.not_before = epoch + Duration::from_secs(now.saturating_sub(BACKDATED.as_secs()));
    params.not_after = epoch + Duration::from_secs(end);
    Ok(params)
}
