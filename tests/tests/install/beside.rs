//! Other mutating webhooks beside ours, each with reinvocationPolicy IfNeeded.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extreg_tests::{Mutator, Options, WebhookServer};
use serde_json::{Value, json};

use crate::support::Cluster;

/// Labels each object, as policies that require labels do.
fn label(object: &Value) -> Vec<Value> {
    let labels = &object["metadata"]["labels"];
    match labels {
        _ if labels["team"] == "shop" => Vec::new(),
        Value::Object(_) => {
            vec![json!({"op": "add", "path": "/metadata/labels/team", "value": "shop"})]
        }
        _ => vec![json!({"op": "add", "path": "/metadata/labels", "value": {"team": "shop"}})],
    }
}

/// Replaces images of quay.io by images of Docker Hub, and adds a tag to each ImageStream.
fn swap(object: &Value) -> Vec<Value> {
    let mut patch = Vec::new();
    let mut swap_at = |path: String| {
        let name = object.pointer(&path).and_then(Value::as_str);
        if let Some(rest) = name.and_then(|name| name.strip_prefix("quay.io/")) {
            patch
                .push(json!({"op": "replace", "path": path, "value": format!("docker.io/{rest}")}));
        }
    };
    swap_at("/spec/output/to/name".to_owned());
    let Some(tags) = object["spec"]["tags"].as_array() else {
        return patch;
    };
    for tag in 0..tags.len() {
        swap_at(format!("/spec/tags/{tag}/from/name"));
    }
    if tags.iter().all(|tag| tag["name"] != "mirror") {
        let tag = json!({"name": "mirror", "from": {"kind": "DockerImage", "name": "docker.io/acme/mirror:1"}});
        patch.push(json!({"op": "add", "path": "/spec/tags/-", "value": tag}));
    }
    patch
}

/// Configurations are called in the order of their names.
fn configuration(name: &str, mutator: &Mutator, ca: &str) -> Value {
    json!({
        "apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": name},
        "webhooks": [{
            "name": format!("{name}.example.com"),
            "admissionReviewVersions": ["v1"],
            "sideEffects": "None",
            "failurePolicy": "Fail",
            "reinvocationPolicy": "IfNeeded",
            "timeoutSeconds": 30,
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "snow"}},
            "clientConfig": {"url": mutator.url(), "caBundle": STANDARD.encode(ca)},
            "rules": [{
                "apiGroups": ["build.openshift.io", "image.openshift.io"], "apiVersions": ["v1"],
                "resources": ["buildconfigs", "builds", "imagestreams"], "operations": ["CREATE", "UPDATE"],
            }],
        }],
    })
}

fn image(name: &str) -> Value {
    json!({"kind": "DockerImage", "name": name})
}

fn objects() -> [Value; 3] {
    let build = |kind: &str, name: &str, output: &str| {
        json!({
            "apiVersion": "build.openshift.io/v1", "kind": kind, "metadata": {"name": name, "namespace": "snow"},
            "spec": {
                "source": {"git": {"uri": "https://git.example/acme/app.git"}},
                "strategy": {"dockerStrategy": {}},
                "output": {"to": image(output)},
            },
        })
    };
    let stream = json!({
        "apiVersion": "image.openshift.io/v1", "kind": "ImageStream", "metadata": {"name": "app", "namespace": "snow"},
        "spec": {"tags": [
            {"name": "v1", "from": image("docker.io/acme/app:v1")},
            {"name": "v2", "from": image("quay.io/acme/app:v2")},
            {"name": "v3", "from": image("ghcr.io/acme/app:v3")},
        ]},
    });
    [
        build("BuildConfig", "swapped", "quay.io/acme/app:v1"),
        build("Build", "plain", "docker.io/acme/app:v1"),
        stream,
    ]
}

/// The paths that each configuration patched in the last write of an object, from the API server's audit log.
fn patches(cluster: &Cluster, name: &str) -> BTreeMap<String, Vec<String>> {
    let events = cluster.plane.audit_events().unwrap();
    let is_write = |event: &&Value| {
        event["objectRef"]["namespace"] == "snow"
            && event["objectRef"]["name"] == name
            && ["create", "update", "patch"]
                .iter()
                .any(|verb| event["verb"] == *verb)
    };
    let event = events.iter().rfind(is_write).unwrap();
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let annotations = event["annotations"].as_object();
    for (key, value) in annotations.into_iter().flatten() {
        if !key.starts_with("patch.webhook.admission.k8s.io/") {
            continue;
        }
        let noted: Value = serde_json::from_str(value.as_str().unwrap()).unwrap();
        let operations = noted["patch"].as_array().unwrap();
        let paths = operations
            .iter()
            .map(|one| one["path"].as_str().unwrap().to_owned());
        all.entry(noted["configuration"].as_str().unwrap().to_owned())
            .or_default()
            .extend(paths);
    }
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn objects_are_stable_beside_two_other_webhooks_and_no_field_is_patched_twice() {
    let cluster = Cluster::with(Options::default().audit_log()).await;
    cluster.project("snow", &json!({}));
    let server = WebhookServer::start(cluster.plane.kubeconfig(), &[]).unwrap();
    cluster.install(&server, "--mode enforce").await;
    let pki = cluster.plane.pki();
    let before = Mutator::start(pki, label).await.unwrap();
    let after = Mutator::start(pki, swap).await.unwrap();
    for (name, mutator) in [("a-label", &before), ("z-swap", &after)] {
        cluster.kubectl("create -f -", &configuration(name, mutator, pki.ca()));
    }
    // Once the API server has loaded both.
    while before.calls() == 0 || after.calls() == 0 {
        cluster.kubectl("create --dry-run=server -f -", &objects()[0]);
    }

    for object in objects() {
        let (kind, name) = (
            object["kind"].as_str().unwrap(),
            object["metadata"]["name"].as_str().unwrap(),
        );
        let created = cluster.kubectl("create -o json -f -", &object);
        let created: Value = serde_json::from_str(&created).unwrap();
        assert_eq!(created["metadata"]["labels"]["team"], "shop", "{created}");
        let noted = patches(&cluster, name);
        let ours = &noted["extreg-webhook"];
        if kind == "ImageStream" {
            let scheduled: Vec<&Value> = created["spec"]["tags"]
                .as_array()
                .unwrap()
                .iter()
                .map(|tag| &tag["importPolicy"]["scheduled"])
                .collect();
            let (yes, no) = (&Value::Bool(true), &Value::Null);
            assert_eq!(scheduled, [yes, yes, no, yes], "{created}");
        } else {
            assert_eq!(
                created["spec"]["output"]["pushSecret"]["name"], "dockerhub",
                "{created}"
            );
            assert_eq!(
                created["spec"]["output"]["to"]["name"],
                "docker.io/acme/app:v1"
            );
            assert_eq!(*ours, ["/spec/output/pushSecret"]);
        }
        for (configuration, paths) in &noted {
            let mut once = paths.clone();
            once.sort_unstable();
            once.dedup();
            assert_eq!(
                once.len(),
                paths.len(),
                "{configuration} patched a field of {kind} twice: {paths:?}"
            );
        }

        // Written without a change: nothing is patched.
        let stored = cluster.get(&format!("{kind} {name} -n snow"));
        cluster.kubectl("replace -f -", &stored);
        assert_eq!(patches(&cluster, name), BTreeMap::new(), "{kind}");
        let again = cluster.get(&format!("{kind} {name} -n snow"));
        assert_eq!(again["spec"], stored["spec"]);
        assert_eq!(again["metadata"]["labels"], stored["metadata"]["labels"]);
        // Written with one change: exactly that change.
        cluster.kubectl(
            &format!("annotate {kind} {name} -n snow note=1"),
            &Value::Null,
        );
        assert_eq!(patches(&cluster, name), BTreeMap::new(), "{kind}");
        assert_eq!(
            cluster.get(&format!("{kind} {name} -n snow"))["spec"],
            stored["spec"]
        );
    }
}
