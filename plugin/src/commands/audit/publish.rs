//! `--publish`: writes the findings as OpenReports to the audited cluster. It replaces and removes only
//! reports that it wrote.

use std::collections::BTreeSet;

use extreg_audit::report::{Report, Section};
use extreg_cluster::{
    Cluster, DryRun, Kind, Object, ObjectRef, PageQuery, collect::UNSEEN_NAMESPACES,
};
use extreg_report::openreports::{GENERATED, MANAGED_BY, objects};
use extreg_snapshot::{
    coverage::{Gap, GapReason, GapSubject},
    kind,
};
use extreg_terminal::Exit;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::{
    collect::ClusterInput,
    context::Context,
    error::Error,
    fanout::{Fanout, Refusal},
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
/// The prefix of the names of our reports.
const PREFIX: &str = "extreg-audit";

/// Writes each section to its cluster, and removes reports of an earlier run that this run does not write.
/// A run for one namespace writes the report of that namespace, and does not change the report of the
/// cluster. If one cluster, namespace or report fails, the run continues and lists the error at the end.
///
/// # Errors
/// If a kubeconfig is invalid; with only one cluster, also an error that concerns every report:
/// [`Error::Partial`] after a report was written.
pub(super) async fn publish(
    report: &Report,
    input: &ClusterInput,
    context: &Context,
) -> Result<Exit, Error> {
    let contexts: Vec<Option<&str>> = if input.contexts.is_empty() {
        vec![None]
    } else {
        input
            .contexts
            .iter()
            .map(|name| Some(name.as_str()))
            .collect()
    };
    let several = contexts.len() > 1;
    let mut published = Published::default();
    for (section, name) in report.sections.iter().zip(contexts) {
        let cluster = context.cluster_of(name).await?;
        let scope = (!input.all_namespaces).then(|| cluster.namespace().to_owned());
        let written = one(
            report,
            section,
            &cluster,
            scope.as_deref(),
            context,
            &mut published,
        )
        .await;
        match written {
            Ok(()) => {}
            // Another cluster can have another answer.
            Err(error) if several && !matches!(error, Error::Interrupted | Error::TimedOut(_)) => {
                let refusal = match Refusal::from_error(error) {
                    Ok(refusal) => refusal,
                    Err(error) => Refusal::Failed(error.to_string()),
                };
                published.fanout.refused(cluster.name(), "", refusal);
            }
            Err(error) => {
                published.fanout.report(&context.printer);
                return Err(context.journal.ended_by(error));
            }
        }
    }
    if !input.all_namespaces {
        context
            .printer
            .note("the ClusterReport is unchanged: it shows what was found in all namespaces (-A)");
    }
    let Published {
        written,
        unchanged,
        fanout,
    } = published;
    context.printer.note(match unchanged {
        0 => format!("published {written} reports"),
        _ => format!("published {written} reports, {unchanged} are unchanged"),
    });
    fanout.report(&context.printer);
    Ok(fanout.exit())
}

/// How many reports were written, how many were up to date, and the errors.
#[derive(Clone, Debug, Default)]
struct Published {
    written: usize,
    unchanged: usize,
    fanout: Fanout,
}

impl Published {
    /// Records the result of one request.
    fn settle(
        &mut self,
        reference: &ObjectRef,
        done: &str,
        result: Result<(), Error>,
        context: &Context,
    ) -> Result<bool, Error> {
        let error = match result {
            Ok(()) => {
                self.fanout.written();
                context.journal.done(format!("{reference} {done}"));
                return Ok(true);
            }
            Err(error) => error,
        };
        context.journal.failed(&error);
        let refusal = Refusal::from_error(error)?;
        let namespace = &reference.namespace;
        let target = if namespace.is_empty() {
            reference.to_string()
        } else {
            format!("{reference} in {namespace}")
        };
        self.fanout.refused(target, namespace, refusal);
        Ok(false)
    }
}

async fn one(
    report: &Report,
    section: &Section,
    cluster: &Cluster,
    scope: Option<&str>,
    context: &Context,
    published: &mut Published,
) -> Result<(), Error> {
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
    for report in objects(&alone) {
        let kind = match (report.is_namespaced(), scope) {
            (true, _) => REPORT,
            (false, None) => CLUSTER_REPORT,
            (false, Some(_)) => continue,
        };
        let body = serde_json::to_value(&report).map_err(|e| Error::failed(e.to_string()))?;
        let object = Object { kind, body };
        let reference = object.reference();
        kept.insert(reference.clone());
        context.journal.begin(reference.to_string());
        let result = match is_up_to_date(cluster, &object).await {
            Ok(true) => {
                context.journal.nothing_done();
                published.fanout.written();
                published.unchanged += 1;
                continue;
            }
            Ok(false) => {
                let applied = cluster.server_side_apply(&object, true, DryRun::None);
                applied.await.map(drop).map_err(Error::from)
            }
            Err(error) => Err(error),
        };
        if published.settle(&reference, "applied", result, context)? {
            published.written += 1;
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
                let deleted = cluster.delete(&stale, DryRun::None).await.map(drop);
                let deleted = deleted.map_err(Error::from);
                published.settle(&stale, "deleted", deleted, context)?;
            }
        }
    }
    Ok(())
}

/// Whether the whole namespace was read, so that a finding that is missing now is fixed. What the user excluded, by
/// `--without-secrets`, does not count: no report has findings of it.
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
    let mut gaps = coverage.gaps.iter();
    let is_hidden = |gap: &Gap| gap.why != GapReason::NotCollected && is_unseen(gap);
    coverage.scope.selector.is_empty() && (namespace.is_empty() || !gaps.any(is_hidden))
}

/// Whether the existing report differs only in its time. Writing it again would notify every watcher.
/// Users who cannot get it write it again.
async fn is_up_to_date(cluster: &Cluster, new: &Object) -> Result<bool, Error> {
    match cluster.get(&new.reference()).await {
        Ok(old) => Ok(old.is_some_and(|old| timeless(&old.body) == timeless(&new.body))),
        Err(error) if error.is_forbidden() => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The fields of a report that we write, without the time.
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

/// The reports of earlier runs, in the scope of this run.
async fn ours(cluster: &Cluster, kind: Kind, scope: Option<&str>) -> Result<Vec<ObjectRef>, Error> {
    let query = PageQuery {
        labels: format!("{}={}", MANAGED_BY.0, MANAGED_BY.1),
        ..PageQuery::all()
    };
    let path = kind.path(scope.filter(|_| kind.namespaced));
    let read = |found: &mut Vec<_>, item: &RawValue| {
        let body: Value =
            serde_json::from_str(item.get()).map_err(|_| Error::failed("cannot read a report"))?;
        let reference = Object { kind, body }.reference();
        if reference.name.starts_with(PREFIX) {
            found.push(reference);
        }
        Ok(())
    };
    cluster.read_items(&path, query, Vec::new, read).await
}
