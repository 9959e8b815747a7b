//! `oc extreg diff` on a real API server, compared with the exit codes of `kubectl diff`.

use std::process::Command;

use extreg_tests::{ControlPlane, with_input, workspace_binary};
use serde_json::{Value, json};

const CANARY: &str = "canary-9f2d";

/// Exit code, stdout and stderr of the plugin.
fn extreg(plane: &ControlPlane, args: &[&str], input: &str) -> (i32, String, String) {
    let mut plugin = Command::new(workspace_binary("oc-extreg").unwrap());
    plugin
        .env("KUBECONFIG", plane.kubeconfig())
        .env("XDG_CONFIG_HOME", plane.folder())
        .current_dir(plane.folder())
        .args(args);
    let output = with_input(&mut plugin, input).unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert!(!out.contains(CANARY) && !err.contains(CANARY), "{out}{err}");
    (output.status.code().unwrap(), out, err)
}

fn kubectl(plane: &ControlPlane, args: &[&str], input: &str) -> i32 {
    let mut kubectl = plane.kubectl();
    kubectl.args(args);
    let output = with_input(&mut kubectl, input).unwrap();
    output.status.code().unwrap()
}

fn deployment(namespace: &str, image: &str) -> Value {
    json!({
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": {"app": "web"}},
            "template": {
                "metadata": {"labels": {"app": "web"}},
                "spec": {"containers": [{"name": "web", "image": image}]},
            },
        },
    })
}

fn secret(namespace: &str, value: &str) -> Value {
    json!({
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "key", "namespace": namespace},
        "stringData": {"token": format!("{CANARY}-{value}")},
    })
}

fn list(items: &[Value]) -> String {
    json!({"apiVersion": "v1", "kind": "List", "items": items}).to_string()
}

#[tokio::test]
async fn files_differ_as_in_kubectl() {
    let plane = ControlPlane::shared().await.unwrap();
    let namespace = plane.namespace("diff").await.unwrap();
    let state = |image: &str, value: &str| {
        list(&[deployment(&namespace, image), secret(&namespace, value)])
    };
    let before = state("docker.io/acme/web:v1", "one");
    let both = |input: &str| {
        let args = ["diff", "--server-side", "--force-conflicts", "-f", "-"];
        let theirs = kubectl(plane, &args, input);
        let (ours, out, err) = extreg(plane, &["diff", "-", "--read-only"], input);
        assert_eq!(ours, theirs, "{out}{err}");
        (ours, out)
    };
    let (code, out) = both(&before);
    assert_eq!(code, 1);
    assert!(
        out.contains(&format!("--- live/{namespace}/deployment.apps/web\n")),
        "{out}"
    );
    assert!(out.contains("+  token: \"***\"\n"), "{out}");

    let apply = ["apply", "--server-side", "-f", "-"];
    assert_eq!(kubectl(plane, &apply, &before), 0);
    assert_eq!(both(&before), (0, String::new()));

    let (code, out) = both(&state("docker.io/acme/web:v2", "two"));
    assert_eq!(code, 1);
    let changed: Vec<&str> = out
        .lines()
        .filter(|line| line.starts_with(['-', '+']) && !line.contains("generation:"))
        .map(str::trim_end)
        .collect();
    let named = |side: &str, what: &str| format!("{side}/{namespace}/{what}");
    let titles = [
        named("--- live", "deployment.apps/web"),
        named("+++ desired", "deployment.apps/web"),
        named("--- live", "secret/key"),
        named("+++ desired", "secret/key"),
    ];
    assert_eq!(
        changed,
        [
            &titles[0],
            &titles[1],
            "-      - image: docker.io/acme/web:v1",
            "+      - image: docker.io/acme/web:v2",
            &titles[2],
            &titles[3],
            "-  token: \"*** (before)\"",
            "+  token: \"*** (after)\"",
        ]
    );

    // One object that the server refuses and one of an unknown kind: the rest is compared.
    let bad = json!({"apiVersion": "nope/v1", "kind": "Nope", "metadata": {"name": "a"}});
    let mut refused = deployment(&namespace, "x");
    refused["spec"]["replicas"] = json!(-1);
    let (code, out, err) = extreg(
        plane,
        &["diff", "-"],
        &list(&[bad, refused, secret(&namespace, "three")]),
    );
    assert_eq!(code, 2);
    assert!(out.contains("secret/key"), "{out}");
    for words in [
        "stdin:1: Nope a: the cluster does not serve this kind in nope/v1",
        "stdin:1: Deployment web: Error from server (Invalid)",
        "error: 2 could not be compared",
    ] {
        assert!(err.contains(words), "{words}: {err}");
    }
}

#[tokio::test]
async fn setup_differs_until_applied_and_after_manual_changes() {
    let plane = ControlPlane::shared().await.unwrap();
    let namespace = plane.namespace("diff-setup").await.unwrap();
    let flags = [
        "app",
        "-n",
        &namespace,
        "--image",
        "docker.io/acme/app",
        "--source",
        "https://example.com/app",
        "--username",
        "acme",
        "--password-stdin",
        "--no-verify",
    ];
    let diff = || {
        let args = [&["diff", "setup"], &flags[..7], &["--read-only"]].concat();
        extreg(plane, &args, "")
    };
    let (code, out, err) = diff();
    assert_eq!(code, 1, "{err}");
    for name in [
        "secret/dockerhub",
        "serviceaccount/builder",
        "buildconfig.build.openshift.io/app",
        "imagestream.image.openshift.io/app",
        "deployment.apps/app",
    ] {
        let title = format!("+++ desired/{namespace}/{name}\n");
        assert!(out.contains(&title), "{name} is not in\n{out}");
    }
    let (code, _, err) = extreg(plane, &[&["setup"], &flags[..]].concat(), CANARY);
    assert_eq!(code, 0, "{err}");
    let (code, out, err) = diff();
    assert_eq!((code, out.as_str()), (0, ""), "{err}");

    let patch = r#"{"spec":{"output":{"to":{"name":"docker.io/acme/other:latest"}}}}"#;
    let patched = kubectl(
        plane,
        &[
            "patch",
            "buildconfig",
            "app",
            "-n",
            &namespace,
            "--type=merge",
            "-p",
            patch,
        ],
        "",
    );
    assert_eq!(patched, 0);
    let (code, out, _) = diff();
    assert_eq!(code, 1);
    assert!(
        out.contains(
            "-      name: docker.io/acme/other:latest\n+      name: docker.io/acme/app:latest\n"
        ),
        "{out}"
    );
    assert_eq!(out.matches("--- live/").count(), 1, "{out}");
}

#[tokio::test]
async fn failed_comparison_exits_above_one() {
    let plane = ControlPlane::shared().await.unwrap();
    let table: [(&[&str], i32, &str); 5] = [
        (&["diff", "/nonexistent/x"], 2, "cannot read"),
        (
            &[
                "diff",
                "setup",
                "app",
                "-n",
                "snow",
                "--image",
                "u/a",
                "--no-build",
                "--export",
            ],
            2,
            "does not accept",
        ),
        (
            &["diff", "webhook", "--dry-run", "client"],
            2,
            "does not accept",
        ),
        (&["diff"], 2, "<FILE>"),
        (
            &["diff", "-", "--server", "https://127.0.0.1:1"],
            2,
            "Unable to connect",
        ),
    ];
    for (args, expected, words) in table {
        let (code, out, err) = extreg(plane, args, &list(&[secret("default", "x")]));
        assert_eq!((code, out.as_str()), (expected, ""), "{args:?}: {err}");
        assert!(err.contains(words), "{args:?}: {err}");
    }
}
