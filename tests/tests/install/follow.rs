//! Following builds, installed and taken away again.

use std::net::SocketAddr;
use std::time::Duration;

use extreg_tests::Options;
use serde_json::{Value, json};

use crate::support::{Cluster, Run};
use crate::workload::{address, deployment, pretend_ready, run};

const RIGHTS: &str = "clusterroles,clusterrolebindings,roles,rolebindings";

/// The rights that are there, by kind.
fn rights(cluster: &Cluster) -> Vec<String> {
    let list = cluster.get(&format!("{RIGHTS} -n extreg-system"));
    let items = list["items"].as_array().cloned().unwrap_or_default();
    let items = items.into_iter();
    items
        .filter(|item| item["metadata"]["name"] == "extreg-webhook-follow-builds")
        .map(|item| item["kind"].as_str().unwrap().to_owned())
        .collect()
}

/// Installs, and stands in for the controllers that roll the Deployment out.
async fn install(cluster: &Cluster, args: &str, address: SocketAddr) -> Run {
    let before = deployment(cluster).await["metadata"]["generation"].clone();
    let rolled_out = async {
        loop {
            let deployment = deployment(cluster).await;
            if deployment["metadata"]["generation"] != before {
                return pretend_ready(cluster, &deployment, address);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    let (run, ()) = tokio::join!(cluster.webhook(args), rolled_out);
    run
}

fn args(cluster: &Cluster) -> Vec<String> {
    let deployment = cluster.get("deployment extreg-webhook -n extreg-system");
    let args = &deployment["spec"]["template"]["spec"]["containers"][0]["args"];
    let args = args.as_array().unwrap().iter();
    args.map(|arg| arg.as_str().unwrap().to_owned())
        .filter(|arg| arg.contains("follow"))
        .collect()
}

#[tokio::test]
async fn following_builds_is_installed_shown_and_taken_away() {
    let Some(address) = address() else {
        eprintln!("skipped: this machine has no address but loopback");
        return;
    };
    let options = Options::default().api_server_arg("--enable-aggregator-routing=true");
    let cluster = Cluster::with(options).await;
    cluster.kubectl("create namespace snow", &Value::Null);
    let selector = "kubernetes.io/metadata.name!=x";
    let first = format!("install --tls own --namespace-selector {selector}");
    let pods = async {
        let deployment = deployment(&cluster).await;
        pretend_ready(&cluster, &deployment, address);
        run(&cluster, &deployment, address)
    };
    let (installed, _pods) = tokio::join!(cluster.webhook(&first), pods);
    installed.ends(0);
    assert_eq!((rights(&cluster), args(&cluster)), (vec![], vec![]));

    let with = "install --tls own --follow-builds";
    let tried = cluster
        .webhook(&format!("{with} --dry-run client"))
        .await
        .ends(0);
    assert!(
        tried
            .out
            .contains("extreg-webhook-follow-builds created (dry run)"),
        "{}",
        tried.out
    );
    assert_eq!(rights(&cluster), [""; 0]);

    install(&cluster, with, address).await.ends(0);
    let all = ["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"];
    assert_eq!(rights(&cluster), all);
    let namespaces = json!({"matchExpressions": [
        {"key": "kubernetes.io/metadata.name", "operator": "NotIn", "values": ["x"]},
    ]});
    assert_eq!(
        args(&cluster),
        [
            "--follow-builds".to_owned(),
            format!("--follow-namespaces={namespaces}")
        ]
    );
    assert_eq!(cluster.webhook(with).await.ends(0).verbs(), ["unchanged"]);

    // Nobody follows yet; then somebody does.
    let status = cluster.webhook("status").await;
    assert!(
        status.out.contains("builds, but no replica does yet"),
        "{}",
        status.out
    );
    let lease = json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "extreg-webhook-follow-builds", "namespace": "extreg-system"},
        "spec": {"holderIdentity": "pod-1"},
    });
    cluster.kubectl("create -f -", &lease);
    let status = cluster.webhook("status -o json").await;
    let state: Value = serde_json::from_str(&status.out).unwrap();
    assert_eq!(
        state["deployment"]["followBuilds"],
        json!({"leader": "pod-1"})
    );
    cluster.kubectl(
        "delete clusterrolebinding extreg-webhook-follow-builds",
        &Value::Null,
    );
    let status = cluster.webhook("status").await.ends(3);
    assert!(
        status.out.contains("builds cannot be followed"),
        "{}",
        status.out
    );

    // Without the flag it goes, argument and rights.
    let without = install(&cluster, "install --tls own", address)
        .await
        .ends(0);
    assert!(
        without.out.contains("extreg-webhook-follow-builds deleted"),
        "{}",
        without.out
    );
    assert_eq!((rights(&cluster), args(&cluster)), (vec![], vec![]));
    let again = cluster.webhook("install --tls own").await.ends(0);
    assert_eq!(again.verbs(), ["unchanged"]);

    install(&cluster, with, address).await.ends(0);
    cluster.webhook("uninstall --all --yes").await.ends(0);
    assert_eq!(cluster.ours(), [""; 0]);
}
