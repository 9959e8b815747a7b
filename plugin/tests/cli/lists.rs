//! Lists that expire between pages: every command restarts them and reports each object once.

use serde_json::{Value, json};

use super::common::extreg;
use extreg_fakes::Api;

/// Commands that list objects of a cluster, with output for programs.
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

/// A cluster with two objects of each kind, one per page. With `expires`, each list expires once.
fn cluster(expires: bool) -> Api {
    let paths = [
        "/api/v1/namespaces",
        "/api/v1/pods",
        "/apis/apps/v1/deployments",
        "/apis/image.openshift.io/v1/imagestreams",
        "/apis/build.openshift.io/v1/buildconfigs",
    ];
    let objects = paths.into_iter().flat_map(|path| {
        let named = |object: Value| {
            let name = object["metadata"]["name"].as_str().unwrap();
            (format!("{path}/{name}"), object)
        };
        objects(path)
            .unwrap()
            .into_iter()
            .map(named)
            .collect::<Vec<_>>()
    });
    let empty = [
        "/api/v1/secrets",
        "/api/v1/serviceaccounts",
        "/apis/build.openshift.io/v1/builds",
    ];
    Api::at(objects)
        .listing(&empty)
        .paging(1, usize::from(expires))
        .start()
}

/// The output of a command for that cluster, without the time.
fn printed(command: &str, api: &Api) -> Value {
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
fn expired_lists_are_read_again_without_duplicates() {
    for command in COMMANDS {
        let steady = printed(command, &cluster(false));
        assert!(steady.to_string().contains("two"), "{command}: {steady:#}");
        assert_eq!(printed(command, &cluster(true)), steady, "{command}");
    }
}
