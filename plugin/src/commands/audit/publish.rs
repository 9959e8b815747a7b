//! `--publish`: the findings as OpenReports in the cluster that they are about. Only reports of our
//! own are written over or removed.

use std::collections::BTreeSet;

use extreg_audit::{
    format::openreports::{Api, MANAGED_BY, objects},
    report::{Report, Section},
};
use serde_json::Value;

use super::settings::ClusterInput;
use crate::{
    api::{Cluster, DryRun, Kind, Object, ObjectRef, PageQuery},
    context::Context,
    error::Error,
};

const VERSION: &str = "v1alpha1";
const GROUP: &str = "openreports.io";
const REPORT: Kind = Kind {
    group: GROUP,
    version: VERSION,
    kind: "Report",
    plural: "reports",
    namespaced: true,
};
const CLUSTER_REPORT: Kind = Kind {
    group: GROUP,
    version: VERSION,
    kind: "ClusterReport",
    plural: "clusterreports",
    namespaced: false,
};
/// How the names of our reports begin.
const PREFIX: &str = "extreg-audit";

/// Writes each section to its cluster, and removes what an earlier run wrote and this one does not.
///
/// # Errors
/// If a cluster does not serve OpenReports, or refuses; [`Error::Partial`] once something is written.
pub(super) async fn publish(
    report: &Report,
    input: &ClusterInput,
    context: &Context,
) -> Result<(), Error> {
    let contexts: Vec<Option<&str>> = if input.contexts.is_empty() {
        vec![None]
    } else {
        input
            .contexts
            .iter()
            .map(|name| Some(name.as_str()))
            .collect()
    };
    let mut published = 0;
    for (section, name) in report.sections.iter().zip(contexts) {
        let cluster = context.cluster_of(name).await?;
        let scope = (!input.all_namespaces).then(|| cluster.namespace().to_owned());
        let written = one(report, section, &cluster, scope.as_deref(), context).await;
        published += written.map_err(|error| partial(error, context))?;
    }
    context
        .printer
        .note(format!("published {published} reports"));
    Ok(())
}

async fn one(
    report: &Report,
    section: &Section,
    cluster: &Cluster,
    scope: Option<&str>,
    context: &Context,
) -> Result<usize, Error> {
    if !cluster.serves(REPORT).await? {
        return Err(Error::failed(format!(
            "{} does not serve {GROUP}/{VERSION}: install its definitions, or write a file: \
             -o openreports=FILE",
            cluster.name()
        )));
    }
    let alone = Report {
        sections: vec![section.clone()],
        ..report.clone()
    };
    let mut kept = BTreeSet::new();
    for report in objects(&alone, Api::OpenReports) {
        let kind = if report.is_namespaced() {
            REPORT
        } else {
            CLUSTER_REPORT
        };
        let body = serde_json::to_value(&report).map_err(|e| Error::failed(e.to_string()))?;
        let object = Object { kind, body };
        let reference = object.reference();
        context.journal.begin(reference.to_string());
        cluster
            .server_side_apply(&object, true, DryRun::None)
            .await?;
        context.journal.done(format!("{reference} applied"));
        kept.insert(reference);
    }
    let count = kept.len();
    for kind in [REPORT, CLUSTER_REPORT] {
        for stale in ours(cluster, kind, scope).await? {
            if !kept.contains(&stale) {
                context.journal.begin(stale.to_string());
                cluster.delete(&stale, DryRun::None).await?;
                context.journal.done(format!("{stale} deleted"));
            }
        }
    }
    Ok(count)
}

/// The reports that we wrote before, where this run looked.
async fn ours(cluster: &Cluster, kind: Kind, scope: Option<&str>) -> Result<Vec<ObjectRef>, Error> {
    let mut query = PageQuery {
        limit: 500,
        labels: format!("{}={}", MANAGED_BY.0, MANAGED_BY.1),
        ..PageQuery::default()
    };
    let path = kind.path(scope.filter(|_| kind.namespaced));
    let mut found = Vec::new();
    loop {
        let page = cluster.page(&query.of(&path)).await?;
        let items = page.items()?;
        for item in &items.items {
            let body: Value = serde_json::from_str(item.get())
                .map_err(|_| Error::failed("a report that cannot be read"))?;
            let reference = Object { kind, body }.reference();
            if reference.name.starts_with(PREFIX) {
                found.push(reference);
            }
        }
        if items.token.is_empty() {
            return Ok(found);
        }
        query.token = items.token;
    }
}

fn partial(error: Error, context: &Context) -> Error {
    if context.journal.is_empty() {
        error
    } else {
        Error::Partial {
            source: Box::new(error),
        }
    }
}
