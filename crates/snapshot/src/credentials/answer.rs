//! What is answered about a credential.

use std::fmt;
use std::sync::Arc;

use crate::place::ObjectId;

/// The credential that somebody would use for an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Credential {
    /// This one.
    Found {
        /// The secret that holds it.
        secret: ObjectId,
        /// The key of the secret that matches, as it may be shown.
        key: String,
        /// The account at the registry.
        username: String,
    },
    /// None: it is done anonymously.
    None,
    /// Nothing is pulled or pushed at all before a secret is mended.
    Broken {
        /// The secret.
        secret: ObjectId,
        /// What is wrong with it.
        fault: Fault,
    },
    /// What decides could not be looked at.
    Unknown(Doubt),
}

/// What is wrong with a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// It is named and not there: the pod that mounts it never starts.
    Missing,
    /// It holds no docker config: Kubernetes makes no keyring at all of secrets one of which it
    /// cannot read (`pkg/credentialprovider/secrets/secrets.go`, `MakeDockerKeyring`).
    Unreadable,
}

/// What could not be looked at and would have decided.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Doubt {
    /// What this secret holds: the source leaves values out.
    Elided(ObjectId),
    /// The cluster's global pull secret.
    GlobalPullSecret,
    /// Who runs it decides: an account is only named by the run, or used by the build strategy.
    Run,
    /// The secrets of this namespace.
    Secrets(Arc<str>),
    /// This secret or account, which may or may not be there.
    Unseen(ObjectId),
}

/// What a build would push with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Push {
    /// The secret that it names: there, with this credential for its output, or broken.
    Named(ObjectId, Credential),
    /// A secret that its account links for pulls and that matches: [`Credential::Found`].
    Linked(Credential),
    /// A secret that does not match: the first one that its account links, which OpenShift takes
    /// where none matches (openshift-controller-manager `build_controller.go`,
    /// `resolveImageSecretAsReference`).
    WrongFallback(ObjectId),
    /// Nothing: its account links no docker secret.
    Nothing,
    /// What decides could not be looked at.
    Unknown(Doubt),
}

impl Credential {
    /// Whether there is one.
    pub const fn is_found(&self) -> bool {
        matches!(self, Self::Found { .. })
    }

    /// This one, else that one: what is found wins, and what may be there wins over what is not.
    /// Nothing helps a broken one.
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
    /// The credential that it comes to.
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
                write!(f, "what {secret} holds is left out of this source")
            }
            Self::GlobalPullSecret => {
                f.write_str("the global pull secret openshift-config/pull-secret could not be read")
            }
            Self::Run => f.write_str("only a run of it decides whose secrets are used"),
            Self::Secrets(namespace) if namespace.is_empty() => {
                f.write_str("the secrets of its namespace were not read")
            }
            Self::Secrets(namespace) => write!(f, "the secrets of {namespace} were not read"),
            Self::Unseen(object) => write!(f, "{object} was not read"),
        }
    }
}
