//! The alert rules, evaluated by promtool over the `/metrics` of a running webhook and importer: silent for a working
//! installation, for an unused one, and on a cluster without OpenShift; firing and clearing for each fault.

use std::collections::BTreeSet;
use std::process::Command;

use extreg_manifests::{AuditJob, FollowBuilds, Settings, Tls};
use extreg_tests::{ControlPlane, GoTool};
use serde_json::{Value, json};

use crate::cluster::{installed, start};
use crate::faults::{FAULTS, Fault};
use crate::series::{Series, scrape, webhook_labels};

const ACCOUNT: &str = "system:serviceaccount:extreg-system:extreg-webhook";
/// The times at which promtool evaluates, in minutes: at the end of a fault, and when the longest range is over.
const BROKEN: usize = 88;
const RECOVERED: usize = 130;

#[tokio::test]
async fn healthy_installation_fires_no_alert() {
    let plane = installed().await;
    let account = plane.user(ACCOUNT, &["system:serviceaccounts"]).unwrap();
    let bare = start().await;
    for (what, kubeconfig) in [
        ("a healthy installation", account.as_path()),
        ("a cluster that serves no policies", bare.kubeconfig()),
    ] {
        let series = scrape(kubeconfig, plane).await;
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
    let series = scrape(&user, plane).await;
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
    let series = scrape(&account, plane).await;
    let settings = &settings(plane)[1];
    for alert in &alerts(settings) {
        let name = alert["alert"].as_str().unwrap();
        let faults: Vec<&Fault> = FAULTS.iter().filter(|fault| fault.alert == name).collect();
        assert!(!faults.is_empty(), "no fault is tried for {name}");
        for fault in faults {
            let tests = [
                expect(alert, &[fault.labels], BROKEN),
                expect(alert, &[], RECOVERED),
            ];
            promtool(name, settings, &broken(&series, fault), &tests);
        }
    }
}

/// The series of which some are broken for a while. Series that appear with their first event are added.
fn broken(series: &[Series], fault: &Fault) -> Vec<Value> {
    let values = |healthy: &str| {
        let (broken, back) = (fault.broken, fault.back(healthy));
        format!("{healthy}x44 {broken}x44 {back}x45")
    };
    let mut found = false;
    let mut input: Vec<Value> = series
        .iter()
        .map(|series| {
            if !series.name.starts_with(fault.series) {
                return series.constant();
            }
            found = true;
            json!({"series": series.name, "values": values(&series.value)})
        })
        .collect();
    if !found {
        assert!(fault.series.contains('{'), "{} has no series", fault.series);
        let name = format!("{},{}}}", fault.series, webhook_labels());
        input.push(json!({"series": name, "values": values("0+0")}));
    }
    input
}

/// An installation with a certificate of service-ca, and one whose certificate is renewed manually; both with everything.
pub(crate) fn settings(plane: &ControlPlane) -> [Settings; 2] {
    let ca = plane.pki().ca().parse().unwrap();
    [Tls::ServiceCa, Tls::OwnCa(ca)].map(|tls| Settings {
        tls,
        monitoring: true,
        follow_builds: FollowBuilds::Everywhere,
        audit: Some(AuditJob::default()),
        ..Settings::default()
    })
}

/// The groups of all rules.
fn groups(settings: &Settings) -> Vec<Value> {
    let settings = Settings {
        monitoring: true,
        ..settings.clone()
    };
    let manifests = extreg_manifests::install(&settings).unwrap();
    let rules = manifests
        .iter()
        .filter(|manifest| manifest.object.kind == "PrometheusRule");
    rules
        .flat_map(|rules| rules.value["spec"]["groups"].as_array().unwrap().clone())
        .collect()
}

/// The rules of all groups.
pub(crate) fn alerts(settings: &Settings) -> Vec<Value> {
    let groups = groups(settings);
    let rules = groups.iter().flat_map(|group| {
        let rules = group["rules"].as_array().unwrap();
        rules.clone()
    });
    rules.collect()
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
    let rules = json!({ "groups": groups(settings) });
    std::fs::write(file("rules.yaml"), rules.to_string()).unwrap();
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
