//! `status` against a real API server, with OpenShift's resources: a flow that `setup` created, whose build and import
//! the test then writes as OpenShift's controllers do.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use extreg_tests::{ControlPlane, with_input, workspace_binary};
use serde_json::{Value, json};

const NEW: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const OLD: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

struct Cli<'a> {
    plane: &'a ControlPlane,
    namespace: String,
}

impl Cli<'_> {
    fn run(&self, args: &[&str], stdin: &str) -> Output {
        let mut plugin = Command::new(workspace_binary("oc-extreg").unwrap());
        plugin
            .args(args)
            .args(["-n", &self.namespace, "--kubeconfig"])
            .arg(self.plane.kubeconfig())
            .env_clear()
            .current_dir("/");
        with_input(&mut plugin, stdin).unwrap()
    }

    /// The only flow, as JSON.
    fn flow(&self) -> Value {
        let args = ["status", "python-lyapp", "--no-registry", "-o", "json"];
        let output = self.run(&args, "");
        let error = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{error}");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["gaps"], json!([]));
        let flows = report["flows"].as_array().unwrap();
        assert_eq!(flows.len(), 1, "{report}");
        flows[0].clone()
    }

    /// A link by its state and its reason.
    fn link(&self, link: &str) -> (String, String) {
        let flow = self.flow();
        let links = flow["links"].as_array().unwrap();
        let found = links.iter().find(|found| found["link"] == link).unwrap();
        let text = |field: &str| found[field].as_str().unwrap_or_default().to_owned();
        (text("state"), text("reason"))
    }

    fn kubectl(&self, args: &[&str], stdin: &str) {
        let mut child = self
            .plane
            .kubectl()
            .args(["-n", &self.namespace])
            .args(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(stdin.as_bytes())
            .unwrap();
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn patch(&self, object: &str, subresource: &str, patch: &Value) {
        let patch = patch.to_string();
        let mut args = vec!["patch", object, "--type=merge", "-p", &patch];
        if !subresource.is_empty() {
            args.extend(["--subresource", subresource]);
        }
        self.kubectl(&args, "");
    }

    fn shows(&self, items: &Value, conditions: &Value) {
        let status = json!({"status": {"dockerImageRepository": "", "tags": [
            {"tag": "latest", "items": items, "conditions": conditions}]}});
        self.patch("imagestream/python-lyapp", "status", &status);
    }
}

fn item(digest: &str, created: &str, generation: i64) -> Value {
    json!({"image": digest, "created": created, "generation": generation,
        "dockerImageReference": format!("docker.io/ably77/python-lyapp@{digest}")})
}

#[tokio::test]
async fn flow_of_an_image_is_reported_link_by_link() {
    let plane = ControlPlane::shared().await.unwrap();
    let cli = Cli {
        plane,
        namespace: plane.namespace("status").await.unwrap(),
    };
    let setup = [
        "setup",
        "python-lyapp",
        "--image",
        "docker.io/ably77/python-lyapp",
        "--source",
        "https://example.com/x.git",
        "--username",
        "ably77",
        "--password-stdin",
        "--no-verify",
    ];
    assert!(cli.run(&setup, "geheim\n").status.success());

    // No controller builds or imports here.
    assert_eq!(cli.flow()["image"], "docker.io/ably77/python-lyapp:latest");
    assert_eq!(
        cli.link("build"),
        ("waiting".to_owned(), "NoBuild".to_owned())
    );
    assert_eq!(
        cli.link("import"),
        ("waiting".to_owned(), "NotImported".to_owned())
    );
    assert_eq!(cli.link("trigger"), ("ok".to_owned(), String::new()));
    assert_eq!(
        cli.link("rollout"),
        ("waiting".to_owned(), "NoImage".to_owned())
    );

    // A build whose push secret is missing.
    let build = json!({
        "apiVersion": "build.openshift.io/v1", "kind": "Build",
        "metadata": {"name": "python-lyapp-1", "labels": {"openshift.io/build-config.name": "python-lyapp"},
            "annotations": {"openshift.io/build-config.name": "python-lyapp", "openshift.io/build.number": "1"}},
        "spec": {"strategy": {"type": "Docker", "dockerStrategy": {}}, "output": {
            "to": {"kind": "DockerImage", "name": "docker.io/ably77/python-lyapp:latest"},
            "pushSecret": {"name": "gone"}}},
        "status": {"phase": "Pending", "reason": "MissingPushSecret", "message": "Missing push secret."},
    });
    cli.kubectl(&["create", "-f", "-"], &build.to_string());
    assert_eq!(
        cli.link("build"),
        ("broken".to_owned(), "MissingPushSecret".to_owned())
    );
    let flow = cli.flow();
    assert_eq!(flow["broken"], "build");
    let fix = flow["fix"]["command"].as_str().unwrap();
    assert!(
        fix.starts_with("oc extreg secret set gone --registry docker.io -n "),
        "{fix}"
    );

    // The build succeeds, but its image cannot be imported.
    let status = json!({"status": {"phase": "Complete", "reason": null, "message": null,
        "completionTimestamp": "2026-01-01T12:00:00Z", "output": {"to": {"imageDigest": NEW}}}});
    cli.patch("build/python-lyapp-1", "", &status);
    assert_eq!(cli.link("build").0, "ok");
    let failure = json!([{"type": "ImportSuccess", "status": "False", "reason": "Unauthorized",
        "message": "you may not have access to the container image", "generation": 9,
        "lastTransitionTime": "2026-01-01T12:05:00Z"}]);
    cli.shows(&json!([item(OLD, "2026-01-01T10:00:00Z", 1)]), &failure);
    assert_eq!(
        cli.link("import"),
        ("broken".to_owned(), "Unauthorized".to_owned())
    );
    let flow = cli.flow();
    let import = flow["links"]
        .as_array()
        .unwrap()
        .iter()
        .find(|link| link["link"] == "import");
    // The import uses the secret that setup created.
    let message = import.unwrap()["message"].as_str().unwrap();
    assert!(
        message.contains("imported as ably77 of secret/dockerhub"),
        "{message}"
    );
    assert!(!flow.to_string().contains("geheim"));

    // Fixed, and an older failure no longer counts.
    let items = json!([
        item(NEW, "2026-01-01T12:10:00Z", 10),
        item(OLD, "2026-01-01T10:00:00Z", 1)
    ]);
    cli.shows(&items, &failure);
    assert_eq!(
        cli.link("import"),
        ("ok".to_owned(), "OlderFailure".to_owned())
    );
    cli.shows(&items, &json!([]));
    assert_eq!(cli.link("import"), ("ok".to_owned(), String::new()));

    // No controller sets the image of the workload here.
    assert_eq!(
        cli.link("trigger"),
        ("broken".to_owned(), "NotTriggered".to_owned())
    );
    let image = format!("docker.io/ably77/python-lyapp@{NEW}");
    let template = json!({"spec": {"template": {"spec": {"containers": [
        {"name": "python-lyapp", "image": image}]}}}});
    cli.patch("deployment/python-lyapp", "", &template);
    assert_eq!(cli.link("trigger").0, "ok");
    cli.patch(
        "deployment/python-lyapp",
        "",
        &json!({"spec": {"paused": true}}),
    );
    assert_eq!(
        cli.link("rollout"),
        ("broken".to_owned(), "Paused".to_owned())
    );
    assert_eq!(cli.flow()["broken"], "rollout");
    cli.patch(
        "deployment/python-lyapp",
        "",
        &json!({"spec": {"paused": false}}),
    );
    assert_eq!(cli.flow()["state"], "waiting");
    assert_eq!(
        cli.link("pods"),
        ("waiting".to_owned(), "NoPods".to_owned())
    );
}
