//! The binary: flags, signals, exit codes and logs.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::sleep;

use crate::api;
use crate::support::{Client, Pki, get, review, tls};

struct Webhook {
    child: Child,
    log: Option<BufReader<ChildStderr>>,
    address: SocketAddr,
    health: SocketAddr,
}

fn command(pki: &Pki) -> Command {
    let mut command = command_with_cluster(pki);
    command.arg("--no-cluster");
    command
}

fn command_with_cluster(pki: &Pki) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_extreg-webhook"));
    command
        .args(["--listen=127.0.0.1:0", "--health-listen=127.0.0.1:0"])
        .arg("--tls-cert")
        .arg(pki.path("tls.crt"))
        .arg("--tls-key")
        .arg(pki.path("tls.key"))
        .env_clear()
        .kill_on_drop(true)
        .stderr(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

impl Webhook {
    async fn start(pki: &Pki, args: &[&str]) -> Self {
        Self::spawn(command(pki).args(args)).await
    }

    async fn spawn(command: &mut Command) -> Self {
        let mut child = command.spawn().unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        loop {
            let mut line = String::new();
            assert!(
                log.read_line(&mut line).await.unwrap() > 0,
                "it ended before it served"
            );
            let Ok(event) = serde_json::from_str::<Value>(&line) else {
                continue;
            };
            if event["message"] == "serving" {
                let address = |key: &str| event[key].as_str().unwrap().parse().unwrap();
                return Self {
                    address: address("address"),
                    health: address("health_address"),
                    child,
                    log: Some(log),
                };
            }
        }
    }

    /// Keeps the pipe empty, so that a full one never blocks the webhook.
    fn read_log(&mut self) -> tokio::task::JoinHandle<String> {
        let mut log = self.log.take().unwrap();
        tokio::spawn(async move {
            let mut text = String::new();
            log.read_to_string(&mut text).await.unwrap();
            text
        })
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().unwrap().to_string();
        let status = std::process::Command::new("kill")
            .args([signal, &id])
            .status();
        assert!(status.unwrap().success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigterm_drains_and_exits_zero_without_losing_a_request() {
    let pki = Pki::new();
    for signal in ["-TERM", "-INT"] {
        let mut webhook = Webhook::start(&pki, &["--drain-wait=1s"]).await;
        let log = webhook.read_log();
        let stop = Arc::new(AtomicBool::new(false));
        let answered = Arc::new(AtomicUsize::new(0));
        let mut clients = Vec::new();
        for _ in 0..4 {
            let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
            let config = pki.client_config("http/1.1");
            let address = webhook.address;
            let mut client = Client::h1(&pki, address).await;
            clients.push(tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    let answer = client.post(review("u", "ns")).await.unwrap();
                    assert_eq!(answer.status, StatusCode::OK);
                    answered.fetch_add(1, Ordering::Relaxed);
                    if answer.closing {
                        client = Client::try_h1(config.clone(), address).await.unwrap();
                    }
                }
            }));
        }
        while answered.load(Ordering::Relaxed) < 40 {
            sleep(Duration::from_millis(5)).await;
        }
        webhook.signal(signal);
        while get(webhook.health, "/readyz").await.status == StatusCode::OK {
            sleep(Duration::from_millis(5)).await;
        }
        stop.store(true, Ordering::Relaxed);
        for client in clients {
            client.await.unwrap();
        }
        assert_eq!(
            webhook.child.wait().await.unwrap().code(),
            Some(0),
            "{signal}"
        );
        assert!(log.await.unwrap().contains("\"drained\""));
    }
}

#[tokio::test]
async fn readiness_follows_the_ca_bundle_of_the_configuration() {
    let pki = Pki::new();
    let (api, _) = api::start();
    let path = "/apis/admissionregistration.k8s.io/v1/mutatingwebhookconfigurations/extreg-webhook";
    let kubeconfig = write_kubeconfig(&pki, &api.url);
    for (bundle, expected) in [
        (Pki::new().bundle(), StatusCode::SERVICE_UNAVAILABLE),
        (pki.bundle(), StatusCode::OK),
    ] {
        let configuration = json!({
            "metadata": {"name": "extreg-webhook"},
            "webhooks": [{
                "name": "mutate.extreg.io", "admissionReviewVersions": ["v1"], "sideEffects": "None",
                "clientConfig": {
                    "service": {"name": "extreg-webhook", "namespace": "extreg-system"},
                    "caBundle": STANDARD.encode(bundle),
                },
            }],
        });
        api.put(path, configuration);
        let mut command = command_with_cluster(&pki);
        command
            .args(["--namespace=extreg-system", "--reload-every=20ms"])
            .arg("--kubeconfig")
            .arg(&kubeconfig);
        let mut webhook = Webhook::spawn(&mut command).await;
        let _log = webhook.read_log();
        while get(webhook.health, "/readyz").await.status != expected {
            sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn many_large_bodies_do_not_exceed_the_memory_budget() {
    const EACH: usize = 512 << 10;
    let pki = Pki::new();
    let args = ["--drain-wait=0", "--deadline=1m"];
    let mut webhook = Webhook::start(&pki, &args).await;
    let _log = webhook.read_log();
    let mut good = Client::h2(&pki, webhook.address).await;
    let mut held = Vec::new();
    // Each announces eight MiB and sends half a MiB: 64 MiB together.
    for _ in 0..128 {
        let mut stream = tls(pki.client_config("http/1.1"), webhook.address)
            .await
            .unwrap();
        let head = format!(
            "POST /mutate HTTP/1.1\r\nhost: x\r\ncontent-length: {}\r\n\r\n",
            8 << 20
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // A refused body is not read to its end.
        let _ = stream.write_all(&vec![b' '; EACH]).await;
        held.push(stream);
        let answer = good.post(review("u", "ns")).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK);
    }
    let status = format!("/proc/{}/status", webhook.child.id().unwrap());
    let status = std::fs::read_to_string(status).unwrap();
    let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kibibytes: u64 = most
        .unwrap()
        .trim()
        .trim_end_matches(" kB")
        .parse()
        .unwrap();
    assert!(kibibytes < 160 << 10, "{kibibytes} KiB");
}

/// A kubeconfig of a server without authentication.
fn write_kubeconfig(pki: &Pki, server: &str) -> PathBuf {
    let config = json!({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": ""}}],
    });
    let path = pki.path("kubeconfig");
    std::fs::write(&path, config.to_string()).unwrap();
    path
}

#[tokio::test]
async fn bodies_are_not_logged_at_any_level() {
    let pki = Pki::new();
    let mut webhook = Webhook::start(&pki, &["--log-level=trace", "--drain-wait=0"]).await;
    let log = webhook.read_log();
    let mut client = Client::h1(&pki, webhook.address).await;
    let object = json!({
        "metadata": {"annotations": {"note": "hunter2"}},
        "spec": {"output": {"to": {"kind": "DockerImage", "name": "docker.io/a/b"}}, "x": "hunter2"},
    });
    let good = json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "the-uid",
            "resource": {"group": "build.openshift.io", "version": "v1", "resource": "builds"},
            "namespace": "ns\nforged", "name": "b", "operation": "CREATE",
            "object": object, "oldObject": object, "options": {"x": "hunter2"},
        },
    });
    let answer = client.post(good.to_string().into_bytes()).await.unwrap();
    assert!(answer.json()["response"]["patch"].is_string());
    for bad in [
        r#"{"apiVersion":"hunter2"}"#,
        r#"{"request":"hunter2"}"#,
        r#"{"hunter2"#,
        r#"{"request":{"uid":["hunter2"]}}"#,
    ] {
        let answer = client.post(bad.into()).await.unwrap();
        assert_eq!(answer.status, StatusCode::BAD_REQUEST);
        assert!(!answer.text().contains("hunter2"));
    }
    webhook.signal("-TERM");
    webhook.child.wait().await.unwrap();
    let log = log.await.unwrap();
    assert!(log.contains("the-uid"), "{log}");
    assert!(!log.contains("hunter2"), "{log}");
    for line in log.lines() {
        assert!(serde_json::from_str::<Value>(line).is_ok(), "{line}");
    }
}

#[tokio::test]
async fn policy_file_is_reloaded() {
    let pki = Pki::new();
    let path = pki.path("policy.yaml");
    let policy = |secret: &str| {
        format!(
            "apiVersion: extreg.io/v1alpha1\nkind: RegistryPolicy\nmetadata: {{name: p}}\n\
             spec: {{registry: quay.io, push: {{secretName: {secret}}}}}\n"
        )
    };
    std::fs::write(&path, policy("one")).unwrap();
    let flag = format!("--policy={}", path.display());
    let mut webhook = Webhook::start(&pki, &[&flag, "--reload-every=20ms"]).await;
    let _log = webhook.read_log();
    let mut client = Client::h1(&pki, webhook.address).await;
    let to = json!({"kind": "DockerImage", "name": "quay.io/a/b"});
    let body = json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {
            "uid": "u", "namespace": "ns", "operation": "CREATE",
            "resource": {"group": "build.openshift.io", "resource": "builds"},
            "object": {"spec": {"output": {"to": to}}},
        },
    })
    .to_string();
    let mut secret = async || {
        let answer = client.post(body.clone().into_bytes()).await.unwrap().json();
        answer["response"]["auditAnnotations"]["secret"]
            .as_str()
            .unwrap_or("")
            .to_owned()
    };
    assert_eq!(secret().await, "one");
    std::fs::write(&path, "not a policy").unwrap();
    let down = r#"extreg_facts_source_state{source="policies",state="down"} 1"#;
    while !get(webhook.health, "/metrics").await.text().contains(down) {
        sleep(Duration::from_millis(5)).await;
    }
    assert_eq!(secret().await, "one");
    std::fs::write(&path, policy("two")).unwrap();
    while secret().await != "two" {
        sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn startup_errors_have_a_reason_and_an_exit_code() {
    let pki = Pki::new();
    let table = [
        (&["--deadline=soon"][..], 2, "--deadline"),
        (&["--no-such-flag"][..], 2, "--no-such-flag"),
        (&["--tls-cert=/nowhere/tls.crt"][..], 1, "/nowhere/tls.crt"),
        (
            &["--policy=/nowhere/policy.yaml"][..],
            1,
            "/nowhere/policy.yaml",
        ),
        (&["--listen=192.0.2.1:1"][..], 1, "192.0.2.1:1"),
        (&["--follow-builds"][..], 2, "extreg-importer"),
        (&["--follow-namespaces={}"][..], 2, "extreg-importer"),
    ];
    for (args, code, reason) in table {
        let output = command(&pki).args(args).output().await.unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {text}");
        assert!(text.contains(reason), "{args:?}: {text}");
    }
    let version = command(&pki).arg("--version").output().await.unwrap();
    assert_eq!(version.status.code(), Some(0));
    assert!(
        String::from_utf8(version.stdout)
            .unwrap()
            .starts_with("extreg-webhook ")
    );
}
