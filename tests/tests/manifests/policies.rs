//! The definition's schema reports what is wrong with a policy.

use std::process::Command;

use extreg_core::policy::Policy;
use extreg_tests::{with_input, workspace_binary};
use serde_json::{Value, json};

use crate::cluster::{apply, installed, kubectl};

fn policy(spec: &Value) -> Value {
    json!({
        "apiVersion": "extreg.io/v1alpha1",
        "kind": "RegistryPolicy",
        "metadata": {"name": "tried"},
        "spec": spec,
    })
}

/// The plugin's error without a cluster; `None` if the policy is valid.
fn complaint(spec: &Value) -> Option<String> {
    let mut plugin = Command::new(workspace_binary("oc-extreg").unwrap());
    plugin.args(["policy", "validate", "-f", "-"]).env_clear();
    let output = with_input(&mut plugin, &policy(spec).to_string()).unwrap();
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    match output.status.code() {
        Some(0) => None,
        Some(3) => Some(answer),
        other => panic!(
            "{other:?}: {answer}{}",
            String::from_utf8_lossy(&output.stderr)
        ),
    }
}

/// The API server's error for a policy with this spec; `None` if it accepts the policy.
async fn refusal(spec: &Value) -> Option<String> {
    let plane = installed().await;
    let policy = policy(spec);
    let output = kubectl(
        plane,
        &["create", "--dry-run=server", "-f", "-"],
        &policy.to_string(),
    );
    let answer = String::from_utf8_lossy(&output.stderr).into_owned();
    (!output.status.success()).then_some(answer)
}

/// Whether the webhook could use a policy with this spec.
fn compiles(spec: &Value) -> bool {
    let spec = serde_json::from_value(spec.clone());
    spec.is_ok_and(|spec| Policy::compile("tried", "", &spec).is_ok())
}

fn with(field: &str, value: Value) -> Value {
    let mut spec = json!({"registry": "docker.io", "import": {"scheduled": true}});
    spec[field] = value;
    spec
}

#[tokio::test]
async fn valid_policies_are_accepted() {
    for spec in [
        with("registry", json!("docker.io")),
        with("registry", json!("quay.example.com:8443")),
        with("registry", json!("localhost")),
        with("registry", json!("10.0.0.1:5000")),
        with(
            "repositories",
            json!(["team/*", "team/**", "**/app", "a.b/c_d--e", "*"]),
        ),
        with("push", json!({"secretName": "dockerhub"})),
        with(
            "push",
            json!({"secretName": "hub.example", "target": "Build"}),
        ),
        with("pull", json!({"secretName": "dockerhub"})),
        with("namespaceSelector", json!({"matchLabels": {"team": "a"}})),
        with(
            "namespaceSelector",
            json!({"matchExpressions": [{"key": "a", "operator": "In", "values": ["b"]}]}),
        ),
        with(
            "namespaceSelector",
            json!({"matchExpressions": [{"key": "a", "operator": "Exists"}]}),
        ),
        json!({"registry": "docker.io", "mode": "Off"}),
        json!({"registry": "docker.io", "import": {"scheduled": false}}),
    ] {
        assert_eq!(refusal(&spec).await, None, "{spec}");
        assert!(compiles(&spec), "{spec}");
        assert_eq!(complaint(&spec), None, "{spec}");
    }
}

#[tokio::test]
async fn invalid_policies_are_refused_with_the_reason() {
    for (spec, reasons) in [
        (json!({}), &["spec.registry: Required value"][..]),
        (with("registry", json!("")), &["spec.registry"]),
        (
            with("registry", json!("https://docker.io")),
            &["spec.registry: Invalid value", "without a scheme"],
        ),
        (
            with("registry", json!("docker.io/team")),
            &["without a path"],
        ),
        (
            with("registry", json!("Docker.io")),
            &["must be in lower case"],
        ),
        (
            with("registry", json!("docker")),
            &["must have a dot or a port"],
        ),
        (
            with("registry", json!("docker .io")),
            &["must be a host or host:port"],
        ),
        (
            with("registry", json!("-a.io")),
            &["must be a host or host:port"],
        ),
        (
            with("registry", json!("a.io:x")),
            &["must be a host or host:port"],
        ),
        (with("repositories", json!([])), &["spec.repositories"]),
        (
            with("repositories", json!(["/a"])),
            &["spec.repositories[0]", "single slashes"],
        ),
        (with("repositories", json!(["a//b"])), &["single slashes"]),
        (with("repositories", json!(["a/"])), &["single slashes"]),
        (
            with("repositories", json!(["a:v1"])),
            &["without registry port, tag or digest"],
        ),
        (
            with("repositories", json!(["Team/a"])),
            &["must consist of lower case"],
        ),
        (
            with("repositories", json!(["team**/a"])),
            &["'**' must be a whole segment"],
        ),
        (
            with("repositories", json!(["a", "a"])),
            &["Duplicate value"],
        ),
        (
            with("mode", json!("Sometimes")),
            &["spec.mode: Unsupported value"],
        ),
        (
            with("push", json!({})),
            &["spec.push.secretName: Required value"],
        ),
        (
            with("push", json!({"secretName": ""})),
            &["spec.push.secretName"],
        ),
        (
            with("push", json!({"secretName": "Hub_1"})),
            &["must be the name of a Secret"],
        ),
        (
            with("push", json!({"secretName": "a", "target": "Pod"})),
            &["spec.push.target: Unsupported value"],
        ),
        (
            with("import", json!({})),
            &["spec.import.scheduled: Required value"],
        ),
        (
            with("import", json!({"scheduled": "yes"})),
            &["spec.import.scheduled"],
        ),
        (
            json!({"registry": "docker.io"}),
            &["must set push, pull or import"],
        ),
        (
            with(
                "namespaceSelector",
                json!({"matchExpressions": [{"key": "a", "operator": "In"}]}),
            ),
            &["In and NotIn need values"],
        ),
        (
            with(
                "namespaceSelector",
                json!({"matchExpressions": [{"key": "a", "operator": "Exists", "values": ["b"]}]}),
            ),
            &["In and NotIn need values"],
        ),
        (
            with("pushes", json!({})),
            &["unknown field \"spec.pushes\""],
        ),
    ] {
        let answer = refusal(&spec)
            .await
            .unwrap_or_else(|| panic!("{spec} was accepted"));
        let plugin = complaint(&spec).unwrap_or_else(|| panic!("the plugin accepts {spec}"));
        for reason in reasons {
            assert!(answer.contains(reason), "{spec}: {answer}");
            assert!(plugin.contains(reason), "{spec}: {plugin}");
        }
    }
}

#[tokio::test]
async fn integrated_registry_is_refused() {
    for registry in [
        "image-registry.openshift-image-registry.svc:5000",
        "image-registry.openshift-image-registry.svc.cluster.local:5000",
        "docker-registry.default.svc",
        "172.30.1.1:5000",
        "default-route-openshift-image-registry.apps.example.com",
    ] {
        let spec = with("registry", json!(registry));
        let answer = refusal(&spec)
            .await
            .unwrap_or_else(|| panic!("{registry} was accepted"));
        assert!(
            answer.contains("must not be the integrated registry"),
            "{answer}"
        );
        assert!(!compiles(&spec), "{registry}");
        let plugin = complaint(&spec).unwrap_or_default();
        assert!(
            plugin.contains("must not be the integrated registry"),
            "{plugin}"
        );
    }
    for registry in [
        "172.30.1.1:443",
        "docker-registry.default.svc:443",
        "registry.svc",
    ] {
        let spec = with("registry", json!(registry));
        assert_eq!(refusal(&spec).await, None, "{registry}");
        assert!(compiles(&spec), "{registry}");
        assert_eq!(complaint(&spec), None, "{registry}");
    }
}

#[tokio::test]
async fn each_mistake_gives_one_message() {
    for registry in [
        "https://docker.io/team",
        "docker.io/Team",
        "Docker",
        "docker_x.io",
    ] {
        let spec = with("registry", json!(registry));
        let (answer, plugin) = (refusal(&spec).await.unwrap(), complaint(&spec).unwrap());
        assert_eq!(answer.matches("must ").count(), 1, "{answer}");
        assert_eq!(plugin.matches("must ").count(), 1, "{plugin}");
    }
}

#[tokio::test]
async fn defaults_columns_and_status_are_stored() {
    let plane = installed().await;
    let policy = json!({
        "apiVersion": "extreg.io/v1alpha1",
        "kind": "RegistryPolicy",
        "metadata": {"name": "shown"},
        "spec": {"registry": "quay.io", "push": {"secretName": "quay"}},
    });
    apply(plane, &policy.to_string());
    let status = json!({"status": {
        "observedGeneration": 1,
        "conditions": [{"type": "Ready", "status": "True", "reason": "Compiled", "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}],
        "facts": [{"source": "secrets", "state": "forbidden", "message": "no"}],
    }});
    let patch = format!("--patch={status}");
    let args = [
        "patch",
        "rp",
        "shown",
        "--subresource=status",
        "--type=merge",
        &patch,
    ];
    let output = kubectl(plane, &args, "");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );

    let output = kubectl(plane, &["get", "rp", "shown", "-o", "json"], "");
    let stored: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(stored["spec"]["mode"], "Enforce");
    assert_eq!(stored["spec"]["push"]["target"], "Both");
    assert_eq!(stored["status"]["facts"][0]["state"], "forbidden");

    let output = kubectl(plane, &["get", "rp", "shown"], "");
    let table = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<Vec<&str>> = table
        .lines()
        .map(|l| l.split_whitespace().collect())
        .collect();
    assert_eq!(lines[0], ["NAME", "REGISTRY", "MODE", "READY", "AGE"]);
    assert_eq!(lines[1][..4], ["shown", "quay.io", "Enforce", "True"]);
}
