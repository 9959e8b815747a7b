//! The dashboard as Grafana imports it (schema version 41, of Grafana 12).

use serde_json::{Value, json};

use super::panels::rows;
use super::{Panel, Row, Stacking, TITLE};

/// The width of a dashboard, and the size of a panel, in the units of Grafana's grid.
const WIDTH: usize = 24;
const PANEL_WIDTH: usize = 8;
const PANEL_HEIGHT: usize = 8;
/// A query that has an answer for each installation.
const INSTALLATIONS: &str = "label_values(extreg_build_info, namespace)";

/// The dashboard. Its data source and the namespace of the webhook are variables.
pub fn grafana_dashboard() -> Value {
    let mut panels = Vec::new();
    let mut y = 0;
    for row in rows("$namespace") {
        let Row {
            title,
            panels: members,
        } = row;
        panels.push(json!({
            "id": panels.len() + 1,
            "type": "row",
            "title": title,
            "collapsed": false,
            "gridPos": {"h": 1, "w": WIDTH, "x": 0, "y": y},
            "panels": [],
        }));
        y += 1;
        let mut x = 0;
        for panel in &members {
            if x + PANEL_WIDTH > WIDTH {
                (x, y) = (0, y + PANEL_HEIGHT);
            }
            panels.push(draw(panel, panels.len() + 1, x, y));
            x += PANEL_WIDTH;
        }
        y += PANEL_HEIGHT;
    }
    json!({
        "uid": "oc-extreg",
        "title": TITLE,
        "description": "Webhook, importer and audit job of oc extreg",
        "tags": ["extreg"],
        "annotations": {"list": []},
        "schemaVersion": 41,
        "editable": true,
        "refresh": "1m",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "browser",
        "templating": {"list": [
            {
                "name": "datasource",
                "label": "Data source",
                "type": "datasource",
                "query": "prometheus",
                "refresh": 1,
                "hide": 0,
            },
            {
                "name": "namespace",
                "label": "Namespace",
                "type": "query",
                "datasource": source(),
                "query": {"query": INSTALLATIONS, "refId": "namespaces"},
                "refresh": 2,
                "sort": 1,
                "hide": 0,
            },
        ]},
        "panels": panels,
    })
}

fn draw(panel: &Panel, id: usize, x: usize, y: usize) -> Value {
    let targets: Vec<Value> = panel
        .letters()
        .map(|(letter, query)| {
            json!({
                "refId": letter,
                "datasource": source(),
                "expr": query.expr,
                "legendFormat": query.legend,
            })
        })
        .collect();
    let stacking = match panel.stacking {
        Stacking::Apart => "none",
        Stacking::Stacked => "normal",
    };
    json!({
        "id": id,
        "type": "timeseries",
        "title": panel.title,
        "datasource": source(),
        "gridPos": {"h": PANEL_HEIGHT, "w": PANEL_WIDTH, "x": x, "y": y},
        "targets": targets,
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit.as_str(),
                "custom": {
                    "fillOpacity": 10,
                    "showPoints": "never",
                    "stacking": {"mode": stacking},
                },
            },
            "overrides": [],
        },
        "options": {
            "legend": {
                "displayMode": "list", "placement": "bottom", "showLegend": true, "calcs": [],
            },
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
    })
}

fn source() -> Value {
    json!({"type": "prometheus", "uid": "${datasource}"})
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn panels_fill_the_grid_without_overlap() {
        let dashboard = grafana_dashboard();
        let mut taken = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for panel in dashboard["panels"].as_array().unwrap() {
            let number = |key: &str| panel["gridPos"][key].as_u64().unwrap();
            assert!(number("x") + number("w") <= WIDTH as u64, "{panel}");
            for x in number("x")..number("x") + number("w") {
                for y in number("y")..number("y") + number("h") {
                    assert!(taken.insert((x, y)), "{panel}");
                }
            }
            assert!(ids.insert(panel["id"].as_u64()), "{panel}");
        }
        assert!(ids.len() > 20);
    }
}
