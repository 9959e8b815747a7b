//! Shell completion: candidates that `oc` and `kubectl` get.

use std::{path::Path, process::Command};

use serde_json::{Value, json};

use super::common::{ended, extreg};
use extreg_fakes::{Answer, Api, ok, status};

/// Candidates without descriptions; the last item is the directive.
fn candidates(words: &[&str]) -> Vec<String> {
    let run = extreg().arg("__complete").args(words).assert().success();
    let output = run.get_output();
    assert_eq!(output.stderr, b"", "{words:?}");
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines()
        .map(|line| line.split('\t').next().unwrap_or_default().to_owned())
        .collect()
}

fn forbidden() -> Answer {
    status(403, "Forbidden", "no")
}

fn list(names: &[&str]) -> Answer {
    let items: Vec<Value> = names
        .iter()
        .map(|name| json!({"metadata": {"name": name}}))
        .collect();
    ok(&json!({ "items": items }))
}

#[test]
fn completes_the_command_tree() {
    let table: [(&[&str], &[&str]); 16] = [
        (&["se"], &["setup", "secret", ":4"]),
        (&["webhook", "in"], &["install", ":4"]),
        (&["setup", "app", "--image", ""], &[":4"]),
        (&["setup", "app", "--work"], &["--workload", ":4"]),
        (
            &["setup", "app", "--workload", ""],
            &["deployment", "deploymentconfig", "none", ":4"],
        ),
        (
            &["setup", "app", "--workload=deploymentc"],
            &["deploymentconfig", ":4"],
        ),
        (&["setup", "app", "-o", "y"], &["yaml", ":4"]),
        // A flag that was given is not a candidate.
        (&["setup", "--workload", "none", "--workl"], &[":4"]),
        (
            &["explain", "EXR00"],
            &[
                "EXR001", "EXR002", "EXR003", "EXR004", "EXR005", "EXR006", "EXR007", "EXR008",
                "EXR009", ":4",
            ],
        ),
        (&["audit", "--skip=EXR014"], &["EXR014", ":4"]),
        (
            &["audit", "--check", "EXR001,EXR014"],
            &["EXR001,EXR014", ":4"],
        ),
        (&["audit", "-o", "sa"], &["sarif", ":4"]),
        (&["check", "-f", ""], &[":0"]),
        (&["completion", "install", "--dir", "/"], &[":16"]),
        (&["completion", "z"], &["zsh", ":4"]),
        (&["help", "exi"], &["exit-codes", ":4"]),
    ];
    for (words, expected) in table {
        assert_eq!(candidates(words), expected, "{words:?}");
    }
}

#[test]
fn candidates_have_descriptions() {
    let run = extreg().args(["__complete", "set"]).assert().success();
    let text = String::from_utf8(run.get_output().stdout.clone()).unwrap();
    assert_eq!(
        text,
        "setup\tSet up an application that is built here and stored in an external registry\n:4\n"
    );
}

#[test]
fn hidden_commands_are_not_candidates() {
    let all = candidates(&[""]);
    assert!(all.contains(&"webhook".to_owned()), "{all:?}");
    for hidden in ["__complete", "environment", "exit-codes"] {
        assert!(!all.contains(&hidden.to_owned()), "{hidden}");
    }
    assert!(candidates(&["--conte"]).contains(&"--context".to_owned()));
}

#[test]
fn completes_from_the_kubeconfig_without_network() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("config");
    std::fs::write(
        &file,
        "
clusters: [{name: c-one, cluster: {server: 'http://127.0.0.1:1'}}]
users: [{name: u-one, user: {token: t0k3n}}]
contexts: [{name: dev, context: {cluster: c-one, user: u-one}}, {name: \"d\\nx\", context: {cluster: c-one}}]
",
    )
    .unwrap();
    let file = file.to_str().unwrap();
    let table = [
        ("--context", "d", "dev"),
        ("--cluster", "", "c-one"),
        ("--user", "u", "u-one"),
    ];
    for (flag, typed, expected) in table {
        let words = ["version", "--kubeconfig", file, flag, typed];
        assert_eq!(candidates(&words), [expected, ":4"], "{flag}");
    }
}

#[test]
fn queries_the_cluster_of_the_typed_flags() {
    let api = Api::answering(|seen| match seen.path.as_str() {
        "/api/v1/namespaces" => list(&["snow", "shop", "ice"]),
        "/apis/build.openshift.io/v1/namespaces/snow/buildconfigs" => list(&["app", "api"]),
        "/apis/image.openshift.io/v1/namespaces/snow/imagestreams" => list(&["app", "art"]),
        _ => status(404, "NotFound", "not found"),
    });
    let server = format!("--server={}", api.url);
    assert_eq!(candidates(&[&server, "-n", "s"]), ["shop", "snow", ":4"]);
    assert_eq!(
        candidates(&["teardown", "-n", "snow", &server, "a"]),
        ["api", "app", "art", ":4"]
    );
    let seen = api.seen();
    let agent = seen[0].header("user-agent");
    assert!(agent[0].ends_with(" complete"), "{agent:?}");
    assert!(seen.iter().all(|seen| seen.line.starts_with("GET ")));
}

#[test]
fn completes_a_tag_after_its_stream() {
    let api = Api::answering(|seen| match seen.path.as_str() {
        "/apis/image.openshift.io/v1/namespaces/snow/imagestreams" => list(&["app", "art"]),
        "/apis/image.openshift.io/v1/namespaces/snow/imagestreams/app" => {
            ok(&json!({"spec": {"tags": [{"name": "latest"}, {"name": "v1"}]}}).to_string())
        }
        _ => status(404, "NotFound", "not found"),
    });
    let server = format!("--server={}", api.url);
    let table: [(&[&str], &[&str]); 5] = [
        // No space after a stream: a tag can follow.
        (&["promote", "ap"], &["app:", ":6"]),
        (&["promote", "app:"], &["app:latest", "app:v1", ":4"]),
        (&["import", "a"], &["app", "art", ":6"]),
        (&["import", "app:v"], &["app:v1", ":4"]),
        (&["tag", "docker.io/acme/app", "gone:"], &[":4"]),
    ];
    for (words, expected) in table {
        let words = [&["-n", "snow", &server], words].concat();
        assert_eq!(candidates(&words), expected, "{words:?}");
    }
}

#[test]
fn falls_back_to_projects_without_the_right_to_list_namespaces() {
    let api = Api::answering(|seen| match seen.path.as_str() {
        "/apis/project.openshift.io/v1/projects" => list(&["mine"]),
        _ => forbidden(),
    });
    let server = format!("--server={}", api.url);
    assert_eq!(candidates(&[&server, "--namespace", ""]), ["mine", ":4"]);
}

#[test]
fn failed_queries_give_no_candidates() {
    let slow = Api::answering(|_| Answer::never());
    let forbidden = Api::answering(|_| forbidden());
    let other = Api::answering(|_| ok("<html>"));
    for server in [&slow.url, &forbidden.url, &other.url, "http://127.0.0.1:1"] {
        let server = format!("--server={server}");
        assert_eq!(candidates(&[&server, "-n", ""]), [":4"], "{server}");
        assert_eq!(candidates(&[&server, "teardown", ""]), [":4"], "{server}");
    }
    // No kubeconfig; invalid flags.
    assert_eq!(candidates(&["-n", ""]), [":4"]);
    assert_eq!(candidates(&["--timeout", "soon", "-n", ""]), [":4"]);
}

fn install(dir: &Path) -> (i32, String, String) {
    ended(extreg().args(["completion", "install", "--dir"]).arg(dir))
}

#[test]
fn installs_working_completion_scripts_once() {
    use std::os::unix::fs::PermissionsExt as _;

    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().display();
    let (code, out, err) = install(dir.path());
    assert_eq!(code, 0, "{err}");
    assert_eq!(
        out,
        format!("{folder}/oc_complete-extreg created\n{folder}/kubectl_complete-extreg created\n")
    );
    assert!(err.contains("is not on the PATH"), "{err}");
    assert!(
        err.contains(&format!(
            "To undo: rm {folder}/oc_complete-extreg {folder}/kubectl_complete-extreg"
        )),
        "{err}"
    );
    let (_, again, _) = install(dir.path());
    assert_eq!(again.matches(" unchanged\n").count(), 2, "{again}");

    let shim = dir.path().join("oc_complete-extreg");
    std::fs::set_permissions(&shim, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (_, updated, _) = install(dir.path());
    assert!(updated.contains("oc_complete-extreg updated"), "{updated}");

    // The host can find the program under either name.
    let program = assert_cmd::cargo::cargo_bin("oc-extreg");
    std::os::unix::fs::symlink(program, dir.path().join("kubectl-extreg")).unwrap();
    for name in ["oc_complete-extreg", "kubectl_complete-extreg"] {
        let run = Command::new(dir.path().join(name))
            .args(["webhook", "unin"])
            .env_clear()
            .env("PATH", format!("{folder}:/usr/bin:/bin"))
            .output()
            .unwrap();
        let printed = String::from_utf8(run.stdout).unwrap();
        assert!(printed.starts_with("uninstall\t"), "{name}: {printed}");
        assert!(printed.ends_with("\n:4\n"), "{name}: {printed}");
    }
}

#[test]
fn file_of_another_tool_is_not_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let shim = dir.path().join("oc_complete-extreg");
    std::fs::write(&shim, "#!/bin/sh\necho mine\n").unwrap();
    let (code, _, err) = install(dir.path());
    assert_eq!(code, 1);
    assert!(err.contains("was not created by this command"), "{err}");
    assert_eq!(
        std::fs::read_to_string(&shim).unwrap(),
        "#!/bin/sh\necho mine\n"
    );
}

#[test]
fn installs_into_the_folder_of_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let (bin, other) = (dir.path().join("bin"), dir.path().join("other"));
    std::fs::create_dir_all(&bin).unwrap();
    std::fs::create_dir_all(&other).unwrap();
    let program = assert_cmd::cargo::cargo_bin("oc-extreg");
    std::os::unix::fs::symlink(program, bin.join("kubectl-extreg")).unwrap();
    let run = Command::new(bin.join("kubectl-extreg"))
        .args(["completion", "install"])
        .env_clear()
        .env("PATH", std::env::join_paths([&other, &bin]).unwrap())
        .output()
        .unwrap();
    let err = String::from_utf8(run.stderr).unwrap();
    assert!(run.status.success(), "{err}");
    assert!(!err.contains("is not on the PATH"), "{err}");
    assert!(bin.join("oc_complete-extreg").exists());
}
