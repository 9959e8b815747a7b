//! Facts from an API server, and behavior without them.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extreg_core::facts::{Fact, Fit, Known, StreamRead};
use extreg_core::policy::{Mode, Policy};
use extreg_core::verdict::StreamKey;
use extreg_webhook::cluster::{ApiLookup, Follow, Lease};
use extreg_webhook::facts::FactStore;
use extreg_webhook::metrics::Metrics;
use extreg_webhook::reserved::ReservedThread;
use extreg_webhook::review::{EngineReviewer, Lookup as _};
use extreg_webhook::reviewer::Reviewer as _;
use extreg_webhook::wire::Request;
use http::Method;
use kube::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::api::{self, BUILDERS, IMAGE_CONFIG, LEASE, NAMESPACES, POLICIES, SECRETS};

struct Following {
    facts: Arc<FactStore>,
    metrics: Metrics,
    lookup: ApiLookup,
    reserved: ReservedThread,
    _tasks: JoinSet<()>,
}

fn follow(client: &Client, lease: Option<Lease>) -> Following {
    let metrics = Metrics::new();
    let facts = Arc::new(FactStore::new(None, Mode::Enforce, metrics.clone()));
    let mut tasks = JoinSet::new();
    let reserved = ReservedThread::start().unwrap();
    let follow = Follow {
        facts: Arc::clone(&facts),
        metrics: metrics.clone(),
        policies: true,
        lease,
        lookup_deadline: Duration::from_secs(2),
    };
    Following {
        facts,
        metrics,
        lookup: follow.start(client, &mut tasks, &reserved),
        reserved,
        _tasks: tasks,
    }
}

impl Following {
    async fn until(&self, what: &str, is_so: impl Fn(&Self) -> bool) {
        for _ in 0..2000 {
            if is_so(self) {
                return;
            }
            sleep(Duration::from_millis(5)).await;
        }
        panic!("never {what}");
    }

    async fn state(&self, source: &str, state: &str) {
        let line = format!(r#"extreg_facts_source_state{{source="{source}",state="{state}"}} 1"#);
        self.until(&line, |this| {
            this.metrics.encode().lines().any(|other| other == line)
        })
        .await;
    }

    fn policies(&self) -> Vec<String> {
        let policies = self.facts.policies();
        policies
            .set
            .iter()
            .map(|policy| policy.name().to_owned())
            .collect()
    }
}

fn policy(name: &str, spec: &Value) -> Value {
    json!({
        "apiVersion": "extreg.io/v1alpha1", "kind": "RegistryPolicy",
        "metadata": {"name": name, "generation": 2, "resourceVersion": "2",
                     "creationTimestamp": "2026-01-01T00:00:00Z"},
        "spec": spec,
    })
}

fn secret(namespace: &str) -> Value {
    let config = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"YTpi"}}}"#;
    json!({
        "metadata": {"name": "dockerhub", "namespace": namespace, "resourceVersion": "2"},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": STANDARD.encode(config)},
    })
}

#[tokio::test]
async fn every_fact_arrives_and_changes() {
    let (api, client) = api::start();
    api.set(
        NAMESPACES,
        vec![json!({"metadata": {"name": "snow", "labels": {"env": "dev"}}})],
    );
    api.set(SECRETS, vec![secret("snow")]);
    let spec = json!({"registry": "docker.io", "push": {"secretName": "dockerhub"}});
    api.set(POLICIES, vec![policy("hub", &spec)]);
    let account = json!({
        "metadata": {"name": "builder", "namespace": "snow", "annotations": {
            "openshift.io/internal-registry-pull-secret-ref": "builder-dockercfg-x"}},
        "imagePullSecrets": [{"name": "builder-dockercfg-x"}, {"name": "mine"}],
    });
    api.set(BUILDERS, vec![account]);
    let images = json!({
        "metadata": {"name": "cluster"},
        "status": {"internalRegistryHostname": "registry.internal:5000"},
    });
    api.set(IMAGE_CONFIG, vec![images]);
    let following = follow(&client, None);
    for source in [
        "policies",
        "namespaces",
        "secrets",
        "service_accounts",
        "image_config",
    ] {
        following.state(source, "ready").await;
    }
    following.state("streams", "off").await;

    assert_eq!(following.policies(), ["hub"]);
    let snow = following.facts.namespace("snow");
    assert_eq!(snow.labels().known().unwrap()["env"], "dev");
    let Fact::Known(Some(known)) = snow.secret("dockerhub") else {
        panic!("{snow:?}");
    };
    assert_eq!(known.push("docker.io/a/b"), Fit::Fits);
    assert_ne!(known.push("quay.io/a/b"), Fit::Fits);
    let Fact::Known(Some(builder)) = snow.account("builder") else {
        panic!("{snow:?}");
    };
    assert_eq!(builder.other_link("builder", "dockerhub"), Some("mine"));
    let cluster = following.facts.cluster();
    assert_eq!(cluster.integrated, Known::Known(true));
    assert!(cluster.internal.contains("registry.internal:5000"));

    // Another namespace: its labels are not known yet, its secret is known to be missing.
    let other = following.facts.namespace("other");
    assert_eq!(other.labels(), Known::Unknown);
    assert!(matches!(other.secret("dockerhub"), Fact::Known(None)));
    api.send(SECRETS, "ADDED", &secret("other"));
    following
        .until("known", |this| {
            let other = this.facts.namespace("other");
            matches!(other.secret("dockerhub"), Fact::Known(Some(_)))
        })
        .await;
    api.send(SECRETS, "DELETED", &secret("snow"));
    following
        .until("missing", |this| {
            let snow = this.facts.namespace("snow");
            matches!(snow.secret("dockerhub"), Fact::Known(None))
        })
        .await;

    // A policy that names another secret, which the webhook has no right to read.
    api.refuse("/api/v1/secrets", 403);
    let spec = json!({"registry": "quay.io", "push": {"secretName": "quay"}});
    api.send(POLICIES, "DELETED", &policy("hub", &Value::Null));
    api.send(POLICIES, "ADDED", &policy("quay", &spec));
    following
        .until("in force", |this| this.policies() == ["quay"])
        .await;
    following.state("secrets", "forbidden").await;
    assert!(matches!(
        following.facts.namespace("snow").secret("quay"),
        Fact::Unknown
    ));
    assert!(!following.facts.secrets().contains_key("dockerhub"));
}

#[tokio::test]
async fn forbidden_facts_are_unknown_and_admission_continues() {
    let (api, client) = api::start();
    api.refuse("/", 403);
    let following = follow(&client, None);
    for source in ["policies", "namespaces", "service_accounts", "image_config"] {
        following.state(source, "forbidden").await;
    }
    // Known to be unavailable.
    assert!(following.facts.is_synced());
    assert_eq!(following.policies(), [""; 0]);
    let snow = following.facts.namespace("snow");
    assert!(matches!(snow.account("builder"), Fact::Unknown));
    assert_eq!(snow.labels(), Known::Unknown);

    // It is retried.
    api.accept("/");
    following.state("policies", "ready").await;
    assert_eq!(following.policies(), [""; 0]);
}

#[tokio::test]
async fn deleting_the_last_policy_leaves_no_policy_in_force() {
    let (api, client) = api::start();
    let hub = policy("hub", &json!({"registry": "docker.io"}));
    api.set(POLICIES, vec![hub.clone()]);
    let following = follow(&client, None);
    following
        .until("in force", |this| this.policies() == ["hub"])
        .await;
    following
        .until("none", |this| {
            // A watch that starts after the event does not get it.
            api.send(POLICIES, "DELETED", &hub);
            this.policies().is_empty()
        })
        .await;
    assert!(following.facts.is_synced());
}

#[tokio::test]
async fn a_cluster_without_the_resource_has_the_built_in_policy() {
    let (api, client) = api::start();
    api.refuse(POLICIES, 404);
    let following = follow(&client, None);
    following.state("policies", "off").await;
    following
        .until("synced", |this| this.facts.is_synced())
        .await;
    assert_eq!(following.policies(), [Policy::BUILTIN]);
}

#[tokio::test]
async fn facts_are_unknown_while_the_api_server_is_down() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let following = follow(&api::client(&format!("http://{address}")), None);
    for source in ["policies", "namespaces", "service_accounts", "image_config"] {
        following.state(source, "down").await;
    }
    assert!(!following.facts.is_synced());
    assert_eq!(following.facts.namespace("snow").labels(), Known::Unknown);
}

#[tokio::test]
async fn policies_survive_a_failure_of_the_api_server() {
    let (api, client) = api::start();
    let spec = json!({"registry": "quay.io"});
    api.set(POLICIES, vec![policy("quay", &spec)]);
    let following = follow(&client, None);
    following
        .until("in force", |this| this.policies() == ["quay"])
        .await;
    api.refuse("/", 500);
    // Ends the watch, and the next list fails.
    let gone = json!({"kind": "Status", "status": "Failure", "reason": "Expired", "code": 410,
                      "message": "", "metadata": {}});
    api.send(POLICIES, "ERROR", &gone);
    following.state("policies", "down").await;
    assert_eq!(following.policies(), ["quay"]);
}

#[tokio::test]
async fn one_stream_is_read_on_demand() {
    let (api, client) = api::start();
    let path = "/apis/image.openshift.io/v1/namespaces/snow/imagestreams/app";
    api.put(
        path,
        json!({"spec": {"tags": [
            {"name": "1", "from": {"kind": "DockerImage", "name": "docker.io/a/b"}},
        ]}}),
    );
    let following = follow(&client, None);
    let read = async |name: &str| {
        let key = StreamKey {
            namespace: "snow".to_owned(),
            name: name.to_owned(),
        };
        following.lookup.stream(&key).await
    };
    assert!(matches!(read("app").await, StreamRead::Present(fact) if fact.tags.contains_key("1")));
    assert_eq!(read("other").await, StreamRead::Absent);
    assert_eq!(read("../../secrets/x").await, StreamRead::Absent);
    following.state("streams", "ready").await;
    api.refuse("/apis/image.openshift.io", 403);
    assert_eq!(read("app").await, StreamRead::Failed);
    following.state("streams", "forbidden").await;
}

#[tokio::test]
async fn facts_are_read_again_before_a_warning() {
    let (api, client) = api::start();
    let spec = json!({
        "registry": "docker.io", "push": {"secretName": "dockerhub"},
        "namespaceSelector": {"matchLabels": {"env": "dev"}},
    });
    api.set(POLICIES, vec![policy("hub", &spec)]);
    let following = follow(&client, None);
    for source in ["policies", "namespaces", "secrets", "service_accounts"] {
        following.state(source, "ready").await;
    }
    let Following { facts, lookup, .. } = following;
    let reviewer = EngineReviewer::new(facts, Some(Box::new(lookup)));
    let object = json!({"spec": {"output": {
        "to": {"kind": "DockerImage", "name": "docker.io/ann/app"},
    }}});
    let review = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "u", "namespace": "snow", "operation": "CREATE", "object": object,
            "resource": {"group": "build.openshift.io", "resource": "builds"},
        },
    })
    .to_string();
    let ask = async || {
        reviewer
            .review(Request::parse(review.as_bytes()).unwrap())
            .await
    };

    // The watch did not deliver the namespace, and the read fails.
    api.refuse("/api/v1/namespaces/snow", 500);
    let answer = ask().await;
    assert_eq!(answer.patch, None);
    assert!(
        answer.warnings[0].contains("labels"),
        "{:?}",
        answer.warnings
    );
    api.accept("/api/v1/namespaces/snow");
    // After the read it is selected; its secret is missing in memory and in the cluster.
    let namespace = json!({"metadata": {"name": "snow", "labels": {"env": "dev"}}});
    api.put("/api/v1/namespaces/snow", namespace);
    let answer = ask().await;
    assert!(answer.patch.is_some());
    assert!(
        answer.warnings[0].contains("does not exist"),
        "{:?}",
        answer.warnings
    );
    // In memory it is still missing.
    api.put("/api/v1/namespaces/snow/secrets/dockerhub", secret("snow"));
    let answer = ask().await;
    assert!(answer.patch.is_some());
    assert_eq!(answer.warnings, [""; 0]);
}

#[tokio::test]
async fn late_stream_is_a_failure() {
    // Accepts connections and never answers.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let following = follow(
        &api::client(&format!("http://{}", listener.local_addr().unwrap())),
        None,
    );
    let key = StreamKey {
        namespace: "snow".to_owned(),
        name: "app".to_owned(),
    };
    assert_eq!(following.lookup.stream(&key).await, StreamRead::Failed);
}

#[tokio::test]
async fn the_holder_of_the_lease_writes_status() {
    let (api, client) = api::start();
    let spec = json!({"registry": "docker.io", "push": {"secretName": "dockerhub"}});
    api.set(POLICIES, vec![policy("hub", &spec), policy("tie", &spec)]);
    api.refuse("/api/v1/serviceaccounts", 403);
    let lease = |replica| Some(Lease::new(client.clone(), "extreg-system", replica));
    let first = follow(&client, lease("one"));
    first
        .until("written", |_| api.sent(&Method::PATCH).len() == 2)
        .await;
    assert_eq!(api.object(LEASE)["spec"]["holderIdentity"], "one");
    let (path, body) = api.sent(&Method::PATCH).remove(0);
    assert_eq!(path, format!("{POLICIES}/hub/status"));
    let status = &body["status"];
    assert_eq!(status["observedGeneration"], 2);
    assert_eq!(status["conditions"][0]["type"], "Ready");
    assert_eq!(status["conditions"][0]["status"], "True");
    assert_eq!(status["conflictsWith"], json!(["tie"]));
    let facts: Vec<_> = status["facts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|fact| {
            (
                fact["source"].as_str().unwrap(),
                fact["state"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        facts,
        [
            ("image_config", "Ready"),
            ("namespaces", "Ready"),
            ("policies", "Ready"),
            ("secrets", "Ready"),
            ("service_accounts", "Forbidden"),
            ("streams", "Off"),
        ]
    );
    // A message of the API server can quote an object.
    assert!(!body.to_string().contains("hunter2"));

    // A second replica does not write, and the first does not repeat its write.
    let second = follow(&client, lease("two"));
    second.state("policies", "ready").await;
    // Both read the Lease again.
    let looks = || api.seen().iter().filter(|seen| seen.path == LEASE).count();
    let before = looks();
    second
        .until("the Lease is read again", |_| looks() >= before + 3)
        .await;
    assert_eq!(api.sent(&Method::PATCH).len(), 2);
    assert_eq!(api.object(LEASE)["spec"]["holderIdentity"], "one");

    // A replica that stops releases the Lease; the other takes it before it expires.
    first.reserved.finish().await;
    let puts = api.sent(&Method::PUT);
    let (_, released) = puts
        .iter()
        .rfind(|(_, lease)| lease["spec"]["holderIdentity"] != "two")
        .unwrap();
    assert_eq!(released["spec"]["holderIdentity"], "");
    assert_eq!(released["spec"]["leaseDurationSeconds"], 1);
    second
        .until("the holder", |_| {
            api.object(LEASE)["spec"]["holderIdentity"] == "two"
        })
        .await;
    // A replica that does not hold the Lease does not release it.
    let third = follow(&client, lease("three"));
    third.state("policies", "ready").await;
    third.reserved.finish().await;
    assert_eq!(api.object(LEASE)["spec"]["holderIdentity"], "two");
}
