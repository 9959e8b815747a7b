//! The real kubectl runs the plugin.

use std::process::{Command, Output};

use extreg_tests::{ControlPlane, PluginFolder};
use serde_json::Value;

/// Runs `kubectl extreg ARGS` as the administrator of the shared control plane.
async fn kubectl_extreg(args: &[&str]) -> Output {
    let plane = ControlPlane::shared().await.unwrap();
    let plugin = PluginFolder::new().unwrap();
    let mut kubectl = plane.kubectl();
    plugin.add_to(&mut kubectl).unwrap();
    kubectl.arg("extreg").args(args).output().unwrap()
}

fn text(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).unwrap()
}

#[tokio::test]
async fn version_names_this_program_and_the_server() {
    let output = kubectl_extreg(&["version", "-o", "json"]).await;
    assert!(output.status.success(), "{}", text(&output.stderr));
    let versions: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(
        versions["clientVersion"]["version"],
        env!("CARGO_PKG_VERSION")
    );
    let server = versions["serverVersion"]["gitVersion"].as_str().unwrap();
    assert!(server.starts_with("v1."), "{server}");
}

#[tokio::test]
async fn passes_on_the_exit_code_and_the_name_of_the_caller() {
    let output = kubectl_extreg(&["version", "--no-such-flag"]).await;
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("kubectl extreg version"),
        "{}",
        text(&output.stderr)
    );
}

#[tokio::test]
async fn a_user_is_impersonated_by_kubectls_flags() {
    let plane = ControlPlane::shared().await.unwrap();
    let weak = plane.user("ann", &[]).unwrap();
    let flags = [
        "version",
        "--kubeconfig",
        weak.to_str().unwrap(),
        "--as",
        "bob",
    ];
    let output = kubectl_extreg(&flags).await;
    assert!(!output.status.success());
    let answer = text(&output.stderr);
    assert!(answer.contains("ann") && answer.contains("bob"), "{answer}");
}

/// The candidates of the real kubectl for a line, from the plugin's completion executable.
async fn kubectl_offers(plane: &ControlPlane, words: &[&str]) -> Vec<String> {
    let plugin = PluginFolder::new().unwrap();
    let mut install = Command::new(plugin.path().join("kubectl-extreg"));
    install.args(["completion", "install"]);
    plugin.add_to(&mut install).unwrap();
    let install = install.output().unwrap();
    assert!(install.status.success(), "{}", text(&install.stderr));
    let mut kubectl = plane.kubectl();
    plugin.add_to(&mut kubectl).unwrap();
    let output = kubectl
        .args(["__complete", "extreg"])
        .args(words)
        .output()
        .unwrap();
    let lines = text(&output.stdout).lines();
    lines
        .filter_map(|line| line.split('\t').next())
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn kubectl_completes_the_plugin() {
    let plane = ControlPlane::shared().await.unwrap();
    let offered = kubectl_offers(plane, &["set"]).await;
    assert_eq!(offered, ["setup", ":4"]);
    let namespace = plane.namespace("complete").await.unwrap();
    let stream = serde_json::json!({
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStream",
        "metadata": {"name": "melon", "namespace": namespace},
    });
    let file = plane.folder().join("complete-stream.json");
    std::fs::write(&file, stream.to_string()).unwrap();
    let applied = plane
        .kubectl()
        .args(["create", "-f", file.to_str().unwrap()])
        .output()
        .unwrap();
    assert!(applied.status.success(), "{}", text(&applied.stderr));
    // kubectl does not complete its own flags after the plugin's name; their typed values are used.
    let offered = kubectl_offers(plane, &["teardown", "-n", &namespace, ""]).await;
    assert_eq!(offered, ["melon", ":4"]);
    let offered = kubectl_offers(plane, &["version", "-n", &namespace]).await;
    assert_eq!(offered, [namespace.as_str(), ":4"]);
}
