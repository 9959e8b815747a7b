//! A moved installation works. No kubelet and no controllers run here: the test acts as both.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extreg_certs::host::Host;
use extreg_certs::issue::{Issued, Validity, issue};
use extreg_tests::{ControlPlane, Options, Process, outside_address, with_input, workspace_binary};
use secrecy::ExposeSecret as _;
use serde_json::{Value, json};

use crate::build::Kustomization;
use crate::{IMAGE, NAMESPACE};

fn certificate() -> Issued {
    let host = Host::parse(&format!("extreg-webhook.{NAMESPACE}.svc")).unwrap();
    issue(&[host], Validity::default(), jiff::Timestamp::now()).unwrap()
}

fn kubectl(plane: &ControlPlane, args: &str, stdin: &str) -> (bool, String, String) {
    let mut kubectl = plane.kubectl();
    let output = with_input(kubectl.args(args.split_whitespace()), stdin).unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.success(),
        text(output.stdout),
        text(output.stderr),
    )
}

fn apply(plane: &ControlPlane, object: &Value) {
    let (ok, _, errors) = kubectl(plane, "apply --server-side -f -", &object.to_string());
    assert!(ok, "{errors}");
}

/// What the cluster would do: the secret, the endpoints of the Service, and the status of the Deployment.
fn pretend(plane: &ControlPlane, issued: &Issued, address: SocketAddr) {
    apply(
        plane,
        &json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/tls",
            "metadata": {"name": "extreg-webhook-tls", "namespace": NAMESPACE},
            "stringData": {"tls.crt": issued.chain, "tls.key": issued.key.expose_secret()},
        }),
    );
    apply(
        plane,
        &json!({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice",
            "metadata": {"name": "pretend", "namespace": NAMESPACE,
                "labels": {"kubernetes.io/service-name": "extreg-webhook"}},
            "addressType": "IPv4",
            "endpoints": [{"addresses": [address.ip().to_string()], "conditions": {"ready": true}}],
            "ports": [{"name": "https", "port": address.port()}],
        }),
    );
    let status = json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "extreg-webhook", "namespace": NAMESPACE},
        "status": {"observedGeneration": 1, "replicas": 2, "updatedReplicas": 2, "readyReplicas": 2, "availableReplicas": 2},
    });
    let args = "apply --server-side --subresource=status -f -";
    let (ok, _, errors) = kubectl(plane, args, &status.to_string());
    assert!(ok, "{errors}");
}

/// The pod of a built Deployment, as a process that listens at the address.
fn run(plane: &ControlPlane, deployment: &Value, issued: &Issued, address: SocketAddr) -> Process {
    let folder = plane.folder();
    std::fs::write(folder.join("tls.crt"), &issued.chain).unwrap();
    std::fs::write(folder.join("tls.key"), issued.key.expose_secret()).unwrap();
    let container = &deployment["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(container["image"], IMAGE);
    let variable = &container["env"][0];
    let field = &variable["valueFrom"]["fieldRef"]["fieldPath"];
    assert_eq!(field, "metadata.namespace");
    let namespace = &deployment["metadata"]["namespace"];
    let args = container["args"].as_array().unwrap().iter();
    let file = |name: &str| folder.join(name).display().to_string();
    let mut command = Command::new(workspace_binary("extreg-webhook").unwrap());
    // If a flag occurs twice, the last one counts.
    command
        .args(args.map(|arg| arg.as_str().unwrap()))
        .arg(format!("--listen=0.0.0.0:{}", address.port()))
        .arg("--health-listen=127.0.0.1:0")
        .arg(format!("--tls-cert={}", file("tls.crt")))
        .arg(format!("--tls-key={}", file("tls.key")))
        .arg(format!("--kubeconfig={}", plane.kubeconfig().display()))
        .env(
            variable["name"].as_str().unwrap(),
            namespace.as_str().unwrap(),
        );
    Process::start("extreg-webhook", &command).unwrap()
}

/// `oc extreg ARGS`: the exit code, stdout and stderr.
fn plugin(kubeconfig: &Path, args: &str) -> (Option<i32>, String, String) {
    let output = Command::new(workspace_binary("oc-extreg").unwrap())
        .env("KUBECONFIG", kubeconfig)
        .env("XDG_CONFIG_HOME", "/nonexistent")
        .args(args.split_whitespace())
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[tokio::test]
async fn a_moved_installation_is_called_and_found() {
    let Some(address) = outside_address() else {
        eprintln!("skipped: this machine has no address but loopback");
        return;
    };
    // Without kube-proxy the API server must resolve the endpoints itself.
    let options = Options::default().api_server_arg("--enable-aggregator-routing=true");
    let plane = ControlPlane::start(options).await.unwrap();
    let issued = certificate();
    let built = Kustomization::overlay(NAMESPACE, &["kubernetes"])
        .image(IMAGE)
        .ca_bundle(&STANDARD.encode(&issued.ca_bundle))
        .build();
    // The first run defines the kind of the policy, the second creates it.
    let args = "apply --server-side -f -";
    let (ok, _, errors) = kubectl(&plane, args, &built.text);
    assert!(!ok && errors.contains("RegistryPolicy"), "{errors}");
    let wait = "wait --for=condition=Established crd/registrypolicies.extreg.io";
    assert!(kubectl(&plane, wait, "").0);
    let (ok, _, errors) = kubectl(&plane, args, &built.text);
    assert!(ok, "{errors}");
    let namespace = "get registrypolicy dockerhub -o jsonpath={.metadata.namespace}";
    assert_eq!(
        kubectl(&plane, namespace, "").1,
        "",
        "no policy has a namespace"
    );
    pretend(&plane, &issued, address);

    let deployment = built.objects.iter();
    let mut deployment = deployment.filter(|object| object["kind"] == "Deployment");
    let _pod = run(&plane, deployment.next().unwrap(), &issued, address);
    assert!(kubectl(&plane, "create namespace snow", "").0);
    let config = json!({"auths": {"docker.io": {"auth": "dTpw"}}}).to_string();
    apply(
        &plane,
        &json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson",
            "metadata": {"name": "dockerhub", "namespace": "snow"},
            "stringData": {".dockerconfigjson": config},
        }),
    );
    let stream = json!({
        "apiVersion": "image.openshift.io/v1", "kind": "ImageStream",
        "metadata": {"name": "app", "namespace": "snow"},
        "spec": {"tags": [{"name": "latest", "from": {"kind": "DockerImage", "name": "docker.io/acme/app:latest"}}]},
    });
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        let args = "create --dry-run=server -o json -f -";
        let (_, created, errors) = kubectl(&plane, args, &stream.to_string());
        let created: Value = serde_json::from_str(&created).unwrap_or_default();
        if created["spec"]["tags"][0]["importPolicy"]["scheduled"] == true {
            break;
        }
        assert!(
            Instant::now() < deadline,
            "the webhook is not called: {created} {errors}"
        );
        tokio::time::sleep(Duration::from_millis(200)).await;
    }

    let kubeconfig = plane.kubeconfig();
    let (code, out, err) = plugin(kubeconfig, "webhook check");
    assert_eq!(code, Some(0), "{out}{err}");
    let (_, out, err) = plugin(kubeconfig, "webhook status -o json");
    let status: Value = serde_json::from_str(&out).unwrap_or_else(|_| panic!("{out}{err}"));
    let target = &status["configuration"]["target"];
    assert_eq!(target, "service registries/extreg-webhook", "{status}");
    assert_eq!(status["managedBy"]["tool"], "files");
    assert_eq!(status["certificate"]["trusted"], true, "{status}");
    assert_eq!(status["deployment"]["image"], IMAGE);

    // Files belong to the user: nothing is removed, and everything is named.
    for (args, code, words) in [
        (
            "webhook uninstall --yes -n registries",
            0,
            &[
                "skipped deployment.apps/extreg-webhook",
                "kubectl delete -k FOLDER",
            ][..],
        ),
        ("upgrade --yes", 3, &["apply the files of the new version"]),
    ] {
        let (ended, out, err) = plugin(kubeconfig, args);
        assert_eq!(ended, Some(code), "{args}: {out}{err}");
        for words in words {
            assert!(err.contains(words), "{args}: {err}");
        }
    }
    let (_, found, _) = kubectl(
        &plane,
        &format!("get deployment -n {NAMESPACE} -o name"),
        "",
    );
    assert_eq!(found, "deployment.apps/extreg-webhook\n");
}
