//! The webhook's account on a real API server: the facts that it can read, and its writes.
#![cfg(test)]

use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use extreg_core::facts::{Fact, Fit};
use extreg_core::policy::Mode;
use extreg_manifests::{Phase, Settings, names};
use extreg_tests::{ControlPlane, Options, with_input, workspace_binary};
use extreg_webhook::cluster::{Follow, Lease};
use extreg_webhook::facts::FactStore;
use extreg_webhook::metrics::Metrics;
use extreg_webhook::reserved::ReservedThread;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

const ACCOUNT: &str = "system:serviceaccount:extreg-system:extreg-webhook";

struct Cluster(ControlPlane);

impl Cluster {
    /// With everything installed except the webhook configuration.
    async fn start() -> Self {
        let cluster = Self(ControlPlane::start(Options::default()).await.unwrap());
        for manifest in extreg_manifests::install(&Settings::default()).unwrap() {
            if manifest.phase == Phase::Arm {
                continue;
            }
            cluster.apply(&manifest.yaml().unwrap());
            if manifest.phase == Phase::Definition {
                let definition = format!("crd/{}", names::CRD);
                cluster.kubectl(&["wait", "--for=condition=Established", &definition], "");
            }
        }
        cluster
    }

    fn apply(&self, objects: &str) {
        self.kubectl(&["apply", "--server-side", "-f", "-"], objects);
    }

    fn kubectl(&self, args: &[&str], stdin: &str) -> String {
        let output = with_input(self.0.kubectl().args(args), stdin).unwrap();
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "kubectl {args:?}: {printed}");
        String::from_utf8(output.stdout).unwrap()
    }

    fn object(&self, args: &[&str]) -> Value {
        let json = self.kubectl(&[&["get", "-o", "json"], args].concat(), "");
        serde_json::from_str(&json).unwrap()
    }

    /// The plugin's answer, as JSON.
    fn plugin(&self, args: &[&str]) -> Value {
        let mut plugin = Command::new(workspace_binary("oc-extreg").unwrap());
        plugin
            .env("KUBECONFIG", self.0.kubeconfig())
            .env("XDG_CONFIG_HOME", self.0.folder())
            .current_dir(self.0.folder())
            .args(args);
        let output = plugin.output().unwrap();
        let printed = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "oc-extreg {args:?}: {printed}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    async fn replica(&self, name: &str) -> Replica {
        let kubeconfig = self.0.user(ACCOUNT, &["system:serviceaccounts"]).unwrap();
        let client = ControlPlane::client_of(&kubeconfig).await.unwrap();
        let metrics = Metrics::new();
        let facts = Arc::new(FactStore::new(None, Mode::Enforce, metrics.clone()));
        let mut tasks = JoinSet::new();
        let follow = Follow {
            facts: Arc::clone(&facts),
            metrics: metrics.clone(),
            policies: true,
            lease: Some(Lease::new(client.clone(), names::NAMESPACE, name)),
            lookup_deadline: Duration::from_secs(5),
        };
        let reserved = ReservedThread::start().unwrap();
        follow.start(&client, &mut tasks, &reserved);
        Replica {
            facts,
            metrics,
            _reserved: reserved,
            _tasks: tasks,
        }
    }
}

struct Replica {
    facts: Arc<FactStore>,
    metrics: Metrics,
    _reserved: ReservedThread,
    _tasks: JoinSet<()>,
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

fn policy(name: &str) -> String {
    json!({
        "apiVersion": names::API_VERSION, "kind": names::KIND,
        "metadata": {"name": name},
        "spec": {"registry": "docker.io", "push": {"secretName": "dockerhub"}},
    })
    .to_string()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn account_reads_permitted_facts_and_writes_status() {
    let cluster = Cluster::start().await;
    cluster.apply("{apiVersion: v1, kind: Namespace, metadata: {name: snow, labels: {env: dev}}}");
    let config = r#"{"auths":{"docker.io":{"auth":"YTpi"}}}"#;
    let secret = |namespace: &str| {
        json!({
            "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson",
            "metadata": {"name": "dockerhub", "namespace": namespace},
            "stringData": {".dockerconfigjson": config},
        })
        .to_string()
    };
    cluster.apply(&secret("snow"));
    let one = cluster.replica("one").await;

    let state = |replica: &Replica, source: &str, state: &str| {
        let line = format!(r#"extreg_facts_source_state{{source="{source}",state="{state}"}} 1"#);
        replica.metrics.encode().lines().any(|other| other == line)
    };
    for source in [
        "image_config",
        "namespaces",
        "policies",
        "secrets",
        "service_accounts",
    ] {
        until(source, || state(&one, source, "ready")).await;
    }
    let policies = one.facts.policies();
    let in_force: Vec<_> = policies.set.iter().map(|policy| policy.name()).collect();
    assert_eq!(in_force, [names::DEFAULT_POLICY]);
    let snow = one.facts.namespace("snow");
    assert_eq!(snow.labels().known().unwrap()["env"], "dev");
    assert!(
        matches!(snow.secret("dockerhub"), Fact::Known(Some(secret)) if secret.push("docker.io/a/b") == Fit::Fits)
    );
    assert!(matches!(snow.account("builder"), Fact::Known(None)));

    // Changes arrive.
    let account = json!({
        "apiVersion": "v1", "kind": "ServiceAccount",
        "metadata": {"name": "builder", "namespace": "snow"},
        "imagePullSecrets": [{"name": "mine"}],
    });
    cluster.apply(&account.to_string());
    cluster.kubectl(&["delete", "secret", "dockerhub", "-n", "snow"], "");
    until("the account", || {
        let snow = one.facts.namespace("snow");
        matches!(snow.account("builder"), Fact::Known(Some(_)))
            && matches!(snow.secret("dockerhub"), Fact::Known(None))
    })
    .await;

    // The status, as the schema of the resource stores it.
    let status = |name: &str| cluster.object(&["registrypolicy", name])["status"].clone();
    until("the status", || {
        status(names::DEFAULT_POLICY)["conditions"].is_array()
    })
    .await;
    let written = status(names::DEFAULT_POLICY);
    assert_eq!(written["conditions"][0]["reason"], "InForce");
    assert_eq!(written["conflictsWith"], json!([]));
    assert_eq!(
        written["facts"][1],
        json!({"source": "namespaces", "state": "Ready", "message": ""})
    );

    // A policy that ties, and a second replica, which does not write.
    let two = cluster.replica("two").await;
    until("the second replica", || state(&two, "policies", "ready")).await;
    cluster.apply(&policy("tie"));
    until("the conflict", || {
        status(names::DEFAULT_POLICY)["conflictsWith"] == json!(["tie"])
            && status("tie")["conflictsWith"] == json!([names::DEFAULT_POLICY])
    })
    .await;
    // The plugin shows the stored status.
    let shown = cluster.plugin(&["policy", "show", "-o", "json"]);
    let policies = shown["policies"].as_array().unwrap();
    assert_eq!((&shown["source"], policies.len()), (&json!("cluster"), 2));
    for policy in policies {
        let status = status(policy["name"].as_str().unwrap());
        assert_eq!(policy["ready"]["reason"], "InForce");
        assert_eq!(
            policy["ready"]["message"],
            status["conditions"][0]["message"]
        );
        assert_eq!(policy["conflictsWith"], status["conflictsWith"]);
        assert_eq!(policy["facts"], status["facts"]);
    }
    let lease = ["lease", names::LEASE, "-n", names::NAMESPACE];
    let held = cluster.object(&lease);
    assert_eq!(held["spec"]["holderIdentity"], "one");
    let version = || {
        let policy = cluster.object(&["registrypolicy", "tie"]);
        policy["metadata"]["resourceVersion"].clone()
    };
    let before = version();
    until("the renewal", || {
        cluster.object(&lease)["spec"]["renewTime"] != held["spec"]["renewTime"]
    })
    .await;
    assert_eq!(version(), before, "a correct status is not written again");

    // The holder ends, the other replica takes over.
    drop(one);
    cluster.kubectl(&["delete", "registrypolicy", "tie"], "");
    until("the takeover", || {
        cluster.object(&lease)["spec"]["holderIdentity"] == "two"
            && status(names::DEFAULT_POLICY)["conflictsWith"] == json!([])
    })
    .await;
    assert_eq!(cluster.object(&lease)["spec"]["leaseTransitions"], 1);
}
