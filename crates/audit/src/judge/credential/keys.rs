//! Unreadable secrets, and keys that no consumer finds.

use extreg_core::credential::DockerConfigKey;
use extreg_core::registry::RegistryHost;
use extreg_remedy::{Inspection, Outcome, Remedy};
use extreg_snapshot::credentials::{KeyFault, registry_of_key, shown_key};
use extreg_snapshot::{SecretKeys, SecretRecord, Snapshot};

use super::super::remedy;
use super::{about, rewrite};
use crate::check::Severity;
use crate::finding::{Finding, inconclusive};

pub(super) fn check(snapshot: &Snapshot, secret: &SecretRecord, findings: &mut Vec<Finding>) {
    match &secret.keys {
        SecretKeys::Unreadable => findings.push(unreadable(secret)),
        SecretKeys::Elided => findings.push(elided(snapshot, secret)),
        SecretKeys::Known(keys) => {
            findings.extend(keys.iter().filter_map(|key| useless(secret, key)));
            let colliding = keys.colliding().into_iter();
            findings.extend(colliding.map(|(first, other)| collision(secret, first, other)));
        }
    }
}

fn unreadable(secret: &SecretRecord) -> Finding {
    let who = if secret.excluded {
        "Pods and builds that name it fail to pull or push"
    } else {
        "No image can be imported into its namespace, and pods and builds that name it fail to \
         pull or push"
    };
    Finding {
        message: format!("{} holds no readable docker config", secret.object),
        why: format!("One unreadable secret makes Kubernetes ignore all of them. {who}"),
        fix: rewrite(secret, RegistryHost::DockerHub),
        ..about("unreadable", secret, "")
    }
}

fn elided(snapshot: &Snapshot, secret: &SecretRecord) -> Finding {
    Finding {
        severity: Severity::Medium,
        outcome: Outcome::Unknown,
        message: format!("cannot determine what {} holds", secret.object),
        why: inconclusive("this source omits the values of secrets"),
        fix: remedy::inspect(snapshot, &secret.object.namespace),
        ..about("unreadable", secret, "")
    }
}

fn useless(secret: &SecretRecord, key: &DockerConfigKey) -> Option<Finding> {
    let mut faults = KeyFault::of(key);
    // Image names can be written that way: a key that matches only those is not a fault.
    faults.retain(|fault| *fault != KeyFault::OtherHub);
    let worst = *faults.first()?;
    let words: Vec<_> = faults.iter().map(|fault| fault.words()).collect();
    let normalised = key.normalized().unwrap_or_default();
    let registry = registry_of_key(&normalised);
    Some(Finding {
        severity: severity(worst),
        message: format!(
            "the key {} of {}: {}",
            shown_key(key.as_written()),
            secret.object,
            words.join("; ")
        ),
        why: worst.why().to_owned(),
        fix: match worst {
            KeyFault::NoUrl | KeyFault::WebSite | KeyFault::NoSlash | KeyFault::OtherHub => {
                Remedy::instruct(format!(
                    "replace the key {} with {} in {}",
                    shown_key(key.as_written()),
                    server(registry),
                    secret.object
                ))
            }
            KeyFault::NoAuth | KeyFault::Unpadded | KeyFault::Incomplete => {
                rewrite(secret, registry)
            }
        },
        ..about("useless-key", secret, key.as_written())
    })
}

/// Keys that some consumers cannot distinguish, so that one is used at random.
fn collision(secret: &SecretRecord, first: &DockerConfigKey, other: &DockerConfigKey) -> Finding {
    Finding {
        severity: Severity::Medium,
        message: format!(
            "the keys {} and {} of {} hold different credentials",
            shown_key(first.as_written()),
            shown_key(other.as_written()),
            secret.object
        ),
        why:
            "Builds that pull, and other tools that match keys as Kubernetes does, cannot distinguish the \
              keys and use a random one"
                .to_owned(),
        fix: Remedy::instruct_after(
            format!(
                "remove one of the keys {} and {} from {}",
                shown_key(first.as_written()),
                shown_key(other.as_written()),
                secret.object
            ),
            Inspection::CheckSecret {
                namespace: secret.object.namespace.clone(),
                secret: Some(secret.object.name.clone()),
                image: None,
            },
        ),
        ..about("random-key", secret, other.as_written())
    }
}

/// The key that every consumer finds.
fn server(registry: RegistryHost<'_>) -> &str {
    match registry {
        RegistryHost::DockerHub => "https://index.docker.io/v1/",
        RegistryHost::Other("") => "of the registry's host",
        RegistryHost::Other(host) => host,
    }
}

const fn severity(fault: KeyFault) -> Severity {
    match fault {
        KeyFault::NoAuth | KeyFault::OtherHub | KeyFault::Unpadded => Severity::Low,
        KeyFault::Incomplete | KeyFault::WebSite | KeyFault::NoSlash | KeyFault::NoUrl => {
            Severity::Medium
        }
    }
}
