//! An external webhook: the real binary on loopback.

use extreg_tests::WebhookServer;
use serde_json::{Value, json};

use crate::support::Cluster;

fn stream(name: &str) -> Value {
    json!({
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStream",
        "metadata": {"name": name, "namespace": "snow"},
        "spec": {"tags": [{
            "name": "latest",
            "from": {"kind": "DockerImage", "name": "docker.io/ably77/python-lyapp:latest"},
        }]},
    })
}

fn install(server: &WebhookServer, more: &str) -> String {
    format!(
        "install --url {} --ca-file {} {more}",
        server.url(),
        server.ca_file().display()
    )
}

#[tokio::test]
async fn external_webhook_is_installed_verified_upgraded_and_removed() {
    let cluster = Cluster::start().await;
    let mut server = WebhookServer::start(cluster.plane.kubeconfig(), &[]).unwrap();

    // Without a namespace that it is called for, only its reachability is checked.
    let first = cluster.webhook(&install(&server, "")).await.ends(0);
    let first = first.prints("not called for any namespace");
    let first = first.prints("answers every client that can connect");
    assert_eq!(first.verbs(), ["created"]);
    let order: Vec<&str> = first.out.lines().collect();
    assert!(
        order
            .first()
            .unwrap()
            .starts_with("customresourcedefinition")
            && order
                .last()
                .unwrap()
                .starts_with("mutatingwebhookconfiguration"),
        "{order:?}"
    );
    assert_eq!(
        cluster.get("registrypolicy dockerhub")["spec"]["mode"],
        "Audit"
    );
    cluster.webhook("check").await.ends(4);

    cluster.kubectl("create namespace snow", &Value::Null);
    let check = cluster.webhook("check").await.ends(0);
    assert!(check.out.contains("in namespace snow"), "{}", check.out);
    cluster.kubectl("create -f -", &stream("audited"));
    assert!(
        cluster.get("imagestream audited -n snow")["spec"]["tags"][0]["importPolicy"]
            .get("scheduled")
            .is_none()
    );

    let again = cluster.webhook(&install(&server, "")).await.ends(0);
    assert_eq!(again.verbs(), ["unchanged"]);
    again.prints("tested in namespace snow");

    // A mode that exceeds the webhook's argument is refused.
    cluster
        .webhook(&install(&server, "--mode warn"))
        .await
        .ends(3)
        .prints("start it with --mode-cap=warn");
    // Each mode is proven by its effect.
    server.restart_capped("warn").unwrap();
    cluster
        .webhook(&install(&server, "--mode warn"))
        .await
        .ends(0)
        .prints("was returned with the warning \"extreg:");
    server.restart_capped("enforce").unwrap();
    let enforce = cluster
        .webhook(&install(&server, "--mode enforce --failure-policy fail"))
        .await
        .ends(0)
        .prints("importPolicy.scheduled set, as policy dockerhub requires");
    assert!(
        enforce.out.contains("dockerhub configured"),
        "{}",
        enforce.out
    );
    cluster.kubectl("create -f -", &stream("enforced"));
    assert_eq!(
        cluster.get("imagestream enforced -n snow")["spec"]["tags"][0]["importPolicy"]["scheduled"],
        true
    );
    // Options that are not given are unchanged.
    let kept = cluster.webhook(&install(&server, "")).await.ends(0);
    assert_eq!(kept.verbs(), ["unchanged"]);

    let status = cluster.webhook("status -o json").await;
    let state: Value = serde_json::from_str(&status.out).unwrap();
    assert_eq!(state["certificate"]["trusted"], true, "{state}");
    assert_eq!(state["configuration"]["failurePolicy"], "Fail");
    assert_eq!(state["policies"][0]["mode"], "Enforce");
    cluster.webhook("check").await.ends(0);

    // If it is down, this is reported with the reason.
    server.kill();
    for answer in [
        cluster.webhook("check").await.ends(3),
        cluster.webhook("check --read-only").await.ends(3),
    ] {
        answer.prints("connection refused");
    }
    let status = cluster.webhook("status").await.ends(3);
    assert!(status.out.contains("from here"), "{}", status.out);

    // It can be removed while it is down. The policies remain.
    let plan = cluster.webhook("uninstall").await.ends(0);
    let plan = plan.prints("Nothing was changed");
    assert!(
        plan.out
            .starts_with("mutatingwebhookconfiguration.admissionregistration.k8s.io/extreg-webhook deleted (dry run)"),
        "{}",
        plan.out
    );
    assert!(
        !cluster
            .get("mutatingwebhookconfiguration extreg-webhook")
            .is_null()
    );
    let removed = cluster.webhook("uninstall --yes").await.ends(0);
    assert_eq!(removed.verbs(), ["deleted"]);
    assert_eq!(
        cluster.ours(),
        ["CustomResourceDefinition/registrypolicies.extreg.io"]
    );
    assert!(!cluster.get("registrypolicy dockerhub").is_null());
    cluster
        .webhook("uninstall --yes")
        .await
        .ends(0)
        .prints("The webhook is not installed");
    cluster.webhook("status").await.ends(3);
    cluster.webhook("check").await.ends(3);
    cluster.webhook("uninstall --all --yes").await.ends(0);
    assert_eq!(cluster.ours(), [""; 0]);
}

#[tokio::test]
async fn failed_proof_rolls_back_and_gives_the_reason() {
    let cluster = Cluster::start().await;
    cluster.kubectl("create namespace snow", &Value::Null);
    let mut server = WebhookServer::start(cluster.plane.kubeconfig(), &[]).unwrap();
    let wrong_ca = cluster.plane.folder().join("ca.crt");

    // Another CA than the one that signed its certificate.
    let args = format!(
        "install --url {} --ca-file {} --timeout 8s",
        server.url(),
        wrong_ca.display()
    );
    let failed = cluster.webhook(&args).await.ends(3);
    let failed = failed
        .prints("cannot call the webhook")
        .prints("certificate");
    assert!(
        failed.err.contains("rolling back") && !failed.out.contains("mutatingwebhook"),
        "{failed:?}"
    );
    assert_eq!(cluster.ours(), [""; 0]);

    // No server at the address.
    server.kill();
    let args = install(&server, "--timeout 8s --mode enforce");
    cluster
        .webhook(&args)
        .await
        .ends(3)
        .prints("connection refused");
    assert_eq!(cluster.ours(), [""; 0]);

    // A failed upgrade restores the previous state.
    server.restart().unwrap();
    cluster
        .webhook(&install(&server, "--mode enforce"))
        .await
        .ends(0);
    let state = || {
        let spec = |what: &str, field: &str| cluster.get(what)[field].clone();
        (
            spec("registrypolicy dockerhub", "spec"),
            spec("mutatingwebhookconfiguration extreg-webhook", "webhooks"),
            cluster.ours(),
        )
    };
    let before = state();
    server.kill();
    let args = install(&server, "--mode warn --failure-policy fail --timeout 8s");
    cluster
        .webhook(&args)
        .await
        .ends(3)
        .prints("registrypolicy.extreg.io/dockerhub restored");
    assert_eq!(state(), before);
    // The traces of its own rollback do not block the next change.
    server.restart_capped("warn").unwrap();
    cluster
        .webhook(&install(&server, "--mode warn"))
        .await
        .ends(0);
}

#[tokio::test]
async fn unexpected_webhook_behavior_fails_the_proof() {
    let cluster = Cluster::start().await;
    cluster.kubectl("create namespace snow", &Value::Null);
    let server = WebhookServer::start(cluster.plane.kubeconfig(), &["--mode-cap=audit"]).unwrap();
    cluster
        .webhook(&install(&server, "--mode enforce --timeout 10s"))
        .await
        .ends(3)
        .prints("the webhook answers, but did not set spec.tags[0].importPolicy.scheduled");
    assert_eq!(cluster.ours(), [""; 0]);
}
