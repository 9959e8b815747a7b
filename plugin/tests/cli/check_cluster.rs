//! `check` with a cluster: its requests, and denied requests.

use std::path::Path;

use serde_json::{Value, json};

use super::{check::check_in, common::has_facts};
use extreg_fakes::{Api, status};

const BUILD: &str = "apiVersion: v1\nkind: BuildConfig\nmetadata: {name: app}\n\
    spec: {output: {to: {kind: DockerImage, name: 'docker.io/acme/app:v1'}}}\n";

/// A cluster with only these objects, by path.
fn cluster(objects: &[(&str, Value)]) -> Api {
    Api::at(objects.to_vec()).start()
}

fn run(api: &Api, args: &[&str], input: &str) -> (i32, String, String) {
    let all = ["--server", &api.url, "-n", "snow", "-f", "-"];
    check_in(Path::new("/"), &[&all, args].concat(), input)
}

const POLICIES: &str = "/apis/extreg.io/v1alpha1/registrypolicies";
const NAMESPACE: &str = "/api/v1/namespaces/snow";
const HUB: &str = "/api/v1/namespaces/snow/secrets/hub";
const DOCKERHUB: &str = "/api/v1/namespaces/snow/secrets/dockerhub";
const BUILDER: &str = "/api/v1/namespaces/snow/serviceaccounts/builder";

fn policies(spec: &Value) -> Value {
    let mut spec = spec.clone();
    spec["registry"] = json!("docker.io");
    json!({"items": [{"metadata": {"name": "p"}, "spec": spec}]})
}

#[test]
fn existing_objects_decide() {
    let hub = policies(&json!({"push": {"secretName": "hub"}}));
    let dev = policies(
        &json!({"push": {"secretName": "hub"}, "namespaceSelector": {"matchLabels": {"env": "dev"}}}),
    );
    let labels = |labels: Value| (NAMESPACE, json!({"metadata": {"labels": labels}}));
    // {"auths":{"docker.io":{"auth":"dTpw"}}}
    let secret = json!({"type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": "eyJhdXRocyI6eyJkb2NrZXIuaW8iOnsiYXV0aCI6ImRUcHcifX19"}});
    let linked = json!({"metadata": {"annotations": {"openshift.io/internal-registry-pull-secret-ref": "m"}}, "imagePullSecrets": [{"name": "m"}, {"name": "mine"}]});
    for (case, objects, decision, warning) in [
        (
            "no policy resource",
            vec![labels(json!({})), (DOCKERHUB, secret.clone())],
            "Changed",
            "",
        ),
        (
            "a policy",
            vec![
                (POLICIES, hub.clone()),
                labels(json!({})),
                (HUB, secret.clone()),
            ],
            "Changed",
            "",
        ),
        (
            "no policy for it",
            vec![(POLICIES, policies(&json!({}))), labels(json!({}))],
            "Unchanged",
            "",
        ),
        (
            "selected",
            vec![
                (POLICIES, dev.clone()),
                labels(json!({"env": "dev"})),
                (HUB, secret.clone()),
            ],
            "Changed",
            "",
        ),
        (
            "not selected",
            vec![(POLICIES, dev.clone()), labels(json!({}))],
            "Unchanged",
            "",
        ),
        (
            "labels unknown",
            vec![(POLICIES, dev), (NAMESPACE, json!(403))],
            "Unchanged",
            "the namespace labels are unknown",
        ),
        (
            "opted out",
            vec![
                (POLICIES, hub.clone()),
                labels(json!({"extreg.io/ignore": "true"})),
            ],
            "Unchanged",
            "",
        ),
        (
            "missing secret",
            vec![(POLICIES, hub.clone()), labels(json!({}))],
            "Changed",
            "secret hub does not exist: builds remain Pending",
        ),
        (
            "missing secret, link",
            vec![
                (POLICIES, hub.clone()),
                labels(json!({})),
                (BUILDER, linked),
            ],
            "Unchanged",
            "OpenShift selects a push secret of service account builder",
        ),
        (
            "secret forbidden",
            vec![(POLICIES, hub), labels(json!({})), (HUB, json!(403))],
            "Changed",
            "",
        ),
    ] {
        let api = cluster(&objects);
        let (_, out, err) = run(&api, &["-o", "json"], BUILD);
        let report: Value = serde_json::from_str(&out).unwrap();
        let object = &report["objects"][0];
        assert_eq!(object["decision"], decision, "{case}: {report}\n{err}");
        assert_eq!(object["namespace"], "snow");
        let warnings = object["warnings"].to_string();
        assert_eq!(warnings == "[]", warning.is_empty(), "{case}: {warnings}");
        assert!(warnings.contains(warning), "{case}: {warnings}");
    }
}

#[test]
fn unreadable_resource_is_unknown_and_reported_once() {
    let no = json!(403);
    let images = "/apis/config.openshift.io/v1/images/cluster";
    let api = cluster(&[
        (POLICIES, no.clone()),
        (NAMESPACE, no.clone()),
        (DOCKERHUB, no.clone()),
        (BUILDER, no.clone()),
        (images, no),
    ]);
    let (code, out, err) = run(&api, &["-o", "name"], &format!("{BUILD}---\n{BUILD}"));
    assert_eq!((code, out.lines().count()), (3, 2));
    let told: Vec<&str> = err.lines().collect();
    assert_eq!(told.len(), 7, "{err}");
    for (line, what) in [
        (0, "registrypolicies"),
        (2, "image.config.openshift.io/cluster"),
        (3, "namespace/snow"),
        (4, "secret/dockerhub in snow"),
        (5, "serviceaccount/builder in snow"),
    ] {
        has_facts(told[line], &["Warning: ", what, " is unknown", "Forbidden"]);
    }
    has_facts(told[1], &["Warning: ", "built-in", "--policy FILE"]);
    has_facts(told[6], &["2 objects", "2 "]);
    assert_eq!(api.seen().len(), 6);
}

#[test]
fn reads_one_stream_once() {
    let stream = json!({"status": {"dockerImageRepository": "docker.io/acme/app"}});
    let path = "/apis/image.openshift.io/v1/namespaces/snow/imagestreams/app";
    let build = BUILD
        .replace("DockerImage", "ImageStreamTag")
        .replace("docker.io/acme/app:v1", "app:v1");
    for (objects, want, warning) in [
        (vec![(path, stream)], "Changed", ""),
        (vec![], "Unchanged", ""),
        (
            vec![(path, json!(403))],
            "Unchanged",
            "ImageStream app could not be read",
        ),
    ] {
        let api = cluster(&objects);
        let (_, out, err) = run(&api, &["-o", "json"], &format!("{build}---\n{build}"));
        let report: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(report["objects"][1]["decision"], want, "{err}");
        let warnings = report["objects"][1]["warnings"].to_string();
        assert!(warnings.contains(warning), "{warnings}");
        let reads = api
            .seen()
            .iter()
            .filter(|seen| seen.line.contains(path))
            .count();
        assert_eq!(reads, 1);
    }
}

#[test]
fn expired_login_is_an_error() {
    let api = Api::answering(|_| status(401, "Unauthorized", "Unauthorized"));
    let (code, out, err) = run(&api, &[], BUILD);
    assert_eq!((code, out.as_str()), (6, ""));
    assert!(err.contains("You must be logged in to the server"), "{err}");
    let (code, _, err) = run(&api, &["--offline"], BUILD);
    assert_eq!(code, 3, "{err}");
}

#[test]
fn unreachable_cluster_does_not_fail_the_check() {
    let args = [
        "--server",
        "http://127.0.0.1:1",
        "-n",
        "snow",
        "-f",
        "-",
        "-o",
        "name",
    ];
    let (code, out, err) = check_in(Path::new("/"), &args, BUILD);
    assert_eq!(
        (code, out.as_str()),
        (3, "buildconfig.build.openshift.io/app\n")
    );
    has_facts(
        &err,
        &[
            "Unable to connect to the server",
            "--offline",
            "built-in",
            "--policy FILE",
            "1 object checked",
            "assumed",
        ],
    );
    assert_eq!(err.lines().count(), 4, "{err}");
    let (code, _, err) = check_in(Path::new("/"), &["-f", "-"], BUILD);
    assert_eq!(code, 3);
    assert!(
        err.contains("no cluster: found no kubeconfig") && err.contains("as with --offline"),
        "{err}"
    );
}

#[test]
fn default_namespace_is_reported() {
    let api = cluster(&[]);
    let args = ["--server", &api.url, "-f", "-"];
    let (code, _, err) = check_in(Path::new("/"), &args, &format!("{BUILD}---\n{BUILD}"));
    assert_eq!(code, 0);
    assert_eq!(
        err.matches("checked as in namespace default").count(),
        1,
        "{err}"
    );
}

#[test]
fn check_writes_nothing() {
    let api = cluster(&[]);
    let (code, _, err) = run(&api, &["--read-only"], BUILD);
    assert_eq!(code, 3, "{err}");
    assert!(err.contains("namespace snow does not exist"), "{err}");
    assert!(api.seen().iter().all(|seen| seen.line.starts_with("GET ")));
}
