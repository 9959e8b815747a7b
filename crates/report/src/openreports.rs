//! Reports as objects of the cluster, for `oc apply` and `--publish`: one Report per namespace and
//! a ClusterReport for objects without a namespace.

mod model;
mod result;
#[cfg(test)]
mod schema_test;
mod split;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;

use extreg_audit::report::{Report, Section};
use extreg_snapshot::coverage::GapSubject;
use extreg_snapshot::place::ObjectId;
use serde_json::json;

use self::model::ReportResult;
pub use self::model::{Metadata, ReportObject};
use super::yaml;
use crate::state::State;

/// The label that marks our own reports.
pub const MANAGED_BY: (&str, &str) = ("app.kubernetes.io/managed-by", "oc-extreg");

/// The annotation with the time when a report was created.
pub const GENERATED: &str = "extreg.io/generated";

/// The annotation of the ClusterReport with the number of open findings of the whole audit, by check and severity. The
/// webhook serves it as metrics.
pub const OPEN_FINDINGS: &str = "extreg.io/open-findings";

/// The scope of a report. A namespaced object of a file that names no namespace belongs to the one that
/// the file will be applied to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Scope {
    Cluster,
    Namespace(Arc<str>),
}

pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for object in objects(report) {
        out.write_all(b"---\n")?;
        yaml::write(&object, out)?;
    }
    Ok(())
}

/// The report's objects, in a fixed order; the ClusterReport always exists. Each is small enough for
/// etcd: a larger one is split.
pub fn objects(report: &Report) -> Vec<ReportObject> {
    let mut objects = Vec::new();
    if report.sections.is_empty() {
        let results = result::of_the_report(report);
        split::into_objects(
            &name(report, 0),
            &Scope::Cluster,
            report,
            "",
            results,
            &mut objects,
        );
    }
    for (at, section) in report.sections.iter().enumerate() {
        let name = name(report, at);
        for (scope, mut results) in of_section(report, section) {
            if at == 0 && scope == Scope::Cluster {
                results.extend(result::of_the_report(report));
            }
            let source = &section.source;
            let first = objects.len();
            split::into_objects(&name, &scope, report, source, results, &mut objects);
            if scope == Scope::Cluster
                && let Some(object) = objects.get_mut(first)
            {
                let annotations = &mut object.metadata.annotations;
                annotations.insert(OPEN_FINDINGS, open_findings(section));
            }
        }
    }
    objects
}

/// `{"EXR005":{"medium":12}}`.
fn open_findings(section: &Section) -> String {
    let mut counts: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for finding in &section.findings {
        if State::from_finding(finding) == State::Open {
            let severities = counts.entry(finding.check.as_str()).or_default();
            *severities.entry(finding.severity.as_str()).or_default() += 1;
        }
    }
    json!(counts).to_string()
}

fn of_section(report: &Report, section: &Section) -> BTreeMap<Scope, Vec<ReportResult>> {
    let mut scopes = BTreeMap::from([(Scope::Cluster, Vec::new())]);
    let mut push = |scope: Scope, result| {
        scopes.entry(scope).or_insert_with(Vec::new).push(result);
    };
    for finding in &section.findings {
        let scope = Scope::from_object_id(&finding.place.object);
        push(scope, result::of(report, finding));
    }
    for gap in &section.coverage.gaps {
        let scope = match &gap.what {
            GapSubject::List { namespace, .. } if !namespace.is_empty() => {
                Scope::Namespace(namespace.clone())
            }
            _ => Scope::Cluster,
        };
        push(scope, result::gap(report, gap));
    }
    for opt_out in &section.opt_outs {
        let scope = Scope::from_object_id(&opt_out.place.object);
        push(scope, result::opt_out(report, opt_out));
    }
    for result in result::of_checks(report, section) {
        push(Scope::Cluster, result);
    }
    scopes
}

/// The same in every run, so that a report replaces the previous one. Sources of one report are
/// distinguished by their number.
fn name(report: &Report, section: usize) -> String {
    match report.sections.len() {
        0 | 1 => "extreg-audit".to_owned(),
        _ => format!("extreg-audit-source-{}", section + 1),
    }
}

impl Scope {
    const fn kind(&self) -> &'static str {
        match self {
            Self::Namespace(_) => "Report",
            Self::Cluster => "ClusterReport",
        }
    }

    fn from_object_id(object: &ObjectId) -> Self {
        if object.kind.api().namespaced {
            Self::Namespace(object.namespace.clone())
        } else {
            Self::Cluster
        }
    }
}

#[cfg(test)]
mod tests {
    use extreg_audit::finding::Finding;

    use super::model::Summary;
    use super::*;
    use crate::testing::sample;

    #[test]
    fn namespaced_objects_are_reported_in_their_namespace() {
        let report = sample::everything();
        let kinds = ["ClusterReport", "Report"];
        let objects = objects(&report);
        for object in &objects {
            assert_eq!(object.kind, kinds[usize::from(object.is_namespaced())]);
            for result in &object.results {
                for resource in &result.resources {
                    assert_eq!(resource.namespace, object.metadata.namespace, "{result:?}");
                }
            }
        }
        let names: Vec<_> = objects
            .iter()
            .map(|object| (&object.metadata.namespace, &object.metadata.name))
            .collect();
        let mut once = names.clone();
        once.sort();
        once.dedup();
        assert_eq!(once.len(), names.len(), "{names:?}");
    }

    #[test]
    fn the_cluster_report_counts_the_open_findings_of_all_namespaces() {
        let report = sample::everything();
        let objects = objects(&report);
        let counted: Vec<_> = objects
            .iter()
            .filter(|object| !object.is_namespaced())
            .filter_map(|object| object.metadata.annotations.get(OPEN_FINDINGS))
            .collect();
        assert_eq!(counted.len(), report.sections.len());
        for (section, text) in report.sections.iter().zip(counted) {
            let counts: BTreeMap<String, BTreeMap<String, usize>> =
                serde_json::from_str(text).unwrap();
            let total: usize = counts.values().flat_map(BTreeMap::values).sum();
            let is_open = |finding: &&Finding| State::from_finding(finding) == State::Open;
            assert_eq!(
                total,
                section.findings.iter().filter(is_open).count(),
                "{text}"
            );
        }
        let namespaced = objects.iter().filter(|object| object.is_namespaced());
        for object in namespaced {
            assert!(!object.metadata.annotations.contains_key(OPEN_FINDINGS));
        }
    }

    #[test]
    fn a_summary_counts_the_results() {
        let report = sample::everything();
        let objects = objects(&report);
        let skipped: usize = objects.iter().map(|object| object.summary.skip).sum();
        let opt_outs: usize = report.sections.iter().map(|of| of.opt_outs.len()).sum();
        assert_eq!(skipped, report.summary().suppressed + opt_outs);
        for object in objects {
            let Summary {
                pass,
                fail,
                warn,
                error,
                skip,
            } = object.summary;
            assert_eq!(pass + fail + warn + error + skip, object.results.len());
        }
    }
}
