//! Scraping the importer, and its alerts.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::json;

use crate::manifest::{Manifest, RenderError};
use crate::monitoring::alert::Severity::{Info, Warning};
use crate::monitoring::alert::{Alert, alert, object, rules};
use crate::names;
use crate::namespace::{importer_meta, selector_of};
use crate::settings::Settings;

/// The PodMonitor, because the pods have no Service, and the alert rules.
///
/// # Errors
/// If an object cannot be written as JSON.
pub fn importer_monitoring(settings: &Settings) -> Result<Vec<Manifest>, RenderError> {
    let selector = LabelSelector {
        match_labels: Some(selector_of(names::IMPORTER)),
        ..LabelSelector::default()
    };
    let monitor = json!({
        "selector": selector,
        "podMetricsEndpoints": [{"port": "health", "path": "/metrics", "interval": "30s"}],
    });
    Ok(vec![
        object("PodMonitor", importer_meta(settings), monitor)?,
        rules(importer_meta(settings), alerts(settings))?,
    ])
}

/// The alerts, which read the importer's series (`extreg_follow_…`) and Prometheus's own.
fn alerts(settings: &Settings) -> Vec<Alert> {
    let namespace = &settings.namespace;
    vec![
        alert(
            "ExtregImporterDown",
            format!("absent(up{{namespace=\"{namespace}\",container=\"importer\"}} == 1)"),
            "5m",
            Warning,
            "No replica of the oc extreg importer answers.",
            "Tags are not imported when a build completes; scheduled tags still are, every 15 minutes. `oc extreg webhook status` shows why.",
        ),
        alert(
            "ExtregImporterNotFollowing",
            format!(
                "sum(extreg_follow_leader{{namespace=\"{namespace}\"}}) == 0 or max(extreg_follow_state{{namespace=\"{namespace}\",state=\"ready\"}}) == 0"
            ),
            "15m",
            Warning,
            "No replica of the oc extreg importer follows builds.",
            "No replica holds the Lease, or its watch of builds is forbidden or down; its log shows which.",
        ),
        alert(
            "ExtregImporterForbidden",
            format!(
                "sum(increase(extreg_follow_outcomes_total{{namespace=\"{namespace}\",outcome=\"forbidden\"}}[30m])) > 0"
            ),
            "0m",
            Info,
            "The oc extreg importer lacks permissions in a selected namespace.",
            "If the namespace was labeled after the installation, run `oc extreg upgrade --yes`.",
        ),
        alert(
            "ExtregImporterBacklog",
            format!(
                "sum(min_over_time(extreg_follow_queue_depth{{namespace=\"{namespace}\"}}[30m])) > 0 or sum(increase(extreg_follow_outcomes_total{{namespace=\"{namespace}\",outcome=\"dropped\"}}[30m])) > 0"
            ),
            "5m",
            Warning,
            "The oc extreg importer does not keep up with the builds.",
            "Builds wait for more than 30 minutes, or a namespace has more builds in the queue than it may; their images are imported late.",
        ),
        alert(
            "ExtregImportsFailing",
            format!(
                "sum by (outcome) (increase(extreg_follow_outcomes_total{{namespace=\"{namespace}\",outcome=~\"given_up|refused\"}}[30m])) > 0"
            ),
            "0m",
            Warning,
            "The oc extreg importer cannot import pushed images.",
            "Outcome {{ $labels.outcome }}; the event FollowBuildFailed on the image stream has the answer of the registry.",
        ),
        alert(
            "ExtregImporterPanicking",
            format!(
                "sum(increase(extreg_follow_panics_total{{namespace=\"{namespace}\"}}[15m])) > 0"
            ),
            "0m",
            Warning,
            "The oc extreg importer panics.",
            "It restarts after each panic; its log shows where.",
        ),
    ]
}
