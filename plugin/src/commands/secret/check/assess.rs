//! Who uses what: evaluates a snapshot or a keyring for each consumer. Pure; the rules of matching
//! are in other crates.

mod compare;
mod evaluation;
mod hypothetical;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use extreg_audit::judge::{CredentialUse, credential_uses};
use extreg_core::{
    credential::{Consumer, DockerConfigKeys},
    image::ImageRef,
    registry::RegistryHost,
};
use extreg_snapshot::{
    SecretKeys, SecretRecord, Snapshot, UseRole,
    credentials::{Credential, Credentials, PushLinks},
};

pub(super) use self::evaluation::INCOMPLETE;
use self::{
    compare::{compared, same_in},
    evaluation::Evaluation,
};
use super::{
    answer::{ImageAnswer, LinkAnswer, SecretAnswer, State, Use},
    keys,
    links::Reads,
};

/// The query for a snapshot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Query<'a> {
    /// The images; empty for all that are named.
    pub(super) images: &'a [String],
    /// The secrets; empty for all.
    pub(super) names: &'a [String],
    /// The namespace; none for all.
    pub(super) namespace: Option<&'a str>,
    /// The list that pushes search.
    pub(super) reads: Reads,
}

/// The registry and path of an image.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Repository {
    registry: String,
    path: String,
}

type Groups = BTreeMap<(Arc<str>, Repository), Vec<Use>>;

/// What each consumer finds in one docker config for an image.
pub(super) fn of_auth_file(keys: &DockerConfigKeys, image: &str) -> ImageAnswer {
    let uses = Consumer::ALL.into_iter().map(|consumer| {
        let evaluation = Evaluation::of_key(consumer, keys.matching(consumer, image).first());
        evaluation.of(consumer, "any user of the file", image)
    });
    let same = |one: &Use, other: &Use| same_in(keys, one, other);
    compared("", image, uses.collect(), true, same)
}

/// The images, and who uses what for each.
pub(super) fn images(snapshot: &Snapshot, query: &Query<'_>) -> Vec<ImageAnswer> {
    let mut groups = actual(snapshot, query);
    let same = |one: &Use, other: &Use| match find(snapshot, one) {
        Some(SecretKeys::Known(keys)) => same_in(keys, one, other),
        _ => one.key == other.key,
    };
    if query.images.is_empty() {
        let groups = groups.into_iter();
        return groups
            .map(|((namespace, repository), uses)| {
                let image = format!("{}/{}", repository.registry, repository.path);
                compared(&namespace, &image, uses, false, same)
            })
            .collect();
    }
    let mut answers = Vec::new();
    for image in query.images {
        let Some(repository) = Repository::from_image(image) else {
            continue;
        };
        for namespace in namespaces(snapshot, query, &groups, &repository) {
            let mut uses = groups
                .remove(&(namespace.clone(), repository.clone()))
                .unwrap_or_default();
            uses.extend(hypothetical::uses(
                snapshot, query, &namespace, image, &uses,
            ));
            answers.push(compared(&namespace, image, uses, true, same));
        }
    }
    answers
}

/// The secrets: the named ones, else the used ones, else all of them.
pub(super) fn secrets(
    snapshot: &Snapshot,
    query: &Query<'_>,
    images: &[ImageAnswer],
) -> Vec<SecretAnswer> {
    let is_used = |secret: &SecretRecord| {
        let mut uses = images.iter().flat_map(|image| &image.uses);
        uses.any(|one| is_of(one, secret))
    };
    let is_wanted = |secret: &&SecretRecord| {
        if !query.names.is_empty() {
            return query.is_named(&secret.object.name);
        }
        !secret.managed && (query.images.is_empty() || is_used(secret))
    };
    let wanted = snapshot.secrets.values().filter(is_wanted);
    wanted
        .map(|secret| {
            let (state, keys) = match &secret.keys {
                SecretKeys::Known(keys) => (State::Readable, keys::answers(keys)),
                SecretKeys::Elided => (State::Elided, Vec::new()),
                SecretKeys::Unreadable => (State::Unreadable, Vec::new()),
            };
            SecretAnswer {
                namespace: secret.object.namespace.to_string(),
                name: secret.object.name.to_string(),
                kind: secret.kind.to_string(),
                state,
                keys,
                links: links(snapshot, secret, query.reads),
                scopes: Vec::new(),
                is_named: !query.names.is_empty(),
                is_useless: match &secret.keys {
                    SecretKeys::Known(keys) => keys::are_useless(keys),
                    SecretKeys::Elided | SecretKeys::Unreadable => false,
                },
            }
        })
        .collect()
}

/// What objects use, by namespace and repository.
fn actual(snapshot: &Snapshot, query: &Query<'_>) -> Groups {
    let with = |links| credential_uses(Credentials::of(snapshot).with_push_links(links));
    let (links, other) = match query.reads {
        Reads::Known(links) => (links, links),
        Reads::Either => (PushLinks::PullSecrets, PushLinks::Mounts),
    };
    let mut groups = Groups::new();
    for (found, otherwise) in with(links).zip(with(other)) {
        if query.images.is_empty() && !query.is_about(&found) {
            continue;
        }
        let evaluation = match &found.push {
            Some(_) if found.push != otherwise.push => Evaluation::of_version(),
            Some(push) => Evaluation::of_push(push),
            None => Evaluation::of_credential(&found.credential),
        };
        let place = &found.usage.place;
        let object = place.object.reference();
        let by = match (&*place.part, found.usage.role) {
            ("", _) | (_, UseRole::Push | UseRole::Base | UseRole::Source) => object,
            (tag, UseRole::Import) => format!("{object}:{tag}"),
            (container, _) => format!("{object} ({container})"),
        };
        let image = &found.usage.image;
        let repository = Repository {
            registry: RegistryHost::of(&image.registry).to_string(),
            path: image.repository.to_string(),
        };
        let uses = groups
            .entry((place.object.namespace.clone(), repository))
            .or_default();
        uses.push(evaluation.of(found.consumer, &by, &image.written));
    }
    groups
}

/// The namespaces that are relevant for an image: those that use it, the given one, and
/// those of the named secrets.
fn namespaces(
    snapshot: &Snapshot,
    query: &Query<'_>,
    groups: &Groups,
    repository: &Repository,
) -> BTreeSet<Arc<str>> {
    let using = groups.keys().filter(|(_, of)| of == repository);
    let named = snapshot.secrets.values().map(|secret| &secret.object);
    let named = named.filter(|secret| query.is_named(&secret.name));
    using
        .map(|(namespace, _)| namespace.clone())
        .chain(named.map(|secret| secret.namespace.clone()))
        .chain(query.namespace.map(Arc::from))
        .collect()
}

/// The accounts that link a secret.
fn links(snapshot: &Snapshot, secret: &SecretRecord, reads: Reads) -> Vec<LinkAnswer> {
    let namespace = &secret.object.namespace;
    let from = (namespace.clone(), Arc::from(""));
    let accounts = snapshot.accounts.range(from..);
    let here = accounts.take_while(|((of, _), _)| of == namespace);
    here.filter_map(|(_, account)| {
        let name = &secret.object.name;
        let (pull, mount) = (
            account.pull_secrets.contains(name),
            account.secrets.contains(name),
        );
        (pull || mount).then(|| LinkAnswer {
            account: account.object.name.to_string(),
            pull,
            mount,
            push: reads.finds(pull, mount),
        })
    })
    .collect()
}

/// The content of a use's secret.
fn find<'a>(snapshot: &'a Snapshot, one: &Use) -> Option<&'a SecretKeys> {
    let name = one.secret.rsplit('/').next().unwrap_or_default();
    let key = (one.secret_namespace.as_str().into(), name.into());
    snapshot.secrets.get(&key).map(|secret| &secret.keys)
}

/// Whether a use belongs to a secret.
fn is_of(one: &Use, secret: &SecretRecord) -> bool {
    *one.secret_namespace == *secret.object.namespace
        && one.secret.rsplit('/').next() == Some(&*secret.object.name)
}

impl Query<'_> {
    /// Whether a secret is named.
    fn is_named(&self, name: &str) -> bool {
        self.names.iter().any(|named| named == name)
    }

    /// Whether a use is related to the named secrets, if any.
    fn is_about(&self, found: &CredentialUse<'_>) -> bool {
        self.names.is_empty()
            || found
                .secrets
                .iter()
                .any(|secret| self.is_named(&secret.object.name))
            || match &found.credential {
                Credential::Found { secret, .. } | Credential::Broken { secret, .. } => {
                    self.is_named(&secret.name)
                }
                Credential::None | Credential::Unknown(_) => false,
            }
    }
}

impl Repository {
    fn from_image(image: &str) -> Option<Self> {
        let image = ImageRef::parse(image).ok()?;
        Some(Self {
            registry: RegistryHost::of(image.with_defaults().registry()).to_string(),
            path: image.repository_path().into_owned(),
        })
    }
}
