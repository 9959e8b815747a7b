//! What is refused, and what needs no cluster: nothing is written.

use extreg_tests::{ControlPlane, Options};
use serde_json::{Value, json};

use crate::support::Cluster;

#[tokio::test]
async fn nothing_is_written_when_something_is_in_the_way() {
    let cluster = Cluster::start().await;
    let at = "install --tls own";

    // Somebody else's object.
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
        .says("clusterrole.rbac.authorization.k8s.io/extreg-webhook")
        .says("--adopt");
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

    // A namespace that it is not called for, or that is not there.
    for (namespace, words) in [
        ("kube-system", "not called for"),
        ("nowhere", "is not there"),
    ] {
        cluster
            .webhook(&format!("{at} --proof-namespace {namespace}"))
            .await
            .ends(3)
            .says(words);
    }

    // Somebody who may not.
    let user = cluster.plane.user("ann", &[]).unwrap();
    cluster
        .webhook(&format!("{at} --kubeconfig {}", user.display()))
        .await
        .ends(6)
        .says("forbidden");

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
async fn without_openshift_there_is_nothing_to_change() {
    let cluster = Cluster::with(Options::default().without_openshift()).await;
    cluster
        .webhook("install")
        .await
        .ends(3)
        .says("no ImageStreams");
    cluster.webhook("check").await.ends(3);
    cluster
        .webhook("uninstall --all --yes")
        .await
        .ends(0)
        .says("Nothing of the webhook is there");
}

/// The shared control plane is only read.
#[tokio::test]
async fn an_export_needs_no_cluster_and_is_what_a_cluster_takes() {
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
