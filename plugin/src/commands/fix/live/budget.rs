//! Whether the registry allows the imports of a plan, by the audit's model,
//! with the tags of the plan as if they were scheduled.

use std::collections::{BTreeMap, BTreeSet};

use extreg_audit::budget::{Allowances, Budget, Identity, Load, Pulls, Standing, TagLoad};
use extreg_cluster::{
    Cluster, ClusterError, IN_FLIGHT, Kind, ObjectRef, PageQuery,
    collect::{PULL_SECRET, SECRET_TYPES},
};
use extreg_core::edit::Field;
use extreg_snapshot::{Snapshot, kind::Kind as AuditKind, place::Origin, read::Reader};
use extreg_terminal::Printer;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use serde_json::Value;
use serde_json::value::RawValue;

use super::{super::plan::Judged, object::Found};
use crate::error::Error;

/// A mirror, after which the registry is queried only for missing images.
const MIRRORS: [AuditKind; 3] = [
    AuditKind::ImageContentSourcePolicy,
    AuditKind::ImageDigestMirrorSet,
    AuditKind::ImageTagMirrorSet,
];

/// A tag: namespace, stream and name.
type Tag = (String, String, String);

/// The existing imports, and their identities.
pub(super) struct Budgeted {
    snapshot: Snapshot,
    /// The tags of the plan.
    planned: BTreeSet<Tag>,
}

impl Budgeted {
    /// Reads the credentials: the docker secrets of every namespace with a tag that is or will be scheduled.
    ///
    /// # Errors
    /// [`ClusterError::NotLoggedIn`] only: an unreadable secret is unknown.
    pub(super) async fn read(
        cluster: &Cluster,
        mut streams: Reader,
        scheduled: &BTreeSet<String>,
        objects: &[(Found, Judged)],
    ) -> Result<Self, Error> {
        let planned: BTreeSet<Tag> = objects
            .iter()
            .flat_map(|(found, judged)| {
                let body = body_of(found, judged);
                let tags = judged.changes.iter();
                let tags = tags.filter_map(|change| tag(found, &body, change.field));
                tags.collect::<Vec<_>>()
            })
            .collect();
        if planned.is_empty() {
            return Ok(Self {
                snapshot: Snapshot::default(),
                planned,
            });
        }
        let own = planned.iter().map(|(namespace, ..)| namespace);
        let namespaces: BTreeSet<&String> = own.chain(scheduled).collect();
        let lists: Vec<Option<Vec<String>>> = stream::iter(namespaces.iter().copied())
            .map(async |namespace| secrets(cluster, namespace).await)
            .buffered(IN_FLIGHT)
            .try_collect()
            .await?;
        for (namespace, list) in namespaces.into_iter().zip(lists) {
            let Some(list) = list else { continue };
            for secret in list {
                read(&mut streams, &secret, namespace);
            }
            streams.listed(AuditKind::Secret, namespace);
        }
        for kind in MIRRORS {
            let api = kind.api();
            let path = format!("/apis/{}/{}/{}", api.group, api.version, api.plural);
            match all(cluster, &path, "").await? {
                Listed::All(items) => {
                    for item in items {
                        let _ = streams.read(kind, &item, Origin::Cluster, "");
                    }
                    streams.listed(kind, "");
                }
                Listed::NotServed => streams.listed(kind, ""),
                Listed::Unknown => {}
            }
        }
        let (namespace, name) = PULL_SECRET;
        match cluster
            .get(&ObjectRef::new(Kind::SECRET, namespace, name))
            .await
        {
            Ok(Some(secret)) => read(&mut streams, &secret.body.to_string(), namespace),
            Ok(None) => streams.listed(AuditKind::Secret, namespace),
            Err(error @ ClusterError::NotLoggedIn(_)) => return Err(error.into()),
            Err(_) => {}
        }
        let mut snapshot = streams.finish(String::new());
        for stream in &mut snapshot.streams {
            let (namespace, name) = (&*stream.object.namespace, &*stream.object.name);
            for tag in &mut stream.tags {
                let this = (namespace.to_owned(), name.to_owned(), tag.name.to_string());
                tag.scheduled |= planned.contains(&this);
            }
        }
        Ok(Self { snapshot, planned })
    }

    /// Skips the tags whose imports the registry does not allow, unless --over-budget is given, and
    /// warns about possible limits.
    pub(super) fn skip(&self, objects: &mut [(Found, Judged)], all: bool, printer: &Printer) {
        if self.planned.is_empty() {
            return;
        }
        let allowances = Allowances::published();
        let budget = Budget::of(&self.snapshot, &allowances);
        let mut over: BTreeMap<Tag, String> = BTreeMap::new();
        for load in &budget.loads {
            let (ours, theirs): (Vec<&TagLoad<'_>>, Vec<_>) = load
                .tags
                .iter()
                .partition(|load| self.planned.contains(&name(load)));
            if ours.is_empty() {
                continue;
            }
            let hours = allowances
                .of(&load.registry)
                .map_or(0, |of| of.window_seconds / 3600);
            let Load {
                registry, identity, ..
            } = load;
            let total = load.pulls();
            let Some(limit) = allowances.limit(registry, identity) else {
                printer.warn(&format!(
                    "{total} pulls of {registry} in {hours} hours {identity}: the limit is \
                     unknown"
                ));
                continue;
            };
            let limit = limit.pulls();
            let mut sum = theirs
                .iter()
                .fold(Pulls::EXACTLY_NONE, |sum, load| sum + load.pulls);
            for load in ours {
                let with = sum + load.pulls;
                if with.against(limit) == Standing::Exceeds && !all {
                    let why = format!(
                        "its imports exceed the limit of {registry} {identity}, {limit} pulls in \
                         {hours} hours; use --over-budget to schedule it anyway"
                    );
                    over.insert(name(load), why);
                } else {
                    sum = with;
                }
            }
            if sum.against(limit) != Standing::Within {
                let paid = match identity {
                    Identity::Account(_) => " unless the account is a paid one",
                    Identity::Anonymous | Identity::Unknown => "",
                };
                printer.warn(&format!(
                    "with this plan {sum} pulls of {registry} in {hours} hours {identity}, the limit is \
                     {limit}{paid}"
                ));
            }
        }
        for (found, judged) in objects {
            let body = body_of(found, judged);
            judged.skip_where(|change| over.get(&tag(found, &body, change.field)?).cloned());
        }
    }
}

/// An object, if it changes.
fn body_of(found: &Found, judged: &Judged) -> Value {
    if judged.changes.is_empty() {
        Value::Null
    } else {
        found.body()
    }
}

/// The tag of a field.
fn tag(found: &Found, body: &Value, field: Field) -> Option<Tag> {
    let Field::StreamTagSchedule(index) = field else {
        return None;
    };
    let tag = body
        .pointer(&format!("/spec/tags/{index}/name"))?
        .as_str()?;
    Some((found.namespace.clone(), found.name.clone(), tag.to_owned()))
}

fn name(load: &TagLoad<'_>) -> Tag {
    let object = &load.stream.object;
    (
        object.namespace.to_string(),
        object.name.to_string(),
        load.tag.name.to_string(),
    )
}

/// Adds a secret. An unreadable one gives no credential.
fn read(reader: &mut Reader, secret: &str, namespace: &str) {
    let _ = reader.read(AuditKind::Secret, secret, Origin::Cluster, namespace);
}

/// The result of a list.
enum Listed {
    All(Vec<String>),
    NotServed,
    Unknown,
}

/// The docker secrets of a namespace; none if permission to list them is denied.
async fn secrets(cluster: &Cluster, namespace: &str) -> Result<Option<Vec<String>>, Error> {
    let mut found = Vec::new();
    let path = Kind::SECRET.path(Some(namespace));
    for fields in SECRET_TYPES {
        match all(cluster, &path, fields).await? {
            Listed::All(secrets) => found.extend(secrets),
            Listed::NotServed | Listed::Unknown => return Ok(None),
        }
    }
    Ok(Some(found))
}

/// Every item of a list.
///
/// # Errors
/// [`ClusterError::NotLoggedIn`] only.
async fn all(cluster: &Cluster, path: &str, fields: &str) -> Result<Listed, Error> {
    let query = PageQuery {
        fields: fields.to_owned(),
        ..PageQuery::all()
    };
    let read = |found: &mut Vec<_>, item: &RawValue| {
        found.push(item.get().to_owned());
        Ok(())
    };
    match cluster.read_items(path, query, Vec::new, read).await {
        Ok(found) => Ok(Listed::All(found)),
        Err(error @ Error::Cluster(ClusterError::NotLoggedIn(_))) => Err(error),
        Err(error) if error.is_not_found() => Ok(Listed::NotServed),
        Err(_) => Ok(Listed::Unknown),
    }
}
