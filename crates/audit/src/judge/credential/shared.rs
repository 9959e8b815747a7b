//! One account in many namespaces.

use std::collections::{BTreeMap, BTreeSet};

use extreg_remedy::{Inspection, Remedy};
use extreg_snapshot::credentials::registry_of_key;
use extreg_snapshot::{SecretKeys, SecretRecord, Snapshot};

use super::about;
use crate::check::Severity;
use crate::finding::Finding;

/// The number of namespaces that counts as many.
const MANY: usize = 5;
/// Usernames that stand for a kind of token and not for an account.
const NO_ACCOUNT: [&str; 8] = [
    "",
    "00000000-0000-0000-0000-000000000000",
    "<token>",
    "AWS",
    "_json_key",
    "_json_key_base64",
    "iamapikey",
    "oauth2accesstoken",
];

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let mut holders: BTreeMap<(String, &str), Vec<&SecretRecord>> = BTreeMap::new();
    for secret in snapshot.secrets.values().filter(|secret| !secret.managed) {
        let SecretKeys::Known(keys) = &secret.keys else {
            continue;
        };
        let accounts: BTreeSet<(String, &str)> = keys
            .iter()
            .filter(|key| !NO_ACCOUNT.contains(&key.username()))
            .filter_map(|key| {
                let normalised = key.normalized()?;
                Some((registry_of_key(&normalised).to_string(), key.username()))
            })
            .collect();
        for account in accounts {
            holders.entry(account).or_default().push(secret);
        }
    }
    for ((registry, username), secrets) in &holders {
        let namespaces: BTreeSet<&str> = secrets
            .iter()
            .map(|secret| &*secret.object.namespace)
            .collect();
        if let Some(first) = secrets.first().filter(|_| namespaces.len() > 1) {
            findings.push(finding(first, registry, username, &namespaces));
        }
    }
}

fn finding(
    secret: &SecretRecord,
    registry: &str,
    username: &str,
    namespaces: &BTreeSet<&str>,
) -> Finding {
    let count = namespaces.len();
    let mut named: Vec<_> = namespaces.iter().take(MANY).copied().collect();
    let more = format!("{} more", count.saturating_sub(MANY));
    if count > MANY {
        named.push(&more);
    }
    Finding {
        severity: if count < MANY {
            Severity::Info
        } else {
            Severity::Medium
        },
        message: format!(
            "{username} of {registry} is the account of {count} namespaces: {}",
            named.join(", ")
        ),
        why: "A user who can read the secret in one namespace has the account's access to all of them, and all \
              share its limit; a personal access token is valid for every repository of its account"
            .to_owned(),
        fix: Remedy::instruct_after(
            "create a token for each namespace, and rotate each secret to its own",
            Inspection::CheckSecret {
                namespace: secret.object.namespace.clone(),
                secret: Some(secret.object.name.clone()),
                image: None,
            },
        ),
        ..about("shared", secret, username)
    }
}
