//! Refused installations, and commands without a cluster: nothing is written.

use extreg_tests::{ControlPlane, Options};
use serde_json::{Value, json};

use crate::support::Cluster;

#[tokio::test]
async fn refused_installation_writes_nothing() {
    let cluster = Cluster::start().await;
    let at = "install --tls own";

    // An object of another tool.
    let role = json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "extreg-webhook"},
        "rules": [],
    });
    cluster.kubectl("create -f -", &role);
    cluster
        .webhook(at)
        .await
        .ends(3)
        .prints("clusterrole.rbac.authorization.k8s.io/extreg-webhook")
        .prints("--adopt");
    assert_eq!(cluster.ours(), [""; 0]);
    let adopted = cluster
        .webhook(&format!("{at} --adopt --dry-run client"))
        .await
        .ends(0);
    assert_eq!(
        adopted.verbs(),
        ["configured (dry run)", "created (dry run)"]
    );
    cluster.kubectl("delete clusterrole extreg-webhook", &Value::Null);

    // A namespace that it is not called for, or that does not exist.
    for (namespace, words) in [
        ("kube-system", "not called for"),
        ("nowhere", "does not exist"),
    ] {
        cluster
            .webhook(&format!("{at} --proof-namespace {namespace}"))
            .await
            .ends(3)
            .prints(words);
    }

    // A user without permissions.
    let user = cluster.plane.user("ann", &[]).unwrap();
    cluster
        .webhook(&format!("{at} --kubeconfig {}", user.display()))
        .await
        .ends(6)
        .prints("forbidden");

    // Dry runs.
    let run = cluster
        .webhook(&format!("{at} --dry-run client"))
        .await
        .ends(0);
    assert_eq!(run.verbs(), ["created (dry run)"]);
    let run = cluster
        .webhook(&format!("{at} --dry-run server"))
        .await
        .ends(0);
    assert_eq!(run.verbs(), ["created (server dry run)"]);
    assert_eq!(cluster.ours(), [""; 0]);
}

#[tokio::test]
async fn cluster_without_openshift_is_refused() {
    let cluster = Cluster::with(Options::default().without_openshift()).await;
    cluster
        .webhook("install")
        .await
        .ends(3)
        .prints("no ImageStreams");
    cluster.webhook("check").await.ends(3);
    cluster
        .webhook("uninstall --all --yes")
        .await
        .ends(0)
        .prints("The webhook is not installed");
}

/// The shared control plane is only read.
#[tokio::test]
async fn export_needs_no_cluster_and_is_accepted_by_one() {
    let plane = ControlPlane::shared().await.unwrap();
    let export = |args: &str| {
        let mut plugin =
            std::process::Command::new(extreg_tests::workspace_binary("oc-extreg").unwrap());
        let output = plugin
            .args("webhook install --export".split(' '))
            .args(args.split_whitespace())
            .env("KUBECONFIG", "/nowhere")
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap()
    };
    let yaml = export("--mode warn --namespace-selector team=shop -n hooks");
    for words in [
        "mode: Warn",
        "key: team",
        "namespace: hooks",
        "--mode-cap=warn",
    ] {
        assert!(yaml.contains(words), "{words} is not in\n{yaml}");
    }
    assert!(!yaml.contains("PRIVATE KEY"));

    let json: Value = serde_json::from_str(&export("-o json")).unwrap();
    let kinds: Vec<&str> = json["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| item["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds.first(), Some(&"CustomResourceDefinition"));
    assert_eq!(kinds.last(), Some(&"MutatingWebhookConfiguration"));
    assert_eq!(export("-o name").lines().count(), kinds.len());

    let definition = &json["items"][0];
    let file = plane.folder().join("definition.json");
    std::fs::write(&file, definition.to_string()).unwrap();
    let applied = plane
        .kubectl()
        .args(["apply", "--dry-run=server", "-f"])
        .arg(&file)
        .output()
        .unwrap();
    assert!(
        applied.status.success(),
        "{}",
        String::from_utf8_lossy(&applied.stderr)
    );
}
