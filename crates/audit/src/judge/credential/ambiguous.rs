//! Several secrets of a namespace for Docker Hub, of which imports use the first.

use std::collections::BTreeMap;
use std::sync::Arc;

use extreg_core::credential::Consumer;
use extreg_snapshot::credentials::{ANY_OF_HUB, Credential, Credentials};
use extreg_snapshot::{SecretKeys, SecretRecord, Snapshot};

use super::super::remedy;
use super::about;
use crate::check::Severity;
use crate::finding::Finding;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let mut of_hub: BTreeMap<&Arc<str>, Vec<(&SecretRecord, &str)>> = BTreeMap::new();
    for secret in snapshot.secrets.values() {
        if let SecretKeys::Known(keys) = &secret.keys
            && let Some(key) = keys.matching(Consumer::Import, ANY_OF_HUB).first()
            && !secret.managed
            && !secret.excluded
        {
            let namespace = &secret.object.namespace;
            of_hub
                .entry(namespace)
                .or_default()
                .push((secret, key.username()));
        }
    }
    for (namespace, secrets) in of_hub.iter().filter(|(_, secrets)| secrets.len() > 1) {
        let Credential::Found {
            secret: taken,
            username: first,
            ..
        } = Credentials::of(snapshot).import(namespace, ANY_OF_HUB)
        else {
            continue;
        };
        for (secret, username) in secrets {
            if secret.object != taken {
                findings.push(finding(secret, username, &taken.name, &first));
            }
        }
    }
}

fn finding(secret: &SecretRecord, username: &str, taken: &str, first: &str) -> Finding {
    let same = username == first;
    Finding {
        severity: if same {
            Severity::Low
        } else {
            Severity::Medium
        },
        message: format!(
            "{} and {taken} both hold a key for docker.io: imports use that of {taken}",
            secret.object
        ),
        why: if same {
            format!(
                "Both belong to {first}; the spelling of keys and the names of the secrets decide \
                 which token imports use"
            )
        } else {
            format!(
                "Imports use {first} and never {username}: the spelling of keys and \
                 the names of the secrets decide"
            )
        },
        fix: remedy::exclude(&secret.object, true),
        ..about("ambiguous", secret, "")
    }
}
