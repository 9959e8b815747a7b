//! A secret that works for one consumer and not for another.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use extreg_core::credential::Consumer;
use extreg_core::registry::RegistryHost;

use super::super::index::Index;
use super::{about, rewrite};
use crate::check::Severity;
use crate::credentials::{Credential, Credentials, Seen};
use crate::finding::{Finding, ImageName};
use crate::kind::Kind;
use crate::snapshot::{
    BuildRecord, ImageUse, Meaning, SecretKeys, SecretRecord, Snapshot, UseRole,
};

/// More uses than these are counted and not named.
const MAX_NAMED: usize = 3;

/// Secret, registry and repository.
type Case<'a> = (&'a str, &'a str, String, &'a str);

/// For whom a secret works for a repository, and for whom it does not and nothing else does.
#[derive(Default)]
struct Table<'a> {
    secret: Option<&'a SecretRecord>,
    image: Option<&'a ImageName>,
    username: String,
    works: BTreeSet<String>,
    fails: BTreeSet<String>,
}

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let index = Index::of(snapshot);
    let mut tables: BTreeMap<Case<'_>, Table<'_>> = BTreeMap::new();
    let external = snapshot
        .uses
        .iter()
        .filter(|usage| !usage.owned && usage.meaning == Meaning::External);
    for usage in external {
        let Some((consumer, credential, secrets)) = asked(snapshot, &index, usage) else {
            continue;
        };
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
                Some(key) => {
                    key.username().clone_into(&mut table.username);
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
                  them find, and images that are written with their registry, work everywhere"
                .to_owned(),
            fix: rewrite(secret, RegistryHost::of(&image.registry), &self.username),
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

/// Who uses an image, the credential that is found for it, and the secrets that are looked into.
fn asked<'a>(
    snapshot: &'a Snapshot,
    index: &Index<'a>,
    usage: &'a ImageUse,
) -> Option<(Consumer, Credential, Vec<&'a SecretRecord>)> {
    let credentials = Credentials::of(snapshot);
    let object = &usage.place.object;
    let image = &usage.image.written;
    let named = |names: &[Arc<str>]| -> Vec<&'a SecretRecord> {
        names
            .iter()
            .filter_map(|name| match credentials.secret(&object.namespace, name) {
                Seen::Present(secret) => Some(secret),
                Seen::Absent | Seen::Unknown => None,
            })
            .collect()
    };
    match usage.role {
        UseRole::Import => {
            let secrets = credentials
                .secrets(&object.namespace)
                .filter(|secret| !secret.excluded);
            let credential = credentials.import(&object.namespace, image);
            Some((Consumer::Import, credential, secrets.collect()))
        }
        UseRole::Run | UseRole::Volume => {
            let workload = index.workloads.get(object)?;
            let names = credentials.pull_secrets(workload).ok()?;
            let credential = credentials.run(workload, image);
            Some((Consumer::Kubelet, credential, named(names)))
        }
        UseRole::Push => {
            let build = index.builds.get(object)?;
            let consumer = match object.kind {
                Kind::ShipwrightBuild | Kind::BuildRun => Consumer::Shipwright,
                _ => Consumer::BuildPush,
            };
            let names = if build.push_secret.is_empty() {
                account(credentials, build, |account| &account.pull_secrets)?
            } else {
                std::slice::from_ref(&build.push_secret)
            };
            Some((consumer, credentials.push(build).credential(), named(names)))
        }
        UseRole::Base | UseRole::Source => {
            let build = index.builds.get(object)?;
            let given = build.pull_secrets.iter().find(|(_, of)| of == image);
            let names = match given {
                Some((name, _)) => std::slice::from_ref(name),
                None => account(credentials, build, |account| &account.secrets)?,
            };
            Some((
                Consumer::BuildPull,
                credentials.pull(build, image, index.pulled_by(usage)),
                named(names),
            ))
        }
    }
}

fn account<'a>(
    credentials: Credentials<'a>,
    build: &BuildRecord,
    names: fn(&crate::snapshot::AccountRecord) -> &Vec<Arc<str>>,
) -> Option<&'a [Arc<str>]> {
    match credentials.account(&build.object.namespace, &build.account) {
        Seen::Present(account) => Some(names(account)),
        Seen::Absent | Seen::Unknown => None,
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
