//! `setup` and `teardown` without a cluster.

use super::common::extreg;
use extreg_fakes::{Answer, Api, ok, status};

fn export(args: &str) -> String {
    let run = extreg()
        .arg("setup")
        .args(args.split(' '))
        .arg("--export")
        .assert()
        .success();
    String::from_utf8(run.get_output().stdout.clone()).unwrap()
}

#[test]
fn exports() {
    insta::assert_snapshot!(
        "export",
        export(
            "python-lyapp -n snow --image docker.io/ably77/python-lyapp --source https://example.com/x.git --ref main"
        )
    );
    insta::assert_snapshot!(
        "export-deploymentconfig",
        export(
            "app -n snow --image quay.io/org/app:v1 --source https://example.com/x.git --strategy source --builder python:3.12-ubi9 --workload deploymentconfig --service-account web --reference-policy local"
        )
    );
    insta::assert_snapshot!(
        "export-least",
        export("app --image u/app --no-build --secret hub --workload none")
    );
}

#[test]
fn export_needs_no_cluster_and_sends_nothing() {
    let api = Api::answering(|_| status(500, "Because", "no"));
    let args = [
        "setup",
        "app",
        "-n",
        "snow",
        "--image",
        "u/app",
        "--no-build",
        "--export",
    ];
    extreg()
        .args(args)
        .args(["--server", &api.url, "-v", "10"])
        .assert()
        .success();
    extreg()
        .args(args)
        .args(["--kubeconfig", "/nonexistent"])
        .assert()
        .success();
    assert!(api.seen().is_empty());
}

#[test]
fn export_contains_no_credential() {
    let text = {
        let run = extreg()
            .args([
                "setup",
                "app",
                "-n",
                "snow",
                "--image",
                "u/app",
                "--no-build",
                "--export",
            ])
            .args(["--username", "u", "--password-stdin"])
            .write_stdin("geheim")
            .assert()
            .success();
        let output = run.get_output();
        format!("{output:?}")
    };
    assert!(
        !text.contains("geheim") && !text.contains("Z2VoZWlt"),
        "{text}"
    );
}

#[test]
fn json_export_is_one_list() {
    let text = export("app -n snow --image u/app --source https://x/y -o json");
    let list: serde_json::Value = serde_json::from_str(&text).unwrap();
    let kinds: Vec<_> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| i["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds,
        ["Namespace", "BuildConfig", "ImageStream", "Deployment"]
    );
}

#[test]
fn invalid_usage_fails_before_any_request() {
    let api = Api::answering(|_| status(500, "Because", "no"));
    let cases = [
        (
            "app --image docker.io/app --no-build",
            "docker.io/library/app, which is reserved for Docker",
        ),
        ("app --image u/app", "--no-build"),
        ("App --image u/app --no-build", "DNS label"),
        (
            "app --image u/app --no-build -n kube-system",
            "a system namespace",
        ),
        ("app --no-build", "--image"),
    ];
    for (args, expected) in cases {
        let run = extreg()
            .arg("setup")
            .args(args.split(' '))
            .args(["--server", &api.url])
            .assert()
            .code(2)
            .stdout("");
        let err = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(err.contains(expected), "{args}: {err}");
    }
    assert!(api.seen().is_empty());
}

#[test]
fn cluster_without_builds_has_its_own_error() {
    let api = Api::answering(|request| {
        if request.line.contains("/apis/build.openshift.io/v1 ") {
            status(404, "NotFound", "no")
        } else {
            ok(r#"{"kind":"APIResourceList","resources":[]}"#)
        }
    });
    let run = extreg()
        .args([
            "setup",
            "app",
            "-n",
            "snow",
            "--image",
            "u/app",
            "--source",
            "https://x/y",
            "--no-secret",
        ])
        .args(["--server", &api.url])
        .assert()
        .code(1);
    let err = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    assert!(
        err.contains("does not serve buildconfigs") && err.contains("--no-build"),
        "{err}"
    );
    assert!(
        api.seen()
            .iter()
            .all(|request| request.line.starts_with("GET "))
    );
}

/// An OpenShift with a project "snow" that the user cannot see, with these answers for its namespace and
/// for a project request. Writes into it are accepted.
fn unseen_project(namespace: fn() -> Answer, request_answer: fn() -> Answer) -> Api {
    Api::answering(move |request| {
        let (method, path) = request.line.split_once(' ').unwrap();
        let served = |name: &str| {
            let list = format!(r#"{{"kind":"APIResourceList","resources":[{{"name":"{name}"}}]}}"#);
            ok(&list)
        };
        match method {
            "GET" if path.starts_with("/apis/project.openshift.io/v1 ") => {
                served("projectrequests")
            }
            "GET" if path.starts_with("/apis/image.openshift.io/v1 ") => served("imagestreams"),
            "GET" if path.contains("/projects/snow ") => status(403, "Forbidden", "no"),
            "GET" if path.starts_with("/api/v1/namespaces/snow ") => namespace(),
            "GET" => status(404, "NotFound", "no"),
            "POST" => request_answer(),
            _ => ok(&request.body),
        }
    })
}

const STREAM_ONLY: [&str; 9] = [
    "setup",
    "app",
    "-n",
    "snow",
    "--image",
    "u/app",
    "--no-build",
    "--no-secret",
    "--workload=none",
];

#[test]
fn project_of_another_user_is_rejected_without_changes() {
    fn forbidden() -> Answer {
        status(403, "Forbidden", "no")
    }
    let there = || status(409, "AlreadyExists", "snow already exists");
    let answers: [(fn() -> Answer, _, _); 2] =
        [(there, 1, "\"snow\" exists"), (forbidden, 6, "no;")];
    for (answer, code, said) in answers {
        let api = unseen_project(forbidden, answer);
        let run = extreg()
            .args(STREAM_ONLY)
            .args(["--server", &api.url])
            .assert()
            .code(code)
            .stdout("");
        let err = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(err.contains(said) && err.contains("--no-project"), "{err}");
        assert!(!err.contains("in progress"), "{err}");
    }
}

#[test]
fn project_visible_only_as_a_namespace_exists() {
    let namespace = || ok(r#"{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"snow"}}"#);
    let api = unseen_project(namespace, Answer::never);
    extreg()
        .args(STREAM_ONLY)
        .args(["--server", &api.url])
        .assert()
        .success()
        .stdout("namespace/snow unchanged\nimagestream.image.openshift.io/app created\n");
}

#[test]
fn controller_change_is_not_reported_as_ours() {
    let stream = |version: u32| {
        serde_json::json!({
            "apiVersion": "image.openshift.io/v1",
            "kind": "ImageStream",
            "metadata": {
                "name": "app", "namespace": "snow", "generation": version,
                "resourceVersion": version.to_string(),
                "labels": {"app.kubernetes.io/managed-by": "oc-extreg", "app.kubernetes.io/name": "app"},
            },
            "spec": {"tags": [{
                "name": "latest", "generation": version,
                "from": {"kind": "DockerImage", "name": "docker.io/u/app:latest"},
                "importPolicy": {"scheduled": true}, "referencePolicy": {"type": "Source"},
            }]},
        })
        .to_string()
    };
    let reads = std::sync::atomic::AtomicU32::new(0);
    let api = Api::answering(move |request| {
        let (method, path) = request.line.split_once(' ').unwrap();
        match method {
            "GET" if path.contains("/imagestreams/app ") => {
                // The second version appears between the first read and the write.
                let reads = reads.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                ok(&stream(if reads == 0 { 1 } else { 2 }))
            }
            "GET" if path.starts_with("/apis/image.openshift.io/v1 ") => {
                let list = r#"{"kind":"APIResourceList","resources":[{"name":"imagestreams"}]}"#;
                ok(list)
            }
            "GET" => status(404, "NotFound", "no"),
            _ if request.body.contains(r#""resourceVersion":"1""#) => {
                status(409, "Conflict", "the object has been modified")
            }
            _ => ok(&stream(2)),
        }
    });
    extreg()
        .args(STREAM_ONLY)
        .args(["--no-project", "--server", &api.url])
        .assert()
        .success()
        .stdout("imagestream.image.openshift.io/app unchanged\n");
}

/// Serves an empty project, accepts a secret, and never answers a write of a service account.
fn half_way() -> Api {
    Api::answering(|request| {
        let (method, path) = request.line.split_once(' ').unwrap();
        match method {
            "GET" if path.starts_with("/apis/project.openshift.io/v1 ") => {
                status(404, "NotFound", "no")
            }
            "GET" if path.starts_with("/api/v1/namespaces/snow ") => {
                ok(r#"{"kind":"Namespace","metadata":{"name":"snow"}}"#)
            }
            "GET" if path.starts_with("/apis/image.openshift.io/v1 ") => {
                ok(r#"{"kind":"APIResourceList","resources":[{"name":"imagestreams"}]}"#)
            }
            "GET" => status(404, "NotFound", "no"),
            "PATCH" => ok(r#"{"kind":"Secret","metadata":{"name":"dockerhub"}}"#),
            _ => Answer::never(),
        }
    })
}

const HALF_WAY: &str = "\
changed so far:
  secret/dockerhub created
in progress, possibly written: serviceaccount/default
run the same command again to continue; finished changes are unchanged
or roll back: oc extreg teardown app -n snow --yes
";

#[test]
fn timeout_is_124() {
    let api = half_way();
    let run = extreg()
        .args([
            "setup",
            "app",
            "-n",
            "snow",
            "--image",
            "u/app",
            "--no-build",
        ])
        .args([
            "--username",
            "u",
            "--password-stdin",
            "--server",
            &api.url,
            "--timeout",
            "2s",
        ])
        .write_stdin("geheim")
        .assert()
        .code(124);
    let err = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    assert!(err.starts_with("error: timed out after 2s\n"), "{err}");
}

#[test]
fn interrupted_run_reports_its_progress() {
    use std::{
        io::Write as _,
        process::{Command, Stdio},
    };

    let api = half_way();
    let mut child = Command::new(assert_cmd::cargo::cargo_bin("oc-extreg"))
        .args([
            "setup",
            "app",
            "-n",
            "snow",
            "--image",
            "u/app",
            "--no-build",
        ])
        .args(["--username", "u", "--password-stdin", "--server", &api.url])
        .env_clear()
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"geheim").unwrap();
    api.wait_for(|request| request.line.starts_with("POST "));
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        format!("error: interrupted\n{HALF_WAY}")
    );
}
