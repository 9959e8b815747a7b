//! The result for the credential that a consumer would use.

use extreg_core::credential::{AuthField, Consumer, DockerConfigKey};
use extreg_snapshot::{
    credentials::{Credential, Fault, Push, shown_key},
    place::ObjectId,
};

use super::super::answer::{Outcome, Use};

/// The problem of a key without a credential.
pub(in super::super) const INCOMPLETE: &str = "it has no username or no password";
/// The namespace of the nodes' pull secret.
const NODES: &str = "openshift-config";

/// The result, before it is assigned to a consumer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Evaluation {
    outcome: Outcome,
    namespace: String,
    secret: String,
    key: String,
    username: String,
    message: String,
    /// Whether finding nothing means that it cannot work, for any consumer.
    needed: bool,
    /// Whether nothing depends on it.
    aside: bool,
}

/// The name of a consumer in formats.
pub(super) const fn word(consumer: Consumer) -> &'static str {
    match consumer {
        Consumer::BuildPush => "buildPush",
        Consumer::BuildPull => "buildPull",
        Consumer::Import => "import",
        Consumer::Kubelet => "kubelet",
        Consumer::ContainersImage => "node",
        Consumer::Shipwright => "shipwright",
    }
}

impl Evaluation {
    fn new(outcome: Outcome, message: &str) -> Self {
        Self {
            outcome,
            namespace: String::new(),
            secret: String::new(),
            key: String::new(),
            username: String::new(),
            message: message.to_owned(),
            needed: false,
            aside: false,
        }
    }

    /// For the key of a docker config that a consumer finds, if any.
    pub(super) fn of_key(consumer: Consumer, key: Option<&DockerConfigKey>) -> Self {
        let Some(key) = key else {
            return Self::new(Outcome::None, "finds no key");
        };
        if !key.is_complete() {
            return Self {
                key: shown_key(key.as_written()),
                username: key.username().to_owned(),
                ..Self::new(Outcome::Broken, INCOMPLETE)
            };
        }
        let message = if consumer == Consumer::BuildPull && key.auth() != AuthField::Padded {
            // go-dockerclient's reader, which these builds use.
            "a build with a Dockerfile skips it: it has no padded auth"
        } else {
            ""
        };
        Self {
            key: shown_key(key.as_written()),
            username: key.username().to_owned(),
            ..Self::new(Outcome::Found, message)
        }
    }

    /// For the credential that a pull or an import uses.
    pub(super) fn of_credential(credential: &Credential) -> Self {
        match credential {
            Credential::Found {
                secret,
                key,
                username,
            } => Self {
                key: key.clone(),
                username: username.clone(),
                ..Self::new(Outcome::Found, "").with(secret)
            },
            Credential::None => Self::new(Outcome::None, "anonymously"),
            Credential::Broken { secret, fault } => Self::new(
                Outcome::Broken,
                match fault {
                    Fault::Missing => "the secret does not exist, or is not of a docker type",
                    Fault::Unreadable => "the secret holds no readable docker config",
                },
            )
            .with(secret),
            Credential::Unknown(doubt) => Self::new(Outcome::Unknown, &doubt.to_string()),
        }
    }

    /// For the credential that a build pushes with.
    pub(super) fn of_push(push: &Push) -> Self {
        let evaluation = match push {
            Push::Named(secret, Credential::None) => {
                Self::new(Outcome::None, "the secret that it names has no key for it").with(secret)
            }
            Push::WrongFallback(secret) => Self::new(
                Outcome::None,
                "no secret that its account links has a key for it: the first secret is used",
            )
            .with(secret),
            Push::Nothing => Self::new(Outcome::None, "its account links no secret"),
            Push::Named(..) | Push::Linked(_) | Push::Unknown(_) => {
                Self::of_credential(&push.credential())
            }
        };
        Self {
            needed: true,
            ..evaluation
        }
    }

    /// For a push that depends on the version of OpenShift.
    pub(super) fn of_version() -> Self {
        Self::new(
            Outcome::Unknown,
            "the list of its account that is read depends on the version of OpenShift: link it for \
             pull and mount",
        )
    }

    /// Nothing depends on it.
    pub(super) fn aside(self) -> Self {
        Self {
            aside: true,
            ..self
        }
    }

    /// Assigns the result to another secret.
    pub(super) fn in_secret(self, secret: &ObjectId) -> Self {
        self.with(secret)
    }

    /// Assigns the result to a consumer.
    pub(super) fn of(self, consumer: Consumer, by: &str, written: &str) -> Use {
        Use {
            consumer: word(consumer),
            by: by.to_owned(),
            written: written.to_owned(),
            outcome: self.outcome,
            secret: self.secret,
            key: self.key,
            username: self.username,
            differs: false,
            fails: self.needed && self.outcome == Outcome::None,
            message: self.message,
            is_aside: self.aside,
            secret_namespace: self.namespace,
        }
    }

    fn with(self, secret: &ObjectId) -> Self {
        Self {
            namespace: secret.namespace.to_string(),
            secret: if &*secret.namespace == NODES {
                format!("{}/{}", secret.namespace, secret.name)
            } else {
                secret.name.to_string()
            },
            ..self
        }
    }
}
