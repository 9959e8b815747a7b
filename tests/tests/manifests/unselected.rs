//! The configuration that OLM writes has no namespace selector and no match conditions: the result of every request is the
//! same as with them.
//!
//! The recorded reviews, in namespaces of each kind, and the sample objects are sent to a real API server with each of the
//! two configurations; nothing is stored.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use extreg_manifests::{Settings, Tls, mutating_webhook_configuration};
use extreg_packaging::{Release, olm};
use extreg_tests::fixtures::{POLICIES, objects};
use extreg_tests::{ControlPlane, WebhookServer};
use http::{Method, Request};
use http_body_util::BodyExt as _;
use kube::client::Body;
use serde_json::{Value, json};

use crate::cluster::{NAMESPACES, RESOURCES, apply, create_namespaces, kubectl, start};

/// Secrets that policies of the tests name.
const SECRETS: [&str; 4] = ["dockerhub", "hub", "hub-pull", "quay"];

/// A request that is repeated with each configuration.
struct Attempt {
    what: String,
    user: String,
    method: Method,
    path: String,
    body: Value,
}

/// What the user sees of it.
#[derive(Debug, PartialEq)]
struct Reply {
    object: Value,
    warnings: Vec<String>,
}

struct Cluster {
    plane: ControlPlane,
    users: BTreeMap<String, kube::Client>,
}

impl Cluster {
    async fn start() -> Self {
        let plane = start().await;
        create_namespaces(&plane);
        for (namespace, _) in NAMESPACES {
            for name in SECRETS {
                let auths = r#"{"auths":{"docker.io":{"auth":"dTpw"},"quay.io":{"auth":"dTpw"}}}"#;
                let secret = json!({
                    "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson",
                    "metadata": {"name": name, "namespace": namespace},
                    "stringData": {".dockerconfigjson": auths},
                });
                apply(&plane, &secret.to_string());
            }
        }
        Self {
            plane,
            users: BTreeMap::new(),
        }
    }

    /// A client of this user, who is an administrator.
    async fn client(&mut self, user: &str) -> kube::Client {
        if let Some(client) = self.users.get(user) {
            return client.clone();
        }
        let kubeconfig = self.plane.user(user, &["system:masters"]).unwrap();
        let client = ControlPlane::client_of(&kubeconfig).await.unwrap();
        self.users.insert(user.to_owned(), client.clone());
        client
    }

    async fn send(&mut self, attempt: &Attempt) -> Reply {
        let request = Request::builder()
            .method(attempt.method.clone())
            .uri(&attempt.path)
            .header("content-type", "application/json")
            .body(Body::from(attempt.body.to_string().into_bytes()))
            .unwrap();
        let response = self
            .client(&attempt.user)
            .await
            .send(request)
            .await
            .unwrap();
        let is_success = response.status().is_success();
        let warnings = response.headers().get_all("warning").iter();
        let warnings = warnings
            .map(|text| text.to_str().unwrap().to_owned())
            .collect();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let mut object: Value = serde_json::from_slice(&bytes).unwrap();
        assert!(is_success, "{}: {object}", attempt.what);
        let metadata = object["metadata"].as_object_mut().unwrap();
        for set_by_server in [
            "creationTimestamp",
            "generation",
            "managedFields",
            "resourceVersion",
            "uid",
        ] {
            metadata.remove(set_by_server);
        }
        Reply { object, warnings }
    }

    /// The attempts of the recorded reviews in every namespace, and of the samples in two. What an update replaces is
    /// stored.
    async fn attempts(&mut self) -> Vec<Attempt> {
        let mut attempts = Vec::new();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/recorded");
        let files = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        let mut files: Vec<_> = files
            .filter(|file| file.extension().is_some_and(|end| end == "json"))
            .collect();
        files.sort();
        for file in files {
            let name = file.file_stem().unwrap().to_str().unwrap();
            let review: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
            for (namespace, _) in NAMESPACES {
                attempts.extend(self.recorded(name, &review["request"], namespace).await);
            }
        }
        for (index, (resource, object)) in objects().into_iter().enumerate() {
            for namespace in ["team", "spared"] {
                let name = format!("sample-{index}");
                let path = collection(resource.group(), resource.name(), namespace);
                attempts.push(Attempt {
                    what: format!("{name} in {namespace}"),
                    user: "ann".to_owned(),
                    method: Method::POST,
                    path: path + "?dryRun=All",
                    body: sent(&object, resource.group(), resource.kind(), &name),
                });
            }
        }
        attempts
    }

    async fn recorded(&mut self, name: &str, request: &Value, namespace: &str) -> Option<Attempt> {
        let text = |pointer: &str| request.pointer(pointer).and_then(Value::as_str);
        let (group, plural) = (text("/resource/group")?, text("/resource/resource")?);
        let (_, _, kind) = RESOURCES
            .into_iter()
            .find(|resource| (resource.0, resource.1) == (group, plural))?;
        if text("/subResource").is_some() {
            return None;
        }
        let (object, old) = (&request["object"], &request["oldObject"]);
        let all = collection(group, plural, namespace);
        let mut attempt = Attempt {
            what: format!("{name} in {namespace}"),
            user: text("/userInfo/username")?.to_owned(),
            method: Method::POST,
            path: format!("{all}?dryRun=All"),
            body: sent(object, group, kind, name),
        };
        if text("/operation") == Some("UPDATE") {
            let stored = self
                .send(&Attempt {
                    what: format!("what {} replaces", attempt.what),
                    user: "ann".to_owned(),
                    method: Method::POST,
                    path: all.clone(),
                    body: sent(old, group, kind, name),
                })
                .await;
            assert_eq!(stored.warnings, [""; 0]);
            attempt.method = Method::PUT;
            attempt.path = format!("{all}/{name}?dryRun=All");
            let args = [
                "get",
                &format!("{plural}.{group}"),
                name,
                "-n",
                namespace,
                "-o",
                "jsonpath={.metadata.resourceVersion}",
            ];
            let version = kubectl(&self.plane, &args, "").stdout;
            attempt.body["metadata"]["resourceVersion"] =
                String::from_utf8(version).unwrap().into();
        }
        Some(attempt)
    }

    /// The replies while the API server calls the webhook by this configuration, and the number of calls.
    async fn replies(
        &mut self,
        configuration: &Value,
        server: &WebhookServer,
        attempts: &[Attempt],
    ) -> (Vec<Reply>, u64) {
        while !knows_everything(&server.metrics().unwrap()) {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        apply(&self.plane, &configuration.to_string());
        self.wait(true).await;
        let before = calls(server);
        let mut replies = Vec::new();
        for attempt in attempts {
            replies.push(self.send(attempt).await);
        }
        let name = configuration["metadata"]["name"].as_str().unwrap();
        let calls = calls(server) - before;
        let args = ["delete", "mutatingwebhookconfiguration", name];
        assert!(kubectl(&self.plane, &args, "").status.success());
        self.wait(false).await;
        (replies, calls)
    }

    /// Waits until the API server calls the webhook, or no longer does: it learns of a configuration by a watch.
    async fn wait(&mut self, is_called: bool) {
        let (group, plural, kind) = ("build.openshift.io", "builds", "Build");
        let object =
            json!({"spec": {"output": {"to": {"kind": "DockerImage", "name": "docker.io/a/b"}}}});
        let probe = Attempt {
            what: "probe".to_owned(),
            user: "ann".to_owned(),
            method: Method::POST,
            path: collection(group, plural, "team") + "?dryRun=All",
            body: sent(&object, group, kind, "probe"),
        };
        loop {
            let reply = self.send(&probe).await;
            let has_effect = reply.object["spec"] != object["spec"] || !reply.warnings.is_empty();
            if has_effect == is_called {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

fn collection(group: &str, plural: &str, namespace: &str) -> String {
    format!("/apis/{group}/v1/namespaces/{namespace}/{plural}")
}

/// The object under another name, without what the server sets.
fn sent(object: &Value, group: &str, kind: &str, name: &str) -> Value {
    let mut body = object.clone();
    body["apiVersion"] = format!("{group}/v1").into();
    body["kind"] = kind.into();
    body["metadata"] = json!({"name": name});
    for part in ["labels", "annotations"] {
        if let Some(value) = object["metadata"].get(part) {
            body["metadata"][part] = value.clone();
        }
    }
    body
}

/// Whether the webhook knows the labels and secrets.
fn knows_everything(metrics: &str) -> bool {
    let known =
        |source: &str| metrics.contains(&format!("extreg_facts_known{{source=\"{source}\"}} 1"));
    known("namespaces") && known("secrets")
}

/// How often the webhook was called.
fn calls(server: &WebhookServer) -> u64 {
    let metrics = server.metrics().unwrap();
    let series = metrics
        .lines()
        .filter(|line| line.starts_with("extreg_admission_requests_total{"));
    series
        .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
        .sum()
}

/// The ClusterServiceVersion of the bundle.
fn csv() -> Value {
    let files = olm::olm(&Release::default()).unwrap();
    let file = files
        .into_iter()
        .find(|file| file.name.ends_with(".clusterserviceversion.yaml"));
    serde_saphyr::from_str(&file.unwrap().content).unwrap()
}

/// What OLM makes of a webhook definition (operator-framework/api `pkg/operators/v1alpha1`, `GetMutatingWebhook`), at a URL.
fn olm_configuration(csv: &Value, url: &str, ca: &str) -> Value {
    use base64::Engine as _;
    let definition = &csv["spec"]["webhookdefinitions"][0];
    let mut entry = json!({
        "name": definition["generateName"],
        "clientConfig": {"url": url, "caBundle": base64::engine::general_purpose::STANDARD.encode(ca)},
    });
    for field in [
        "admissionReviewVersions",
        "failurePolicy",
        "matchPolicy",
        "objectSelector",
        "reinvocationPolicy",
        "rules",
        "sideEffects",
        "timeoutSeconds",
    ] {
        entry[field] = definition[field].clone();
    }
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": format!("{}-abcde", definition["generateName"].as_str().unwrap())},
        "webhooks": [entry],
    })
}

/// The arguments of the Deployment, without its addresses and files.
fn olm_args(csv: &Value) -> Vec<String> {
    let args = csv.pointer("/spec/install/spec/deployments/0/spec/template/spec/containers/0/args");
    let args = args
        .unwrap()
        .as_array()
        .unwrap()
        .iter()
        .map(|arg| arg.as_str().unwrap());
    let of_pod = ["--listen=", "--health-listen=", "--tls-"];
    args.filter(|arg| !of_pod.iter().any(|start| arg.starts_with(start)))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn every_request_has_the_same_result_without_selectors_and_conditions() {
    let mut cluster = Cluster::start().await;
    let attempts = cluster.attempts().await;
    assert!(attempts.len() > 300, "{}", attempts.len());
    let csv = csv();
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.yaml");
    let mut changed = 0;
    for text in [POLICIES[1], POLICIES[2]] {
        std::fs::write(&policy, text.unwrap()).unwrap();
        let mut flags = vec![
            "--namespace=extreg-system".to_owned(),
            format!("--policy={}", policy.display()),
        ];
        let webhook = |flags: &[String]| {
            let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
            WebhookServer::start(cluster.plane.kubeconfig(), &flags).unwrap()
        };
        let (ours, theirs) = (webhook(&flags), {
            flags.extend(olm_args(&csv));
            webhook(&flags)
        });
        let ca = |server: &WebhookServer| std::fs::read_to_string(server.ca_file()).unwrap();
        let selecting = mutating_webhook_configuration(&Settings {
            tls: Tls::External {
                url: ours.url().trim_end_matches("/mutate").parse().unwrap(),
                ca: ca(&ours).parse().unwrap(),
            },
            ..Settings::default()
        });
        let selecting = serde_json::to_value(selecting).unwrap();
        let unselected = olm_configuration(&csv, &theirs.url(), &ca(&theirs));

        let (with, few) = cluster.replies(&selecting, &ours, &attempts).await;
        let (without, many) = cluster.replies(&unselected, &theirs, &attempts).await;
        for ((attempt, with), without) in attempts.iter().zip(&with).zip(&without) {
            assert_eq!(with, without, "{}", attempt.what);
            let is_changed = with.object["spec"] != attempt.body["spec"]
                || with.object["tag"] != attempt.body["tag"];
            changed += usize::from(is_changed || !with.warnings.is_empty());
        }
        // The selectors and conditions kept most requests away.
        assert!(few > 20 && many > 2 * few, "{few} and {many} calls");
    }
    assert!(changed > 20, "{changed}");
}
