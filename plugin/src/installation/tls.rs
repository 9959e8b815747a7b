//! The source of the serving certificate: OpenShift's service-ca, or our own CA.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use extreg_certs::{
    host::Host,
    inspect::Certificate,
    issue::{self, Issued, Validity},
    verify::verify,
};
use extreg_cluster::{Cluster, Kind, Object, ObjectRef, Owned, is_owned};
use extreg_manifests::{CaBundle, DnsLabel, names};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use super::kinds;
use crate::error::Error;

/// The annotation of a secret that service-ca creates (service-ca-operator `pkg/controller/api/api.go`).
const SERVICE_CA_MARK: &str = "service.beta.openshift.io/originating-service-name";
/// The annotation of a secret that cert-manager creates (cert-manager `pkg/apis/certmanager/v1/types.go`).
const CERT_MANAGER_MARK: &str = "cert-manager.io/certificate-name";

/// A serving certificate and its key.
#[derive(Debug)]
pub(crate) struct Pair {
    /// The chain, PEM.
    pub(crate) chain: String,
    /// The key, PEM.
    pub(crate) key: SecretString,
}

/// The pair that a webhook in the cluster serves, and the bundle that API servers trust it by.
#[derive(Debug)]
pub(crate) struct OwnCa {
    /// The bundle, for the configuration.
    pub(crate) bundle: CaBundle,
    /// The pair, for the secret.
    pub(crate) pair: Pair,
}

/// The program that issued a serving certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Issuer {
    /// `webhook install`.
    Own,
    /// OpenShift's service-ca.
    ServiceCa,
    /// cert-manager.
    CertManager,
    /// A program that leaves no mark.
    Other,
}

impl Issuer {
    /// The issuer of the certificate in a secret, by the mark that each of them writes.
    pub(crate) fn from_secret(secret: &Object) -> Self {
        let annotations = secret.body.pointer("/metadata/annotations");
        let has = |key: &str| annotations.is_some_and(|all| all.get(key).is_some());
        if is_owned(secret) == Owned::Ours {
            Self::Own
        } else if has(SERVICE_CA_MARK) {
            Self::ServiceCa
        } else if has(CERT_MANAGER_MARK) {
            Self::CertManager
        } else {
            Self::Other
        }
    }

    /// Its name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::ServiceCa => "service-ca",
            Self::CertManager => "cert-manager",
            Self::Other => "unknown issuer",
        }
    }

    /// Whether it renews the certificate before it expires.
    pub(crate) const fn renews(self) -> bool {
        matches!(self, Self::ServiceCa | Self::CertManager)
    }
}

/// Whether OpenShift's service-ca is available to issue certificates.
pub(crate) async fn has_service_ca(cluster: &Cluster) -> Result<bool, Error> {
    if cluster.serves(kinds::SERVICE_CA).await? {
        return Ok(true);
    }
    let namespace = ObjectRef::new(Kind::NAMESPACE, "", "openshift-service-ca");
    Ok(cluster.get(&namespace).await?.is_some())
}

/// The pair and the bundle of an installation, if a client that trusts the bundle accepts the pair.
pub(crate) fn current(
    secret: Option<&Object>,
    bundle: Option<&str>,
    namespace: &str,
    now: Timestamp,
) -> Option<(OwnCa, Certificate)> {
    let (pair, bundle) = (pair(secret?)?, bundle?);
    let leaf = verify(
        pair.chain.as_bytes(),
        pair.key.expose_secret().as_bytes(),
        bundle.as_bytes(),
        &host(namespace).ok()?,
        now,
    );
    let bundle = bundle.parse().ok()?;
    Some((OwnCa { bundle, pair }, leaf.ok()?))
}

/// Issues a CA and a certificate for the Service in a namespace.
pub(crate) fn issue(namespace: &DnsLabel, now: Timestamp) -> Result<OwnCa, Error> {
    let hosts = hosts(namespace.as_str())?;
    let issued = issue::issue(&hosts, Validity::default(), now);
    own(issued.map_err(|error| Error::failed(error.to_string()))?)
}

/// The same, but keeps the unexpired CAs of `bundle`.
pub(crate) fn rotate(bundle: &str, namespace: &str, now: Timestamp) -> Result<OwnCa, Error> {
    let issued = issue::rotate(bundle, &hosts(namespace)?, Validity::default(), now);
    own(issued.map_err(|error| Error::failed(error.to_string()))?)
}

/// The pair of a secret of type `kubernetes.io/tls`.
pub(crate) fn pair(secret: &Object) -> Option<Pair> {
    Some(Pair {
        chain: decoded(secret, "tls.crt")?,
        key: decoded(secret, "tls.key")?.into(),
    })
}

/// The chain of a secret of type `kubernetes.io/tls`.
pub(crate) fn chain(secret: &Object) -> Option<String> {
    decoded(secret, "tls.crt")
}

/// The name that API servers use for the Service (`k8s.io/apiserver/pkg/util/webhook/client.go`).
pub(crate) fn host(namespace: &str) -> Result<Host, Error> {
    let name = format!("{}.{namespace}.svc", names::WEBHOOK);
    Host::parse(&name).map_err(|error| Error::failed(error.to_string()))
}

fn hosts(namespace: &str) -> Result<Vec<Host>, Error> {
    Host::of_service(names::WEBHOOK, namespace).map_err(|error| Error::failed(error.to_string()))
}

fn own(issued: Issued) -> Result<OwnCa, Error> {
    let bundle = issued.ca_bundle.parse();
    Ok(OwnCa {
        bundle: bundle
            .map_err(|error: extreg_manifests::SettingsError| Error::failed(error.to_string()))?,
        pair: Pair {
            chain: issued.chain,
            key: issued.key,
        },
    })
}

fn decoded(secret: &Object, key: &str) -> Option<String> {
    let data = secret.body.get("data")?.get(key)?.as_str()?;
    String::from_utf8(STANDARD.decode(data).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use extreg_cluster::{MANAGED_BY, MANAGER};
    use serde_json::json;

    use super::*;

    #[test]
    fn the_issuer_is_recognized_by_its_mark() {
        for (metadata, want) in [
            (json!({"labels": {MANAGED_BY: MANAGER}}), Issuer::Own),
            (
                json!({"annotations": {"service.beta.openshift.io/originating-service-name": "extreg-webhook"}}),
                Issuer::ServiceCa,
            ),
            (
                json!({"annotations": {"cert-manager.io/certificate-name": "extreg-webhook"}}),
                Issuer::CertManager,
            ),
            (json!({"labels": {MANAGED_BY: "Helm"}}), Issuer::Other),
            (json!({}), Issuer::Other),
        ] {
            let secret = Object {
                kind: Kind::SECRET,
                body: json!({ "metadata": metadata }),
            };
            assert_eq!(Issuer::from_secret(&secret), want, "{metadata}");
        }
        assert!(Issuer::ServiceCa.renews() && !Issuer::Own.renews());
    }
}
