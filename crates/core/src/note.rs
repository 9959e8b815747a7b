//! Messages for the user in addition to the decision: the same text in the webhook, `check` and `audit`.

use crate::edit::{Edit, Field, Value};

/// Longer warnings are hard to read in a terminal; Kubernetes recommends at most 120.
pub const MAX_WARNING: usize = 120;

/// Something that the user should know about a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note<'a> {
    /// Every tag of a repository will be imported on schedule.
    AllTagsScheduled {
        /// The repository.
        repository: &'a str,
    },
    /// An update removes a field that the policy sets on new objects.
    Dropped {
        /// The field.
        field: Field,
        /// The policy.
        policy: &'a str,
    },
    /// OpenShift's own lookup has to find a secret.
    LeftToAccount {
        /// The secret that the policy names.
        secret: &'a str,
        /// The fault.
        fault: SecretFault,
        /// The account whose secrets OpenShift selects from. Its linked secrets are not named: not every user who
        /// can create a build can read the account.
        account: String,
    },
    /// The decision depends on the namespace labels, which are unknown.
    NamespaceUnknown {
        /// The policy.
        policy: &'a str,
    },
    /// An injected secret does not work in its current state.
    PushSecret {
        /// The secret.
        secret: &'a str,
        /// The fault.
        fault: SecretFault,
        /// The namespace; empty if a file names none.
        namespace: String,
        /// The registry that the secret must have a key for.
        registry: String,
    },
    /// The pull secret that the policy names was not injected.
    PullSecret {
        /// The secret.
        secret: &'a str,
        /// The fault; `None` if unknown.
        fault: Option<SecretFault>,
    },
    /// The push secret that the policy names was not injected: it is unknown whether it works.
    SecretUnknown {
        /// The secret.
        secret: &'a str,
    },
    /// The ImageStream that the decision depends on could not be read.
    StreamUnread {
        /// Its name.
        stream: String,
    },
    /// The first component is in upper case.
    UpperCase {
        /// The image.
        image: String,
    },
    /// The edit that mode `Warn` does not make.
    Would {
        /// The edit.
        edit: Edit<'a>,
        /// The policy.
        policy: &'a str,
    },
    /// The object exceeds the work limit of one decision.
    WorkLimit,
}

/// A known fault of a secret that a policy names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum SecretFault {
    /// It does not exist.
    Missing,
    /// It has no key for the image.
    NoKey,
    /// It has more keys than the webhook reads from one secret.
    TooLarge,
}

impl SecretFault {
    fn description(self) -> &'static str {
        match self {
            Self::Missing => "does not exist",
            Self::NoKey => "has no key for the image",
            Self::TooLarge => "is too large (limit: 64 registries, 16 KiB)",
        }
    }
}

impl Note<'_> {
    /// The note as admission warnings of at most [`MAX_WARNING`] bytes each.
    pub fn warnings(&self) -> Vec<String> {
        match self {
            Self::AllTagsScheduled { repository } => vec![fit(&format!(
                "extreg: each tag of {repository} (50 at most) will be imported every 15 minutes"
            ))],
            Self::Dropped { field, policy } => vec![
                fit(&format!(
                    "extreg: this update removes {field}, which policy {policy} sets on new objects"
                )),
                fit(match field {
                    Field::PushSecret
                    | Field::StrategyPullSecret(_)
                    | Field::SourcePullSecret(_) => {
                        "extreg: to keep it, add it to the manifest or apply with --server-side"
                    }
                    Field::StreamTagSchedule(_)
                    | Field::TagSchedule
                    | Field::ImageTagSchedule
                    | Field::ImportSchedule(_)
                    | Field::RepositorySchedule => {
                        "extreg: to keep it, add it to the manifest or use oc tag --scheduled"
                    }
                }),
            ],
            Self::LeftToAccount {
                secret,
                fault,
                account,
            } => vec![
                fit(&format!(
                    "extreg: push secret {secret} not set: it {}",
                    fault.description()
                )),
                fit(&format!(
                    "extreg: OpenShift selects a push secret of service account {account}"
                )),
            ],
            Self::NamespaceUnknown { policy } => vec![fit(&format!(
                "extreg: policy {policy} not applied: the namespace labels are unknown"
            ))],
            Self::PushSecret {
                secret,
                fault: SecretFault::Missing,
                namespace,
                registry,
            } => vec![
                fit(&format!(
                    "extreg: secret {secret} does not exist: builds remain Pending until you create it"
                )),
                create_command(secret, namespace, registry),
            ],
            Self::PushSecret {
                secret,
                fault: SecretFault::NoKey,
                registry,
                ..
            } => vec![
                fit(&format!(
                    "extreg: secret {secret} has no key for the image, the push will fail"
                )),
                fit(&format!("extreg: add the key {} to it", server(registry))),
            ],
            Self::PushSecret {
                secret,
                fault: SecretFault::TooLarge,
                ..
            } => vec![
                fit(&format!(
                    "extreg: secret {secret} {}",
                    SecretFault::TooLarge.description()
                )),
                fit("extreg: not checked whether it works for the image; use a separate secret"),
            ],
            Self::PullSecret { secret, fault } => vec![fit(&format!(
                "extreg: pull secret {secret} not set: it {}",
                fault.map_or("might not exist", SecretFault::description)
            ))],
            Self::SecretUnknown { secret } => vec![fit(&format!(
                "extreg: push secret {secret} not set: the webhook cannot read it"
            ))],
            Self::StreamUnread { stream } => vec![fit(&format!(
                "extreg: unchanged: ImageStream {stream} could not be read in time"
            ))],
            Self::UpperCase { image } => vec![fit(&format!(
                "extreg: {image} unchanged: OpenShift parses its first part as a user, pulls it as a host"
            ))],
            Self::WorkLimit => vec![fit(
                "extreg: the object is too large to process completely; part of it is unchanged",
            )],
            Self::Would { edit, policy } => {
                let value = match edit.value {
                    Value::Secret(name) => name,
                    Value::True => "true",
                };
                vec![fit(&format!(
                    "extreg: policy {policy} (Warn) would set {} to {value}",
                    edit.field
                ))]
            }
        }
    }
}

/// The key under which every consumer on OpenShift finds a credential for that registry.
fn server(registry: &str) -> &str {
    if registry == "docker.io" {
        "https://index.docker.io/v1/"
    } else {
        registry
    }
}

/// The command that creates a secret, with the namespace if it fits.
fn create_command(secret: &str, namespace: &str, registry: &str) -> String {
    let command = |namespace: &str| {
        format!(
            "extreg: oc create secret docker-registry {secret}{namespace} --docker-server={} …",
            server(registry)
        )
    };
    let long = command(&format!(" -n {namespace}"));
    if namespace.is_empty() || long.len() > MAX_WARNING {
        fit(&command(""))
    } else {
        long
    }
}

/// Truncates a text that is too long, at a character boundary.
fn fit(text: &str) -> String {
    if text.len() <= MAX_WARNING {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(MAX_WARNING - "…".len());
    let mut cut = text.get(..end).unwrap_or_default().to_owned();
    cut.push('…');
    cut
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_warning_is_longer_than_120_bytes() {
        let long = "é".repeat(200);
        let edit = Edit {
            field: Field::PushSecret,
            value: Value::Secret(&long),
            parent_missing: false,
        };
        let fault = SecretFault::Missing;
        for note in [
            Note::AllTagsScheduled { repository: &long },
            Note::Dropped {
                field: Field::PushSecret,
                policy: &long,
            },
            Note::LeftToAccount {
                secret: &long,
                fault,
                account: long.clone(),
            },
            Note::NamespaceUnknown { policy: &long },
            Note::PushSecret {
                secret: &long,
                fault,
                namespace: long.clone(),
                registry: long.clone(),
            },
            Note::PullSecret {
                secret: &long,
                fault: None,
            },
            Note::SecretUnknown { secret: &long },
            Note::StreamUnread {
                stream: long.clone(),
            },
            Note::UpperCase {
                image: long.clone(),
            },
            Note::Would {
                edit,
                policy: &long,
            },
        ] {
            for warning in note.warnings() {
                assert!(warning.len() <= MAX_WARNING, "{warning}");
            }
        }
    }

    #[test]
    fn the_command_names_the_key_that_works_everywhere() {
        let note = Note::PushSecret {
            secret: "dockerhub",
            fault: SecretFault::Missing,
            namespace: "snow".to_owned(),
            registry: "docker.io".to_owned(),
        };
        assert_eq!(
            note.warnings(),
            [
                "extreg: secret dockerhub does not exist: builds remain Pending until you create it",
                "extreg: oc create secret docker-registry dockerhub -n snow \
                 --docker-server=https://index.docker.io/v1/ …",
            ]
        );
    }
}
