//! Looking at the namespaces that were asked for.

use std::collections::BTreeSet;

use extreg_audit::{
    coverage::{GapReason, GapSubject},
    kind::Kind as AuditKind,
    snapshot::Snapshot,
};

use super::{
    account::Account,
    outcome::{Outcome, Row},
    plan::Target,
    settings::{Places, Settings},
};
use crate::{
    api::{Cluster, Kind, ObjectRef},
    commands::secret::snapshot,
    context::Context,
    error::Error,
};

/// Reads every namespace that was asked for.
pub(super) async fn read(
    settings: &Settings,
    cluster: &Cluster,
    context: &Context,
) -> Result<Vec<Snapshot>, Error> {
    let names = match &settings.places {
        Places::All => return Ok(vec![snapshot(cluster, None, context).await?]),
        Places::Namespaces(names) if names.is_empty() => vec![cluster.namespace().to_owned()],
        Places::Namespaces(names) => names.clone(),
    };
    let mut snapshots = Vec::new();
    for name in names {
        snapshots.push(snapshot(cluster, Some(&name), context).await?);
    }
    Ok(snapshots)
}

/// By the secret of the namespace that one is in, if there is one; else by all of that name.
pub(super) fn find_account(
    settings: &Settings,
    cluster: &Cluster,
    snapshots: &[Snapshot],
) -> Result<Account, Error> {
    let all = snapshots
        .iter()
        .flat_map(|snapshot| snapshot.secrets.values());
    let named: Vec<_> = all
        .filter(|secret| *secret.object.name == *settings.name && !secret.managed)
        .collect();
    let here: Vec<_> = named
        .iter()
        .copied()
        .filter(|secret| *secret.object.namespace == *cluster.namespace())
        .collect();
    if named.is_empty() && settings.replaces.is_none() {
        let unread = snapshots
            .iter()
            .flat_map(|snapshot| &snapshot.coverage.gaps);
        let is_forbidden = unread.into_iter().any(|gap| {
            gap.why == GapReason::Forbidden
                && matches!(
                    gap.what,
                    GapSubject::List {
                        kind: AuditKind::Secret,
                        ..
                    }
                )
        });
        if is_forbidden {
            return Err(Error::Api {
                code: 403,
                reason: "Forbidden".to_owned(),
                message: format!(
                    "you may not list secrets there, so that nothing is known of secret \"{}\"",
                    settings.name
                ),
            });
        }
        return Err(Error::failed(format!(
            "there is no docker secret \"{}\" in what you can see, so nothing was changed",
            settings.name
        )));
    }
    let of = if settings.places == Places::All && !here.is_empty() {
        here
    } else {
        named
    };
    Account::find(settings, of)
}

/// What may hold the credential and could not be looked at.
pub(super) fn unseen(snapshots: &[Snapshot]) -> Vec<String> {
    let gaps = snapshots
        .iter()
        .flat_map(|snapshot| &snapshot.coverage.gaps);
    let unseen = gaps.filter_map(|gap| match &gap.what {
        GapSubject::List {
            kind: AuditKind::Secret,
            namespace,
        } if namespace.is_empty() => Some("the secrets of the cluster".to_owned()),
        GapSubject::List {
            kind: AuditKind::Secret,
            namespace,
        } => Some(format!("the secrets of {namespace}")),
        // Of one namespace the nodes' secret is not asked for.
        GapSubject::Fact(what) if snapshots.len() == 1 && what.contains("namespaces") => {
            Some(what.clone())
        }
        GapSubject::List { .. } | GapSubject::Document(_) | GapSubject::Fact(_) => None,
    });
    let unseen: BTreeSet<String> = unseen.collect();
    unseen.into_iter().collect()
}

/// What is named and was not among the docker secrets: not there, or of another type.
pub(super) async fn add_unread(
    settings: &Settings,
    cluster: &Cluster,
    targets: &mut Vec<Target>,
) -> Result<(), Error> {
    let names = match &settings.places {
        Places::All => return Ok(()),
        Places::Namespaces(names) if names.is_empty() => vec![cluster.namespace().to_owned()],
        Places::Namespaces(names) => names.clone(),
    };
    for namespace in names {
        let is_known =
            |target: &Target| target.row.namespace == namespace && target.row.name == settings.name;
        if targets.iter().any(is_known) {
            continue;
        }
        let reference = ObjectRef::new(Kind::SECRET, &namespace, &settings.name);
        let message = match cluster.get(&reference).await? {
            None => format!("it is not in namespace {namespace}"),
            Some(secret) => format!(
                "it is of type {}, which holds no docker config",
                secret.text("/type")
            ),
        };
        targets.push(Target {
            row: Row {
                namespace,
                name: settings.name.clone(),
                username: String::new(),
                keys: Vec::new(),
                consumers: Vec::new(),
                outcome: Outcome::Failed,
                message,
            },
            images: Vec::new(),
        });
    }
    Ok(())
}
