//! Splits results over several objects.

use std::collections::BTreeMap;

use extreg_audit::report::Report;

use super::model::{Configuration, Limits, Metadata, ReportObject, ReportResult, Summary};
use super::{MANAGED_BY, Scope};

const API_VERSION: &str = "openreports.io/v1alpha1";
const SOURCE: &str = "extreg";

/// The maximum size of an object's results in bytes: etcd accepts requests of 1.5 MiB, and a server-side
/// apply also stores the field owners.
const LARGEST: usize = 900_000;

/// Creates the objects of a scope: one, unless it has too many results.
pub(super) fn into_objects(
    name: &str,
    scope: &Scope,
    report: &Report,
    source: &str,
    results: Vec<ReportResult>,
    objects: &mut Vec<ReportObject>,
) {
    let parts = split(results, LARGEST);
    let whole = parts.len() == 1;
    for (at, results) in parts.into_iter().enumerate() {
        let configuration = Configuration {
            limits: Limits {
                max_results: results.len(),
            },
        };
        objects.push(ReportObject {
            api_version: API_VERSION,
            kind: scope.kind(),
            metadata: Metadata {
                name: match at {
                    0 => name.to_owned(),
                    _ => format!("{name}-{}", at + 1),
                },
                namespace: match scope {
                    Scope::Cluster => String::new(),
                    Scope::Namespace(namespace) => namespace.to_string(),
                },
                labels: BTreeMap::from([(MANAGED_BY.0, MANAGED_BY.1.to_owned())]),
                annotations: BTreeMap::from([
                    (super::GENERATED, report.generated.clone()),
                    ("extreg.io/source", source.to_owned()),
                    ("extreg.io/version", report.version.clone()),
                ]),
            },
            source: SOURCE,
            configuration: (!whole).then_some(configuration),
            summary: Summary::from_results(&results),
            results,
        });
    }
}

/// In order, no part larger than the limit, unless a single result is; one empty part without results.
fn split(results: Vec<ReportResult>, largest: usize) -> Vec<Vec<ReportResult>> {
    let mut parts = vec![Vec::new()];
    let mut bytes = 0;
    for result in results {
        // A part that cannot be measured cannot be written either: the writer reports the reason.
        let size = serde_json::to_vec(&result).map_or(0, |json| json.len() + 1);
        if bytes > 0 && bytes + size > largest {
            parts.push(Vec::new());
            bytes = 0;
        }
        bytes += size;
        if let Some(part) = parts.last_mut() {
            part.push(result);
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use crate::testing::sample;

    #[test]
    fn a_large_report_is_split_and_nothing_is_lost() {
        let report = sample::many_findings(4_000);
        let objects = super::super::objects(&report);
        let of_shop: Vec<_> = objects.iter().filter(|of| of.is_namespaced()).collect();
        assert!(of_shop.len() > 1);
        let results: usize = of_shop.iter().map(|object| object.results.len()).sum();
        assert_eq!(results, 4_000);
        for (at, object) in of_shop.iter().enumerate() {
            assert!(serde_json::to_vec(object).unwrap().len() < 1 << 20);
            let limits = object.configuration.as_ref().unwrap();
            assert_eq!(limits.limits.max_results, object.results.len());
            let want = if at == 0 {
                "extreg-audit".to_owned()
            } else {
                format!("extreg-audit-{}", at + 1)
            };
            assert_eq!(object.metadata.name, want);
        }
    }
}
