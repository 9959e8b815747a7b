//! A secret that works for one consumer and not for another.

use std::collections::{BTreeMap, BTreeSet};

use extreg_core::registry::RegistryHost;
use extreg_snapshot::credentials::{Credential, Credentials};
use extreg_snapshot::place::ImageName;
use extreg_snapshot::{SecretKeys, SecretRecord, Snapshot, UseRole};

use super::{CredentialUse, about, credential_uses, rewrite};
use crate::check::Severity;
use crate::finding::Finding;

/// More uses than these are counted and not named.
const MAX_NAMED: usize = 3;

/// Secret, registry and repository.
type Case<'a> = (&'a str, &'a str, String, &'a str);

/// The consumers for which a secret works for a repository, and those for which nothing works.
#[derive(Default)]
struct Table<'a> {
    secret: Option<&'a SecretRecord>,
    image: Option<&'a ImageName>,
    works: BTreeSet<String>,
    fails: BTreeSet<String>,
}

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let mut tables: BTreeMap<Case<'_>, Table<'_>> = BTreeMap::new();
    for CredentialUse {
        usage,
        consumer,
        credential,
        secrets,
        ..
    } in credential_uses(Credentials::of(snapshot))
    {
        let image = &*usage.image.written;
        let words = format!("{} {image}", verb(usage.role));
        for secret in secrets.into_iter().filter(|secret| !secret.managed) {
            let SecretKeys::Known(keys) = &secret.keys else {
                continue;
            };
            let registry = RegistryHost::of(&usage.image.registry).to_string();
            let case = (
                &*secret.object.namespace,
                &*secret.object.name,
                registry,
                &*usage.image.repository,
            );
            let table = tables.entry(case).or_default();
            table.secret = Some(secret);
            table.image = table.image.or(Some(&usage.image));
            match keys.matching(consumer, image).first() {
                Some(_) => {
                    table.works.insert(words.clone());
                }
                None if credential == Credential::None => {
                    table.fails.insert(words.clone());
                }
                None => {}
            }
        }
    }
    findings.extend(tables.values().filter_map(Table::finding));
}

impl Table<'_> {
    fn finding(&self) -> Option<Finding> {
        let (secret, image) = (self.secret?, self.image?);
        if self.works.is_empty() || self.fails.is_empty() {
            return None;
        }
        Some(Finding {
            severity: Severity::Medium,
            image: Some(image.clone()),
            message: format!(
                "{} works to {}, and not to {}",
                secret.object,
                list(&self.works),
                list(&self.fails)
            ),
            why: "Each consumer matches the keys of a secret by its own rules. A key that all of \
                  them find, and image names with a registry, work everywhere"
                .to_owned(),
            fix: rewrite(secret, RegistryHost::of(&image.registry)),
            ..about("consumers-differ", secret, &image.repository)
        })
    }
}

fn list(of: &BTreeSet<String>) -> String {
    let named: Vec<_> = of.iter().take(MAX_NAMED).map(String::as_str).collect();
    match of.len().saturating_sub(MAX_NAMED) {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

const fn verb(role: UseRole) -> &'static str {
    match role {
        UseRole::Import => "import",
        UseRole::Push => "push",
        UseRole::Base | UseRole::Source => "build on",
        UseRole::Run | UseRole::Volume => "run",
    }
}
