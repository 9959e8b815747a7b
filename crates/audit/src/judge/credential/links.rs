//! Builds that push with a secret that happens to be linked to their account.

use std::collections::BTreeMap;
use std::sync::Arc;

use extreg_core::credential::Consumer;
use extreg_core::image::ImageRef;
use extreg_core::registry::RegistryHost;
use extreg_remedy::{LinkUse, Remedy};
use extreg_snapshot::credentials::{Credentials, Push, Seen};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::{ObjectId, Place};
use extreg_snapshot::{AccountRecord, BuildRecord, SecretKeys, SecretRecord, Snapshot};

use super::super::found::found;
use super::super::index::Index;
use super::super::remedy;
use crate::check::CheckId;
use crate::finding::Finding;

/// A secret that an account links only for mounts, and the builds that it would work for.
type Mounts<'a> = BTreeMap<(&'a ObjectId, Arc<str>), (&'a AccountRecord, Vec<&'a BuildRecord>)>;

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let credentials = Credentials::of(snapshot);
    let index = Index::of(snapshot);
    let mut mounts = Mounts::new();
    for build in &snapshot.builds {
        if build.is_over() || index.is_built(build) || build.pushes_to.is_empty() {
            continue;
        }
        let fallback = match credentials.push(build) {
            Push::WrongFallback(secret) => Some(secret),
            Push::Nothing => None,
            Push::Named(..) | Push::Linked(_) | Push::Unknown(_) => continue,
        };
        let namespace = &build.object.namespace;
        let mounted = match credentials.account(namespace, &build.account) {
            Seen::Present(account) => {
                mount_for(credentials, account, &build.pushes_to).map(|secret| (account, secret))
            }
            Seen::Absent | Seen::Unknown => None,
        };
        match (mounted, fallback) {
            (Some((account, secret)), _) => mounts
                .entry((&account.object, secret.object.name.clone()))
                .or_insert((account, Vec::new()))
                .1
                .push(build),
            (None, Some(secret)) => findings.push(wrong(snapshot, build, &secret)),
            // No secret at all is a finding of EXR007.
            (None, None) => {}
        }
    }
    for ((_, secret), (account, builds)) in &mut mounts {
        builds.sort_by_key(|build| &build.object);
        findings.push(mount_only(account, secret, builds));
    }
}

/// The secret among an account's mounts that would work for a push.
fn mount_for<'a>(
    credentials: Credentials<'a>,
    account: &AccountRecord,
    image: &str,
) -> Option<&'a SecretRecord> {
    account
        .secrets
        .iter()
        .filter(|name| !account.pull_secrets.contains(name))
        .find_map(
            |name| match credentials.secret(&account.object.namespace, name) {
                Seen::Present(secret) => serves(secret, image).then_some(secret),
                Seen::Absent | Seen::Unknown => None,
            },
        )
}

fn serves(secret: &SecretRecord, image: &str) -> bool {
    match &secret.keys {
        SecretKeys::Known(keys) => {
            !secret.managed && keys.matching(Consumer::BuildPush, image).is_matched()
        }
        SecretKeys::Elided | SecretKeys::Unreadable => false,
    }
}

fn wrong(snapshot: &Snapshot, build: &BuildRecord, secret: &ObjectId) -> Finding {
    let object = &build.object;
    let image = &build.pushes_to;
    let mut others = Credentials::of(snapshot).secrets(&object.namespace);
    let give = |secret: &Arc<str>| remedy::set_push_secret(object, secret);
    let fix = match others.find(|other| serves(other, image)) {
        Some(other) => give(&other.object.name),
        None => provide(snapshot, &object.namespace, image, give),
    };
    Finding {
        message: format!(
            "{} pushes {image} with {}, which has no key for it",
            object.name, secret.name
        ),
        why: format!(
            "It names no push secret, and none of the secrets that its account {} links for pulls matches, so \
             OpenShift takes the first of them: the registry denies the push",
            build.account
        ),
        fix,
        ..found(
            CheckId::Exr009,
            "wrong-secret-fallback",
            Place {
                object: object.clone(),
                part: Arc::default(),
                field: "spec.output.pushSecret".into(),
                origin: build.origin.clone(),
            },
        )
    }
}

fn provide(
    snapshot: &Snapshot,
    namespace: &Arc<str>,
    image: &str,
    give: impl FnOnce(&Arc<str>) -> Remedy,
) -> Remedy {
    let Ok(reference) = ImageRef::parse(image) else {
        return Remedy::instruct(format!(
            "set the output to a valid image: {image} is invalid"
        ));
    };
    let registry = RegistryHost::of(reference.with_defaults().registry());
    let repository = reference.repository_path();
    remedy::provide_and_give(snapshot, namespace, registry, &repository, give)
}

fn mount_only(account: &AccountRecord, secret: &str, builds: &[&BuildRecord]) -> Finding {
    let names: Vec<_> = builds.iter().map(|build| &*build.object.name).collect();
    let secret: Arc<str> = secret.into();
    let id = ObjectId {
        kind: Kind::ServiceAccount,
        ..account.object.clone()
    };
    Finding {
        message: format!(
            "{} links {secret} only for mounts, where a push does not find it: {}",
            account.object.name,
            names.join(", ")
        ),
        why: "Since OpenShift 4.15 a build without a push secret searches the imagePullSecrets of its \
              account; earlier versions search its secrets. oc secrets link adds only to the latter \
              by default"
            .to_owned(),
        fix: remedy::link(&id, &secret, LinkUse::Push),
        ..found(
            CheckId::Exr009,
            "mount-only-link",
            Place {
                object: account.object.clone(),
                part: secret,
                field: "secrets".into(),
                origin: account.origin.clone(),
            },
        )
    }
}
