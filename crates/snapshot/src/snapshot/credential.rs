//! The identities for pulls and pushes.

use std::sync::Arc;

use extreg_core::credential::{DockerConfig, DockerConfigKeys};

use crate::place::{ObjectId, Origin};

/// A ServiceAccount.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccountRecord {
    /// The object.
    pub object: ObjectId,
    /// Where it was read.
    pub origin: Origin,
    /// The names of `imagePullSecrets`, in their order.
    pub pull_secrets: Vec<Arc<str>>,
    /// The names of `secrets` (mounts), in their order.
    pub secrets: Vec<Arc<str>>,
    /// The secret that OpenShift manages for it.
    pub managed: Option<Arc<str>>,
}

/// A secret of one of the two docker types.
#[derive(Clone, Debug)]
pub struct SecretRecord {
    /// The object.
    pub object: ObjectId,
    /// Where it was read.
    pub origin: Origin,
    /// Its type: `kubernetes.io/dockerconfigjson` or `kubernetes.io/dockercfg`.
    pub kind: Arc<str>,
    /// Whether OpenShift manages it for the integrated registry.
    pub managed: bool,
    /// Whether imports exclude it: annotation `openshift.io/image.excludeSecret: "true"`.
    pub excluded: bool,
    /// Its keys.
    pub keys: SecretKeys,
    /// The docker config that a build reads if it names the secret for its push; usually the same.
    pub push: SecretKeys,
}

/// The keys of a secret.
#[derive(Clone, Debug)]
pub enum SecretKeys {
    /// These keys.
    Known(Arc<DockerConfigKeys>),
    /// The source does not contain the values.
    Elided,
    /// No readable docker config.
    Unreadable,
}

impl SecretKeys {
    /// In the engine's form.
    pub fn as_config(&self) -> DockerConfig {
        match self {
            Self::Known(keys) => DockerConfig::Keys(Arc::clone(keys)),
            Self::Elided => DockerConfig::Unknown,
            Self::Unreadable => DockerConfig::Unreadable,
        }
    }
}

impl From<Option<DockerConfig>> for SecretKeys {
    fn from(config: Option<DockerConfig>) -> Self {
        match config {
            Some(DockerConfig::Keys(keys)) => Self::Known(keys),
            Some(DockerConfig::Unknown) => Self::Elided,
            Some(DockerConfig::Unreadable | DockerConfig::TooLarge) | None => Self::Unreadable,
        }
    }
}
