//! Secrets that hold nothing that can be read, and keys that nothing finds.

use extreg_core::credential::DockerConfigKey;
use extreg_core::registry::RegistryHost;
use extreg_remedy::{Inspection, Outcome, Remedy};
use extreg_snapshot::credentials::{KeyFault, registry_of_key, shown_key};
use extreg_snapshot::{SecretKeys, SecretRecord, Snapshot};

use super::super::remedy;
use super::{about, rewrite};
use crate::check::Severity;
use crate::finding::Finding;

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
        message: format!("{} holds no docker config that can be read", secret.object),
        why: format!("Kubernetes makes no keyring at all where one secret cannot be read. {who}"),
        fix: rewrite(secret, RegistryHost::DockerHub),
        ..about("unreadable", secret, "")
    }
}

fn elided(snapshot: &Snapshot, secret: &SecretRecord) -> Finding {
    Finding {
        severity: Severity::Medium,
        outcome: Outcome::Unknown,
        message: format!("what {} holds is not known", secret.object),
        why: "Neither pass nor fail: the values of secrets are left out of this source".to_owned(),
        fix: remedy::look(snapshot, &secret.object.namespace),
        ..about("unreadable", secret, "")
    }
}

fn useless(secret: &SecretRecord, key: &DockerConfigKey) -> Option<Finding> {
    let mut faults = KeyFault::of(key);
    // Images may be written that way: that it finds nothing else is no fault of the secret's.
    faults.retain(|fault| *fault != KeyFault::OtherHub);
    let worst = *faults.first()?;
    let words: Vec<_> = faults.iter().map(|fault| fault.words()).collect();
    let normalised = key.normalised().unwrap_or_default();
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
                    "write the key {} in place of {} in {}",
                    server(registry),
                    shown_key(key.as_written()),
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

/// A random one is used of keys that are taken for one.
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
            "Builds when they pull, or whoever matches keys as Kubernetes does, take them for one \
              key and use a random one of the two"
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
