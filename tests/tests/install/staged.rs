//! Enabled in stages: the server, a configuration that selects nothing, one namespace, all of them.

use extreg_tests::WebhookServer;
use serde_json::{Value, json};

use crate::support::{Cluster, stream};

/// Whether a new ImageStream is changed in each namespace.
fn changed(cluster: &Cluster, step: &str) -> [bool; 2] {
    ["snow", "rain"].map(|namespace| cluster.schedules(&stream(namespace, step)))
}

fn configuration(cluster: &Cluster) -> Value {
    cluster.get("mutatingwebhookconfiguration extreg-webhook")["webhooks"][0].clone()
}

/// Waits until the API server has loaded a change.
fn until_changed(cluster: &Cluster, namespace: &str) {
    let dry = |cluster: &Cluster| {
        cluster.kubectl(
            "create --dry-run=server -o json -f -",
            &stream(namespace, "wait"),
        )
    };
    while !dry(cluster).contains(r#""scheduled": true"#) {
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
}

#[tokio::test]
async fn webhook_is_enabled_in_stages() {
    let cluster = Cluster::start().await;
    for name in ["snow", "rain"] {
        cluster.project(name, &json!({}));
    }

    // The server answers, and no API server calls it.
    let server = WebhookServer::start(cluster.plane.kubeconfig(), &[]).unwrap();
    cluster
        .webhook("check")
        .await
        .ends(3)
        .prints("no webhook is called");
    assert_eq!(changed(&cluster, "server"), [false, false]);

    // Registered for namespaces with a label that none has, ignoring failures.
    let run = cluster
        .install(&server, "--mode enforce --namespace-selector extreg=on")
        .await;
    run.prints("not called for any namespace");
    let entry = configuration(&cluster);
    assert_eq!(entry["failurePolicy"], "Ignore");
    cluster.webhook("check").await.ends(4);
    assert_eq!(changed(&cluster, "registered"), [false, false]);

    // One namespace.
    cluster.kubectl("label namespace snow extreg=on", &Value::Null);
    until_changed(&cluster, "snow");
    assert_eq!(changed(&cluster, "one"), [true, false]);
    let check = cluster.webhook("check").await.ends(0);
    assert!(check.out.contains("in namespace snow"), "{}", check.out);

    // All.
    let all = format!(
        "install --url {} --ca-file {} --namespace-selector=",
        server.url(),
        server.ca_file().display()
    );
    cluster.webhook(&all).await.ends(0);
    until_changed(&cluster, "rain");
    assert_eq!(changed(&cluster, "all"), [true, true]);
    let entry = configuration(&cluster);
    assert!(
        !entry["namespaceSelector"]
            .to_string()
            .contains(r#""extreg""#),
        "{entry}"
    );

    // Objects that were created before each step are unchanged.
    for name in ["server", "registered"] {
        for namespace in ["snow", "rain"] {
            let stored = cluster.get(&format!("imagestream {name} -n {namespace}"));
            assert!(
                !stored["spec"].to_string().contains("scheduled"),
                "{stored}"
            );
        }
    }
}
