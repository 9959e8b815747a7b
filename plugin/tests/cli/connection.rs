//! kubectl's flags, and the requests that they cause.

use super::common::extreg;
use extreg_fakes::{Answer, Api, ok, status};

const VERSION: &str = r#"{"major":"1","minor":"34","gitVersion":"v1.34.0"}"#;

fn version_server() -> Api {
    Api::answering(|request| {
        if request.line.contains("/version ") && !request.line.contains("clusterversions") {
            ok(VERSION)
        } else {
            status(404, "NotFound", "not found")
        }
    })
}

#[test]
fn sends_every_part_of_the_impersonated_identity() {
    let api = version_server();
    extreg()
        .args([
            "version", "-o", "json", "--server", &api.url, "--token", "t0k3n",
        ])
        .args([
            "--as",
            "jane",
            "--as-uid",
            "0815",
            "--as-group",
            "dev",
            "--as-group",
            "ops",
        ])
        .args([
            "--as-user-extra",
            "scopes.x/y=a",
            "--as-user-extra",
            "scopes.x/y=b",
        ])
        .assert()
        .success();
    let seen = api.seen();
    assert!(!seen.is_empty());
    for request in seen {
        assert_eq!(
            (request.body.as_str(), request.header("impersonate-user")),
            ("", vec!["jane"])
        );
        assert_eq!(request.header("impersonate-uid"), ["0815"]);
        assert_eq!(request.header("impersonate-group"), ["dev", "ops"]);
        assert_eq!(request.header("impersonate-extra-scopes.x%2fy"), ["a", "b"]);
        // Over HTTP no credential is sent; over TLS it is (`plugin_uses_the_same_server_as_kubectl`).
        assert!(request.header("authorization").is_empty());
        let agent = request.header("user-agent");
        assert!(
            agent.len() == 1 && agent[0].starts_with("oc-extreg/"),
            "{agent:?}"
        );
        assert!(agent[0].ends_with(" version"), "{agent:?}");
    }
}

#[test]
fn sends_the_identity_of_the_kubeconfig() {
    let api = version_server();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    let kubeconfig = format!(
        "
clusters: [{{name: c, cluster: {{server: '{}'}}}}]
contexts: [{{name: x, context: {{cluster: c, user: u}}}}]
users: [{{name: u, user: {{token: t, as: jane, as-uid: '7', as-user-extra: {{k: [v]}}}}}}]
current-context: x
",
        api.url
    );
    std::fs::write(&file, kubeconfig).unwrap();
    extreg()
        .args(["version", "--kubeconfig"])
        .arg(&file)
        .assert()
        .success();
    let seen = api.seen();
    assert_eq!(seen[0].header("impersonate-uid"), ["7"]);
    assert_eq!(seen[0].header("impersonate-extra-k"), ["v"]);
}

#[test]
fn logs_requests_without_tokens() {
    let api = version_server();
    let run = extreg()
        .args([
            "version", "-v", "10", "-o", "json", "--server", &api.url, "--token", "t0k3n",
        ])
        .assert()
        .success();
    let err = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    assert!(
        err.contains(&format!("GET {}/version 200 OK in ", api.url)),
        "{err}"
    );
    assert!(!err.contains("t0k3n"), "{err}");
    let out: serde_json::Value = serde_json::from_slice(&run.get_output().stdout).unwrap();
    assert_eq!(out["serverVersion"]["gitVersion"], "v1.34.0");
}

#[test]
fn waits_as_long_as_retry_after() {
    let api = Api::answering(|request| {
        if request.number == 1 {
            Answer::json(429, "{}").header("retry-after", "1")
        } else if request.line.contains(" /version ") {
            ok(VERSION)
        } else {
            status(404, "NotFound", "not found")
        }
    });
    let run = extreg()
        .args(["version", "--server", &api.url])
        .assert()
        .success();
    let err = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    assert_eq!(
        err,
        "the server is busy (429 Too Many Requests), retrying in 1s\n"
    );
    assert_eq!(
        api.seen()
            .iter()
            .filter(|r| r.line.contains(" /version "))
            .count(),
        2
    );
}

#[test]
fn prints_a_server_warning_once() {
    let api = Api::answering(|_| ok(VERSION).header("warning", "299 - \"old and \\\"tired\\\"\""));
    extreg()
        .args(["version", "--server", &api.url])
        .assert()
        .success()
        .stderr("Warning: old and \"tired\"\n");
    assert!(api.seen().len() > 1);
}

#[test]
fn server_errors_have_their_exit_codes() {
    let cases: [(u16, &str, i32, &str); 3] = [
        (
            401,
            "Unauthorized",
            6,
            "error: You must be logged in to the server",
        ),
        (403, "Forbidden", 6, "Error from server (Forbidden): reason"),
        (
            500,
            "InternalError",
            1,
            "Error from server (InternalError): reason",
        ),
    ];
    for (code, reason, exit, message) in cases {
        let api = Api::answering(move |_| status(code, reason, "reason"));
        let run = extreg()
            .args(["version", "--server", &api.url])
            .assert()
            .code(exit);
        let output = run.get_output();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(err.starts_with(message), "{err}");
        let out = String::from_utf8_lossy(&output.stdout);
        assert!(out.starts_with("Client Version: "), "{out}");
    }
}

#[test]
fn unreachable_server_is_1_and_missing_kubeconfig_is_6() {
    let run = extreg()
        .args(["version", "--server", "http://127.0.0.1:1"])
        .assert()
        .code(1);
    let err = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    assert!(
        err.starts_with("Unable to connect to the server: "),
        "{err}"
    );
    extreg().args(["version"]).assert().code(6);
    extreg()
        .args(["version", "--kubeconfig", "/nonexistent/config"])
        .assert()
        .code(2);
    extreg()
        .args(["version", "--server", "http://x", "--as-uid", "1"])
        .assert()
        .code(2);
}

#[test]
fn timeout_is_124() {
    let api = Api::answering(|_| Answer::never());
    extreg()
        .args(["version", "--server", &api.url, "--timeout", "200ms"])
        .assert()
        .code(124);
    let run = extreg()
        .args([
            "version",
            "--server",
            &api.url,
            "--request-timeout",
            "200ms",
        ])
        .assert()
        .code(1);
    let err = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
    assert!(err.contains("--request-timeout"), "{err}");
}

#[test]
fn invalid_kubeconfig_is_not_quoted() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    for text in [
        "users: [{name: u, user: {token: t0k3n\n",
        "t0k3n\n",
        "users: t0k3n\n",
    ] {
        std::fs::write(&file, text).unwrap();
        let run = extreg()
            .args(["version", "--kubeconfig"])
            .arg(&file)
            .assert()
            .code(2);
        let err = String::from_utf8_lossy(&run.get_output().stderr).into_owned();
        assert!(err.contains("not a kubeconfig: line "), "{err}");
        assert!(!err.contains("t0k3n"), "{err}");
    }
}

#[test]
fn no_proxy_bypasses_the_proxy() {
    let proxy = Api::answering(|_| status(502, "Because", "no such host"));
    let run = |no_proxy: &str| {
        extreg()
            .args(["version", "--server", "https://api.invalid:6443"])
            .env("HTTPS_PROXY", &proxy.url)
            .env("NO_PROXY", no_proxy)
            .assert()
            .code(1);
        proxy.seen().len()
    };
    assert_eq!(run(".invalid"), 0);
    assert_eq!(run(""), 1);
    let request = &proxy.seen()[0].line;
    assert!(
        request.starts_with("CONNECT api.invalid:6443 "),
        "{request}"
    );
}
