//! `upgrade`: existing settings are unchanged; and `doctor`, which checks the path to the webhook.

use extreg_tests::WebhookServer;
use serde_json::Value;

use crate::support::{Cluster, Run};

async fn plugin(cluster: &Cluster, args: &str) -> Run {
    let mut plugin = cluster.plugin();
    plugin.args(args.split_whitespace());
    tokio::task::spawn_blocking(move || Run::new(&plugin.output().unwrap()))
        .await
        .unwrap()
}

/// The checks with this name that `doctor` ran for the webhook, as `result message`.
async fn doctor(cluster: &Cluster, name: &str) -> String {
    let run = plugin(cluster, "doctor -o json").await;
    let report: Value = serde_json::from_str(&run.out).unwrap();
    let checks = report["checks"].as_array().unwrap();
    let found = checks
        .iter()
        .find(|check| check["group"] == "webhook" && check["name"] == name)
        .unwrap_or_else(|| panic!("no {name} in {report}"));
    format!(
        "{} {}",
        found["result"].as_str().unwrap(),
        found["message"].as_str().unwrap()
    )
}

#[tokio::test]
async fn upgrade_keeps_settings_and_restores_changed_fields() {
    let cluster = Cluster::start().await;
    cluster.kubectl("create namespace snow", &Value::Null);
    plugin(&cluster, "diff webhook").await.ends(1);
    let none = plugin(&cluster, "upgrade").await.ends(3);
    none.prints("does not exist: run \"webhook install\"");
    let found = doctor(&cluster, "configuration").await;
    assert!(found.starts_with("skip the webhook is not installed"));

    let mut server = WebhookServer::start(cluster.plane.kubeconfig(), &[]).unwrap();
    let install = format!(
        "install --url {} --ca-file {} --mode enforce --failure-policy fail --call-timeout 7 \
         --namespace-selector team!=other",
        server.url(),
        server.ca_file().display()
    );
    cluster.webhook(&install).await.ends(0);
    let before = cluster.get("mutatingwebhookconfiguration extreg-webhook");

    let plan = plugin(&cluster, "upgrade").await.ends(0);
    assert_eq!(plan.verbs(), ["unchanged (server dry run)"]);
    let same = plugin(&cluster, "diff webhook").await.ends(0);
    assert_eq!(same.out, "");
    plan.prints("Nothing was changed. Add --yes to apply.");

    // Like "webhook install", which keeps options that are not given, the time limit too.
    let again = format!(
        "install --url {} --ca-file {}",
        server.url(),
        server.ca_file().display()
    );
    let again = cluster.webhook(&again).await.ends(0);
    assert_eq!(again.verbs(), ["unchanged"]);

    // As an older version would have left it.
    let damage = r#"[{"op":"remove","path":"/webhooks/0/matchConditions/0"}]"#;
    cluster.kubectl(
        &format!("patch mutatingwebhookconfiguration extreg-webhook --type=json -p {damage}"),
        &Value::Null,
    );
    let differs = plugin(&cluster, "diff webhook --read-only").await.ends(1);
    assert!(
        differs.out.contains("+  matchConditions:") || differs.out.contains("+  - expression:"),
        "{}",
        differs.out
    );
    let plan = cluster.webhook("upgrade").await.ends(0);
    assert!(
        plan.out
            .contains("mutatingwebhookconfiguration.admissionregistration.k8s.io/extreg-webhook configured (server dry run)"),
        "{}",
        plan.out
    );
    let done = plugin(&cluster, "upgrade --yes").await;
    let done = done.ends(0).prints("tested in namespace snow");
    assert_eq!(done.verbs(), ["configured", "unchanged"]);
    let after = cluster.get("mutatingwebhookconfiguration extreg-webhook");
    assert_eq!(after["webhooks"], before["webhooks"]);

    for (name, expected) in [
        ("configuration", "ok calls https://"),
        ("bundle", "ok 1 authority"),
        ("certificate", "ok for 127.0.0.1"),
        ("proof", "ok in namespace snow a dry-run"),
    ] {
        let found = doctor(&cluster, name).await;
        assert!(found.starts_with(expected), "{found}");
    }
    server.kill();
    let found = doctor(&cluster, "certificate").await;
    assert!(found.starts_with("warn "), "{found}");
    let found = doctor(&cluster, "proof").await;
    assert!(
        found.starts_with("fail ") && found.contains("connection refused"),
        "{found}"
    );
}
