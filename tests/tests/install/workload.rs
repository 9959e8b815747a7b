//! A webhook in the cluster. No kubelet and no controllers run here: the test acts as both.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extreg_tests::{Options, Process, outside_address, workspace_binary};
use serde_json::{Value, json};

use crate::support::{Cluster, Run};

/// Waits for a Deployment, and returns it.
pub(crate) async fn deployment(cluster: &Cluster) -> Value {
    loop {
        let deployment = cluster.get("deployment extreg-webhook -n extreg-system");
        if !deployment.is_null() {
            return deployment;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Reports the pods of a Deployment as ready.
pub(crate) fn pretend_rolled_out(cluster: &Cluster, deployment: &Value) {
    let count = &deployment["spec"]["replicas"];
    let status = json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": deployment["metadata"]["name"], "namespace": "extreg-system"},
        "status": {
            "observedGeneration": deployment["metadata"]["generation"],
            "replicas": count, "updatedReplicas": count, "readyReplicas": count, "availableReplicas": count,
        },
    });
    cluster.kubectl("apply --server-side --subresource=status -f -", &status);
}

/// Reports the pods of the webhook as ready, with an address.
pub(crate) fn pretend_ready(cluster: &Cluster, deployment: &Value, address: SocketAddr) {
    pretend_rolled_out(cluster, deployment);
    let slice = json!({
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "pretend", "namespace": "extreg-system",
            "labels": {"kubernetes.io/service-name": "extreg-webhook"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": [address.ip().to_string()], "conditions": {"ready": true}}],
        "ports": [{"name": "https", "port": address.port()}],
    });
    cluster.kubectl("apply --server-side -f -", &slice);
}

/// Writes the pair of the serving secret to the paths of a pod.
fn mount(cluster: &Cluster, folder: &Path) {
    let secret = cluster.get("secret extreg-webhook-tls -n extreg-system");
    for name in ["tls.key", "tls.crt"] {
        let data = secret["data"][name].as_str().unwrap();
        std::fs::write(folder.join(name), STANDARD.decode(data).unwrap()).unwrap();
    }
}

/// Runs the container of a Deployment as a process that listens at the address.
pub(crate) fn run(cluster: &Cluster, deployment: &Value, address: SocketAddr) -> Process {
    let folder = cluster.plane.folder();
    mount(cluster, folder);
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    let args = container["args"].as_array().unwrap();
    let mut command = Command::new(workspace_binary("extreg-webhook").unwrap());
    // If a flag occurs twice, the last one counts.
    command
        .args(args.iter().map(|arg| arg.as_str().unwrap()))
        .arg(format!("--listen=0.0.0.0:{}", address.port()))
        .arg("--health-listen=127.0.0.1:0")
        .arg(format!("--tls-cert={}", folder.join("tls.crt").display()))
        .arg(format!("--tls-key={}", folder.join("tls.key").display()))
        .arg("--reload-every=1s")
        .env("EXTREG_NAMESPACE", "extreg-system")
        .arg(format!(
            "--kubeconfig={}",
            cluster.plane.kubeconfig().display()
        ));
    Process::start("extreg-webhook", &command).unwrap()
}

#[tokio::test]
async fn own_ca_is_issued_kept_and_rotated() {
    let Some(address) = outside_address() else {
        eprintln!("skipped: this machine has no address but loopback");
        return;
    };
    // Without kube-proxy the API server must resolve the endpoints itself.
    let options = Options::default().api_server_arg("--enable-aggregator-routing=true");
    let cluster = Cluster::with(options).await;
    cluster.kubectl("create namespace snow", &Value::Null);
    let pods = async {
        let deployment = deployment(&cluster).await;
        pretend_ready(&cluster, &deployment, address);
        run(&cluster, &deployment, address)
    };
    let install = "install --tls own --mode enforce --replicas 3 --namespace-selector kubernetes.io/metadata.name!=x";
    let (installed, _pods) = tokio::join!(cluster.webhook(install), pods);
    let installed = installed.ends(0).prints("tested in namespace snow");
    assert_eq!(installed.verbs(), ["created"]);
    assert!(!installed.out.contains("PRIVATE"));

    // Options that are not given are unchanged, the certificate too.
    let again = cluster.webhook("install --tls own").await.ends(0);
    assert_eq!(again.verbs(), ["unchanged"], "{}", again.out);

    let bundle = || {
        let configuration = cluster.get("mutatingwebhookconfiguration extreg-webhook");
        let bundle = configuration["webhooks"][0]["clientConfig"]["caBundle"].clone();
        let bundle = STANDARD.decode(bundle.as_str().unwrap()).unwrap();
        String::from_utf8(bundle).unwrap()
    };
    let before = bundle();
    let rotated = cluster.webhook("cert rotate").await.ends(0);
    assert_eq!(rotated.verbs(), ["configured"]);
    assert!(bundle().ends_with(&before) && bundle() != before);
    // The pods still serve the old one, and are trusted; then the new one.
    cluster.webhook("check").await.ends(0);
    mount(&cluster, cluster.plane.folder());
    cluster.webhook("check").await.ends(0);
    let again = cluster.webhook("install --tls own").await.ends(0);
    assert_eq!(again.verbs(), ["unchanged"], "{}", again.out);

    let status = cluster.webhook("status -o json").await;
    let state: Value = serde_json::from_str(&status.out).unwrap();
    assert_eq!(state["deployment"]["available"], 3, "{state}");
    assert_eq!(state["deployment"]["mode"], "Enforce");
    assert_eq!(state["certificate"]["issuer"], "own");
    assert_eq!(state["certificate"]["trusted"], true);

    // It does not move automatically.
    cluster
        .webhook("install --tls own -n elsewhere")
        .await
        .ends(3)
        .prints("installed in namespace extreg-system");

    cluster.webhook("uninstall --all --yes").await.ends(0);
    assert_eq!(cluster.ours(), [""; 0]);
}

#[tokio::test]
async fn failed_rollout_times_out_and_is_rolled_back() {
    let cluster = Cluster::start().await;
    cluster.kubectl("create namespace snow", &Value::Null);
    let run = cluster
        .webhook("install --tls own --timeout 6s")
        .await
        .ends(3)
        .prints("deployment.apps/extreg-webhook: no controller has processed it yet");
    // In reverse order.
    let undone: Vec<&str> = run
        .err
        .lines()
        .filter_map(|line| line.trim().strip_suffix(" removed"))
        .map(|object| object.split(['/', '.']).next().unwrap())
        .collect();
    let done: Vec<&str> = run
        .out
        .lines()
        .rev()
        .map(|line| line.split(['/', '.']).next().unwrap())
        .collect();
    assert_eq!(undone, done);
    assert_eq!(done.first(), Some(&"deployment"));
    assert!(!run.out.contains("mutatingwebhookconfiguration"));
    assert_eq!(cluster.ours(), [""; 0]);

    // A namespace that is being deleted accepts no objects.
    cluster
        .webhook("install --tls own --timeout 4s")
        .await
        .ends(3)
        .prints("namespace/extreg-system is still being deleted");
    cluster.finish_deletions();
    let again = cluster
        .webhook("install --tls own --dry-run client")
        .await
        .ends(0);
    assert_eq!(again.verbs(), ["created (dry run)"]);
}

#[tokio::test]
async fn unreachable_pods_are_never_registered() {
    let cluster = Cluster::start().await;
    cluster.kubectl("create namespace snow", &Value::Null);
    let pods = async {
        let nobody = "192.0.2.1:8443".parse().unwrap();
        pretend_ready(&cluster, &deployment(&cluster).await, nobody);
    };
    let install = cluster.webhook("install --tls own --call-timeout 1 --timeout 20s");
    let (run, ()) = tokio::join!(install, pods);
    let run = run.ends(3).prints("cannot call the webhook");
    assert!(
        run.err.contains("extreg-webhook.extreg-system.svc"),
        "{}",
        run.err
    );
    assert!(!run.out.contains("mutatingwebhookconfiguration"));
    assert_eq!(cluster.ours(), [""; 0]);
}

#[tokio::test]
async fn interrupted_install_reports_its_changes_and_can_be_uninstalled() {
    let cluster = Cluster::start().await;
    cluster.kubectl("create namespace snow", &Value::Null);
    let mut plugin = cluster.plugin();
    plugin
        .args(["webhook", "install", "--tls", "own"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let child = plugin.spawn().unwrap();
    // It waits for the pods now, or will in a moment.
    deployment(&cluster).await;
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(killed.unwrap().success());
    Run::new(&child.wait_with_output().unwrap())
        .ends(130)
        .prints("customresourcedefinition.apiextensions.k8s.io/registrypolicies.extreg.io created")
        .prints("webhook uninstall --all --yes");
    let left = cluster.ours();
    assert!(
        left.contains(&"Deployment/extreg-webhook".to_owned()),
        "{left:?}"
    );

    let removed = cluster.webhook("uninstall --all --yes").await.ends(0);
    assert_eq!(removed.verbs(), ["deleted"]);
    assert_eq!(cluster.ours(), [""; 0]);
}
