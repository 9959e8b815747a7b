//! Which secrets hold the credential, and who uses each: from the data that was read; writes
//! nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use extreg_audit::judge::credential_uses;
use extreg_core::{image::ImageRef, registry::RegistryHost, rule::is_system_namespace};
use extreg_snapshot::{
    SecretKeys, SecretRecord, Snapshot, UseRole,
    credentials::{Credential, Credentials, shown_key},
    place::ObjectId,
};

use super::{
    account::Account,
    outcome::{Outcome, Row},
    settings::{Places, Settings},
};
use crate::{commands::secret::verify::Tried, fanout::Refusal};

/// The namespace of the global pull secret.
pub(super) const GLOBAL: (&str, &str) = ("openshift-config", "pull-secret");

/// A secret of the plan.
#[derive(Clone, Debug)]
pub(super) struct Target {
    /// The row of the output.
    pub(super) row: Row,
    /// The images that it is used for, with which the new credential is tested.
    pub(super) images: Vec<Tried>,
}

/// The secrets with a key of the account, and the skipped ones with the reason; sorted. Whether a secret
/// holds exactly the credential is decided when it is read.
pub(super) fn plan(settings: &Settings, account: &Account, snapshots: &[Snapshot]) -> Vec<Target> {
    let mut targets = Vec::new();
    for snapshot in snapshots {
        let mut users = users(snapshot, account);
        for secret in snapshot.secrets.values().filter(|secret| !secret.managed) {
            let Some((outcome, message)) = decided(settings, account, secret) else {
                continue;
            };
            let used = users.remove(&secret.object).unwrap_or_default();
            let mut target = target(secret, account, outcome, message, used);
            let namespace = snapshot.namespaces.get(&secret.object.namespace);
            if namespace.is_some_and(|namespace| namespace.terminating) {
                target.row.refuse(Refusal::Terminating);
            }
            targets.push(target);
        }
    }
    targets.sort_by(|a, b| (&a.row.namespace, &a.row.name).cmp(&(&b.row.namespace, &b.row.name)));
    targets.dedup_by(|a, b| a.row.namespace == b.row.namespace && a.row.name == b.row.name);
    targets
}

/// The plan for a secret; none for an unrelated one.
fn decided(
    settings: &Settings,
    account: &Account,
    secret: &SecretRecord,
) -> Option<(Outcome, String)> {
    let object = &secret.object;
    let is_included = settings.includes(&object.namespace, &object.name);
    let is_everywhere = settings.places == Places::All;
    let is_requested = match &settings.places {
        Places::All => true,
        Places::Namespaces(names) => names.iter().any(|name| **name == *object.namespace),
    };
    let is_named = is_included || is_requested && *object.name == *settings.name;
    let keys = match &secret.keys {
        SecretKeys::Known(keys) => keys,
        SecretKeys::Elided | SecretKeys::Unreadable if is_named => {
            let message = "it holds no readable docker config: create it again";
            return Some((Outcome::NotRotated, message.to_owned()));
        }
        SecretKeys::Elided | SecretKeys::Unreadable => return None,
    };
    let is_held = keys.iter().any(|key| account.is_old(key))
        || is_named && keys.iter().any(|key| account.is_ours(key));
    match (is_named, is_held) {
        (false, false) => None,
        (false, true) if !is_everywhere => None,
        (true, false) => {
            let other_accounts = account.other_accounts(keys.iter());
            let message = if other_accounts.is_empty() {
                format!("it holds no credential of {}", account.registry)
            } else {
                format!(
                    "it belongs to {} and not to {}: use --replaces to specify the account to replace",
                    other_accounts.join(", "),
                    account.old
                )
            };
            let outcome = if is_everywhere {
                Outcome::Skipped
            } else {
                Outcome::NotRotated
            };
            Some((outcome, message))
        }
        (_, true) if is_included => Some((Outcome::Planned, String::new())),
        (_, true) if is_everywhere && (&*object.namespace, &*object.name) == GLOBAL => Some((
            Outcome::NotRotated,
            "all nodes pull with it: rotate it separately, with -n openshift-config".to_owned(),
        )),
        (_, true) if is_everywhere && is_system_namespace(&object.namespace) => Some((
            Outcome::NotRotated,
            format!(
                "in a system namespace: rotate it separately, with -n {}",
                object.namespace
            ),
        )),
        (_, true) => Some((Outcome::Planned, String::new())),
    }
}

fn target(
    secret: &SecretRecord,
    account: &Account,
    outcome: Outcome,
    message: String,
    used: Used,
) -> Target {
    let ours: Vec<_> = match &secret.keys {
        SecretKeys::Known(keys) => keys.iter().filter(|key| account.is_ours(key)).collect(),
        SecretKeys::Elided | SecretKeys::Unreadable => Vec::new(),
    };
    let usernames: BTreeSet<&str> = ours.iter().map(|key| key.username()).collect();
    Target {
        row: Row {
            namespace: secret.object.namespace.to_string(),
            name: secret.object.name.to_string(),
            username: usernames.into_iter().collect::<Vec<_>>().join(","),
            keys: ours.iter().map(|key| shown_key(key.as_written())).collect(),
            consumers: used.consumers.into_iter().collect(),
            outcome,
            message,
            refusal: None,
        },
        images: used.images.into_values().collect(),
    }
}

/// Who uses a secret, and for what.
#[derive(Debug, Default)]
struct Used {
    consumers: BTreeSet<String>,
    images: BTreeMap<(String, String), Tried>,
}

/// The consumers of each secret: those that find the credential in it, and the accounts that link it.
fn users(snapshot: &Snapshot, account: &Account) -> BTreeMap<ObjectId, Used> {
    let mut users: BTreeMap<ObjectId, Used> = BTreeMap::new();
    for found in credential_uses(Credentials::of(snapshot)) {
        let Credential::Found {
            secret, username, ..
        } = &found.credential
        else {
            continue;
        };
        let image = &found.usage.image;
        let is_ours = RegistryHost::of(&image.registry) == RegistryHost::of(&account.registry)
            && (*username == account.old || *username == account.new);
        if !is_ours {
            continue;
        }
        let used = users.entry(secret.clone()).or_default();
        let by = of_namespace(&found.usage.place.object, secret);
        used.consumers.insert(by.clone());
        let reference = ImageRef::parse(&image.written).map_or_else(
            |_| "latest".to_owned(),
            |image| match (image.id(), image.tag()) {
                ("", "") => "latest".to_owned(),
                ("", tag) => tag.to_owned(),
                (id, _) => id.to_owned(),
            },
        );
        let repository = image.repository.to_string();
        let tried = used
            .images
            .entry((repository.clone(), reference.clone()))
            .or_insert(Tried {
                repository,
                reference,
                pushed_by: None,
                is_pulled: false,
            });
        if found.usage.role == UseRole::Push {
            tried.pushed_by.get_or_insert(by);
        } else {
            tried.is_pulled = true;
        }
    }
    for record in snapshot.accounts.values() {
        let linked: BTreeSet<&Arc<str>> =
            record.pull_secrets.iter().chain(&record.secrets).collect();
        for name in linked {
            let secret = ObjectId {
                namespace: record.object.namespace.clone(),
                kind: extreg_snapshot::kind::Kind::Secret,
                name: name.clone(),
            };
            let used = users.entry(secret).or_default();
            used.consumers.insert(record.object.reference());
        }
    }
    users
}

/// An object as written beside a secret: without its namespace if it is the same.
fn of_namespace(object: &ObjectId, secret: &ObjectId) -> String {
    if object.namespace == secret.namespace {
        object.reference()
    } else {
        object.to_string()
    }
}
