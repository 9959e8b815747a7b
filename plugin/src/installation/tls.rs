//! The source of the serving certificate: OpenShift's service-ca, or our own CA.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use extreg_certs::{
    host::Host,
    inspect::Certificate,
    issue::{self, Issued, Validity},
    verify::verify,
};
use extreg_cluster::{Cluster, Kind, Object, ObjectRef};
use extreg_manifests::{CaBundle, DnsLabel, names};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use super::kinds;
use crate::error::Error;

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
