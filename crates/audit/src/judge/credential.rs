//! EXR009: a credential that is broken, useless, ambiguous, shared, or not the intended one.
//!
//! Every consumer of a secret searches other places and matches keys by its own rules
//! ([`extreg_snapshot::credentials`]); a secret that works for one is missed by another, and OpenShift
//! only reports `unauthorized`, or pulls anonymously. Only the registry knows the scope and expiry
//! of a token: they are not checked here.

mod ambiguous;
mod builds;
mod consumers;
mod keys;
mod links;
mod shared;
#[cfg(test)]
mod tests;
mod usage;

use extreg_core::registry::RegistryHost;
use extreg_remedy::Remedy;
use extreg_snapshot::credentials::shown_key;
use extreg_snapshot::place::Place;
use extreg_snapshot::{SecretKeys, SecretRecord, Snapshot};

pub use self::usage::{CredentialUse, credential_uses};
use super::found::found;
use super::remedy;
use crate::check::CheckId;
use crate::finding::Finding;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    for secret in snapshot.secrets.values().filter(|secret| !secret.managed) {
        keys::check(snapshot, secret, findings);
    }
    ambiguous::check(snapshot, findings);
    shared::check(snapshot, findings);
    builds::check(snapshot, findings);
    links::check(snapshot, findings);
    consumers::check(snapshot, findings);
}

/// A finding about a secret, or one key of it.
fn about(rule: &'static str, secret: &SecretRecord, key: &str) -> Finding {
    let place = Place {
        object: secret.object.clone(),
        part: shown_key(key).into(),
        field: "".into(),
        origin: secret.origin.clone(),
    };
    found(CheckId::Exr009, rule, place)
}

/// Adds a key that every consumer finds, beside the existing ones. A secret of the older
/// type cannot have one.
fn rewrite(secret: &SecretRecord, registry: RegistryHost<'_>) -> Remedy {
    if matches!(secret.keys, SecretKeys::Known(_)) {
        remedy::set_credential(&secret.object.namespace, &secret.object.name, registry)
    } else {
        Remedy::instruct(format!(
            "replace the content of {} with a docker config with a key for the registry",
            secret.object
        ))
    }
}
