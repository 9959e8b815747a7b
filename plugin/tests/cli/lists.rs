//! Lists that expire half-way: every command that lists reads them again, and keeps what it read once.

use std::{collections::BTreeSet, sync::Mutex};

use serde_json::{Value, json};

use super::{
    audit_cluster::path,
    common::{FakeApi, extreg, json as answer, status},
};

/// What lists something of a cluster, each with data for programs.
const COMMANDS: [&str; 6] = [
    "audit -A -o json",
    "except list -A -o json",
    "fix -A -o json",
    "inventory -A -o json",
    "secret check -A --no-registry -o json",
    "status -A --no-registry -o json",
];

/// The objects of a list.
fn objects(path: &str) -> Option<Vec<Value>> {
    let two = |make: fn(&str) -> Value| Some(vec![make("one"), make("two")]);
    match path {
        "/api/v1/namespaces" => two(|name| json!({"metadata": {"name": format!("team-{name}")}})),
        "/api/v1/pods" => two(|name| {
            json!({
                "metadata": {"namespace": "team-one", "name": name, "uid": name},
                "spec": {"containers": [{"name": "c", "image": format!("docker.io/acme/{name}:v1")}]},
            })
        }),
        "/apis/apps/v1/deployments" => two(|name| {
            json!({
                "metadata": {"namespace": "team-one", "name": name, "annotations": {
                    "extreg.io/ignore-checks": "EXR006 until 2099-01-01: known"}},
                "spec": {"template": {"spec": {"containers": [
                    {"name": "c", "image": format!("docker.io/acme/{name}:v1")}]}}},
            })
        }),
        "/apis/image.openshift.io/v1/imagestreams" => two(|name| {
            json!({
                "metadata": {"namespace": "team-one", "name": name, "resourceVersion": "1"},
                "spec": {"tags": [{"name": "v1", "from": {
                    "kind": "DockerImage", "name": format!("docker.io/acme/{name}:v1")}}]},
            })
        }),
        "/apis/build.openshift.io/v1/buildconfigs" => two(|name| {
            json!({
                "metadata": {"namespace": "team-one", "name": name, "resourceVersion": "1"},
                "spec": {"output": {"to": {
                    "kind": "DockerImage", "name": format!("docker.io/acme/{name}:v1")}}},
            })
        }),
        _ => None,
    }
}

/// A cluster with two objects of each kind, a page each. Where lists expire, each does once.
fn cluster(expires: bool) -> FakeApi {
    let expired: Mutex<BTreeSet<String>> = Mutex::default();
    FakeApi::start(move |seen, _| {
        let path = path(seen);
        if seen.line.starts_with("POST ") {
            let review = json!({"status": {"allowed": true}});
            return answer("201 Created", "", &review.to_string());
        }
        let Some(objects) = objects(&path) else {
            return match path.rsplit('/').next() {
                Some("secrets" | "serviceaccounts" | "builds") => {
                    answer("200 OK", "", r#"{"items":[]}"#)
                }
                _ => status("404 Not Found", 404, "NotFound", "not found"),
            };
        };
        let is_first = !seen.line.contains("continue=");
        if !is_first && expires && expired.lock().unwrap().insert(path) {
            return status("410 Gone", 410, "Expired", "too old");
        }
        let (token, page) = match (is_first, objects.split_first()) {
            (true, Some((first, _))) => ("next", vec![first.clone()]),
            (_, Some((_, rest))) => ("", rest.to_vec()),
            (_, None) => ("", Vec::new()),
        };
        let list = json!({"metadata": {"continue": token}, "items": page});
        answer("200 OK", "", &list.to_string())
    })
}

/// What a command prints of that cluster, without the time.
fn printed(command: &str, api: &FakeApi) -> Value {
    let mut args: Vec<&str> = command.split(' ').collect();
    args.extend(["--server", &api.url]);
    let output = extreg().args(&args).output().unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    let port = api.url.rsplit(':').next().unwrap();
    let parsed = serde_json::from_str(&out.replace(port, "PORT"));
    assert!(parsed.is_ok(), "{command}: {out}\n{err}");
    let mut data: Value = parsed.unwrap();
    if let Some(data) = data.as_object_mut() {
        data.remove("generated");
    }
    data
}

#[test]
fn every_list_that_expires_is_read_again_and_kept_once() {
    for command in COMMANDS {
        let steady = printed(command, &cluster(false));
        assert!(steady.to_string().contains("two"), "{command}: {steady:#}");
        assert_eq!(printed(command, &cluster(true)), steady, "{command}");
    }
}
