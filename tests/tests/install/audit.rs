//! The audit job: installed, run as its own account, examined and removed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use extreg_tests::{outside_address, workspace_binary};
use serde_json::{Value, json};

use crate::follow::Installed;
use crate::support::{Cluster, Run, stream};

const JOB: &str = "extreg-audit-job";
const ACCOUNT: &str = "--as=system:serviceaccount:extreg-system:extreg-audit-job";
const REPORTS: &str = "reports.openreports.io,clusterreports.openreports.io";
const INSTALL: &str = "install --tls own --audit-schedule @daily";

/// Every kind of which the job has an object.
const KINDS: &str = "cronjobs,clusterroles,clusterrolebindings,networkpolicies,serviceaccounts";

#[tokio::test]
async fn the_job_publishes_reports_with_rights_of_its_own() {
    let Some(address) = outside_address() else {
        eprintln!("skipped: this machine has no address but loopback");
        return;
    };
    let installed = Installed::start(address).await;
    let cluster = &installed.cluster;
    let refused = installed.webhook(INSTALL).await;
    assert_ne!(refused.code, 0, "{}", refused.out);
    refused.prints("does not serve openreports.io/v1alpha1");
    assert_eq!(objects(cluster), [""; 0]);

    define_reports(cluster);
    installed.webhook(INSTALL).await.ends(0);
    assert_eq!(
        objects(cluster),
        [
            "ClusterRole",
            "ClusterRoleBinding",
            "CronJob",
            "NetworkPolicy",
            "ServiceAccount"
        ]
    );
    let again = installed.webhook(INSTALL).await.ends(0);
    assert_eq!(again.verbs(), ["unchanged"], "{}", again.out);
    for (schedule, code) in [("@daily", 0), ("@weekly", 1)] {
        let args = [
            "diff",
            "webhook",
            "--tls",
            "own",
            "--audit-schedule",
            schedule,
        ];
        let diff = plugin(cluster, &args).await.ends(code);
        assert_eq!(diff.out.contains(JOB), code == 1, "{}", diff.out);
    }

    // It can list what it reads and write reports, and nothing more.
    for (question, allowed) in [
        ("list pods -A", true),
        ("list imagestreams.image.openshift.io -A", true),
        ("create reports.openreports.io -A", true),
        ("delete clusterreports.openreports.io", true),
        ("list secrets -A", false),
        ("get secrets -n shop", false),
        ("watch pods -A", false),
        ("create pods -A", false),
        ("patch imagestreams.image.openshift.io -A", false),
        ("list configmaps -A", false),
    ] {
        let can = cluster.run_kubectl(&format!("auth can-i {question} {ACCOUNT}"), &Value::Null);
        assert_eq!(can.code == 0, allowed, "{question}");
    }

    // Of three streams, one is not scheduled: a finding.
    cluster.kubectl("create -f -", &stream("bank", "cart"));
    let kubeconfig = token(cluster);
    let first = run(cluster, &kubeconfig).await.ends(0);
    assert!(!first.err.contains("permission denied"), "{}", first.err);
    let written = versions(cluster);
    assert!(written.contains_key("/extreg-audit"), "{written:?}");
    assert!(written.contains_key("bank/extreg-audit"), "{written:?}");
    assert!(findings(cluster, "bank").contains("EXR005 cart"));
    assert!(
        counts(cluster).contains(r#""EXR005":{"medium":"#),
        "{}",
        counts(cluster)
    );

    // Nothing has changed, so nothing is written.
    run(cluster, &kubeconfig).await.ends(0);
    assert_eq!(versions(cluster), written);

    // A finding that is fixed disappears, from the report and from the numbers.
    cluster.kubectl("delete imagestream cart -n bank", &Value::Null);
    run(cluster, &kubeconfig).await.ends(0);
    assert!(!findings(cluster, "bank").contains("EXR005 cart"));
    assert!(!counts(cluster).contains("EXR005"), "{}", counts(cluster));

    // The state of its runs is that of the CronJob.
    let state = installed.state().await;
    assert_eq!(state["audit"]["schedule"], "@daily");
    assert_eq!(state["audit"]["readsSecrets"], false);
    let status = json!({"status": {"lastScheduleTime": "2026-11-30T03:00:00Z"}});
    let patch = format!(
        "patch cronjob {JOB} -n extreg-system --subresource status --type merge -p {status}"
    );
    cluster.kubectl(&patch, &Value::Null);
    let failed = installed.webhook("status").await.ends(3);
    assert!(
        failed
            .out
            .contains("the audit of 2026-11-30T03:00:00Z did not succeed"),
        "{}",
        failed.out
    );

    // An upgrade keeps it, secrets are read only on request, and an installation without the flag removes it.
    installed.webhook("upgrade --yes").await.ends(0);
    assert_eq!(objects(cluster).len(), 5);
    let with_secrets = format!("{INSTALL} --audit-secrets");
    installed.webhook(&with_secrets).await.ends(0);
    let can = cluster.run_kubectl(
        &format!("auth can-i list secrets -A {ACCOUNT}"),
        &Value::Null,
    );
    assert_eq!(can.code, 0);
    let again = installed.webhook("upgrade").await.ends(0);
    assert_eq!(again.verbs(), ["unchanged (server dry run)"]);
    run(cluster, &kubeconfig).await.ends(0);
    let without = installed.webhook("install --tls own").await.ends(0);
    assert!(
        without
            .out
            .contains(&format!("cronjob.batch/{JOB} deleted"))
    );
    assert_eq!(objects(cluster), [""; 0]);

    installed.webhook(INSTALL).await.ends(0);
    installed.webhook("uninstall --yes").await.ends(0);
    assert_eq!(objects(cluster), [""; 0]);
}

/// The definitions of reports, of the version that the audit writes.
pub(crate) fn define_reports(cluster: &Cluster) {
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/report/tests/data/schema");
    for file in [
        "openreports.io_reports.yaml",
        "openreports.io_clusterreports.yaml",
    ] {
        let file = schema.join(file);
        cluster.kubectl(&format!("create -f {}", file.display()), &Value::Null);
    }
    let wait = "wait --for=condition=Established crd/reports.openreports.io crd/clusterreports.openreports.io";
    cluster.kubectl(wait, &Value::Null);
}

/// The kinds of the existing objects of the job.
fn objects(cluster: &Cluster) -> Vec<String> {
    let list = cluster.get(&format!("{KINDS} -A -l app.kubernetes.io/name={JOB}"));
    let items = list["items"].as_array().cloned().unwrap_or_default();
    let mut kinds: Vec<String> = items
        .iter()
        .map(|item| {
            assert_eq!(item["metadata"]["name"], JOB);
            item["kind"].as_str().unwrap().to_owned()
        })
        .collect();
    kinds.sort_unstable();
    kinds
}

async fn plugin(cluster: &Cluster, args: &[&str]) -> Run {
    let mut plugin = cluster.plugin();
    plugin.args(args);
    tokio::task::spawn_blocking(move || Run::new(&plugin.output().unwrap()))
        .await
        .unwrap()
}

/// A kubeconfig with a token of the job's account, as its pod gets one.
fn token(cluster: &Cluster) -> PathBuf {
    let token = cluster.kubectl(
        &format!("create token {JOB} -n extreg-system"),
        &Value::Null,
    );
    let admin = fs::read_to_string(cluster.plane.kubeconfig()).unwrap();
    let mut kubeconfig: Value = serde_saphyr::from_str(&admin).unwrap();
    for user in kubeconfig["users"].as_array_mut().unwrap() {
        user["user"] = json!({"token": token.trim()});
    }
    let file = cluster.plane.folder().join("audit-job.kubeconfig");
    fs::write(&file, kubeconfig.to_string()).unwrap();
    file
}

/// Runs what the CronJob runs, without anything of the environment that its pod does not have.
async fn run(cluster: &Cluster, kubeconfig: &Path) -> Run {
    let job = cluster.get(&format!("cronjob {JOB} -n extreg-system"));
    let container = &job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0];
    let program = container["command"][0]
        .as_str()
        .unwrap()
        .trim_start_matches('/');
    let args = container["args"].as_array().unwrap().clone();
    let mut command = Command::new(workspace_binary(program).unwrap());
    command
        .args(args.iter().map(|arg| arg.as_str().unwrap()))
        .env_clear()
        .env("KUBECONFIG", kubeconfig)
        .current_dir("/");
    tokio::task::spawn_blocking(move || Run::new(&command.output().unwrap()))
        .await
        .unwrap()
}

/// Every report by namespace and name, with its version.
fn versions(cluster: &Cluster) -> BTreeMap<String, String> {
    let list = cluster.get(&format!("{REPORTS} -A"));
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let items = list["items"].as_array().unwrap().iter();
    items
        .map(|item| {
            let metadata = &item["metadata"];
            let (namespace, name) = (text(&metadata["namespace"]), text(&metadata["name"]));
            (
                format!("{namespace}/{name}"),
                text(&metadata["resourceVersion"]),
            )
        })
        .collect()
}

/// The failed results in the report of a namespace, as `CHECK OBJECT`; none without a report.
fn findings(cluster: &Cluster, namespace: &str) -> BTreeSet<String> {
    let report = cluster.get(&format!(
        "reports.openreports.io extreg-audit -n {namespace}"
    ));
    let results = report["results"].as_array().into_iter().flatten();
    let failed = results.filter(|result| result["result"] == "fail");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    failed
        .map(|result| {
            let object = &result["resources"][0]["name"];
            format!("{} {}", text(&result["policy"]), text(object))
        })
        .collect()
}

/// The numbers of open findings, as the webhook reads them.
fn counts(cluster: &Cluster) -> String {
    let report = cluster.get("clusterreports.openreports.io extreg-audit");
    let counts = &report["metadata"]["annotations"]["extreg.io/open-findings"];
    counts.as_str().unwrap_or_default().to_owned()
}
