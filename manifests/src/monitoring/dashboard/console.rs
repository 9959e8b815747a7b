//! The dashboard as OpenShift's console reads it: rows of panels in the format of Grafana before 5, of which the console
//! knows the panels `graph`, `singlestat` and `table` (openshift/monitoring-plugin
//! `web/src/features/legacy-dashboards/components/LegacyDashboard.tsx`).

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ConfigMap;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use serde_json::{Value, json};

use super::panels::rows;
use super::{Panel, Stacking, TITLE};
use crate::manifest::{Manifest, Phase, RenderError};
use crate::names;
use crate::namespace::cluster_meta;
use crate::settings::Settings;

/// The label by which the console's server finds dashboards (openshift/console `pkg/server/server.go`).
const DASHBOARD: &str = "console.openshift.io/dashboard";
/// Columns of a panel, of 12.
const SPAN: usize = 4;

/// The ConfigMap that adds the dashboard to the console, for the namespace of this installation.
///
/// # Errors
/// If it cannot be written as JSON.
pub fn console_dashboard(settings: &Settings) -> Result<Manifest, RenderError> {
    let mut metadata = ObjectMeta {
        namespace: Some(names::CONSOLE_NAMESPACE.to_owned()),
        ..cluster_meta(names::CONSOLE_DASHBOARD)
    };
    let labels = metadata.labels.get_or_insert_default();
    labels.insert(DASHBOARD.to_owned(), "true".to_owned());
    let dashboard = dashboard(settings.namespace.as_str());
    let text = format!("{dashboard:#}");
    let config_map = ConfigMap {
        metadata,
        data: Some(BTreeMap::from([("extreg.json".to_owned(), text)])),
        ..ConfigMap::default()
    };
    Manifest::of(Phase::Base, &config_map)
}

fn dashboard(namespace: &str) -> Value {
    let mut ids = 1..;
    let rows: Vec<Value> = rows(namespace)
        .iter()
        .map(|row| {
            let panels = row.panels.iter().zip(&mut ids);
            let panels: Vec<Value> = panels.map(|(panel, id)| draw(panel, id)).collect();
            json!({"title": row.title, "showTitle": true, "collapse": false, "panels": panels})
        })
        .collect();
    json!({
        "title": TITLE,
        "tags": ["extreg"],
        "templating": {"list": []},
        "rows": rows,
    })
}

fn draw(panel: &Panel, id: usize) -> Value {
    let targets: Vec<Value> = panel
        .letters()
        .map(|(letter, query)| {
            json!({"refId": letter, "expr": query.expr, "legendFormat": query.legend})
        })
        .collect();
    json!({
        "id": id,
        "type": "graph",
        "title": panel.title,
        "span": SPAN,
        "stack": panel.stacking == Stacking::Stacked,
        "legend": {"show": true},
        "targets": targets,
        "yaxes": [{"format": panel.unit.as_str()}],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the console shows a graph's values in
    /// (openshift/monitoring-plugin `web/src/shared/utils/units.ts`).
    const UNITS: [&str; 9] = [
        "Bytes",
        "bytes",
        "bps",
        "Bps",
        "pps",
        "ms",
        "s",
        "percentunit",
        "short",
    ];

    #[test]
    fn the_console_finds_and_reads_the_dashboard() {
        let settings = Settings {
            namespace: "hooks".parse().unwrap(),
            ..Settings::default()
        };
        let manifest = console_dashboard(&settings).unwrap();
        let metadata = &manifest.value["metadata"];
        assert_eq!(metadata["namespace"], "openshift-config-managed");
        assert_eq!(metadata["labels"][DASHBOARD], "true");
        // The console takes the first key.
        let data = manifest.value["data"].as_object().unwrap();
        assert_eq!(data.len(), 1);
        let text = data["extreg.json"].as_str().unwrap();
        let dashboard: Value = serde_json::from_str(text).unwrap();
        assert!(text.contains(r#"namespace=\"hooks\""#));
        let rows = dashboard["rows"].as_array().unwrap();
        for panel in rows
            .iter()
            .flat_map(|row| row["panels"].as_array().unwrap())
        {
            assert_eq!(panel["type"], "graph");
            let unit = panel["yaxes"][0]["format"].as_str().unwrap();
            assert!(UNITS.contains(&unit), "{unit}");
            for target in panel["targets"].as_array().unwrap() {
                let expr = target["expr"].as_str().unwrap();
                assert!(!expr.contains('$'), "no variable is defined: {expr}");
            }
        }
    }
}
