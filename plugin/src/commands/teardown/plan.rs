//! What a teardown removes, and in what order.

use std::collections::BTreeSet;

use extreg_cluster::{
    Cluster, ClusterError, Kind, MANAGED_BY, MANAGER, Object, ObjectRef, Owned, applied_tags,
    is_owned,
};
use serde_json::Value;

use super::link;
use crate::{error::Error, users::Users};

/// The kinds of an application, in the order of removal: running workloads first, so that nothing is started
/// again from what is removed next.
const KINDS: [Kind; 4] = [
    Kind::DEPLOYMENT,
    Kind::DEPLOYMENT_CONFIG,
    Kind::BUILD_CONFIG,
    Kind::IMAGE_STREAM,
];

/// One thing to remove.
#[derive(Clone, Debug)]
pub(super) enum Removal {
    /// An object.
    Delete(Box<Deletion>),
    /// The parts of setup in an ImageStream that also has tags of other tools.
    Release {
        /// The ImageStream.
        stream: Box<Deletion>,
        /// The tags of setup.
        tags: Vec<String>,
    },
    /// A link of an account to a secret.
    Unlink {
        /// The account.
        account: ObjectRef,
        /// The secret.
        secret: String,
    },
}

/// An object to delete.
#[derive(Clone, Debug)]
pub(super) struct Deletion {
    reference: ObjectRef,
    object: Object,
}

/// Everything to remove, and the skipped objects with the reason.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) removals: Vec<Removal>,
    pub(super) kept: Vec<String>,
}

impl Removal {
    /// Deleting an object.
    pub(super) fn delete(object: Object) -> Self {
        Self::Delete(Box::new(Deletion::new(object)))
    }

    /// Deleting an object under another of its names.
    pub(super) fn delete_as(reference: ObjectRef, object: Object) -> Self {
        Self::Delete(Box::new(Deletion { reference, object }))
    }

    /// The object to change.
    pub(super) fn reference(&self) -> &ObjectRef {
        match self {
            Self::Delete(deletion) => &deletion.reference,
            Self::Release { stream, .. } => &stream.reference,
            Self::Unlink { account, .. } => account,
        }
    }

    /// The object before the change.
    pub(super) fn object(&self) -> Option<&Object> {
        match self {
            Self::Delete(deletion) => Some(&deletion.object),
            Self::Release { stream, .. } => Some(&stream.object),
            Self::Unlink { .. } => None,
        }
    }
}

impl Deletion {
    fn new(object: Object) -> Self {
        Self {
            reference: object.reference(),
            object,
        }
    }

    /// The reference of the object.
    pub(super) fn reference(&self) -> ObjectRef {
        self.reference.clone()
    }
}

/// Reads the objects of an application. A second run finds what remains.
pub(super) async fn plan(cluster: &Cluster, namespace: &str, name: &str) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    let mut others = Vec::new();
    let mut streams = Vec::new();
    let users = Users::read(cluster, namespace).await?;
    for kind in KINDS {
        for object in list(cluster, kind, namespace).await? {
            if object.text("/metadata/name") != name {
                others.push(object.reference());
            } else if kind == Kind::IMAGE_STREAM {
                streams.push(object);
            } else {
                plan.removals.push(Removal::delete(object));
            }
        }
        let found = streams.iter().any(|stream| stream.kind == kind)
            || plan
                .removals
                .iter()
                .any(|removal| removal.reference().kind == kind);
        if !found
            && let Some(object) = cluster.get(&ObjectRef::new(kind, namespace, name)).await?
            && is_owned(&object) == Owned::Theirs
        {
            plan.kept.push(format!(
                "skipped {}: setup did not create it",
                object.reference()
            ));
        }
    }
    for object in streams {
        stream(object, namespace, &users, &mut plan);
    }
    secrets(cluster, namespace, &others, &users, &mut plan).await?;
    if !users.unread.is_empty() {
        plan.kept.push(format!(
            "not checked for other users of the ImageStream and the secret (permission denied): {}",
            users.unread.join(", ")
        ));
    }
    Ok(plan)
}

/// Deletes an ImageStream if nothing else uses it and setup created all of its tags. Otherwise removes
/// only the tags of setup that nothing else uses.
fn stream(object: Object, namespace: &str, users: &Users, plan: &mut Plan) {
    let (reference, name) = (object.reference(), object.text("/metadata/name").to_owned());
    let foreign_users = foreign(users.of_stream(namespace, &name), plan);
    if !foreign_users.is_empty() {
        plan.kept.push(format!(
            "skipped {reference}: {} uses it",
            in_words(&foreign_users)
        ));
        return;
    }
    let own: BTreeSet<String> = applied_tags(&object.body)
        .iter()
        .filter_map(|tag| tag["name"].as_str().map(str::to_owned))
        .collect();
    let foreign_tags: Vec<String> = tags(&object.body).difference(&own).cloned().collect();
    if foreign_tags.is_empty() {
        plan.removals.push(Removal::delete(object));
        return;
    }
    plan.kept.push(format!(
        "skipped {reference}, except for the tags of setup: it has other tags: {}",
        foreign_tags.join(", ")
    ));
    plan.removals.push(Removal::Release {
        stream: Box::new(Deletion::new(object)),
        tags: own.into_iter().collect(),
    });
}

/// The tags of an ImageStream: those with a source, and those that were pushed to.
fn tags(stream: &Value) -> BTreeSet<String> {
    [("/spec/tags", "name"), ("/status/tags", "tag")]
        .into_iter()
        .flat_map(|(list, key)| {
            let tags = stream.pointer(list).and_then(Value::as_array);
            let names = tags.into_iter().flatten();
            names.filter_map(move |tag| tag.get(key)?.as_str().map(str::to_owned))
        })
        .collect()
}

/// Deletes our secrets, and their links, if no other application of ours could need them and nothing
/// else names them.
async fn secrets(
    cluster: &Cluster,
    namespace: &str,
    others: &[ObjectRef],
    users: &Users,
    plan: &mut Plan,
) -> Result<(), Error> {
    let ours: Vec<Object> = list(cluster, Kind::SECRET, namespace)
        .await?
        .into_iter()
        .filter(|secret| secret.text("/type") == "kubernetes.io/dockerconfigjson")
        .collect();
    for secret in ours {
        let (reference, name) = (secret.reference(), secret.text("/metadata/name").to_owned());
        let mut used_by = foreign(users.of_secret(&name), plan);
        used_by.retain(|user| user.kind != Kind::SERVICE_ACCOUNT);
        if used_by.is_empty()
            && let Some(other) = others.first()
        {
            used_by.push(other.clone());
        }
        if !used_by.is_empty() {
            plan.kept.push(format!(
                "skipped {reference}: {} uses it",
                in_words(&used_by)
            ));
            continue;
        }
        // Links first: pods of an account with a broken link get warnings.
        for account in users.accounts() {
            if link::has(&account.body, &name) {
                plan.removals.push(Removal::Unlink {
                    account: account.reference(),
                    secret: name.clone(),
                });
            }
        }
        plan.removals.push(Removal::delete(secret));
    }
    Ok(())
}

/// The skipped ones.
fn foreign(users: Vec<ObjectRef>, plan: &Plan) -> Vec<ObjectRef> {
    let is_removed = |user: &ObjectRef| {
        plan.removals
            .iter()
            .any(|removal| removal.reference() == user)
    };
    users.into_iter().filter(|user| !is_removed(user)).collect()
}

/// The first few names.
fn in_words(users: &[ObjectRef]) -> String {
    const SHOWN: usize = 3;
    let names: Vec<String> = users.iter().take(SHOWN).map(ToString::to_string).collect();
    match users.len().checked_sub(SHOWN) {
        None | Some(0) => names.join(", "),
        Some(more) => format!("{} and {more} more", names.join(", ")),
    }
}

/// The objects of a kind that setup created; none if the kind is not served.
async fn list(cluster: &Cluster, kind: Kind, namespace: &str) -> Result<Vec<Object>, ClusterError> {
    let selector = format!("{MANAGED_BY}={MANAGER}");
    match cluster.list(kind, namespace, &selector).await {
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        listed => listed,
    }
}
