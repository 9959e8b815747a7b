//! The alert rules, evaluated by promtool over the `/metrics` of a running webhook: silent for a working installation,
//! for an unused one, and on a cluster without OpenShift; firing and clearing for each fault.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use extreg_manifests::{Settings, Tls, names};
use extreg_tests::{ControlPlane, GoTool, WebhookServer};
use serde_json::{Value, json};

use crate::cluster::{installed, start};

const ACCOUNT: &str = "system:serviceaccount:extreg-system:extreg-webhook";
/// One sample per minute; the rules see two hours.
const SAMPLES: usize = 120;
/// The times at which promtool evaluates, in minutes.
const BROKEN: usize = 75;
const RECOVERED: usize = 110;

/// A series as Prometheus scrapes it from the pod of the webhook.
#[derive(Clone, Debug)]
struct Series {
    /// Name and labels.
    name: String,
    value: String,
}

impl Series {
    fn new(name: &str, value: &str) -> Self {
        Self {
            name: name.to_owned(),
            value: value.to_owned(),
        }
    }

    /// A constant value.
    fn constant(&self) -> Value {
        json!({"series": self.name, "values": format!("{}x{SAMPLES}", self.value)})
    }
}

/// A fault: the series that differ from minute 45 to 90, and the labels of the resulting alert.
struct Fault {
    alert: &'static str,
    series: &'static str,
    broken: &'static str,
    labels: &'static [(&'static str, &'static str)],
}

const fn fault(alert: &'static str, series: &'static str, broken: &'static str) -> Fault {
    Fault {
        alert,
        series,
        broken,
        labels: &[],
    }
}

const FAULTS: [Fault; 9] = [
    fault("ExtregWebhookDown", "up", "0+0"),
    fault(
        "ExtregWebhookCertificateExpiring",
        "extreg_cert_not_after_seconds",
        "600+0",
    ),
    fault(
        "ExtregWebhookCertificateRefused",
        "extreg_cert_refused",
        "1+0",
    ),
    fault(
        "ExtregWebhookCertificateDue",
        "extreg_cert_not_after_seconds",
        "864000+0",
    ),
    fault(
        "ExtregWebhookFailingOpen",
        "apiserver_admission_webhook_fail_open_count",
        "10+1",
    ),
    fault("ExtregPolicyConflict", "extreg_policy_conflicts", "1+0"),
    Fault {
        labels: &[("source", "namespaces")],
        ..fault(
            "ExtregFactsUnknown",
            r#"extreg_facts_known{source="namespaces""#,
            "0+0",
        )
    },
    Fault {
        labels: &[("source", "policies")],
        ..fault(
            "ExtregFactsStale",
            r#"extreg_facts_age_seconds{source="policies""#,
            "301+60",
        )
    },
    Fault {
        labels: &[("task", "status")],
        ..fault(
            "ExtregTaskPanicking",
            r#"extreg_task_panics_total{task="status""#,
            "3+1",
        )
    },
];

#[tokio::test]
async fn healthy_installation_fires_no_alert() {
    let plane = installed().await;
    let account = plane.user(ACCOUNT, &["system:serviceaccounts"]).unwrap();
    let bare = start().await;
    for (what, kubeconfig) in [
        ("a healthy installation", account.as_path()),
        ("a cluster that serves no policies", bare.kubeconfig()),
    ] {
        let series = scrape(kubeconfig).await;
        for settings in settings(plane) {
            let tests: Vec<Value> = alerts(&settings)
                .iter()
                .map(|alert| expect(alert, &[], BROKEN))
                .collect();
            let input: Vec<Value> = series.iter().map(Series::constant).collect();
            promtool(what, &settings, &input, &tests);
        }
    }
}

#[tokio::test]
async fn missing_rights_are_reported_only_as_unknown_facts() {
    let plane = installed().await;
    let user = plane
        .user("system:serviceaccount:other:other", &[])
        .unwrap();
    let series = scrape(&user).await;
    let input: Vec<Value> = series.iter().map(Series::constant).collect();
    let settings = Settings::default();
    let unknown: BTreeSet<&str> = series
        .iter()
        .filter(|series| series.name.starts_with("extreg_facts_known{") && series.value == "0+0")
        .filter_map(|series| series.name.split('"').nth(1))
        .collect();
    assert!(
        unknown.contains("namespaces") && unknown.contains("policies"),
        "{unknown:?}"
    );
    let labels: Vec<_> = unknown.iter().map(|source| [("source", *source)]).collect();
    let labels: Vec<_> = labels.iter().map(|labels| &labels[..]).collect();
    let tests: Vec<Value> = alerts(&settings)
        .iter()
        .map(|alert| {
            // The age of a source that never answered counts from the start: seconds here.
            let fires = alert["alert"] == "ExtregFactsUnknown";
            expect(alert, if fires { &labels } else { &[] }, BROKEN)
        })
        .collect();
    promtool("an account without rights", &settings, &input, &tests);
}

#[tokio::test]
async fn each_alert_fires_for_its_fault_and_clears_afterwards() {
    let plane = installed().await;
    let account = plane.user(ACCOUNT, &["system:serviceaccounts"]).unwrap();
    let series = scrape(&account).await;
    let settings = &settings(plane)[1];
    let alerts = alerts(settings);
    for alert in &alerts {
        let name = alert["alert"].as_str().unwrap();
        let fault = FAULTS
            .iter()
            .find(|fault| fault.alert == name)
            .unwrap_or_else(|| panic!("no fault is tried for {name}"));
        let mut found = false;
        let mut input: Vec<Value> = series
            .iter()
            .map(|series| {
                if !series.name.starts_with(fault.series) {
                    return series.constant();
                }
                found = true;
                let healthy = &series.value;
                json!({
                    "series": series.name,
                    "values": format!("{healthy}x44 {}x44 {}x40", fault.broken, back(fault, healthy)),
                })
            })
            .collect();
        if !found {
            // Counters appear with their first event.
            let labels = fault
                .series
                .split_once('{')
                .map_or("", |(_, labels)| labels);
            let name = fault.series.split('{').next().unwrap();
            let name = format!(
                "{name}{{{labels}{}{}}}",
                if labels.is_empty() { "" } else { "," },
                place()
            );
            input.push(json!({
                "series": name,
                "values": format!("0x44 {}x44 {}x40", fault.broken, back(fault, "0+0")),
            }));
        }
        let tests = [
            expect(alert, &[fault.labels], BROKEN),
            expect(alert, &[], RECOVERED),
        ];
        promtool(name, settings, &input, &tests);
    }
}

/// The value of a broken series afterwards: a counter never falls.
fn back(fault: &Fault, healthy: &str) -> String {
    match fault.broken.split_once('+') {
        Some((_, "1")) => "100+0".to_owned(),
        _ => healthy.to_owned(),
    }
}

/// An installation with a certificate of service-ca, and one whose certificate is renewed manually.
fn settings(plane: &ControlPlane) -> [Settings; 2] {
    let ca = plane.pki().ca().parse().unwrap();
    [
        Settings::default(),
        Settings {
            tls: Tls::OwnCa(ca),
            ..Settings::default()
        },
    ]
}

fn rules(settings: &Settings) -> Value {
    let settings = Settings {
        monitoring: true,
        ..settings.clone()
    };
    let manifests = extreg_manifests::install(&settings).unwrap();
    let rules = manifests
        .iter()
        .find(|manifest| manifest.object.kind == "PrometheusRule")
        .unwrap();
    rules.value["spec"].clone()
}

/// The rules of the webhook itself.
fn alerts(settings: &Settings) -> Vec<Value> {
    let rules = rules(settings);
    rules["groups"][0]["rules"].as_array().unwrap().clone()
}

fn place() -> String {
    format!(
        r#"namespace="{}",service="{}",pod="webhook-1""#,
        names::NAMESPACE,
        names::WEBHOOK
    )
}

/// The series of a settled webhook, as Prometheus labels them, and the other series that the rules read.
async fn scrape(kubeconfig: &Path) -> Vec<Series> {
    let server = WebhookServer::start(kubeconfig, &["--namespace=extreg-system"]).unwrap();
    let mut text = String::new();
    for _ in 0..200 {
        text = server.metrics().unwrap();
        if text.contains("facts_source_state") && !text.contains(r#"state="starting"} 1"#) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let mut series: Vec<Series> = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            let name = match name.split_once('{') {
                Some((name, labels)) => {
                    format!("{name}{{{},{}}}", labels.trim_end_matches('}'), place())
                }
                None => format!("{name}{{{}}}", place()),
            };
            // promtool's clock starts at 0: only the remaining time counts.
            let value = match name.starts_with("extreg_cert_not_after_seconds") {
                true => left(value),
                false => value.parse().unwrap(),
            };
            Series::new(&name, &format!("{value}+0"))
        })
        .collect();
    series.push(Series::new(&format!("up{{{}}}", place()), "1+0"));
    let entry = names::WEBHOOK_ENTRY;
    let failing =
        format!(r#"apiserver_admission_webhook_fail_open_count{{name="{entry}",type="admit"}}"#);
    series.push(Series::new(&failing, "0+0"));
    series
}

/// Seconds of validity that remain at a Unix time.
fn left(not_after: &str) -> f64 {
    let not_after: f64 = not_after.parse().unwrap();
    let now = jiff::Timestamp::now().as_second();
    #[expect(
        clippy::cast_precision_loss,
        reason = "seconds, of which a double holds enough"
    )]
    let now = now as f64;
    not_after - now
}

/// The alert must fire once with each of these sets of labels after this number of minutes; for none, it must not fire.
fn expect(alert: &Value, fires: &[&[(&str, &str)]], minute: usize) -> Value {
    let expected: Vec<Value> = fires
        .iter()
        .map(|own| {
            let mut labels = json!({"severity": alert["labels"]["severity"]});
            let mut annotations = alert["annotations"].clone();
            for (key, value) in *own {
                labels[key] = (*value).into();
                for text in annotations.as_object_mut().unwrap().values_mut() {
                    let template = format!("{{{{ $labels.{key} }}}}");
                    *text = text.as_str().unwrap().replace(&template, value).into();
                }
            }
            json!({"exp_labels": labels, "exp_annotations": annotations})
        })
        .collect();
    json!({
        "eval_time": format!("{minute}m"),
        "alertname": alert["alert"],
        "exp_alerts": expected,
    })
}

fn promtool(what: &str, settings: &Settings, input: &[Value], tests: &[Value]) {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name);
    std::fs::write(file("rules.yaml"), rules(settings).to_string()).unwrap();
    let test = json!({
        "rule_files": ["rules.yaml"],
        "evaluation_interval": "1m",
        "tests": [{"interval": "1m", "input_series": input, "alert_rule_test": tests}],
    });
    std::fs::write(file("test.yaml"), test.to_string()).unwrap();
    let promtool = GoTool::Promtool.build(|text| eprintln!("{text}")).unwrap();
    let output = Command::new(promtool)
        .args(["test", "rules"])
        .arg(file("test.yaml"))
        .output()
        .unwrap();
    let answer = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{what}: {answer}");
}
