//! Reads the namespaces that were asked for, and the credential that is replaced.

use std::collections::BTreeSet;

use extreg_cluster::{Cluster, ClusterError, Kind, ObjectRef};
use extreg_core::credential::SecretMember;
use extreg_snapshot::{
    SecretRecord, Snapshot,
    coverage::{GapReason, GapSubject},
    kind::Kind as AuditKind,
};

use super::{
    account::{Account, Old},
    outcome::{Outcome, Row},
    plan::Target,
    settings::{Places, Settings},
};
use crate::{
    commands::secret::snapshot,
    context::Context,
    credential::{Credential, docker_config},
    error::Error,
    fanout::Refusal,
};

/// What was read.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) snapshots: Vec<Snapshot>,
    /// Namespaces that could not be read, as rows.
    unread: Vec<Target>,
}

/// The secret whose credential is replaced.
pub(super) struct Reference {
    /// Namespace and name; none if every secret of the name holds the new credential already.
    pub(super) secret: Option<(String, String)>,
    pub(super) old: Old,
}

/// Reads every namespace that was asked for. One that cannot be read does not stop the others.
///
/// # Errors
/// What concerns every namespace, or the only one.
pub(super) async fn read(
    settings: &Settings,
    cluster: &Cluster,
    context: &Context,
) -> Result<Seen, Error> {
    if settings.places == Places::All {
        let snapshots = vec![snapshot(cluster, None, context).await?];
        return Ok(Seen {
            snapshots,
            ..Seen::default()
        });
    }
    let mut names = namespaces(settings, cluster);
    for (namespace, _) in &settings.also {
        if !names.contains(namespace) {
            names.push(namespace.clone());
        }
    }
    let only = names.len() == 1;
    let mut seen = Seen::default();
    for name in names {
        let error = match snapshot(cluster, Some(&name), context).await {
            Ok(snapshot) => {
                seen.snapshots.push(snapshot);
                continue;
            }
            Err(error) if only => return Err(error),
            Err(error) => error,
        };
        let refusal = Refusal::of(error)?;
        let secret = if namespaces(settings, cluster).contains(&name) {
            settings.name.clone()
        } else {
            String::new()
        };
        seen.unread.push(unread(&name, secret, refusal));
    }
    Ok(seen)
}

/// The secrets of the name that was given, where the user named the namespace: with -A that of the
/// context or of -n, since a secret of that name elsewhere can be anyone's.
fn named<'a>(
    settings: &Settings,
    cluster: &Cluster,
    snapshots: &'a [Snapshot],
) -> Vec<&'a SecretRecord> {
    let named = |namespace: &String| {
        let mut all = snapshots
            .iter()
            .flat_map(|snapshot| snapshot.secrets.values());
        all.find(|secret| {
            !secret.managed
                && *secret.object.name == *settings.name
                && *secret.object.namespace == **namespace
        })
    };
    namespaces(settings, cluster)
        .iter()
        .filter_map(named)
        .collect()
}

/// The namespaces that the user named, in their order.
fn namespaces(settings: &Settings, cluster: &Cluster) -> Vec<String> {
    match &settings.places {
        Places::Namespaces(names) => names.clone(),
        Places::All => vec![cluster.namespace().to_owned()],
    }
}

/// Whose credential is replaced.
///
/// # Errors
/// [`Error::Failed`] if no secret shows it; 403 if none can be listed.
pub(super) fn find_account(
    settings: &Settings,
    cluster: &Cluster,
    seen: &Seen,
) -> Result<Account, Error> {
    let named = named(settings, cluster, &seen.snapshots);
    if !named.is_empty() {
        return Account::find(settings, named);
    }
    let mut gaps = seen
        .snapshots
        .iter()
        .flat_map(|snapshot| &snapshot.coverage.gaps);
    let is_forbidden = gaps.any(|gap| {
        gap.why == GapReason::Forbidden
            && matches!(
                gap.what,
                GapSubject::List {
                    kind: AuditKind::Secret,
                    ..
                }
            )
    });
    let place = namespaces(settings, cluster).join(", ");
    if is_forbidden {
        return Err(Error::Cluster(ClusterError::Api {
            code: 403,
            reason: "Forbidden".to_owned(),
            message: format!(
                "permission denied: list secrets in {place}, so secret \"{}\" is unknown",
                settings.name
            ),
        }));
    }
    let hint = if settings.places == Places::All {
        "; its password decides which other secrets are rotated: name the namespace of one that \
         holds the old credential with -n"
    } else {
        ""
    };
    Err(Error::failed(format!(
        "no docker secret \"{}\" in namespace {place}, so nothing was changed{hint}",
        settings.name
    )))
}

/// The credential that is replaced: that of the first named secret which does not hold the new one.
///
/// # Errors
/// [`Error::Failed`] if it has several passwords and other secrets are to be compared with it; what
/// concerns every secret.
pub(super) async fn find_old(
    settings: &Settings,
    cluster: &Cluster,
    seen: &Seen,
    account: &Account,
    new: Option<&Credential>,
) -> Result<Reference, Error> {
    let named = named(settings, cluster, &seen.snapshots);
    for secret in &named {
        let (namespace, name) = (&*secret.object.namespace, &*secret.object.name);
        let reference = ObjectRef::new(Kind::SECRET, namespace, name);
        let object = match cluster.get(&reference).await {
            Ok(Some(object)) => object,
            Ok(None) => continue,
            Err(error) => {
                // Its row shows why.
                Refusal::of(error)?;
                continue;
            }
        };
        let config = SecretMember::of_type(object.text("/type"))
            .and_then(|member| docker_config(&object, member));
        let old = config.map_or_else(Old::default, |config| Old::of(&config, account, new));
        let is_alone = settings.places != Places::All && named.len() == 1;
        if old.count() > 1 && !is_alone {
            return Err(Error::failed(format!(
                "{reference} in {namespace} holds {} passwords of {}, so nothing was changed: which \
                 one is replaced elsewhere is ambiguous; rotate it separately with -n {namespace}, \
                 and include other secrets with --also NAMESPACE/NAME",
                old.count(),
                account.old
            )));
        }
        // Without a password, as of an identity token, it can be replaced here alone.
        if old.count() > 0 || is_alone {
            return Ok(Reference {
                secret: Some((namespace.to_owned(), name.to_owned())),
                old,
            });
        }
    }
    Ok(Reference {
        secret: None,
        old: Old::default(),
    })
}

/// What may hold the credential and could not be read.
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

/// What the user named and was not among the docker secrets: missing, of another type, or in a
/// namespace that cannot be read.
///
/// # Errors
/// What concerns every secret.
pub(super) async fn add_unread(
    settings: &Settings,
    cluster: &Cluster,
    seen: &mut Seen,
    targets: &mut Vec<Target>,
) -> Result<(), Error> {
    let mut wanted: Vec<(String, String)> = settings.also.clone();
    if settings.places != Places::All {
        let names = namespaces(settings, cluster).into_iter();
        wanted.extend(names.map(|namespace| (namespace, settings.name.clone())));
    }
    targets.append(&mut seen.unread);
    for (namespace, name) in wanted {
        let is_known = |target: &Target| {
            target.row.namespace == namespace
                && (target.row.name == name || target.row.name.is_empty())
        };
        if targets.iter().any(is_known) {
            continue;
        }
        let reference = ObjectRef::new(Kind::SECRET, &namespace, &name);
        let message = match cluster.get(&reference).await {
            Ok(None) => format!("not found in namespace {namespace}"),
            Ok(Some(secret)) => format!(
                "it is of type {}, which holds no docker config",
                secret.text("/type")
            ),
            Err(error) => Refusal::of(error)?.message().to_owned(),
        };
        targets.push(unread(&namespace, name, Refusal::Failed(message)));
    }
    targets.sort_by(|a, b| (&a.row.namespace, &a.row.name).cmp(&(&b.row.namespace, &b.row.name)));
    Ok(())
}

fn unread(namespace: &str, name: String, refusal: Refusal) -> Target {
    let mut row = Row {
        namespace: namespace.to_owned(),
        name,
        username: String::new(),
        keys: Vec::new(),
        consumers: Vec::new(),
        outcome: Outcome::Failed,
        message: String::new(),
        refusal: None,
    };
    row.refuse(refusal);
    Target {
        row,
        images: Vec::new(),
    }
}
