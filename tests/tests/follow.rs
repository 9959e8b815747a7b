//! Following builds with the permissions of an installation, on a real API server. Imports are not served there: the
//! test makes OpenShift's changes to the stream.
#![cfg(test)]

use std::convert::Infallible;
use std::io::Write as _;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use extreg_manifests::{Phase, Settings, names};
use extreg_tests::{ControlPlane, Options};
use extreg_webhook::follow::{FollowBuilds, Pace, Progress};
use extreg_webhook::metrics::ImporterMetrics;
use http::{Method, Request, Response};
use http_body_util::BodyExt as _;
use kube::Client;
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams};
use kube::client::Body;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

const ACCOUNT: &str = "system:serviceaccount:extreg-system:extreg-importer";
const OLD: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const NEW: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

struct Cluster(ControlPlane);

impl Cluster {
    async fn start(follow_builds: extreg_manifests::FollowBuilds) -> Self {
        let cluster = Self(ControlPlane::start(Options::default()).await.unwrap());
        for namespace in ["snow", "rain"] {
            cluster.kubectl(&["create", "namespace", namespace], &Value::Null);
        }
        let settings = Settings {
            follow_builds,
            ..Settings::default()
        };
        for manifest in extreg_manifests::install(&settings).unwrap() {
            if matches!(manifest.phase, Phase::Base) && manifest.object.kind != "ServiceMonitor" {
                cluster.kubectl(&["apply", "--server-side", "-f", "-"], &manifest.value);
            }
        }
        cluster
    }

    fn kubectl(&self, args: &[&str], stdin: &Value) -> String {
        let mut kubectl = self.0.kubectl();
        let mut child = kubectl
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(stdin.to_string().as_bytes()).unwrap();
        drop(input);
        let output = child.wait_with_output().unwrap();
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kubectl {args:?}: {printed}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn get(&self, args: &[&str]) -> Value {
        let json = self.kubectl(&[&["get", "-o", "json"], args].concat(), &Value::Null);
        serde_json::from_str(&json).unwrap()
    }

    /// A client with the importer's permissions. The test handles imports.
    async fn importer_client(&self, imports: &Imports) -> Client {
        let kubeconfig = self.0.user(ACCOUNT, &["system:serviceaccounts"]).unwrap();
        let real = ControlPlane::client_of(&kubeconfig).await.unwrap();
        let imports = imports.clone();
        let service = tower::service_fn(move |request: Request<Body>| {
            let (real, imports) = (real.clone(), imports.clone());
            async move {
                let is_import = request.uri().path().ends_with("/imagestreamimports");
                if is_import && request.method() == Method::POST {
                    Ok::<_, kube::Error>(imports.answer(request).await.unwrap())
                } else {
                    real.send(request).await
                }
            }
        });
        Client::new(service, "default")
    }
}

/// A replacement for openshift-apiserver, whose imagestreamimports are not served here.
#[derive(Clone)]
struct Imports {
    client: Client,
    asked: Arc<Mutex<Vec<Value>>>,
}

impl Imports {
    async fn answer(&self, request: Request<Body>) -> Result<Response<Body>, Infallible> {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        let import: Value = serde_json::from_slice(&body).unwrap();
        self.asked.lock().unwrap().push(import.clone());
        let kind = GroupVersionKind::gvk("image.openshift.io", "v1", "ImageStream");
        let resource = ApiResource::from_gvk_with_plural(&kind, "imagestreams");
        let api: Api<DynamicObject> = Api::namespaced_with(self.client.clone(), "snow", &resource);
        let name = import["metadata"]["name"].as_str().unwrap();
        let stream = api.get(name).await.unwrap();
        for (field, found) in [
            ("resourceVersion", stream.metadata.resource_version),
            ("uid", stream.metadata.uid),
        ] {
            assert_eq!(import["metadata"][field].as_str(), found.as_deref());
        }
        let images = import["spec"]["images"].as_array().unwrap();
        let shown: Vec<Value> = images
            .iter()
            .map(|image| event(&image["to"]["name"], NEW))
            .collect();
        let patch = Patch::Merge(json!({"status": {"tags": shown}}));
        let params = PatchParams::default();
        api.patch_status(name, &params, &patch).await.unwrap();
        let success =
            json!({"status": {"status": "Success"}, "image": {"metadata": {"name": NEW}}});
        let answer = json!({"status": {"images": vec![success; images.len()]}});
        let response = Response::builder().status(201);
        Ok(response
            .body(Body::from(answer.to_string().into_bytes()))
            .unwrap())
    }
}

fn event(tag: &Value, image: &str) -> Value {
    json!({"tag": tag, "items": [{
        "created": "2026-01-01T00:00:00Z", "dockerImageReference": format!("docker.io/ann/app@{image}"),
        "image": image, "generation": 1,
    }]})
}

fn build(name: &str) -> Value {
    let now = jiff::Timestamp::now() + Duration::from_secs(5);
    json!({
        "apiVersion": "build.openshift.io/v1", "kind": "Build",
        "metadata": {"name": name, "namespace": "snow"},
        "spec": {
            "serviceAccount": "builder",
            "strategy": {"type": "Docker", "dockerStrategy": {}},
            "output": {"to": {"kind": "DockerImage", "name": "docker.io/ann/app:latest"}},
        },
        "status": {
            "phase": "Complete",
            "completionTimestamp": now.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            "output": {"to": {"imageDigest": NEW}},
        },
    })
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..600 {
        if is_so() {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    panic!("never: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_account_follows_a_build_to_the_stream() {
    let everywhere = extreg_manifests::FollowBuilds::Everywhere;
    let cluster = Cluster::start(everywhere).await;
    let tag = |name: &str, image: &str| {
        json!({
            "name": name,
            "from": {"kind": "DockerImage", "name": image},
            "importPolicy": {"importMode": "PreserveOriginal"},
            "referencePolicy": {"type": "Local"},
        })
    };
    let stream = json!({
        "apiVersion": "image.openshift.io/v1", "kind": "ImageStream",
        "metadata": {"name": "app", "namespace": "snow"},
        "spec": {"tags": [tag("latest", "ann/app"), tag("v1", "docker.io/ann/app:v1")]},
    });
    cluster.kubectl(&["create", "-f", "-"], &stream);
    let status = json!({"status": {"tags": [event(&json!("latest"), OLD)]}});
    let status = format!("--patch={status}");
    let patch = [
        "patch",
        "imagestream",
        "app",
        "-n",
        "snow",
        "--type=merge",
        "--subresource=status",
    ];
    cluster.kubectl(&[&patch[..], &[&status]].concat(), &Value::Null);

    let imports = Imports {
        client: cluster.0.client().await.unwrap(),
        asked: Arc::default(),
    };
    let metrics = ImporterMetrics::new();
    let mut tasks = JoinSet::new();
    let follow = FollowBuilds {
        client: cluster.importer_client(&imports).await,
        namespace: names::NAMESPACE.to_owned(),
        replica: "one".to_owned(),
        selected: None,
        pace: Pace {
            look: Duration::from_millis(200),
            ..Pace::default()
        },
        progress: Progress::new(metrics.follow().clone()),
        stop: CancellationToken::new(),
    };
    follow.start(&mut tasks);
    let says = |line: &str| metrics.encode().lines().any(|other| other == line);
    // As custom resources builds cannot be selected by phase.
    until("builds are watched", || {
        says(r#"extreg_follow_state{state="ready"} 1"#)
    })
    .await;
    let lease = ["lease", names::FOLLOW_BUILDS, "-n", names::NAMESPACE];
    assert_eq!(cluster.get(&lease)["spec"]["holderIdentity"], "one");

    let before = cluster.get(&["imagestream", "app", "-n", "snow"])["spec"].clone();
    cluster.kubectl(&["create", "-f", "-"], &build("app-1"));
    until("the tag shows what was pushed", || {
        let stream = cluster.get(&["imagestream", "app", "-n", "snow"]);
        stream["status"]["tags"][0]["items"][0]["image"] == NEW
    })
    .await;
    {
        let asked = imports.asked.lock().unwrap();
        assert_eq!(asked.len(), 1);
        assert_eq!(asked[0]["spec"]["images"].as_array().unwrap().len(), 1);
        assert_eq!(
            asked[0]["spec"]["images"][0]["importPolicy"],
            before["tags"][0]["importPolicy"]
        );
    }
    let query = [
        "events",
        "-n",
        "snow",
        "--field-selector=involvedObject.kind=ImageStream",
    ];
    until("an event", || {
        let events = cluster.get(&query);
        let events = events["items"].as_array().unwrap();
        events.len() == 1 && events[0]["reason"] == "FollowedBuild"
    })
    .await;

    // The same image again causes no request.
    cluster.kubectl(&["create", "-f", "-"], &build("app-2"));
    until("the second build", || {
        says(r#"extreg_follow_outcomes_total{outcome="up_to_date"} 1"#)
    })
    .await;
    assert_eq!(imports.asked.lock().unwrap().len(), 1);
}

/// Whether the account has this permission in a namespace; an empty one means everywhere. Queries the API server
/// directly: kubectl knows only served resources.
fn may(cluster: &Cluster, verb: &str, resource: &str, namespace: &str) -> bool {
    let (resource, group) = resource.split_once('.').unwrap_or((resource, ""));
    let review = json!({
        "apiVersion": "authorization.k8s.io/v1", "kind": "SubjectAccessReview",
        "spec": {
            "user": ACCOUNT,
            "groups": ["system:serviceaccounts", "system:authenticated"],
            "resourceAttributes": {
                "verb": verb, "group": group, "resource": resource, "namespace": namespace,
            },
        },
    });
    let answer = cluster.kubectl(&["create", "-o", "json", "-f", "-"], &review);
    let answer: Value = serde_json::from_str(&answer).unwrap();
    answer["status"]["allowed"] == true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn account_has_exactly_these_permissions() {
    let everywhere = extreg_manifests::FollowBuilds::Everywhere;
    let cluster = Cluster::start(everywhere).await;
    for (verb, resource, allowed) in [
        ("watch", "builds.build.openshift.io", true),
        ("list", "imagestreams.image.openshift.io", true),
        ("create", "imagestreamimports.image.openshift.io", true),
        ("create", "events", true),
        ("patch", "events", true),
        ("update", "builds.build.openshift.io", false),
        ("create", "builds.build.openshift.io", false),
        ("update", "imagestreams.image.openshift.io", false),
        ("patch", "imagestreams.image.openshift.io", false),
        ("list", "secrets", false),
        ("list", "registrypolicies.extreg.io", false),
        ("delete", "events", false),
        ("list", "events", false),
        (
            "get",
            "mutatingwebhookconfigurations.admissionregistration.k8s.io",
            false,
        ),
    ] {
        let found = may(&cluster, verb, resource, "");
        assert_eq!(found, allowed, "{verb} {resource}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn importer_can_import_into_selected_namespaces_only() {
    let selected = ["snow".parse().unwrap()].into();
    let cluster = Cluster::start(extreg_manifests::FollowBuilds::In(selected)).await;
    for (verb, resource) in [
        ("list", "imagestreams.image.openshift.io"),
        ("create", "imagestreamimports.image.openshift.io"),
        ("create", "events"),
    ] {
        assert!(may(&cluster, verb, resource, "snow"), "{verb} {resource}");
        for elsewhere in ["rain", "default", "kube-system", ""] {
            let found = may(&cluster, verb, resource, elsewhere);
            assert!(!found, "{verb} {resource} in {elsewhere:?}");
        }
    }
    // The watch of builds covers the whole cluster, and only reads.
    assert!(may(&cluster, "watch", "builds.build.openshift.io", ""));
}
