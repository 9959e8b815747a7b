//! The webhook, `check`, `fix`, `audit` and `policy test` agree on the namespaces in which fields are injected, for any
//! namespace of the webhook and any selector.

use std::collections::BTreeSet;

use extreg_tests::WebhookServer;
use serde_json::{Value, json};

use crate::support::{Cluster, Run};

/// Namespaces with their labels.
const NAMESPACES: [(&str, &[(&str, &str)]); 6] = [
    ("snow", &[("team", "a")]),
    ("rain", &[("team", "c")]),
    ("bare", &[]),
    ("out", &[("team", "a"), ("extreg.io/ignore", "true")]),
    ("openshift-x", &[("team", "a")]),
    ("extreg-system", &[("team", "a")]),
];

fn stream(namespace: &str, name: &str) -> Value {
    json!({
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStream",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"tags": [{
            "name": "latest",
            "from": {"kind": "DockerImage", "name": "docker.io/ably77/python-lyapp:latest"},
        }]},
    })
}

async fn plugin(cluster: &Cluster, args: &[&str]) -> Value {
    let mut plugin = cluster.plugin();
    plugin.args(args).args(["-o", "json"]);
    let run = tokio::task::spawn_blocking(move || Run::new(&plugin.output().unwrap()))
        .await
        .unwrap();
    serde_json::from_str(&run.out).unwrap_or_else(|error| panic!("{args:?}: {error}: {run:?}"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// The namespaces in which each of them reports that a stream is changed.
async fn answers(cluster: &Cluster, names: &[&str]) -> Vec<(&'static str, BTreeSet<String>)> {
    let mut called = BTreeSet::new();
    let mut tested = BTreeSet::new();
    let mut checked = BTreeSet::new();
    for name in names {
        cluster.kubectl("create -f -", &stream(name, "new"));
        let created = cluster.get(&format!("imagestream new -n {name}"));
        if created["spec"]["tags"][0]["importPolicy"]["scheduled"] == true {
            called.insert((*name).to_owned());
        }
        let image = "docker.io/ably77/python-lyapp:latest";
        let test = plugin(
            cluster,
            &["policy", "test", image, "--role", "import", "-n", name],
        )
        .await;
        if test["images"][0]["injects"] == true {
            tested.insert((*name).to_owned());
        }
        let file = cluster.plane.folder().join("stream.json");
        std::fs::write(&file, stream(name, "file").to_string()).unwrap();
        let check = plugin(cluster, &["check", "-f", file.to_str().unwrap()]).await;
        if check["objects"][0]["decision"] == "Changed" {
            checked.insert((*name).to_owned());
        }
    }
    let fix = plugin(cluster, &["fix", "-A", "--over-budget"]).await;
    let planned = list(&fix["objects"])
        .iter()
        .filter(|object| !list(&object["changes"]).is_empty())
        .map(|object| text(&object["namespace"]));
    let audit = plugin(cluster, &["audit", "-A"]).await;
    let sets = list(&audit["sections"][0]["injections"])
        .iter()
        .filter(|injection| injection["outcome"] == "sets")
        .map(|injection| text(&injection["place"]["namespace"]));
    vec![
        ("webhook", called),
        ("policy test", tested),
        ("check", checked),
        ("fix", planned.collect()),
        ("audit", sets.collect()),
    ]
}

async fn agree(flags: &str, own: &str, want: &[&str]) {
    let cluster = Cluster::start().await;
    let mut names: Vec<&str> = NAMESPACES.iter().map(|(name, _)| *name).collect();
    for (name, labels) in NAMESPACES {
        let labels: serde_json::Map<_, _> = labels
            .iter()
            .map(|(k, v)| ((*k).to_owned(), json!(v)))
            .collect();
        let namespace = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}});
        cluster.kubectl("create -f -", &namespace);
    }
    if !names.contains(&own) {
        cluster.kubectl(&format!("create namespace {own}"), &Value::Null);
        names.push(own);
    }
    for name in &names {
        cluster.kubectl("create -f -", &stream(name, "old"));
    }
    let server = WebhookServer::start(cluster.plane.kubeconfig(), &["--namespace", own]).unwrap();
    let install = format!(
        "install --url {} --ca-file {} --mode enforce -n {own} {flags}",
        server.url(),
        server.ca_file().display()
    );
    cluster.webhook(&install).await.ends(0);
    let want: BTreeSet<String> = want.iter().map(|name| (*name).to_owned()).collect();
    for (who, found) in answers(&cluster, &names).await {
        assert_eq!(found, want, "{who} with {install}");
    }
}

#[tokio::test]
async fn all_agree_where_the_webhook_is_in_another_namespace() {
    agree("", "elsewhere", &["bare", "extreg-system", "rain", "snow"]).await;
}

#[tokio::test]
async fn all_agree_where_a_selector_limits_the_webhook() {
    agree("--namespace-selector team=a", "extreg-system", &["snow"]).await;
}
