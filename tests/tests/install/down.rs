//! The webhook is down: what is admitted, what is refused, and how to recover.

use std::net::TcpListener;

use extreg_tests::WebhookServer;
use serde_json::{Value, json};

use crate::support::{Cluster, stream};

const README: &str = include_str!("../../../README.md");

/// The command of the README that admits everything, as arguments of kubectl.
fn documented_patch() -> Vec<String> {
    let (_, rest) = README
        .split_once("oc patch mutatingwebhookconfiguration")
        .unwrap();
    let (_, patch) = rest.split_once("-p '").unwrap();
    let (patch, _) = patch.split_once('\'').unwrap();
    let fixed = [
        "patch",
        "mutatingwebhookconfiguration",
        "extreg-webhook",
        "--type=json",
        "-p",
    ];
    fixed
        .into_iter()
        .chain([patch])
        .map(str::to_owned)
        .collect()
}

/// Creates an ImageStream repeatedly until it is admitted, because API servers load a configuration with a delay.
fn until_admitted(cluster: &Cluster, name: &str) {
    while cluster
        .run_kubectl("create -f -", &stream("snow", name))
        .code
        != 0
    {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

fn until_refused(cluster: &Cluster, name: &str) -> String {
    loop {
        let run = cluster.run_kubectl("create --dry-run=server -f -", &stream("snow", name));
        if run.code != 0 {
            return run.err;
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

/// One object of each kind that the webhook does not change, in a namespace.
fn unrelated(namespace: &str) -> Vec<Value> {
    let pod = json!({"containers": [{"name": "app", "image": "docker.io/acme/app"}]});
    let labels = json!({"app": "app"});
    let object = |api: &str, kind: &str, more: Value| {
        let mut object = json!({"apiVersion": api, "kind": kind, "metadata": {"name": "unrelated", "namespace": namespace}});
        object
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        object
    };
    vec![
        object("v1", "ConfigMap", json!({"data": {"a": "b"}})),
        object("v1", "Secret", json!({"stringData": {"a": "b"}})),
        object("v1", "Service", json!({"spec": {"ports": [{"port": 80}]}})),
        object("v1", "Pod", json!({"spec": pod})),
        object(
            "apps/v1",
            "Deployment",
            json!({"spec": {
            "selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}}),
        ),
        object("coordination.k8s.io/v1", "Lease", json!({"spec": {}})),
    ]
}

#[tokio::test]
async fn fail_policy_affects_only_matching_requests_and_can_be_disabled() {
    let cluster = Cluster::start().await;
    cluster.project("snow", &json!({}));
    let mut server = WebhookServer::start(cluster.plane.kubeconfig(), &[]).unwrap();
    cluster
        .install(&server, "--mode enforce --failure-policy fail")
        .await;
    assert!(cluster.schedules(&stream("snow", "old")));
    server.kill();

    let refused = until_refused(&cluster, "new");
    let words = r#"failed calling webhook "mutate.extreg.io""#;
    assert!(refused.contains(words), "{refused}");
    assert!(
        README
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .contains(words)
    );
    let check = cluster
        .webhook("check")
        .await
        .ends(3)
        .prints("connection refused");
    check
        .prints("extreg.io/ignore=true")
        .prints("webhook uninstall --yes");

    // The webhook's own namespace, with its pods and objects that would match in other namespaces; those of the
    // platform; other kinds.
    for namespace in ["extreg-system", "openshift-x", "kube-system", "snow"] {
        if !["kube-system", "snow"].contains(&namespace) {
            cluster.kubectl(&format!("create namespace {namespace}"), &Value::Null);
        }
        for object in unrelated(namespace) {
            cluster.kubectl("create -f -", &object);
        }
        if namespace != "snow" {
            assert!(
                !cluster.schedules(&stream(namespace, "match")),
                "{namespace}"
            );
        }
    }
    cluster.kubectl(
        "delete pod unrelated -n extreg-system --wait=false",
        &Value::Null,
    );
    // Existing objects can be labeled and deleted.
    cluster.kubectl("annotate imagestream old -n snow note=1", &Value::Null);
    cluster.kubectl("delete imagestream old -n snow", &Value::Null);

    // One object, one namespace.
    let mut labeled = stream("snow", "labeled");
    labeled["metadata"]["labels"] = json!({"extreg.io/ignore": "true"});
    assert!(!cluster.schedules(&labeled));
    cluster.kubectl("label namespace snow extreg.io/ignore=true", &Value::Null);
    until_admitted(&cluster, "of-the-namespace");
    cluster.kubectl("label namespace snow extreg.io/ignore-", &Value::Null);
    until_refused(&cluster, "again");

    // Everything, still installed.
    let patched = cluster
        .plane
        .kubectl()
        .args(documented_patch())
        .output()
        .unwrap();
    assert!(
        patched.status.success(),
        "{}",
        String::from_utf8_lossy(&patched.stderr)
    );
    until_admitted(&cluster, "patched");
    // The next run keeps manual changes, and works once the webhook is up.
    server.restart().unwrap();
    cluster
        .install(
            &server,
            "--mode enforce --failure-policy fail --force-conflicts",
        )
        .await;
    server.kill();
    until_refused(&cluster, "once-more");

    // Everything, removed.
    cluster.webhook("uninstall --yes").await.ends(0);
    until_admitted(&cluster, "uninstalled");
}

/// How often the API server admitted an object without reaching the webhook.
fn failed_open(cluster: &Cluster) -> f64 {
    let metrics = cluster.kubectl("get --raw /metrics", &Value::Null);
    let lines = metrics.lines().filter(|line| {
        line.starts_with("apiserver_admission_webhook_fail_open_count{")
            && line.contains("mutate.extreg.io")
    });
    lines
        .map(|line| line.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap())
        .sum()
}

#[tokio::test]
async fn ignore_policy_admits_and_counts_requests_while_the_webhook_is_down() {
    let cluster = Cluster::start().await;
    cluster.project("snow", &json!({}));
    let mut server = WebhookServer::start(cluster.plane.kubeconfig(), &[]).unwrap();
    cluster.install(&server, "--mode enforce").await;
    let configuration = cluster.get("mutatingwebhookconfiguration extreg-webhook");
    let entry = &configuration["webhooks"][0];
    assert_eq!(
        (&entry["failurePolicy"], &entry["timeoutSeconds"]),
        (&json!("Ignore"), &json!(2))
    );
    assert!(cluster.schedules(&stream("snow", "before")));
    // The proof of the installation may have been admitted the same way.
    let mut counted = failed_open(&cluster);

    server.kill();
    for number in 0..5 {
        assert!(!cluster.schedules(&stream("snow", &format!("dead-{number}"))));
    }
    assert!(failed_open(&cluster) >= counted + 5.0);
    counted = failed_open(&cluster);

    // A server that accepts and does not answer: the API server waits for the time of the configuration only, which is
    // well within the time limit of this request.
    let silent = TcpListener::bind(server.address()).unwrap();
    let created = cluster.kubectl(
        "create --request-timeout=10s -o json -f -",
        &stream("snow", "silent"),
    );
    assert!(!created.contains("scheduled"), "{created}");
    assert!(failed_open(&cluster) >= counted + 1.0);
    drop(silent);

    server.restart().unwrap();
    assert!(cluster.schedules(&stream("snow", "after")));
}
