//! What a teardown removes, in what order.

use super::link;
use crate::{
    api::{Cluster, Kind, MANAGED_BY, MANAGER, Object, ObjectRef, Owned, is_owned},
    error::Error,
};

/// What holds an application, in the order of removal: what runs first, so that nothing starts
/// anew from what goes.
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
    /// A secret among those of an account.
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

/// All there is to remove, and what is not and why.
#[derive(Debug, Default)]
pub(super) struct Plan {
    pub(super) removals: Vec<Removal>,
    pub(super) kept: Vec<String>,
}

impl Removal {
    /// Deleting an object.
    pub(super) fn delete(object: Object) -> Self {
        Self::Delete(Box::new(Deletion {
            reference: object.reference(),
            object,
        }))
    }

    /// What it is done to.
    pub(super) fn reference(&self) -> &ObjectRef {
        match self {
            Self::Delete(deletion) => &deletion.reference,
            Self::Unlink { account, .. } => account,
        }
    }

    /// The object as it is before.
    pub(super) fn object(&self) -> Option<&Object> {
        match self {
            Self::Delete(deletion) => Some(&deletion.object),
            Self::Unlink { .. } => None,
        }
    }
}

impl Deletion {
    /// Which object.
    pub(super) fn reference(&self) -> ObjectRef {
        self.reference.clone()
    }
}

/// Looks for what there is of an application. Running it again finds what is left.
pub(super) async fn plan(cluster: &Cluster, namespace: &str, name: &str) -> Result<Plan, Error> {
    let mut plan = Plan::default();
    let mut others = Vec::new();
    for kind in KINDS {
        let ours = list(cluster, kind, namespace, &format!("{MANAGED_BY}={MANAGER}")).await?;
        for object in ours {
            if object.text("/metadata/name") == name {
                plan.removals.push(Removal::delete(object));
            } else {
                others.push(object.reference());
            }
        }
        let found = plan
            .removals
            .iter()
            .any(|removal| removal.reference().kind == kind);
        if !found
            && let Some(object) = get(cluster, &ObjectRef::new(kind, namespace, name)).await?
            && is_owned(&object) == Owned::Theirs
        {
            plan.kept.push(format!(
                "{} was not made by setup and stays",
                object.reference()
            ));
        }
    }
    secrets(cluster, namespace, &others, &mut plan).await?;
    Ok(plan)
}

/// Our secrets go when no application of ours is left that could need them, and their links go
/// with them.
async fn secrets(
    cluster: &Cluster,
    namespace: &str,
    others: &[ObjectRef],
    plan: &mut Plan,
) -> Result<(), Error> {
    let selector = format!("{MANAGED_BY}={MANAGER}");
    let ours: Vec<Object> = list(cluster, Kind::SECRET, namespace, &selector)
        .await?
        .into_iter()
        .filter(|secret| secret.text("/type") == "kubernetes.io/dockerconfigjson")
        .collect();
    if ours.is_empty() {
        return Ok(());
    }
    if let Some(other) = others.first() {
        for secret in ours {
            plan.kept
                .push(format!("{} stays, for {other}", secret.reference()));
        }
        return Ok(());
    }
    let accounts = cluster.list(Kind::SERVICE_ACCOUNT, namespace, "").await?;
    for secret in ours {
        let name = secret.text("/metadata/name").to_owned();
        // Links first: an account with a link to nothing makes pods complain.
        for account in &accounts {
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

/// A kind that is not served has no objects.
async fn list(
    cluster: &Cluster,
    kind: Kind,
    namespace: &str,
    selector: &str,
) -> Result<Vec<Object>, Error> {
    match cluster.list(kind, namespace, selector).await {
        Err(error) if error.is_not_found() => Ok(Vec::new()),
        listed => listed,
    }
}

async fn get(cluster: &Cluster, reference: &ObjectRef) -> Result<Option<Object>, Error> {
    cluster.get(reference).await
}
