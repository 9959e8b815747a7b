//! Each use of an image outside the cluster, and its credential.

use std::sync::Arc;

use extreg_core::credential::Consumer;
use extreg_snapshot::credentials::{Credential, Credentials, Push, Seen};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::{AccountRecord, BuildRecord, ImageUse, Meaning, SecretRecord, UseRole};

use super::super::index::Index;

/// A use of an image, and its credential.
#[derive(Clone, Debug)]
pub struct CredentialUse<'a> {
    /// The field that names the image.
    pub usage: &'a ImageUse,
    /// Who searches for the credential.
    pub consumer: Consumer,
    /// For a push: how it gets its secret.
    pub push: Option<Push>,
    /// The result.
    pub credential: Credential,
    /// The secrets of the namespace that are searched, as far as they were read.
    pub secrets: Vec<&'a SecretRecord>,
}

/// Every use of an image outside the cluster, except copies of another
/// object's field. Excluded are uses that need no credential, and uses of an account
/// that was not read.
pub fn credential_uses(credentials: Credentials<'_>) -> impl Iterator<Item = CredentialUse<'_>> {
    let snapshot = credentials.snapshot();
    let index = Index::of(snapshot);
    let external = snapshot
        .uses
        .iter()
        .filter(|usage| !usage.owned && usage.meaning == Meaning::External);
    external.filter_map(move |usage| credential_use(credentials, &index, usage))
}

fn credential_use<'a>(
    credentials: Credentials<'a>,
    index: &Index<'a>,
    usage: &'a ImageUse,
) -> Option<CredentialUse<'a>> {
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
    let of = |consumer, credential, secrets| CredentialUse {
        usage,
        consumer,
        push: None,
        credential,
        secrets,
    };
    match usage.role {
        UseRole::Import => {
            let secrets = credentials
                .secrets(&object.namespace)
                .filter(|secret| !secret.excluded);
            let credential = credentials.import(&object.namespace, image);
            Some(of(Consumer::Import, credential, secrets.collect()))
        }
        UseRole::Run | UseRole::Volume => {
            let workload = index.workloads.get(object)?;
            let names = credentials.pull_secrets(workload).ok()?;
            let credential = credentials.run(workload, image);
            Some(of(Consumer::Kubelet, credential, named(names)))
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
            let push = credentials.push(build);
            Some(CredentialUse {
                push: Some(push.clone()),
                ..of(consumer, push.credential(), named(names))
            })
        }
        UseRole::Base | UseRole::Source => {
            let build = index.builds.get(object)?;
            let given = build.pull_secrets.iter().find(|(_, of)| of == image);
            let names = match given {
                Some((name, _)) => std::slice::from_ref(name),
                None => account(credentials, build, |account| &account.secrets)?,
            };
            Some(of(
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
    names: fn(&AccountRecord) -> &Vec<Arc<str>>,
) -> Option<&'a [Arc<str>]> {
    match credentials.account(&build.object.namespace, &build.account) {
        Seen::Present(account) => Some(names(account)),
        Seen::Absent | Seen::Unknown => None,
    }
}
