//! Reports in the audited cluster.

use std::collections::BTreeMap;
use std::path::Path;

use extreg_tests::ControlPlane;
use serde_json::Value;

use super::support::{Run, apply, extreg, kubectl, plane};

/// Reports that are not ours, or that we would not write today.
const FOREIGN: &str = "
apiVersion: openreports.io/v1alpha1
kind: Report
metadata: {name: theirs, namespace: shop, labels: {app.kubernetes.io/managed-by: kyverno}}
source: kyverno
---
apiVersion: openreports.io/v1alpha1
kind: Report
metadata: {name: extreg-audit-looks-like-ours, namespace: data}
source: another-tool
---
apiVersion: openreports.io/v1alpha1
kind: ClusterReport
metadata: {name: theirs, labels: {app.kubernetes.io/managed-by: kyverno}}
source: kyverno
";
const STALE: &str = "
apiVersion: openreports.io/v1alpha1
kind: Report
metadata: {name: extreg-audit, namespace: gone, labels: {app.kubernetes.io/managed-by: oc-extreg}}
source: oc-extreg
---
apiVersion: openreports.io/v1alpha1
kind: ClusterReport
metadata: {name: extreg-audit-7, labels: {app.kubernetes.io/managed-by: oc-extreg}}
source: oc-extreg
";

/// A user who can write reports everywhere, and read nothing else.
const PUBLISHER: &str = "
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: publisher}
rules:
- {apiGroups: [openreports.io], resources: ['*'], verbs: ['*']}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata: {name: publisher}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: publisher}
subjects:
- {apiGroup: rbac.authorization.k8s.io, kind: User, name: eve}
";

#[tokio::test]
async fn reports_are_written_once_and_only_ours_are_removed() {
    let plane = plane().await;
    let refused = publish(plane, &["-A"]);
    assert_eq!(refused.code, 1, "{}", refused.err);
    assert!(
        refused
            .err
            .contains("does not serve openreports.io/v1alpha1"),
        "{}",
        refused.err
    );

    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/report/tests/data/schema");
    for file in [
        "openreports.io_reports.yaml",
        "openreports.io_clusterreports.yaml",
    ] {
        apply(plane, &std::fs::read_to_string(schema.join(file)).unwrap());
    }
    let crds = [
        "wait",
        "--for=condition=Established",
        "crd/reports.openreports.io",
        "crd/clusterreports.openreports.io",
    ];
    assert_eq!(kubectl(plane, &crds, "").code, 0);
    apply(
        plane,
        "{apiVersion: v1, kind: Namespace, metadata: {name: gone}}",
    );
    apply(plane, FOREIGN);
    apply(plane, STALE);
    let others = [
        "data/extreg-audit-looks-like-ours",
        "shop/theirs",
        "/theirs",
    ];
    let before = versions(plane);

    let first = publish(plane, &["-A"]);
    assert_eq!(first.code, 0, "{}", first.err);
    let written = versions(plane);
    let mut names: Vec<&str> = written.keys().map(String::as_str).collect();
    names.retain(|name| !others.contains(name));
    assert_eq!(
        names,
        [
            "/extreg-audit",
            "data/extreg-audit",
            "legacy/extreg-audit",
            "shop/extreg-audit"
        ]
    );
    for other in others {
        assert_eq!(written[other], before[other], "{other}");
    }

    // The published reports match the audit's report.
    let report = extreg(plane.kubeconfig(), &["audit", "-A", "-o", "json"]).report(0);
    let open = report["sections"][0]["findings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|finding| finding["place"]["namespace"] == "legacy" && finding["state"] == "open")
        .count();
    let get = [
        "get",
        "reports.openreports.io",
        "extreg-audit",
        "-n",
        "legacy",
        "-o",
        "json",
    ];
    let legacy: Value = serde_json::from_str(&kubectl(plane, &get, "").out).unwrap();
    let failed = &legacy["summary"];
    assert_eq!(
        failed["fail"].as_u64().unwrap() + failed["warn"].as_u64().unwrap(),
        open as u64,
        "{legacy}"
    );

    // Only the time has changed, so nothing is written.
    let generated = |report: &Value| report["generated"].as_str().unwrap().to_owned();
    let audit = || extreg(plane.kubeconfig(), &["audit", "-A", "-o", "json"]).report(0);
    while generated(&audit()) == generated(&report) {}
    let second = publish(plane, &["-A"]);
    assert_eq!(second.code, 0, "{}", second.err);
    assert_eq!(versions(plane), written);

    // An audit of one namespace writes the report of that one, and keeps the rest.
    let one = publish(plane, &["-n", "shop"]);
    assert_eq!(one.code, 0, "{}", one.err);
    let after = versions(plane);
    let names: Vec<_> = after.keys().collect();
    assert_eq!(names, written.keys().collect::<Vec<_>>());
    // The report about the cluster covers the whole cluster.
    assert!(
        one.err.contains("the ClusterReport is unchanged"),
        "{}",
        one.err
    );
    for kept in ["/extreg-audit", "data/extreg-audit", "legacy/extreg-audit"] {
        assert_eq!(after[kept], written[kept], "{kept}");
    }

    // An audit with fewer permissions does not remove reports that it cannot see.
    apply(plane, PUBLISHER);
    let eve = plane.user("eve", &[]).unwrap();
    let part = extreg(&eve, &["audit", "-A", "--publish", "-o", "name"]);
    assert_eq!(part.code, 4, "{}", part.err);
    let after = versions(plane);
    let removed: Vec<&String> = written
        .keys()
        .filter(|name| !after.contains_key(*name))
        .collect();
    assert_eq!(removed, Vec::<&String>::new());
}

fn publish(plane: &ControlPlane, scope: &[&str]) -> Run {
    let args = [&["audit", "--publish", "-o", "name"], scope].concat();
    extreg(plane.kubeconfig(), &args)
}

/// Every report by namespace and name, with its version.
fn versions(plane: &ControlPlane) -> BTreeMap<String, String> {
    let kinds = "reports.openreports.io,clusterreports.openreports.io";
    let run = kubectl(plane, &["get", kinds, "-A", "-o", "json"], "");
    assert_eq!(run.code, 0, "{}", run.err);
    let list: Value = serde_json::from_str(&run.out).unwrap();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            let metadata = &item["metadata"];
            let name = format!(
                "{}/{}",
                text(&metadata["namespace"]),
                text(&metadata["name"])
            );
            (name, text(&metadata["resourceVersion"]))
        })
        .collect()
}
