//! `check` and `audit` report the same decision as the webhook, with the facts of a cluster.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extreg_core::verdict::MAX_WARNINGS;
use extreg_tests::{ControlPlane, Options, ReviewClient, WebhookServer};
use serde_json::{Value, json};
use tokio::time::sleep;

use super::support::{apply, extreg, files, kubectl};

/// Objects whose secrets are missing, have no key, or are ignored because another one is linked; a stream with external
/// images; opt-outs of each kind.
const MORE: &str = r#"
{apiVersion: v1, kind: Namespace, metadata: {name: linked}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: nokey}}
---
{apiVersion: v1, kind: Namespace, metadata: {name: out, labels: {extreg.io/ignore: "true"}}}
---
{apiVersion: v1, kind: ServiceAccount, metadata: {name: builder, namespace: linked}, secrets: [{name: other}]}
---
apiVersion: v1
kind: Secret
metadata: {name: other, namespace: linked}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '{"auths":{"docker.io":{"username":"a","password":"b","auth":"YTpi"}}}'}
---
apiVersion: v1
kind: Secret
metadata: {name: dockerhub, namespace: nokey}
type: kubernetes.io/dockerconfigjson
stringData: {.dockerconfigjson: '{"auths":{"quay.io":{"username":"a","password":"b","auth":"YTpi"}}}'}
"#;

/// A BuildConfig that pushes to Docker Hub and one with a stream as output, a stream, and an opted-out one.
fn objects(namespace: &str) -> Vec<Value> {
    let build = |name: &str, labels: Value, to: Value| {
        json!({
            "apiVersion": "build.openshift.io/v1", "kind": "BuildConfig",
            "metadata": {"name": name, "namespace": namespace, "labels": labels},
            "spec": {"source": {"dockerfile": "FROM scratch"}, "strategy": {"dockerStrategy": {}}, "output": {"to": to}},
        })
    };
    let hub = json!({"kind": "DockerImage", "name": "docker.io/acme/app:v1"});
    vec![
        build("pushes", json!({}), hub.clone()),
        build("opted-out", json!({"extreg.io/ignore": "true"}), hub),
        build(
            "inside",
            json!({}),
            json!({"kind": "ImageStreamTag", "name": "stream:v1"}),
        ),
        build(
            "nowhere",
            json!({}),
            json!({"kind": "ImageStreamTag", "name": "none:v1"}),
        ),
        json!({
            "apiVersion": "image.openshift.io/v1", "kind": "ImageStream",
            "metadata": {"name": "stream", "namespace": namespace},
            "spec": {"tags": [
                {"name": "a", "from": {"kind": "DockerImage", "name": "docker.io/acme/app:1"}},
                {"name": "b", "from": {"kind": "DockerImage", "name": "acme/app"}, "annotations": {"extreg.io/scheduled": "false"}},
            ]},
        }),
    ]
}

/// The report for an object: its fields with their decisions, and the warnings.
#[derive(Debug, PartialEq)]
struct Reported {
    places: Vec<Value>,
    warnings: Vec<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn check_audit_and_webhook_decide_alike_with_cluster_facts() {
    let plane = ControlPlane::start(Options::default()).await.unwrap();
    let [around, sample] = files().map(|file| std::fs::read_to_string(file).unwrap());
    for objects in [&sample, &around, MORE] {
        apply(&plane, objects);
    }
    for namespace in ["legacy", "linked", "nokey", "out"] {
        for object in objects(namespace) {
            apply(&plane, &object.to_string());
        }
    }
    let server = WebhookServer::start(plane.kubeconfig(), &["--namespace=extreg-system"]).unwrap();
    let mut client = server.client().await.unwrap();

    let report = extreg(plane.kubeconfig(), &["audit", "-A", "-o", "json"]).report(0);
    let mut of_audit: BTreeMap<String, Vec<&Value>> = BTreeMap::new();
    for injection in report["sections"][0]["injections"].as_array().unwrap() {
        let place = &injection["place"];
        let key = key(&place["kind"], &place["namespace"], &place["name"]);
        of_audit.entry(key).or_default().push(injection);
    }
    let mut warned = 0;
    for (kind, plural) in [
        ("BuildConfig", "buildconfigs"),
        ("ImageStream", "imagestreams"),
    ] {
        let list = kubectl(&plane, &["get", plural, "-A", "-o", "json"], "");
        let list: Value = serde_json::from_str(&list.out).unwrap();
        for object in list["items"].as_array().unwrap() {
            let metadata = &object["metadata"];
            let key = key(&json!(kind), &metadata["namespace"], &metadata["name"]);
            let audited = audited(of_audit.get(&key).map(Vec::as_slice).unwrap_or_default());
            let (checked, patch) = checked(&plane, object);
            assert_eq!(audited, checked, "{key}");
            warned += audited.warnings.len();
            until_reviewed(&mut client, plural, object, &checked.warnings, &patch).await;
        }
    }
    assert!(warned > 5, "only {warned} warnings");
}

fn key(kind: &Value, namespace: &Value, name: &Value) -> String {
    [kind, namespace, name]
        .map(|part| part.as_str().unwrap())
        .join("/")
}

fn audited(injections: &[&Value]) -> Reported {
    let mut warnings: Vec<String> = Vec::new();
    for warning in injections
        .iter()
        .flat_map(|of| of["warnings"].as_array().unwrap())
    {
        let warning = warning.as_str().unwrap().to_owned();
        if !warnings.contains(&warning) && warnings.len() < MAX_WARNINGS {
            warnings.push(warning);
        }
    }
    let places = injections.iter();
    let places = places.map(|of| {
        json!([
            of["place"]["field"],
            of["image"],
            of["policy"],
            of["message"]
        ])
    });
    Reported {
        places: places.collect(),
        warnings,
    }
}

/// The report of `check`, and the patch.
fn checked(plane: &ControlPlane, object: &Value) -> (Reported, Value) {
    let file = plane.folder().join("object.json");
    std::fs::write(&file, object.to_string()).unwrap();
    let file = file.display().to_string();
    let args = ["check", "--exit-zero", "-o", "json", "-f", &file];
    let report = extreg(plane.kubeconfig(), &args).report(0);
    let judged = &report["objects"][0];
    let places = judged["places"].as_array().unwrap().iter();
    let reported = Reported {
        places: places
            .map(|of| json!([of["field"], of["image"], of["policy"], of["message"]]))
            .collect(),
        warnings: serde_json::from_value(judged["warnings"].clone()).unwrap(),
    };
    (reported, judged["patch"].clone())
}

/// Calls the webhook until it has read the secrets for its decision; it reads a secret on its first use.
async fn until_reviewed(
    client: &mut ReviewClient,
    plural: &str,
    object: &Value,
    warnings: &[String],
    patch: &Value,
) {
    let (group, _) = object["apiVersion"]
        .as_str()
        .unwrap()
        .split_once('/')
        .unwrap();
    let review = json!({
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": "1", "operation": "CREATE",
            "resource": {"group": group, "version": "v1", "resource": plural},
            "namespace": object["metadata"]["namespace"], "name": object["metadata"]["name"],
            "userInfo": {"username": "ann"}, "object": object,
        },
    });
    let mut last = Value::Null;
    for _ in 0..100 {
        let answer = client.post(review.to_string()).await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        let response = &answer["response"];
        let patched = response.get("patch").map_or_else(
            || json!([]),
            |patch| {
                serde_json::from_slice(&STANDARD.decode(patch.as_str().unwrap()).unwrap()).unwrap()
            },
        );
        let none = json!([]);
        let reported = response.get("warnings").unwrap_or(&none);
        last = json!([patched, reported]);
        if last == json!([patch, warnings]) {
            return;
        }
        sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(last, json!([patch, warnings]), "{object}");
}
