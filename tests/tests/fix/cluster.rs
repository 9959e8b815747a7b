//! A cluster with the sample and generated objects, checked by the audit.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use extreg_tests::{ControlPlane, Options};
use serde_json::{Value, json};

use super::{generated, list, report};

/// The location of a field: kind, namespace, name and path.
type Place = [String; 4];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fix_then_audit_finds_nothing_and_fix_twice_changes_nothing() {
    let plane = ControlPlane::start(Options::default()).await.unwrap();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The namespaces come first in the sample.
    for file in [
        "../crates/snapshot/tests/data/cluster.yaml",
        "tests/audit/around.yaml",
    ] {
        let text = std::fs::read_to_string(here.join(file)).unwrap();
        assert!(apply(&plane, &text), "{file}");
    }
    let namespaces = ["snow", "rain", "openshift"].map(|name| {
        json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}).to_string()
    });
    assert!(apply(&plane, &namespaces.join("\n---\n")));
    let mut many = String::new();
    for mut object in generated::objects(300) {
        let metadata = &mut object["metadata"];
        if metadata["namespace"].is_null() {
            metadata["namespace"] = json!("snow");
        }
        many.push_str(&format!("---\n{object}\n"));
    }
    // The schema refuses some of them, as OpenShift would; the rest exists.
    apply(&plane, &many);

    let kubeconfig = format!("--kubeconfig={}", plane.kubeconfig().display());
    let fix = |words: &[&str]| report(&[&["fix", "-A", &kubeconfig], words].concat());
    let before = missed(&kubeconfig);
    assert!(before.len() > 10, "{before:?}");

    let (code, plan) = fix(&["--over-budget"]);
    assert_eq!(code, 3, "{}", plan["errors"]);
    let (planned, left) = places(&plan);
    let both: BTreeSet<Place> = planned.union(&left).cloned().collect();
    let untold: Vec<&Place> = before.difference(&both).collect();
    assert!(untold.is_empty(), "neither planned nor skipped: {untold:?}");
    assert!(planned.is_subset(&before), "more than the audit finds");

    let half = planned.len() / 2;
    let (code, first) = fix(&["--over-budget", "--yes", "--max", &half.to_string()]);
    assert_eq!(code, 3, "{first}");
    let (code, second) = fix(&["--over-budget", "--yes", "--max", "1000"]);
    assert_eq!(code, 0, "{second}");
    let done = |report: &Value| report["summary"]["changed"].as_u64().unwrap();
    assert_eq!(
        json!(done(&first) + done(&second)),
        plan["summary"]["objects"]
    );

    let after = missed(&kubeconfig);
    let again: Vec<&Place> = after.intersection(&planned).collect();
    assert!(again.is_empty(), "reported as fixed again: {again:?}");
    assert!(after.is_subset(&left), "{after:?}");
    let (code, third) = fix(&["--over-budget", "--yes"]);
    assert_eq!((code, &third["summary"]["changes"]), (0, &json!(0)));
}

/// The fields that the webhook would set, as reported by the audit.
fn missed(kubeconfig: &str) -> BTreeSet<Place> {
    let (_, report) = report(&["audit", "-A", kubeconfig]);
    let injections = list(&report["sections"][0]["injections"]).iter();
    injections
        .filter(|injection| injection["outcome"] == "sets")
        .map(|injection| place(&injection["place"], &injection["place"]["field"]))
        .collect()
}

/// The changes of a plan, and the skipped fields that it reports.
fn places(report: &Value) -> (BTreeSet<Place>, BTreeSet<Place>) {
    let of = |list_of: &str| {
        let objects = list(&report["objects"]).iter();
        let places = objects.flat_map(|object| {
            let entries = list(&object[list_of]).iter();
            entries.map(|entry| place(object, &entry["field"]))
        });
        places.collect()
    };
    (of("changes"), of("skipped"))
}

fn place(object: &Value, field: &Value) -> Place {
    [
        &object["kind"],
        &object["namespace"],
        &object["name"],
        field,
    ]
    .map(|part| part.as_str().unwrap().to_owned())
}

fn apply(plane: &ControlPlane, text: &str) -> bool {
    let mut child = plane
        .kubectl()
        .args(["apply", "--server-side", "-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(text.as_bytes())
        .unwrap();
    child.wait().unwrap().success()
}
