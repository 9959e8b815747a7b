//! The fields that the webhook sets do not cause repeated changes with a tool that applies the same files repeatedly.

use std::collections::BTreeSet;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extreg_tests::{ControlPlane, Options, WebhookServer, with_input, workspace_binary};
use serde_json::{Value, json};

const GUIDE: &str = include_str!("../../docs/gitops.md");

/// The jq path expressions of the guide for a kind.
fn expressions(kind: &str) -> Vec<String> {
    let text = GUIDE
        .split("```yaml\n")
        .nth(1)
        .and_then(|rest| rest.split("```").next())
        .unwrap();
    let guide: Value = serde_saphyr::from_str(text).unwrap();
    let all = guide["spec"]["ignoreDifferences"].as_array().unwrap();
    let of_kind = all.iter().find(|entry| entry["kind"] == kind).unwrap();
    let paths = of_kind["jqPathExpressions"].as_array().unwrap();
    paths
        .iter()
        .map(|path| path.as_str().unwrap().to_owned())
        .collect()
}

/// Deletes the targets of a path expression: keys, and `[]?` for all items of a list or map.
fn delete(value: &mut Value, path: &str) {
    let path = path.strip_prefix('.').unwrap_or(path);
    let (step, rest) = match path.find(['.', '[']) {
        Some(0) => {
            let (step, rest) = path.split_once("[]?").expect("no other step begins so");
            assert_eq!(step, "", "{path}");
            let all: Vec<&mut Value> = match value {
                Value::Array(items) => items.iter_mut().collect(),
                Value::Object(map) => map.values_mut().collect(),
                _ => Vec::new(),
            };
            for each in all {
                delete(each, rest);
            }
            return;
        }
        Some(end) => path.split_at(end),
        None => (path, ""),
    };
    let Some(map) = value.as_object_mut() else {
        return;
    };
    if rest.is_empty() {
        map.remove(step);
    } else if let Some(inner) = map.get_mut(step) {
        delete(inner, rest);
    }
}

/// jq keeps an empty map after its only key is deleted; Argo CD compares the rest of both.
fn without_empty(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.values_mut().for_each(without_empty);
            map.retain(|_, value| !value.as_object().is_some_and(serde_json::Map::is_empty));
        }
        Value::Array(items) => items.iter_mut().for_each(without_empty),
        _ => {}
    }
}

#[tokio::test]
async fn argo_cd_guide_names_every_injected_field() {
    let server = WebhookServer::start_without_cluster(&[]).unwrap();
    let mut client = server.client().await.unwrap();
    let mut changed = BTreeSet::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/recorded");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let review: Value = serde_json::from_str(&text).unwrap();
        let object = &review["request"]["object"];
        let kind = object["kind"].as_str().unwrap_or_default().to_owned();
        if !["ImageStream", "BuildConfig"].contains(&kind.as_str()) {
            continue;
        }
        let answer = client.post(text).await.unwrap();
        let answer: Value = serde_json::from_slice(&answer.body).unwrap();
        let Some(patch) = answer["response"]["patch"].as_str() else {
            continue;
        };
        let patch: json_patch::Patch =
            serde_json::from_slice(&STANDARD.decode(patch).unwrap()).unwrap();
        let (mut before, mut after) = (object.clone(), object.clone());
        json_patch::patch(&mut after, &patch).unwrap();
        assert_ne!(before, after, "{}", path.display());
        for object in [&mut before, &mut after] {
            for expression in expressions(&kind) {
                delete(object, &expression);
            }
            without_empty(object);
        }
        assert_eq!(before, after, "{}", path.display());
        changed.insert(kind);
    }
    assert_eq!(changed.len(), 2, "{changed:?}");
}

/// The files of an application.
fn files(namespace: &str) -> String {
    let list = json!({"apiVersion": "v1", "kind": "List", "items": [
        {
            "apiVersion": "image.openshift.io/v1", "kind": "ImageStream",
            "metadata": {"name": "app", "namespace": namespace},
            "spec": {"tags": [
                {"name": "v1", "from": {"kind": "DockerImage", "name": "docker.io/acme/app:v1"}},
                {"name": "v2", "from": {"kind": "DockerImage", "name": "docker.io/acme/app:v2"}},
            ]},
        },
        {
            "apiVersion": "build.openshift.io/v1", "kind": "BuildConfig",
            "metadata": {"name": "app", "namespace": namespace},
            "spec": {
                "source": {"git": {"uri": "https://git.example/acme/app.git"}},
                "strategy": {"dockerStrategy": {}},
                "output": {"to": {"kind": "DockerImage", "name": "docker.io/acme/app:v1"}},
            },
        },
    ]});
    list.to_string()
}

/// The state of the application: the number of writes, and the fields that the webhook sets.
fn state(plane: &ControlPlane, namespace: &str) -> (String, Value) {
    let get = |what: &str| {
        let mut kubectl = plane.kubectl();
        kubectl.args(["get", what, "app", "-n", namespace, "-o", "json"]);
        let output = kubectl.output().unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()
    };
    let (stream, build) = (get("imagestream"), get("buildconfig"));
    let version = |object: &Value| {
        object["metadata"]["resourceVersion"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let scheduled =
        |index: usize| stream["spec"]["tags"][index]["importPolicy"]["scheduled"].clone();
    (
        format!("{} {}", version(&stream), version(&build)),
        json!({
            "scheduled": [scheduled(0), scheduled(1)],
            "pushSecret": build["spec"]["output"]["pushSecret"]["name"],
        }),
    )
}

#[tokio::test]
async fn applying_the_same_files_again_writes_nothing() {
    let plane = ControlPlane::start(Options::default()).await.unwrap();
    let server = WebhookServer::start(plane.kubeconfig(), &[]).unwrap();
    let namespaces = ["server-side", "client-side"];
    for namespace in namespaces {
        let docs = json!({"apiVersion": "v1", "kind": "List", "items": [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
            {
                "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockerconfigjson",
                "metadata": {"name": "dockerhub", "namespace": namespace},
                "stringData": {".dockerconfigjson": json!({"auths": {"docker.io": {"auth": "dTpw"}}}).to_string()},
            },
        ]});
        let mut kubectl = plane.kubectl();
        kubectl.args(["create", "-f", "-"]);
        assert!(
            with_input(&mut kubectl, &docs.to_string())
                .unwrap()
                .status
                .success()
        );
    }
    let install = Command::new(workspace_binary("oc-extreg").unwrap())
        .env("KUBECONFIG", plane.kubeconfig())
        .env("XDG_CONFIG_HOME", plane.folder())
        .current_dir(plane.folder())
        .args([
            "webhook",
            "install",
            "--mode",
            "enforce",
            "--url",
            &server.url(),
        ])
        .arg("--ca-file")
        .arg(server.ca_file())
        .output()
        .unwrap();
    assert!(
        install.status.success(),
        "{}",
        String::from_utf8_lossy(&install.stderr)
    );

    let made = json!({"scheduled": [true, true], "pushSecret": "dockerhub"});
    // For a custom resource, which ImageStreams are here, a client-side apply sends whole lists, as `oc replace` does
    // for any object. OpenShift merges its own by tag name, which `cargo xtask live` tests.
    let replaced = json!({"scheduled": [null, null], "pushSecret": "dockerhub"});
    for (namespace, flags, want) in [
        (
            "server-side",
            &["--server-side", "--field-manager=argocd-controller"][..],
            &made,
        ),
        ("client-side", &[], &replaced),
    ] {
        let apply = || {
            let mut kubectl = plane.kubectl();
            kubectl.arg("apply").args(flags).args(["-f", "-"]);
            let output = with_input(&mut kubectl, &files(namespace)).unwrap();
            let printed = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(output.status.success(), "{printed}");
            printed
        };
        apply();
        assert_eq!(state(&plane, namespace).1, made, "{namespace}");
        // The API server writes an object again after a server-side apply created it, with the same content.
        let printed = apply();
        assert_eq!(
            printed.matches("this update removes spec.tags[").count(),
            if want == &made { 0 } else { 2 },
            "{printed}"
        );
        let settled = state(&plane, namespace);
        assert_eq!(settled.1, *want, "{namespace}");
        for round in 3..=6 {
            apply();
            assert_eq!(
                state(&plane, namespace),
                settled,
                "{namespace}, round {round}"
            );
        }
    }
}
