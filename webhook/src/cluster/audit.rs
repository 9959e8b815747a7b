//! The number of open findings that the last audit published, for metrics: a job that ends cannot be scraped.
//!
//! The audit writes it as an annotation of its one ClusterReport, so that one object with a fixed name is enough, of
//! which only the metadata is read. The findings themselves are in Reports of all namespaces.

use std::collections::BTreeMap;
use std::time::Duration;

use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind};
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::metrics::{Check, Metrics, Severity};

/// The name of the report.
const NAME: &str = "extreg-audit";
/// Its annotation: `{"EXR005": {"medium": 12}}`.
const OPEN_FINDINGS: &str = "extreg.io/open-findings";
const EVERY: Duration = Duration::from_mins(1);
const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// Open findings by check and severity.
type Findings = BTreeMap<(Check, Severity), u64>;

/// Reads the report periodically. Without a report no finding is known. If it cannot be read at the moment, the numbers
/// remain.
pub(super) async fn follow(client: Client, metrics: Metrics) {
    let kind = GroupVersionKind::gvk("openreports.io", "v1alpha1", "ClusterReport");
    let resource = ApiResource::from_gvk_with_plural(&kind, "clusterreports");
    let api: Api<DynamicObject> = Api::all_with(client, &resource);
    let mut ticks = interval(EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Ok(Ok(report)) = timeout(ANSWER_WITHIN, api.get_metadata_opt(NAME)).await else {
            continue;
        };
        let annotations = report.and_then(|report| report.metadata.annotations);
        let text = annotations.and_then(|mut all| all.remove(OPEN_FINDINGS));
        metrics.audit_findings(&parse(text.as_deref().unwrap_or_default()));
    }
}

/// The findings of an annotation; names of checks and severities that no version has are ignored, so that they add no
/// series.
fn parse(text: &str) -> Findings {
    let read: BTreeMap<String, BTreeMap<String, u64>> =
        serde_json::from_str(text).unwrap_or_default();
    let mut findings = Findings::new();
    for (check, counts) in read {
        let Some(check) = Check::parse(&check) else {
            continue;
        };
        for (severity, count) in counts {
            let known = Severity::ALL.iter();
            if let Some(severity) = known.copied().find(|known| known.as_str() == severity) {
                findings.insert((check, severity), count);
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_annotation_adds_only_known_series() {
        let text =
            r#"{"EXR005": {"medium": 12, "odd": 1}, "EXR014": {"high": 2}, "x": {"low": 1}}"#;
        let check = |name| Check::parse(name).unwrap();
        assert_eq!(
            parse(text),
            Findings::from([
                ((check("EXR005"), Severity::Medium), 12),
                ((check("EXR014"), Severity::High), 2),
            ])
        );
        for none in [
            "",
            "{}",
            "[]",
            r#"{"EXR005": 3}"#,
            r#"{"EXR005": {"low": -1}}"#,
        ] {
            assert_eq!(parse(none), Findings::new(), "{none}");
        }
    }
}
