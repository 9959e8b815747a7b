//! The documented exit codes, for all commands.

use super::common::extreg;
use extreg_fakes::{Answer, Api, ok, status};

/// Commands that need a cluster.
const COMMANDS: [&str; 18] = [
    "audit -n snow",
    "diff webhook",
    "except add EXR001 deployment/app --reason because --expires 2999-01-01 --annotate -n snow",
    "fix -n snow",
    "import app:v1 -n snow",
    "inventory -n snow",
    "policy show",
    "promote app:v1 prod -n snow",
    "ratelimit --budget -n snow",
    "secret check -n snow",
    "secret link hub -n snow",
    "setup app --image u/a --no-build --no-secret --no-project -n snow",
    "status -n snow",
    "tag -d app:v1 -n snow",
    "tag u/a:v1 app:v1 -n snow",
    "teardown app -n snow",
    "webhook status",
    "webhook uninstall",
];

/// Runs every command and reports each wrong exit code.
fn run_all(commands: &[&str], more: &[&str], expected: i32) {
    let mut wrong = Vec::new();
    for command in commands {
        let output = extreg()
            .args(command.split(' '))
            .args(more)
            .output()
            .unwrap();
        let code = output.status.code().unwrap();
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        if code != expected {
            wrong.push(format!("{command}: {code}, not {expected}: {err}"));
        }
        assert!(!err.contains("panicked"), "{command}: {err}");
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn missing_kubeconfig_is_6() {
    run_all(&COMMANDS, &[], 6);
}

#[test]
fn missing_login_is_6() {
    let api = Api::answering(|_| status(401, "Unauthorized", "Unauthorized"));
    run_all(&COMMANDS, &["--server", &api.url], 6);
}

#[test]
fn unreachable_server_is_1() {
    // For `diff`, 1 means that differences exist.
    let commands: Vec<&str> = COMMANDS
        .into_iter()
        .filter(|it| !it.starts_with("diff"))
        .collect();
    run_all(&commands, &["--server", "http://127.0.0.1:1"], 1);
    run_all(&["diff webhook"], &["--server", "http://127.0.0.1:1"], 2);
}

#[test]
fn timeout_is_124() {
    let api = Api::answering(|_| Answer::never());
    run_all(
        &COMMANDS,
        &["--server", &api.url, "--timeout", "300ms"],
        124,
    );
}

#[test]
fn invalid_usage_is_2_before_any_request() {
    let api = Api::answering(|_| status(500, "Because", "no"));
    run_all(&COMMANDS, &["--server", &api.url, "--no-such-flag"], 2);
    run_all(
        &[
            "",
            "no-such-command",
            "tag u/a",
            "tag app:v1 app:v2",
            "tag u/a App:v1",
            "setup app --image u/a",
            "setup app --image app --no-build",
            "setup app --image u/a --source ./app",
            "teardown A_B",
            "import",
            "promote app:v1",
            "resolve",
            "check",
            "secret link",
        ],
        &["--server", &api.url],
        2,
    );
    assert!(api.seen().is_empty());
}

#[test]
fn invalid_kubeconfig_is_2() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config");
    std::fs::write(&path, "clusters: [").unwrap();
    run_all(&COMMANDS, &["--kubeconfig", path.to_str().unwrap()], 2);
    let missing = folder.path().join("missing");
    run_all(&COMMANDS, &["--kubeconfig", missing.to_str().unwrap()], 2);
}

#[test]
fn nothing_to_remove_is_4_with_a_message() {
    let api = Api::answering(|seen| {
        if seen.line.contains("/namespaces/snow ") {
            let namespace = r#"{"kind":"Namespace","metadata":{"name":"snow"}}"#;
            return ok(namespace);
        }
        status(404, "NotFound", "not found")
    });
    let output = extreg()
        .args([
            "teardown", "app", "-n", "snow", "--yes", "--server", &api.url,
        ])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(4), "{output:?}");
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(
        err.contains("setup created nothing named app in namespace snow"),
        "{err}"
    );
}
