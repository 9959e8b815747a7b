//! Faults around the webhook: a bad network, frozen processes, a name that does not resolve. With failurePolicy Ignore
//! none of them fails a request, and objects are changed again afterwards.

use std::net::{Ipv4Addr, SocketAddr};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use extreg_tests::WebhookServer;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::support::{Cluster, stream};

const LATENCY: Duration = Duration::from_millis(200);
/// One in twenty chunks is lost, which closes its connection.
const LOSS: usize = 20;

/// A network between the API server and the webhook with configurable faults.
struct Network {
    address: SocketAddr,
    bad: Arc<AtomicBool>,
    lost: Arc<AtomicUsize>,
    _tasks: JoinSet<()>,
}

impl Network {
    async fn start(to: SocketAddr) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let bad = Arc::new(AtomicBool::new(false));
        let lost = Arc::new(AtomicUsize::new(0));
        let pieces = Arc::new(AtomicUsize::new(0));
        let mut tasks = JoinSet::new();
        let link = Link {
            bad: Arc::clone(&bad),
            lost: Arc::clone(&lost),
            pieces,
        };
        tasks.spawn(async move {
            loop {
                let (from, _) = listener.accept().await.unwrap();
                let link = link.clone();
                tokio::spawn(async move {
                    let Ok(to) = TcpStream::connect(to).await else {
                        return;
                    };
                    let (from_read, from_write) = from.into_split();
                    let (to_read, to_write) = to.into_split();
                    // The end of either direction closes the connection.
                    tokio::select! {
                        () = link.carry(from_read, to_write) => {}
                        () = link.carry(to_read, from_write) => {}
                    }
                });
            }
        });
        Self {
            address,
            bad,
            lost,
            _tasks: tasks,
        }
    }

    fn url(&self) -> String {
        format!("https://{}/mutate", self.address)
    }
}

#[derive(Clone)]
struct Link {
    bad: Arc<AtomicBool>,
    lost: Arc<AtomicUsize>,
    pieces: Arc<AtomicUsize>,
}

impl Link {
    async fn carry(
        &self,
        mut from: tokio::net::tcp::OwnedReadHalf,
        mut to: tokio::net::tcp::OwnedWriteHalf,
    ) {
        let mut buffer = vec![0; 64 * 1024];
        while let Ok(read) = from.read(&mut buffer).await {
            if self.bad.load(Ordering::Relaxed) {
                sleep(LATENCY).await;
                if self.pieces.fetch_add(1, Ordering::Relaxed) % LOSS == LOSS - 1 {
                    self.lost.fetch_add(1, Ordering::Relaxed);
                    return;
                }
            }
            if read == 0 || to.write_all(&buffer[..read]).await.is_err() {
                return;
            }
        }
    }
}

fn signal(pid: u32, name: &str) {
    let status = Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .status();
    assert!(status.unwrap().success());
}

/// Creates ImageStreams until one is changed again. None may be refused.
async fn until_changed(cluster: &Cluster, prefix: &str) {
    let mut number = 0;
    while !cluster.schedules(&stream("snow", &format!("{prefix}-{number}"))) {
        number += 1;
        sleep(Duration::from_millis(50)).await;
    }
}

async fn installed(url: &str, server: &WebhookServer, cluster: &Cluster) {
    let args = format!(
        "install --url {url} --ca-file {} --mode enforce",
        server.ca_file().display()
    );
    cluster.webhook(&args).await.ends(0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_and_lossy_network_fails_no_create() {
    let cluster = Cluster::start().await;
    cluster.project("snow", &json!({}));
    let server = WebhookServer::start(cluster.plane.kubeconfig(), &[]).unwrap();
    let network = Network::start(server.address()).await;
    installed(&network.url(), &server, &cluster).await;
    until_changed(&cluster, "good").await;

    network.bad.store(true, Ordering::Relaxed);
    let mut number = 0;
    let mut changed = 0;
    while network.lost.load(Ordering::Relaxed) < 2 || changed == 0 {
        changed += u32::from(cluster.schedules(&stream("snow", &format!("bad-{number}"))));
        number += 1;
    }
    network.bad.store(false, Ordering::Relaxed);
    until_changed(&cluster, "good-again").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn requests_succeed_after_a_frozen_webhook_and_a_frozen_etcd() {
    let cluster = Cluster::start().await;
    cluster.project("snow", &json!({}));
    let server = WebhookServer::start(cluster.plane.kubeconfig(), &[]).unwrap();
    installed(&server.url(), &server, &cluster).await;
    until_changed(&cluster, "good").await;

    // Like a node whose CPUs are busy: connections are accepted, but nothing is answered.
    let webhook = server.pid().unwrap();
    signal(webhook, "STOP");
    for number in 0..3 {
        assert!(!cluster.schedules(&stream("snow", &format!("frozen-{number}"))));
    }
    signal(webhook, "CONT");
    until_changed(&cluster, "thawed").await;

    // The store stops: nothing can be written, and the webhook decides with its cached facts.
    let etcd = cluster.plane.pids()[1];
    signal(etcd, "STOP");
    let failed = cluster.run_kubectl(
        "create --request-timeout=2s -f -",
        &stream("snow", "stored"),
    );
    assert!(
        failed.code != 0 && !failed.err.contains("webhook"),
        "{failed:?}"
    );
    let mut client = server.client().await.unwrap();
    let review = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "u", "operation": "CREATE", "namespace": "snow", "name": "app", "userInfo": {"username": "ann"},
            "resource": {"group": "image.openshift.io", "version": "v1", "resource": "imagestreams"},
            "object": stream("snow", "app"),
        },
    });
    let answer = client.post(review.to_string()).await.unwrap();
    let answer: Value = serde_json::from_slice(&answer.body).unwrap();
    assert!(answer["response"]["patch"].is_string(), "{answer}");
    signal(etcd, "CONT");
    while cluster
        .run_kubectl("create -f -", &stream("snow", "probe"))
        .code
        != 0
    {
        sleep(Duration::from_millis(50)).await;
    }
    until_changed(&cluster, "stored-again").await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unresolvable_name_fails_no_create() {
    let cluster = Cluster::start().await;
    cluster.project("snow", &json!({}));
    let server = WebhookServer::start(cluster.plane.kubeconfig(), &[]).unwrap();
    installed(&server.url(), &server, &cluster).await;
    until_changed(&cluster, "good").await;
    let lead_to = |url: &str| {
        let patch =
            json!([{"op": "replace", "path": "/webhooks/0/clientConfig/url", "value": url}]);
        let file = cluster.plane.folder().join("patch.json");
        std::fs::write(&file, patch.to_string()).unwrap();
        let file = file.display();
        cluster.kubectl(
            &format!(
                "patch mutatingwebhookconfiguration extreg-webhook --type=json --patch-file={file}"
            ),
            &Value::Null,
        );
    };
    lead_to("https://webhook.invalid/mutate");
    let mut number = 0;
    while cluster.schedules(&stream("snow", &format!("unresolved-{number}"))) {
        number += 1;
        sleep(Duration::from_millis(50)).await;
    }
    let check = cluster.webhook("check").await.ends(3);
    assert!(check.err.contains("webhook.invalid"), "{check:?}");
    lead_to(&server.url());
    until_changed(&cluster, "resolved").await;
}
