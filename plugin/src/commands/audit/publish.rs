//! `--publish`: the findings as OpenReports in the cluster that they are about. Only reports of our
//! own are written over or removed.

use std::collections::BTreeSet;

use extreg_audit::{
    coverage::{Gap, GapSubject},
    format::openreports::{Api, GENERATED, MANAGED_BY, objects},
    kind,
    report::{Report, Section},
};
use serde_json::{Value, json};

use super::{live::UNSEEN_NAMESPACES, settings::ClusterInput};
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
/// Whoever looked at one namespace writes the report of that one, and leaves the one about the cluster.
/// What one namespace refuses does not stop the others.
///
/// # Errors
/// If a cluster does not serve OpenReports or does not answer; at the end, if something was refused;
/// [`Error::Partial`] once something is written.
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
    let mut published = Published::default();
    for (section, name) in report.sections.iter().zip(contexts) {
        let cluster = context.cluster_of(name).await?;
        let scope = (!input.all_namespaces).then(|| cluster.namespace().to_owned());
        let written = one(report, section, &cluster, scope.as_deref(), context).await;
        let written = written.map_err(|error| context.journal.ended_by(error))?;
        published.written += written.written;
        published.unchanged += written.unchanged;
        published.terminating += written.terminating;
        published.failed.extend(written.failed);
    }
    if !input.all_namespaces {
        context.printer.note(
            "the ClusterReport is left as it is: it says what was found in all namespaces (-A)",
        );
    }
    let Published {
        written,
        unchanged,
        terminating,
        failed,
    } = published;
    let mut summary = format!("published {written} reports");
    for (count, what) in [
        (unchanged, "unchanged"),
        (terminating, "skipped in namespaces that are terminating"),
        (failed.len(), "failed"),
    ] {
        if count > 0 {
            summary = format!("{summary}, {count} {what}");
        }
    }
    context.printer.note(summary);
    if failed.is_empty() {
        return Ok(());
    }
    for failure in &failed {
        context.printer.error(&format!("error: {failure}"));
    }
    let error = Error::failed(format!("{} reports could not be published", failed.len()));
    Err(context.journal.ended_by(error))
}

/// What became of the reports.
#[derive(Clone, Debug, Default)]
struct Published {
    written: usize,
    /// They said already what they would say.
    unchanged: usize,
    /// Their namespace takes no new object.
    terminating: usize,
    /// Which could not be written or removed, and why.
    failed: Vec<String>,
}

impl Published {
    /// Goes on where one report was refused.
    ///
    /// # Errors
    /// What no other report could get past.
    fn refused(&mut self, reference: &ObjectRef, error: Error) -> Result<(), Error> {
        let text = error.to_string();
        match error {
            Error::NotLoggedIn(_) | Error::Unreachable(_) => return Err(error),
            // The API server's words (apiserver `plugin/namespace/lifecycle/admission.go`).
            _ if text.contains("because it is being terminated") => self.terminating += 1,
            _ => {
                let place = match &*reference.namespace {
                    "" => reference.to_string(),
                    namespace => format!("{reference} in {namespace}"),
                };
                let text = text.trim_start_matches("error: ");
                self.failed.push(format!("{place}: {text}"));
            }
        }
        Ok(())
    }
}

async fn one(
    report: &Report,
    section: &Section,
    cluster: &Cluster,
    scope: Option<&str>,
    context: &Context,
) -> Result<Published, Error> {
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
    let mut published = Published::default();
    for report in objects(&alone, Api::OpenReports) {
        let kind = match (report.is_namespaced(), scope) {
            (true, _) => REPORT,
            (false, None) => CLUSTER_REPORT,
            (false, Some(_)) => continue,
        };
        let body = serde_json::to_value(&report).map_err(|e| Error::failed(e.to_string()))?;
        let object = Object { kind, body };
        let reference = object.reference();
        kept.insert(reference.clone());
        match says_already(cluster, &object).await {
            Ok(true) => {
                published.unchanged += 1;
                continue;
            }
            Ok(false) => {}
            Err(error) => {
                published.refused(&reference, error)?;
                continue;
            }
        }
        context.journal.begin(reference.to_string());
        let applied = cluster.server_side_apply(&object, true, DryRun::None);
        match applied.await {
            Ok(_) => {
                context.journal.done(format!("{reference} applied"));
                published.written += 1;
            }
            Err(error) => {
                context.journal.nothing_done();
                published.refused(&reference, error)?;
            }
        }
    }
    let kinds: &[Kind] = match scope {
        Some(_) => &[REPORT],
        None => &[REPORT, CLUSTER_REPORT],
    };
    for kind in kinds.iter().copied() {
        for stale in ours(cluster, kind, scope).await? {
            if !kept.contains(&stale) && was_seen(section, &stale.namespace) {
                context.journal.begin(stale.to_string());
                match cluster.delete(&stale, DryRun::None).await {
                    Ok(_) => context.journal.done(format!("{stale} deleted")),
                    Err(error) => {
                        context.journal.nothing_done();
                        published.refused(&stale, error)?;
                    }
                }
            }
        }
    }
    Ok(published)
}

/// Whether all that is in a namespace was looked at, so that what is no longer said is no longer so.
fn was_seen(section: &Section, namespace: &str) -> bool {
    let coverage = &section.coverage;
    let is_unseen = |gap: &Gap| match &gap.what {
        GapSubject::List {
            kind,
            namespace: at,
        } => {
            kind.api().namespaced && (at.is_empty() || **at == *namespace)
                || *kind == kind::Kind::Namespace
        }
        GapSubject::Fact(fact) => fact == UNSEEN_NAMESPACES,
        GapSubject::Document(_) => false,
    };
    coverage.scope.selector.is_empty()
        && (namespace.is_empty() || !coverage.gaps.iter().any(is_unseen))
}

/// Whether the report that is there differs in nothing but the time at which it was made, which would
/// be news to everybody who watches it. Somebody who may not get it writes it again.
async fn says_already(cluster: &Cluster, new: &Object) -> Result<bool, Error> {
    match cluster.get(&new.reference()).await {
        Ok(there) => Ok(there.is_some_and(|there| timeless(&there.body) == timeless(&new.body))),
        Err(error) if error.is_forbidden() => Ok(false),
        Err(error) => Err(error),
    }
}

/// What we write of a report, but for the time.
fn timeless(report: &Value) -> Value {
    let of = |pointer: &str| report.pointer(pointer).cloned().unwrap_or_default();
    let mut results = of("/results");
    for result in results.as_array_mut().into_iter().flatten() {
        if let Some(result) = result.as_object_mut() {
            result.remove("timestamp");
        }
    }
    let mut annotations = of("/metadata/annotations");
    if let Some(annotations) = annotations.as_object_mut() {
        annotations.retain(|key, _| key.starts_with("extreg.io/") && key != GENERATED);
    }
    json!({
        "annotations": annotations, "label": of("/metadata/labels/app.kubernetes.io~1managed-by"),
        "configuration": of("/configuration"), "results": results,
        "source": of("/source"), "summary": of("/summary"),
    })
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
