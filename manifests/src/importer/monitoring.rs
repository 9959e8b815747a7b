//! Scraping the importer, and its alerts.

use k8s_openapi::apimachinery::pkg::apis::meta::v1::LabelSelector;
use serde_json::json;

use crate::manifest::{Manifest, ObjectName, Phase, RenderError};
use crate::monitoring::alert::{API_VERSION, Alert, alert};
use crate::names;
use crate::namespace::{importer_meta, selector_of};
use crate::settings::Settings;

/// The PodMonitor; the pods have no Service.
pub(crate) fn pod_monitor(settings: &Settings) -> Result<Manifest, RenderError> {
    let kind = "PodMonitor";
    let name = ObjectName {
        api_version: API_VERSION.to_owned(),
        kind: kind.to_owned(),
        namespace: Some(settings.namespace.as_str().to_owned()),
        name: names::IMPORTER.to_owned(),
    };
    let selector = LabelSelector {
        match_labels: Some(selector_of(names::IMPORTER)),
        ..LabelSelector::default()
    };
    let object = json!({
        "apiVersion": API_VERSION,
        "kind": kind,
        "metadata": importer_meta(settings),
        "spec": {
            "selector": selector,
            "podMetricsEndpoints": [{"port": "health", "path": "/metrics", "interval": "30s"}],
        },
    });
    Manifest::named(Phase::Base, name, &object)
}

/// The alerts, which read the importer's series (`extreg_follow_…`) and Prometheus's own.
pub(crate) fn alerts(settings: &Settings) -> Vec<Alert> {
    let namespace = &settings.namespace;
    vec![
        alert(
            "ExtregImporterDown",
            format!("absent(up{{namespace=\"{namespace}\",container=\"importer\"}} == 1)"),
            "5m",
            "warning",
            "No replica of the oc extreg importer answers.",
            "Tags are not imported when a build completes; scheduled tags still are, every 15 minutes. `oc extreg webhook status` shows why.",
        ),
        alert(
            "ExtregImporterNotFollowing",
            format!(
                "sum(extreg_follow_leader{{namespace=\"{namespace}\"}}) == 0 or max(extreg_follow_state{{namespace=\"{namespace}\",state=\"ready\"}}) == 0"
            ),
            "15m",
            "warning",
            "No replica of the oc extreg importer follows builds.",
            "No replica holds the Lease, or its watch of builds is forbidden or down; its log shows which.",
        ),
        alert(
            "ExtregImporterForbidden",
            format!(
                "sum(increase(extreg_follow_outcomes_total{{namespace=\"{namespace}\",outcome=\"forbidden\"}}[30m])) > 0"
            ),
            "0m",
            "info",
            "The oc extreg importer lacks permissions in a selected namespace.",
            "If the namespace was labeled after the installation, run `oc extreg upgrade --yes`.",
        ),
    ]
}
