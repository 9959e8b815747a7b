//! The answers about credentials.

use std::fmt;
use std::sync::Arc;

use crate::place::ObjectId;

/// The credential that a consumer would use for an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Credential {
    /// This credential.
    Found {
        /// The secret that contains it.
        secret: ObjectId,
        /// The matching key of the secret, without user information.
        key: String,
        /// The account at the registry.
        username: String,
    },
    /// None: the request is anonymous.
    None,
    /// Nothing is pulled or pushed until a secret is fixed.
    Broken {
        /// The secret.
        secret: ObjectId,
        /// The fault of the secret.
        fault: Fault,
    },
    /// A resource that determines the answer could not be read.
    Unknown(Doubt),
}

/// The fault of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// It is named but does not exist: the pod that mounts it never starts.
    Missing,
    /// It contains no docker config: Kubernetes creates no keyring from secrets if it
    /// cannot read one of them (`pkg/credentialprovider/secrets/secrets.go`, `MakeDockerKeyring`).
    Unreadable,
}

/// A resource that could not be read and would determine the answer.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// The content of this secret: the source does not contain its values.
    Elided(ObjectId),
    /// The cluster's global pull secret.
    GlobalPullSecret,
    /// The identity depends on the run: only the run names an account, or the build strategy uses it.
    Run,
    /// The secrets of this namespace.
    Secrets(Arc<str>),
    /// This secret or account, which might not exist.
    Unseen(ObjectId),
}

/// The credential of a push.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Push {
    /// The secret that it names, with this credential for its output, or broken.
    Named(ObjectId, Credential),
    /// A secret that its account links for pulls and that matches: [`Credential::Found`].
    Linked(Credential),
    /// A secret that does not match: the first one that its account links, which OpenShift uses
    /// if none matches (openshift-controller-manager `build_controller.go`,
    /// `resolveImageSecretAsReference`).
    WrongFallback(ObjectId),
    /// Nothing: its account links no docker secret.
    Nothing,
    /// A resource that determines the answer could not be read.
    Unknown(Doubt),
}

impl Credential {
    /// Whether a credential was found.
    pub const fn is_found(&self) -> bool {
        matches!(self, Self::Found { .. })
    }

    /// This one, else that one: a found credential takes precedence, and an unknown one takes precedence
    /// over none. A broken one is final.
    #[must_use]
    pub(super) fn or_else(self, other: impl FnOnce() -> Self) -> Self {
        match self {
            Self::Found { .. } | Self::Broken { .. } => self,
            Self::None => other(),
            Self::Unknown(_) => match other() {
                found @ Self::Found { .. } => found,
                _ => self,
            },
        }
    }
}

impl Push {
    /// The resulting credential.
    pub fn credential(&self) -> Credential {
        match self {
            Self::Named(_, credential) | Self::Linked(credential) => credential.clone(),
            Self::WrongFallback(_) | Self::Nothing => Credential::None,
            Self::Unknown(doubt) => Credential::Unknown(doubt.clone()),
        }
    }
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Elided(secret) => {
                write!(f, "the content of {secret} is not in this source")
            }
            Self::GlobalPullSecret => {
                f.write_str("the global pull secret openshift-config/pull-secret could not be read")
            }
            Self::Run => f.write_str("only its run determines which secrets are used"),
            Self::Secrets(namespace) if namespace.is_empty() => {
                f.write_str("the secrets of its namespace were not read")
            }
            Self::Secrets(namespace) => write!(f, "the secrets of {namespace} were not read"),
            Self::Unseen(object) => write!(f, "{object} was not read"),
        }
    }
}
