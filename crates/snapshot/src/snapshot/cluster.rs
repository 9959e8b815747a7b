//! Configuration of the cluster as a whole.

use std::sync::Arc;

use extreg_core::facts::{Known, Reach};
use extreg_core::registry::InternalRegistry;

use super::{SecretKeys, SecretRecord};
use crate::place::Origin;

/// Configuration of the cluster as a whole; each item is known, or explicitly unknown.
#[derive(Clone, Debug, Default)]
pub struct ClusterRecord {
    /// The names of the integrated registry.
    pub internal: InternalRegistry,
    /// Whether an integrated registry exists.
    pub integrated: Known<bool>,
    /// `images.config.openshift.io/cluster`: known to be absent on a cluster without OpenShift.
    pub registries: Known<Option<RegistrySources>>,
    /// Mirror rules of IDMS, ITMS and ICSP, sorted.
    pub mirrors: Known<Vec<MirrorRule>>,
    /// Signature policies, of the cluster and of namespaces.
    pub signatures: Known<Vec<SignaturePolicy>>,
    /// The global pull secret `openshift-config/pull-secret`; known to be absent, or its keys.
    pub pull_secret: Known<Option<SecretRecord>>,
    /// The webhook's own configuration; known to be absent where it is not installed.
    pub webhook: Known<Option<WebhookRecord>>,
}

/// `images.config.openshift.io/cluster`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistrySources {
    /// Where it was read.
    pub origin: Origin,
    /// `spec.allowedRegistriesForImport`; empty admits all.
    pub allowed_for_import: Vec<AllowedRegistry>,
    /// `spec.registrySources.allowedRegistries`; empty admits all but the blocked.
    pub allowed: Vec<Arc<str>>,
    /// `spec.registrySources.blockedRegistries`.
    pub blocked: Vec<Arc<str>>,
    /// `spec.registrySources.insecureRegistries`.
    pub insecure: Vec<Arc<str>>,
    /// `spec.registrySources.containerRuntimeSearchRegistries`; empty means the node's own list.
    pub search: Vec<Arc<str>>,
}

/// An entry of `spec.allowedRegistriesForImport`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AllowedRegistry {
    /// `domainName`.
    pub domain: Arc<str>,
    /// `insecure`.
    pub insecure: bool,
}

/// One source with its mirrors.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MirrorRule {
    /// The kind and name of its object.
    pub object: crate::place::ObjectId,
    /// Where it was read.
    pub origin: Origin,
    /// Its purpose.
    pub kind: MirrorKind,
    /// The source: `*.host`, a host, or a host with a path.
    pub source: Arc<str>,
    /// The mirrors, in their order.
    pub mirrors: Vec<Arc<str>>,
    /// `mirrorSourcePolicy: NeverContactSource`.
    pub never_source: bool,
}

/// The purpose of a mirror rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MirrorKind {
    /// Pulls by digest: ImageDigestMirrorSet.
    Digest,
    /// Pulls by digest: the older ImageContentSourcePolicy.
    LegacyDigest,
    /// Pulls by tag: ImageTagMirrorSet.
    Tag,
}

/// An ImagePolicy or a ClusterImagePolicy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignaturePolicy {
    /// The object; without a namespace it applies to the cluster.
    pub object: crate::place::ObjectId,
    /// `spec.scopes`.
    pub scopes: Vec<Arc<str>>,
}

/// The webhook's own MutatingWebhookConfiguration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookRecord {
    /// Its name.
    pub name: Arc<str>,
    /// Where it was read.
    pub origin: Origin,
    /// The namespace that it runs in; empty if it is reached by a URL.
    pub namespace: Arc<str>,
    /// The objects for which the API servers call it.
    pub reach: Reach,
    /// `failurePolicy: Fail` on some webhook of it.
    pub fails_closed: bool,
    /// Whether every webhook of it has a `caBundle` with a certificate.
    pub has_ca: bool,
    /// The resources its rules name, `buildconfigs.build.openshift.io`.
    pub resources: Vec<Arc<str>>,
    /// The earliest expiry of a certificate in a `caBundle`, RFC 3339; empty if none was read.
    pub ca_not_after: Arc<str>,
}

impl WebhookRecord {
    /// The name from `oc extreg webhook install`, in every installation.
    pub const NAME: &str = "extreg-webhook";
}

impl SecretRecord {
    /// Whether its keys are unknown.
    pub const fn is_elided(&self) -> bool {
        matches!(self.keys, SecretKeys::Elided)
    }
}
