//! Every expression of an alert or a dashboard names metrics that the running programs serve, with labels that these
//! have; Prometheus's own parser reads the expressions, and Grafana's own schema the dashboard.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::process::Command;

use extreg_manifests::{Settings, console_dashboard, grafana_dashboard};
use extreg_tests::{ControlPlane, GoTool, ReviewClient, WebhookServer, with_input};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::alerts::{alerts, settings};
use crate::cluster::{apply, established, installed};
use crate::series::{importer_metrics, settled};

const ACCOUNT: &str = "system:serviceaccount:extreg-system:extreg-webhook";
/// The metrics of other programs: Prometheus, the API servers, kube-state-metrics and the kubelet.
const FOREIGN: [&str; 7] = [
    "apiserver_admission_webhook_fail_open_count",
    "container_cpu_usage_seconds_total",
    "container_memory_working_set_bytes",
    "kube_cronjob_next_schedule_time",
    "kube_cronjob_status_last_schedule_time",
    "kube_cronjob_status_last_successful_time",
    "up",
];
/// The labels that Prometheus adds.
const TARGET: [&str; 3] = ["namespace", "pod", "service"];

/// What an expression selects.
#[derive(Debug, Deserialize)]
struct Selector {
    expr: String,
    name: String,
    labels: Vec<String>,
}

#[tokio::test]
async fn every_expression_reads_what_the_programs_serve() {
    let plane = installed().await;
    let mut served = labels(&webhook_metrics(plane).await);
    served.extend(labels(&importer_metrics(plane).await));
    let selectors = selectors(&expressions(plane));
    assert!(selectors.len() > 70, "{}", selectors.len());
    let mut foreign = BTreeSet::new();
    for Selector { expr, name, labels } in &selectors {
        let Some(known) = served.get(name) else {
            assert!(
                FOREIGN.contains(&name.as_str()),
                "{name} is not served: {expr}"
            );
            foreign.insert(name.as_str());
            continue;
        };
        for label in labels {
            let is_known = known.contains(label) || TARGET.contains(&label.as_str());
            assert!(is_known, "{name} has no label {label}: {expr}");
        }
    }
    assert_eq!(foreign, BTreeSet::from(FOREIGN));
}

#[test]
fn grafana_reads_every_field_of_the_dashboard() {
    let checker = GoTool::Dashboard.build(|text| eprintln!("{text}")).unwrap();
    let check = |dashboard: &Value| {
        let output = with_input(&mut Command::new(&checker), &dashboard.to_string()).unwrap();
        String::from_utf8(output.stderr).unwrap()
    };
    let dashboard = grafana_dashboard();
    assert_eq!(check(&dashboard), "");
    let mut odd = dashboard;
    odd["panels"][1]["grid"] = json!({});
    assert!(check(&odd).contains("grid"), "the schema is strict");
}

/// The expressions of all alerts and dashboards.
fn expressions(plane: &ControlPlane) -> Vec<String> {
    let mut all = Vec::new();
    for settings in settings(plane) {
        let alerts = alerts(&settings);
        all.extend(alerts.iter().map(|alert| text(&alert["expr"])));
    }
    let grafana = grafana_dashboard();
    let variables = grafana["templating"]["list"].as_array().unwrap();
    let queries = variables
        .iter()
        .filter(|variable| variable["type"] == "query");
    all.extend(queries.map(|variable| {
        let query = text(&variable["query"]["query"]);
        let arguments = query.strip_prefix("label_values(").unwrap();
        arguments.split(',').next().unwrap().to_owned()
    }));
    all.extend(targets(&grafana["panels"]));
    let console = console_dashboard(&Settings::default()).unwrap().value;
    let console: Value = serde_json::from_str(&text(&console["data"]["extreg.json"])).unwrap();
    for row in console["rows"].as_array().unwrap() {
        all.extend(targets(&row["panels"]));
    }
    all
}

fn targets(panels: &Value) -> Vec<String> {
    let panels = panels.as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().into_iter().flatten());
    targets.map(|target| text(&target["expr"])).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn selectors(expressions: &[String]) -> Vec<Selector> {
    let parser = GoTool::Promql.build(|text| eprintln!("{text}")).unwrap();
    let input = serde_json::to_string(expressions).unwrap();
    let output = with_input(&mut Command::new(parser), &input).unwrap();
    let answer = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{answer}");
    serde_json::from_slice(&output.stdout).unwrap()
}

/// The labels of each metric of an exposition.
fn labels(exposition: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut metrics: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in exposition.lines().filter(|line| !line.starts_with('#')) {
        let (name, rest) = line.split_once([' ', '{']).unwrap();
        let found = metrics.entry(name.to_owned()).or_default();
        let quoted: Vec<&str> = rest.split('"').collect();
        // Before each value is a label and `=`, after a comma for all but the first.
        let names = quoted
            .chunks_exact(2)
            .filter_map(|pair| pair[0].strip_suffix('='));
        found.extend(names.map(|name| name.trim_start_matches(',').to_owned()));
    }
    metrics
}

/// The metrics of a webhook that has answered requests, on a cluster in which an audit has published a report.
async fn webhook_metrics(plane: &ControlPlane) -> String {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/report/tests/data/schema");
    let definition = schema.join("openreports.io_clusterreports.yaml");
    apply(plane, &fs::read_to_string(definition).unwrap());
    established(plane, "clusterreports.openreports.io");
    // Of a severity for which no alert fires.
    let report = json!({
        "apiVersion": "openreports.io/v1alpha1", "kind": "ClusterReport", "source": "extreg",
        "metadata": {
            "name": "extreg-audit",
            "annotations": {"extreg.io/open-findings": json!({"EXR006": {"low": 2}}).to_string()},
        },
    });
    apply(plane, &report.to_string());
    let namespace =
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "metrics"}});
    apply(plane, &namespace.to_string());
    let account = plane.user(ACCOUNT, &["system:serviceaccounts"]).unwrap();
    let server = WebhookServer::start(&account, &["--namespace=extreg-system"]).unwrap();
    let ca = fs::read_to_string(server.ca_file()).unwrap();
    let mut client = ReviewClient::connect(server.address(), &ca).await.unwrap();
    let answered = client.post(review().to_string()).await.unwrap();
    assert_eq!(answered.status, 200);
    let findings = r#"extreg_audit_findings{check="EXR006",severity="low"} 2"#;
    let metrics = settled(
        || server.metrics().unwrap(),
        |text| text.contains(findings) && text.contains("facts_known"),
    );
    let metrics = metrics.await;
    assert!(metrics.contains(findings), "{metrics}");
    metrics
}

/// A new ImageStream with one tag that is changed and one that is not.
fn review() -> Value {
    let tag = |name: &str, image: &str| json!({"name": name, "from": {"kind": "DockerImage", "name": image}});
    json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "u", "operation": "CREATE", "namespace": "metrics", "name": "cart",
            "kind": {"group": "image.openshift.io", "version": "v1", "kind": "ImageStream"},
            "resource": {"group": "image.openshift.io", "version": "v1", "resource": "imagestreams"},
            "userInfo": {"username": "u"},
            "object": {
                "apiVersion": "image.openshift.io/v1", "kind": "ImageStream",
                "metadata": {"name": "cart", "namespace": "metrics"},
                "spec": {"tags": [tag("a", "docker.io/acme/cart:1"), tag("b", "quay.io/acme/cart:1")]},
            },
        },
    })
}
