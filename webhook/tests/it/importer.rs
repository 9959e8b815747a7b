//! The importer's binary: probes, signals, exit codes, memory.

use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use extreg_fakes::{Answer, Api};
use futures::stream::iter;
use http::StatusCode;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};
use tokio::time::sleep;

use crate::api;
use crate::support::get;

const LEASE: &str =
    "/apis/coordination.k8s.io/v1/namespaces/extreg-system/leases/extreg-webhook-follow-builds";

struct Importer {
    child: Child,
    health: SocketAddr,
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_extreg-importer"));
    command
        .arg("--health-listen=127.0.0.1:0")
        .env_clear()
        .kill_on_drop(true)
        .stderr(Stdio::piped())
        .stdout(Stdio::piped());
    command
}

impl Importer {
    async fn start(api: &Api) -> Self {
        let mut child = command()
            .env("EXTREG_NAMESPACE", "extreg-system")
            .arg("--kubeconfig")
            .arg(api.kubeconfig())
            .spawn()
            .unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let health = loop {
            let mut line = String::new();
            assert!(log.read_line(&mut line).await.unwrap() > 0, "it ended");
            let event: Value = serde_json::from_str(&line).unwrap();
            if let Some(address) = event["health_address"].as_str() {
                break address.parse().unwrap();
            }
        };
        // Keeps the pipe empty, so that it never blocks the importer.
        tokio::spawn(async move { while log.read_line(&mut String::new()).await.unwrap() > 0 {} });
        Self { child, health }
    }

    async fn becomes(&self, path: &str, what: impl Fn(StatusCode, &str) -> bool) {
        let mut last = String::new();
        for _ in 0..600 {
            let answer = get(self.health, path).await;
            let status = answer.status;
            last = answer.text();
            if what(status, &last) {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
        panic!("{path} is still {last}");
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().unwrap().to_string();
        let status = std::process::Command::new("kill")
            .args([signal, &id])
            .status();
        assert!(status.unwrap().success());
    }

    /// Its peak memory in KiB.
    fn peak(&self) -> u64 {
        let path = format!("/proc/{}/status", self.child.id().unwrap());
        let status = std::fs::read_to_string(Path::new(&path)).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmHWM:"));
        let number = line.unwrap().split_whitespace().nth(1);
        number.unwrap().parse().unwrap()
    }
}

#[tokio::test]
async fn is_ready_when_it_follows_and_releases_its_lease_at_exit() {
    let (api, _) = api::start();
    api.refuse("/apis/coordination.k8s.io", 403);
    api.set(
        "/apis/build.openshift.io/v1/builds?status=Complete",
        Vec::new(),
    );
    let mut importer = Importer::start(&api).await;
    assert_eq!(get(importer.health, "/livez").await.status, StatusCode::OK);
    importer
        .becomes("/readyz", |status, text| {
            status == StatusCode::SERVICE_UNAVAILABLE && text.contains("Lease")
        })
        .await;
    api.accept("/apis/coordination.k8s.io");
    importer
        .becomes("/readyz", |status, _| status == StatusCode::OK)
        .await;
    importer
        .becomes("/metrics", |_, text| {
            text.contains("extreg_follow_leader 1\n") && !text.contains("extreg_cert")
        })
        .await;
    importer.signal("-TERM");
    assert_eq!(importer.child.wait().await.unwrap().code(), Some(0));
    let lease = api.object(LEASE);
    assert_eq!(lease["spec"]["holderIdentity"], "");
    assert!(lease["spec"]["renewTime"].is_string());
}

/// Two pages of 64 MiB, one build in each of which can be followed.
fn pages(query: &str) -> Answer {
    let page = u8::from(query.contains("continue="));
    let metadata = match page {
        0 => json!({"resourceVersion": "1", "continue": "more"}),
        _ => json!({"resourceVersion": "1"}),
    };
    let head = format!(
        r#"{{"kind":"BuildList","apiVersion":"build.openshift.io/v1","metadata":{metadata},"items":["#
    );
    let pad = "x".repeat(1 << 20);
    let items = (0..64).map(move |number| {
        let comma = if number == 0 { "" } else { "," };
        let build = json!({
            "metadata": {
                "name": format!("b{page}-{number}"), "namespace": format!("n{page}"), "uid": format!("{page}-{number}"),
                "annotations": {"pad": "PAD"},
            },
            "spec": {"output": {"to": {"kind": "DockerImage", "name": format!("ann/app{number}")}}},
            "status": {
                "phase": if number == 63 { "Complete" } else { "Failed" },
                "completionTimestamp": "2999-01-01T00:00:00Z",
                "output": {"to": {"imageDigest": format!("sha256:{}", "2".repeat(64))}},
            },
        });
        format!("{comma}{build}").replace("PAD", &pad)
    });
    let parts = std::iter::once(head).chain(items).chain(["]}".to_owned()]);
    Answer::parts(iter(parts.map(Into::into)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_64_mib_are_read_in_less_memory_than_its_limit() {
    let api = api::empty()
        .unless(|seen, _| {
            let is_list = seen.path.ends_with("/builds") && !seen.query.contains("watch=");
            is_list.then(|| pages(&seen.query))
        })
        .start();
    let importer = Importer::start(&api).await;
    // The namespaces of both builds do not exist.
    importer
        .becomes("/metrics", |_, text| {
            text.contains("extreg_follow_outcomes_total{outcome=\"no_tag\"} 2\n")
        })
        .await;
    let peak = importer.peak();
    assert!(peak < 96 << 10, "{peak} KiB of a limit of 128 MiB");
}

#[tokio::test]
async fn startup_errors_have_a_reason() {
    let missing = "--kubeconfig=/nowhere/kubeconfig";
    let table = [
        (&[][..], 2, "--namespace"),
        (
            &["--namespace=a", "--namespace-selector=team=shop"][..],
            2,
            "--namespace-selector",
        ),
        (
            &["--namespace=a", "--no-such-flag"][..],
            2,
            "--no-such-flag",
        ),
        (&["--namespace=a", missing][..], 1, "kubeconfig"),
    ];
    for (args, code, reason) in table {
        let output = command().args(args).output().await.unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(code), "{args:?}: {text}");
        assert!(text.contains(reason), "{args:?}: {text}");
    }
}
