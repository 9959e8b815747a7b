//! The real kubectl runs the plugin.

use std::process::Output;

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
async fn the_exit_code_and_the_callers_name_come_through() {
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
    let said = text(&output.stderr);
    assert!(said.contains("ann") && said.contains("bob"), "{said}");
}
