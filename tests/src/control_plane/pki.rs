//! The certificates of a control plane for one test.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose,
};

/// The CA of this control plane, and the certificates that it issues. It signs servers and clients alike.
#[derive(Debug)]
pub struct Pki {
    folder: PathBuf,
    ca_pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key, in PEM.
#[derive(Debug)]
pub struct CertPair {
    /// The certificate.
    pub cert: String,
    /// Its key, PKCS #8.
    pub key: String,
}

impl Pki {
    pub(super) fn new(folder: &Path) -> Result<Self> {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "extreg-tests");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate()?;
        let ca_pem = params.self_signed(&key)?.pem();
        fs::write(folder.join("ca.crt"), &ca_pem)?;
        Ok(Self {
            folder: folder.to_owned(),
            ca_pem,
            issuer: Issuer::new(params, key),
        })
    }

    /// The CA, in PEM.
    pub fn ca(&self) -> &str {
        &self.ca_pem
    }

    /// The path of the CA file.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.join("ca.crt")
    }

    /// Issues a serving certificate for these DNS names and IP addresses.
    pub fn serving(&self, names: &[&str]) -> Result<CertPair> {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let mut params = CertificateParams::new(names)?;
        params
            .distinguished_name
            .push(DnType::CommonName, "serving");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.issue(params)
    }

    /// Issues a certificate for a user: the API server reads the name from CN and the groups from O.
    ///
    /// At most two groups: rcgen keeps one attribute of a type, and O can be written in two ways.
    pub(super) fn client(&self, user: &str, groups: &[&str]) -> Result<CertPair> {
        ensure!(
            groups.len() <= 2,
            "a test user can be in two groups, and {user} would be in more"
        );
        let mut params = CertificateParams::default();
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, user);
        let organisation = [
            DnType::OrganizationName,
            DnType::CustomDnType(vec![2, 5, 4, 10]),
        ];
        for (kind, &group) in organisation.into_iter().zip(groups) {
            params.distinguished_name.push(kind, group);
        }
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        self.issue(params)
    }

    fn issue(&self, params: CertificateParams) -> Result<CertPair> {
        let key = KeyPair::generate()?;
        let cert = params
            .signed_by(&key, &self.issuer)
            .context("sign a certificate")?;
        Ok(CertPair {
            cert: cert.pem(),
            key: key.serialize_pem(),
        })
    }
}

impl CertPair {
    /// Writes `NAME.crt` and `NAME.key` into `folder`.
    pub fn write(&self, folder: &Path, name: &str) -> Result<(PathBuf, PathBuf)> {
        let (cert, key) = (
            folder.join(format!("{name}.crt")),
            folder.join(format!("{name}.key")),
        );
        fs::write(&cert, &self.cert).with_context(|| format!("write {}", cert.display()))?;
        fs::write(&key, &self.key).with_context(|| format!("write {}", key.display()))?;
        Ok((cert, key))
    }
}
