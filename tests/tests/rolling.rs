//! Replicas start and end while objects are created, behind a proxy that acts as a Service.
#![cfg(test)]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extreg_tests::{ControlPlane, Options, WebhookServer};
use kube::Client;
use kube::api::{
    Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams,
};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinSet, block_in_place};
use tokio::time::sleep;

const NAMESPACE: &str = "snow";

/// Sends new connections to the ready replicas in turn; existing connections are unchanged.
struct Service {
    address: SocketAddr,
    ready: Arc<Mutex<Vec<SocketAddr>>>,
    _tasks: JoinSet<()>,
}

impl Service {
    async fn start(replicas: &[&WebhookServer]) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let ready = Arc::new(Mutex::new(Vec::new()));
        let mut tasks = JoinSet::new();
        let endpoints: Vec<_> = replicas
            .iter()
            .map(|replica| (replica.address(), replica.health_address()))
            .collect();
        let found = Arc::clone(&ready);
        tasks.spawn(async move {
            loop {
                let mut now = Vec::new();
                for (address, health) in &endpoints {
                    if is_ready(*health).await.unwrap_or(false) {
                        now.push(*address);
                    }
                }
                *found.lock().unwrap() = now;
                sleep(Duration::from_millis(20)).await;
            }
        });
        let known = Arc::clone(&ready);
        tasks.spawn(async move {
            let mut turn = 0;
            loop {
                let (mut from, _) = listener.accept().await.unwrap();
                turn += 1;
                let known = known.lock().unwrap().clone();
                let Some(&to) = known.get(turn % known.len().max(1)) else {
                    continue;
                };
                tokio::spawn(async move {
                    if let Ok(mut to) = TcpStream::connect(to).await {
                        let _ = copy_bidirectional(&mut from, &mut to).await;
                    }
                });
            }
        });
        Self {
            address,
            ready,
            _tasks: tasks,
        }
    }

    async fn until(&self, ready: usize) {
        while self.ready.lock().unwrap().len() != ready {
            sleep(Duration::from_millis(10)).await;
        }
    }
}

async fn is_ready(health: SocketAddr) -> std::io::Result<bool> {
    let mut stream = TcpStream::connect(health).await?;
    let request = b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    stream.write_all(request).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    Ok(answer.starts_with("HTTP/1.1 200"))
}

/// Makes the API server call an address for each new ImageStream.
async fn arm(plane: &ControlPlane, address: SocketAddr, ca: &str, failure_policy: &str) {
    let client = plane.client().await.unwrap();
    let namespace = json!({
        "apiVersion": "v1", "kind": "Namespace",
        "metadata": {"name": NAMESPACE, "labels": {"team": "snow"}},
    });
    let configuration = json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "extreg-webhook"},
        "webhooks": [{
            "name": "mutate.extreg.io",
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "failurePolicy": failure_policy,
            // A long timeout, because the machine may be busy.
            "timeoutSeconds": 30,
            "namespaceSelector": {"matchLabels": {"team": "snow"}},
            "clientConfig": {
                "url": format!("https://{address}/mutate"),
                "caBundle": STANDARD.encode(ca),
            },
            "rules": [{
                "apiGroups": ["image.openshift.io"], "apiVersions": ["v1"], "resources": ["imagestreams"],
                "operations": ["CREATE"],
            }],
        }],
    });
    for object in [namespace, configuration] {
        let object: DynamicObject = serde_json::from_value(object).unwrap();
        let types = object.types.clone().unwrap();
        let (group, version) = types
            .api_version
            .rsplit_once('/')
            .unwrap_or(("", &types.api_version));
        let resource = ApiResource::from_gvk(&GroupVersionKind::gvk(group, version, &types.kind));
        let api: Api<DynamicObject> = Api::all_with(client.clone(), &resource);
        let name = object.metadata.name.clone().unwrap();
        let params = PatchParams::apply("tests").force();
        api.patch(&name, &params, &Patch::Apply(&object))
            .await
            .unwrap();
    }
}

fn streams(client: Client) -> Api<DynamicObject> {
    let gvk = GroupVersionKind::gvk("image.openshift.io", "v1", "ImageStream");
    Api::namespaced_with(client, NAMESPACE, &ApiResource::from_gvk(&gvk))
}

/// Creates an ImageStream; returns whether its tag was scheduled.
async fn create(api: &Api<DynamicObject>, name: &str) -> kube::Result<bool> {
    let object = json!({
        "apiVersion": "image.openshift.io/v1", "kind": "ImageStream", "metadata": {"name": name},
        "spec": {"tags": [{"name": "latest", "from": {"kind": "DockerImage", "name": "docker.io/a/b"}}]},
    });
    let object: DynamicObject = serde_json::from_value(object).unwrap();
    let stored = api.create(&PostParams::default(), &object).await?;
    Ok(stored.data["spec"]["tags"][0]["importPolicy"]["scheduled"] == Value::Bool(true))
}

/// Once the API server has loaded the configuration.
async fn until_called(api: &Api<DynamicObject>, prefix: &str) {
    let mut number = 0;
    while !create(api, &format!("{prefix}-{number}"))
        .await
        .unwrap_or(false)
    {
        number += 1;
        sleep(Duration::from_millis(50)).await;
    }
}

fn replica(plane: &ControlPlane) -> WebhookServer {
    block_in_place(|| WebhookServer::start(plane.kubeconfig(), &["--drain-wait=1s"]).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rolling_restart_fails_and_misses_no_create() {
    let plane = ControlPlane::start(Options::default()).await.unwrap();
    let mut replicas = [replica(&plane), replica(&plane)];
    let ca: String = replicas
        .iter()
        .map(|replica| std::fs::read_to_string(replica.ca_file()).unwrap())
        .collect();
    let service = Service::start(&[&replicas[0], &replicas[1]]).await;
    service.until(2).await;
    arm(&plane, service.address, &ca, "Fail").await;
    let client = plane.client().await.unwrap();
    until_called(&streams(client.clone()), "first").await;

    let stop = Arc::new(AtomicBool::new(false));
    let created = Arc::new(AtomicUsize::new(0));
    let mut load = JoinSet::new();
    for worker in 0..4 {
        let (api, stop, created) = (
            streams(client.clone()),
            Arc::clone(&stop),
            Arc::clone(&created),
        );
        load.spawn(async move {
            let mut number = 0;
            while !stop.load(Ordering::Relaxed) {
                let name = format!("s-{worker}-{number}");
                assert!(create(&api, &name).await.unwrap(), "{name} was missed");
                created.fetch_add(1, Ordering::Relaxed);
                number += 1;
            }
        });
    }
    let more = async |count: usize| {
        let wanted = created.load(Ordering::Relaxed) + count;
        while created.load(Ordering::Relaxed) < wanted {
            sleep(Duration::from_millis(10)).await;
        }
    };
    more(50).await;
    for _ in 0..2 {
        for replica in &mut replicas {
            let status = block_in_place(|| replica.terminate().unwrap());
            assert!(status.success(), "{status}");
            service.until(1).await;
            more(20).await;
            block_in_place(|| replica.restart().unwrap());
            service.until(2).await;
            more(20).await;
        }
    }
    stop.store(true, Ordering::Relaxed);
    while let Some(worker) = load.join_next().await {
        worker.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_are_admitted_without_replicas_and_changed_after_recovery() {
    let plane = ControlPlane::start(Options::default()).await.unwrap();
    let mut server = replica(&plane);
    let ca = std::fs::read_to_string(server.ca_file()).unwrap();
    arm(&plane, server.address(), &ca, "Ignore").await;
    let api = streams(plane.client().await.unwrap());
    until_called(&api, "first").await;
    for round in 0..2 {
        server.kill();
        for number in 0..5 {
            let name = format!("dead-{round}-{number}");
            assert!(!create(&api, &name).await.unwrap(), "{name}");
        }
        block_in_place(|| server.restart().unwrap());
        assert!(create(&api, &format!("back-{round}")).await.unwrap());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhook_survives_a_restart_of_the_api_server() {
    let mut plane = ControlPlane::start(Options::default()).await.unwrap();
    let server = replica(&plane);
    let ca = std::fs::read_to_string(server.ca_file()).unwrap();
    arm(&plane, server.address(), &ca, "Fail").await;
    until_called(&streams(plane.client().await.unwrap()), "first").await;
    let known = r#"extreg_facts_known{source="namespaces"} 1"#;
    let until_known = async || {
        while !block_in_place(|| server.metrics().unwrap()).contains(known) {
            sleep(Duration::from_millis(50)).await;
        }
    };
    until_known().await;
    for round in 0..2 {
        plane.restart_api_server().await.unwrap();
        let api = streams(plane.client().await.unwrap());
        until_called(&api, &format!("after-{round}")).await;
        until_known().await;
        assert!(is_ready(server.health_address()).await.unwrap());
    }
}
