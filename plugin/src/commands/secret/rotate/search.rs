//! Reads the requested namespaces, and the credential to replace.

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

/// The secrets and consumers that were read.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) snapshots: Vec<Snapshot>,
    /// Namespaces that could not be read, as rows.
    unread: Vec<Target>,
}

/// The secret whose credential is replaced.
pub(super) struct Reference {
    /// Namespace and name; none if every secret of the name already holds the new credential.
    pub(super) secret: Option<(String, String)>,
    pub(super) old: Old,
}

/// Reads every requested namespace. An unreadable one does not stop the rest.
///
/// # Errors
/// Errors that affect every namespace, or the only one.
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
        let refusal = Refusal::from_error(error)?;
        let secret = if namespaces(settings, cluster).contains(&name) {
            settings.name.clone()
        } else {
            String::new()
        };
        seen.unread.push(unread(&name, secret, refusal));
    }
    Ok(seen)
}

/// The secrets of the given name in the user's namespaces: with -A in that of the
/// context or of -n, because a secret of that name in other namespaces can belong to any user.
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

/// Finds the credential to replace.
///
/// # Errors
/// [`Error::Failed`] if no secret contains it; 403 if permission to list secrets is denied.
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
        "; its password decides which other secrets are rotated: specify the namespace of one that \
         holds the old credential with -n"
    } else {
        ""
    };
    Err(Error::failed(format!(
        "no docker secret \"{}\" in namespace {place}, so nothing was changed{hint}",
        settings.name
    )))
}

/// The credential to replace: that of the first named secret that does not hold the new one.
///
/// # Errors
/// [`Error::Failed`] if it has several passwords and other secrets must be compared with it; errors
/// that affect every secret.
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
                Refusal::from_error(error)?;
                continue;
            }
        };
        let config = SecretMember::of_type(object.text("/type"))
            .and_then(|member| docker_config(&object, member));
        let old = config.map_or_else(Old::default, |config| Old::new(&config, account, new));
        let is_alone = settings.places != Places::All && named.len() == 1;
        if old.count() > 1 && !is_alone {
            return Err(Error::failed(format!(
                "{reference} in {namespace} holds {} passwords of {}, so nothing was changed: it is \
                 ambiguous which one to replace in other secrets; rotate it separately with -n {namespace}, \
                 and include other secrets with --also NAMESPACE/NAME",
                old.count(),
                account.old
            )));
        }
        // Without a password, for example with an identity token, only this secret can be changed.
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

/// Resources that may hold the credential but could not be read.
pub(super) fn unreadable(snapshots: &[Snapshot]) -> Vec<String> {
    let gaps = snapshots
        .iter()
        .flat_map(|snapshot| &snapshot.coverage.gaps);
    let unreadable = gaps.filter_map(|gap| match &gap.what {
        GapSubject::List {
            kind: AuditKind::Secret,
            namespace,
        } if namespace.is_empty() => Some("the secrets of the cluster".to_owned()),
        GapSubject::List {
            kind: AuditKind::Secret,
            namespace,
        } => Some(format!("the secrets of {namespace}")),
        // The nodes' secret is not relevant for a single namespace.
        GapSubject::Fact(what) if snapshots.len() == 1 && what.contains("namespaces") => {
            Some(what.clone())
        }
        GapSubject::List { .. } | GapSubject::Document(_) | GapSubject::Fact(_) => None,
    });
    let unreadable: BTreeSet<String> = unreadable.collect();
    unreadable.into_iter().collect()
}

/// Named secrets that are not among the docker secrets: missing, of another type, or in an
/// unreadable namespace.
///
/// # Errors
/// Errors that affect every secret.
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
            Err(error) => Refusal::from_error(error)?.message().to_owned(),
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
