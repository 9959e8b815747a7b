//! Collects the annotations by which objects of a cluster accept findings.

use std::collections::BTreeMap;

use extreg_audit::exceptions::{KEY, Statement, StatementError, statements};
use extreg_cluster::{Cluster, ClusterError, PageQuery};
use extreg_snapshot::{kind::Kind, place::ObjectId};
use extreg_terminal::Printer;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::value::RawValue;

use crate::error::Error;

/// The path of the annotations of a CronJob's jobs, and of their pods.
const JOB: &str = "spec.jobTemplate.metadata.annotations";
const JOB_PODS: &str = "spec.jobTemplate.spec.template.metadata.annotations";
const PODS: &str = "spec.template.metadata.annotations";

/// One statement of an annotation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Annotation {
    pub(super) object: ObjectId,
    pub(super) spot: Spot,
    /// The container or tag; none for the whole object.
    pub(super) part: Option<String>,
    pub(super) key: String,
    pub(super) statement: Result<Statement, StatementError>,
}

/// The place of an annotation on an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Spot {
    /// The object.
    Object,
    /// The template of what the object creates: the field.
    Template(&'static str),
    /// A tag of an ImageStream.
    Tag(String),
}

/// Reads the annotations of a namespace, or (none) of the cluster. Reports unreadable resources.
///
/// # Errors
/// [`ClusterError::NotLoggedIn`], or if the cluster cannot be reached.
pub(super) async fn gather(
    cluster: &Cluster,
    namespace: Option<&str>,
    printer: &Printer,
) -> Result<Vec<Annotation>, Error> {
    let mut found = Vec::new();
    for kind in Kind::ALL {
        if namespace.is_some() && !kind.api().namespaced {
            continue;
        }
        match of_kind(cluster, kind, namespace).await {
            Ok(of_kind) => found.extend(of_kind),
            // The cluster does not serve the kind.
            Err(error) if error.is_not_found() => {}
            Err(
                error @ Error::Cluster(ClusterError::NotLoggedIn(_) | ClusterError::Unreachable(_)),
            ) => return Err(error),
            Err(error) => printer.warn(&format!(
                "{} could not be read, so their annotations are not listed: {error}",
                kind.api().resource()
            )),
        }
    }
    found.sort_by(|a, b| (&a.object, &a.spot, &a.key).cmp(&(&b.object, &b.spot, &b.key)));
    Ok(found)
}

async fn of_kind(
    cluster: &Cluster,
    kind: Kind,
    namespace: Option<&str>,
) -> Result<Vec<Annotation>, Error> {
    let path = kind.api().path(namespace);
    let query = PageQuery {
        // For most kinds the metadata is enough, and for secrets nothing else must be fetched.
        metadata_only: !has_more(kind),
        ..PageQuery::all()
    };
    let read = |found: &mut Vec<Annotation>, item: &RawValue| {
        // The audit reports annotations that cannot be read.
        if let Ok(item) = serde_json::from_str::<Item>(item.get()) {
            add(kind, item, found);
        }
        Ok(())
    };
    cluster.read_items(&path, query, Vec::new, read).await
}

/// Whether parts of the object can have annotations of ours.
const fn has_more(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::CronJob
            | Kind::DaemonSet
            | Kind::Deployment
            | Kind::DeploymentConfig
            | Kind::ImageStream
            | Kind::Job
            | Kind::StatefulSet
    )
}

type Annotations = Option<BTreeMap<String, String>>;

#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    metadata: Metadata,
    #[serde(default)]
    spec: Spec,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Metadata {
    name: String,
    namespace: String,
    annotations: Annotations,
    owner_references: Option<Vec<IgnoredAny>>,
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    template: Option<Template>,
    job_template: Option<Template>,
    tags: Option<Vec<Tag>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Template {
    metadata: Metadata,
    spec: Option<Box<Spec>>,
}

#[derive(Deserialize)]
struct Tag {
    name: String,
    annotations: Annotations,
}

fn add(kind: Kind, item: Item, found: &mut Vec<Annotation>) {
    let Item { metadata, spec } = item;
    // An object that a controller created has the annotations of its template.
    if metadata
        .owner_references
        .is_some_and(|owners| !owners.is_empty())
    {
        return;
    }
    let object = ObjectId {
        kind,
        namespace: metadata.namespace.into(),
        name: metadata.name.into(),
    };
    let mut of = |annotations: Annotations, spot: Spot| {
        for (key, value) in annotations.into_iter().flatten() {
            let part = match (key.strip_prefix(KEY), &spot) {
                (Some(""), Spot::Tag(tag)) => Some(tag.clone()),
                (Some(""), _) => None,
                (Some(rest), _) => match rest.strip_prefix('.') {
                    Some(part) if !part.is_empty() => Some(part.to_owned()),
                    _ => continue,
                },
                (None, _) => continue,
            };
            found.extend(statements(&value).into_iter().map(|statement| Annotation {
                object: object.clone(),
                spot: spot.clone(),
                part: part.clone(),
                key: key.clone(),
                statement,
            }));
        }
    };
    of(metadata.annotations, Spot::Object);
    if let Some(template) = spec.template {
        of(template.metadata.annotations, Spot::Template(PODS));
    }
    if let Some(job) = spec.job_template {
        of(job.metadata.annotations, Spot::Template(JOB));
        let pods = job.spec.and_then(|spec| spec.template);
        of(
            pods.and_then(|pods| pods.metadata.annotations),
            Spot::Template(JOB_PODS),
        );
    }
    for tag in spec.tags.into_iter().flatten() {
        of(tag.annotations, Spot::Tag(tag.name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(kind: Kind, json: &str) -> Vec<String> {
        let mut found = Vec::new();
        add(kind, serde_json::from_str(json).unwrap(), &mut found);
        found
            .iter()
            .map(|annotation| {
                let part = annotation.part.as_deref().unwrap_or("-");
                format!(
                    "{} {:?} {part} {}",
                    annotation.object,
                    annotation.spot,
                    annotation.statement.is_ok()
                )
            })
            .collect()
    }

    #[test]
    fn every_place_that_the_audit_reads_is_checked() {
        let on = r#""annotations":{"extreg.io/ignore-checks":"EXR007 until 2027-01-31: a; x","extreg.io/ignore-checksum":"y"}"#;
        let own = format!(r#"{{"metadata":{{"name":"a","namespace":"n",{on}}}}}"#);
        assert_eq!(
            found(Kind::Pod, &own),
            ["pod/a in n Object - true", "pod/a in n Object - false"]
        );
        let cron = format!(
            r#"{{"metadata":{{"name":"a"}},"spec":{{"jobTemplate":{{"metadata":{{{on}}},"spec":{{"template":{{"metadata":{{{on}}}}}}}}}}}}}"#
        );
        let lines = found(Kind::CronJob, &cron);
        assert_eq!(lines.len(), 4);
        assert_eq!(
            lines[0],
            format!("cronjob.batch/a Template({JOB:?}) - true")
        );
        let stream =
            format!(r#"{{"metadata":{{"name":"a"}},"spec":{{"tags":[{{"name":"v1",{on}}}]}}}}"#);
        assert!(found(Kind::ImageStream, &stream)[0].ends_with("Tag(\"v1\") v1 true"));
        let part = own.replace("ignore-checks\"", "ignore-checks.web\"");
        assert_eq!(found(Kind::Pod, &part)[0], "pod/a in n Object web true");
        let owned = own.replace("\"name\"", "\"ownerReferences\":[{}],\"name\"");
        assert!(found(Kind::Pod, &owned).is_empty());
    }
}
