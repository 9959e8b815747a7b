//! `setup` and `teardown` against a real API server, with OpenShift's resources.

mod support;
mod tags;

use extreg_tests::ControlPlane;
use serde_json::{Value, json};

use crate::support::{APP, Cli, cli, lines};

#[tokio::test]
async fn the_flow_is_set_up_once() {
    let plane = ControlPlane::shared().await.unwrap();
    let namespace = format!("flow-{}", std::process::id());
    let cli = Cli {
        plane,
        kubeconfig: plane.kubeconfig(),
        namespace: namespace.clone(),
    };
    let (out, err) = cli.setup(0, &[]);
    assert_eq!(
        out,
        format!("namespace/{namespace} created\n{}", lines("created"))
    );
    assert_eq!(
        err,
        format!("The first build starts automatically: oc get builds -n {namespace} -w\n")
    );

    let secret = cli.get("secret", "dockerhub").unwrap();
    assert_eq!(secret["type"], "kubernetes.io/dockerconfigjson");
    let builder = cli.get("serviceaccount", "builder").unwrap();
    assert_eq!(builder["secrets"], json!([{"name": "dockerhub"}]));
    assert_eq!(builder["imagePullSecrets"], json!([{"name": "dockerhub"}]));
    let default = cli.get("serviceaccount", "default").unwrap();
    assert_eq!(default["imagePullSecrets"], json!([{"name": "dockerhub"}]));
    assert_eq!(default.get("secrets"), None);
    let build = cli.get("buildconfig", "python-lyapp").unwrap();
    assert_eq!(
        build["spec"]["output"],
        json!({
            "to": {"kind": "DockerImage", "name": "docker.io/ably77/python-lyapp:latest"},
            "pushSecret": {"name": "dockerhub"},
        })
    );
    assert_eq!(build["spec"]["triggers"], json!([{"type": "ConfigChange"}]));
    let stream = cli.get("imagestream", "python-lyapp").unwrap();
    let tag = &stream["spec"]["tags"][0];
    assert_eq!(tag["from"]["name"], "docker.io/ably77/python-lyapp:latest");
    assert_eq!(tag["importPolicy"]["scheduled"], true);

    let (out, err) = cli.setup(0, &[]);
    assert_eq!(
        out,
        format!("namespace/{namespace} unchanged\n{}", lines("unchanged"))
    );
    assert_eq!(err, "");
    // The first write after the creation stores the default of a custom resource's status, so resource versions are
    // only stable from here on.
    let before = cli.versions();
    // A dry run shows the changes, and makes none.
    for (where_to, suffix) in [("client", "dry run"), ("server", "server dry run")] {
        let args = [
            &APP[..4],
            &[
                "--source",
                "https://example.com/y.git",
                "--dry-run",
                where_to,
            ],
        ];
        let (out, err) = cli.run_to(0, &args.concat(), "");
        let line = format!("buildconfig.build.openshift.io/python-lyapp configured ({suffix})\n");
        assert!(out.contains(&line), "{out}");
        assert!(
            err.contains("+       uri: https://example.com/y.git"),
            "{err}"
        );
    }
    let (out, _) = cli.run_to(0, &APP, "");
    assert_eq!(
        out,
        format!("namespace/{namespace} unchanged\n{}", lines("unchanged"))
    );
    assert_eq!(cli.versions(), before);
}

#[tokio::test]
async fn a_dry_run_changes_nothing() {
    let cli = cli("dry").await;
    let before = cli.versions();
    let (out, _) = cli.setup(0, &["--dry-run=client", "--no-project"]);
    assert_eq!(out, lines("created (dry run)"));
    let (out, _) = cli.setup(0, &["--dry-run=server", "--no-project"]);
    assert_eq!(out, lines("created (server dry run)"));
    assert_eq!(cli.versions(), before);

    // A refusal by the server is reported.
    let missing = Cli {
        namespace: "not-there-at-all".to_owned(),
        ..cli
    };
    let (_, err) = missing.setup(1, &["--dry-run=server", "--no-project"]);
    assert!(err.contains("Error from server (NotFound)"), "{err}");
    let (out, err) = missing.setup(0, &["--dry-run=server"]);
    assert!(
        out.starts_with("namespace/not-there-at-all created (server dry run)\n"),
        "{out}"
    );
    assert!(err.contains("does not exist yet"), "{err}");
    assert!(missing.get("namespace", "not-there-at-all").is_none());
}

#[tokio::test]
async fn foreign_objects_are_refused_before_the_first_write() {
    let cli = cli("adopt").await;
    cli.apply(&json!({
        "apiVersion": "build.openshift.io/v1",
        "kind": "BuildConfig",
        "metadata": {"name": "python-lyapp", "annotations": {"mine": "kept"}},
        "spec": {
            "strategy": {"type": "Docker", "dockerStrategy": {}},
            "source": {"type": "Git", "git": {"uri": "https://example.com/other.git"}},
            "output": {"to": {"kind": "DockerImage", "name": "quay.io/a/b:c"}},
        },
    }));
    let before = cli.versions();
    let (out, err) = cli.setup(1, &[]);
    assert_eq!(out, "");
    assert!(
        err.contains("buildconfig.build.openshift.io/python-lyapp"),
        "{err}"
    );
    assert!(err.contains("--adopt"), "{err}");
    assert_eq!(cli.versions(), before);

    let (out, err) = cli.setup(0, &["--adopt"]);
    assert!(
        out.contains("buildconfig.build.openshift.io/python-lyapp configured\n"),
        "{out}"
    );
    assert!(err.contains("-       name: quay.io/a/b:c"), "{err}");
    let build = cli.get("buildconfig", "python-lyapp").unwrap();
    assert_eq!(build["metadata"]["annotations"]["mine"], "kept");
    assert_eq!(
        build["spec"]["source"]["git"]["uri"],
        "https://example.com/x.git"
    );
    let (out, _) = cli.setup(0, &["--no-project"]);
    assert_eq!(out, lines("unchanged"));
}

#[tokio::test]
async fn changes_of_other_tools_are_kept_or_conflict() {
    let cli = cli("other-tools").await;
    cli.setup(0, &[]);
    // Another tag, another entry of an account, the image that the trigger set: theirs.
    let patch = |kind: &str, patch: Value| {
        let patch = patch.to_string();
        let args = [
            "patch",
            kind,
            "python-lyapp",
            "--type=json",
            "--field-manager=other",
            "-p",
            &patch,
        ];
        let output = cli.kubectl(&args, "");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    patch(
        "imagestream",
        json!([{"op": "add", "path": "/spec/tags/-", "value":
            {"name": "other", "from": {"kind": "DockerImage", "name": "docker.io/a/b:c"}}}]),
    );
    let image = "docker.io/ably77/python-lyapp@sha256:1";
    patch(
        "deployment",
        json!([{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": image}]),
    );
    let (out, _) = cli.setup(0, &["--no-project"]);
    assert_eq!(out, lines("unchanged"));
    let stream = cli.get("imagestream", "python-lyapp").unwrap();
    assert_eq!(stream["spec"]["tags"].as_array().unwrap().len(), 2);
    let deployment = cli.get("deployment", "python-lyapp").unwrap();
    assert_eq!(
        deployment["spec"]["template"]["spec"]["containers"][0]["image"],
        image
    );

    // Our own field, changed by another tool.
    patch(
        "buildconfig",
        json!([{"op": "replace", "path": "/spec/output/to/name", "value": "quay.io/a/b:c"}]),
    );
    let (out, err) = cli.setup(1, &["--no-project"]);
    assert!(!out.contains("buildconfig"), "{out}");
    assert!(
        err.contains("(Conflict)") && err.contains("--force-conflicts"),
        "{err}"
    );
    let (out, _) = cli.setup(0, &["--no-project", "--force-conflicts"]);
    assert!(
        out.contains("buildconfig.build.openshift.io/python-lyapp configured"),
        "{out}"
    );
}

#[tokio::test]
async fn deployment_config_keeps_fields_of_its_controller() {
    let cli = cli("dc").await;
    let more = [
        "--no-build",
        "--no-secret",
        "--no-project",
        "--workload",
        "deploymentconfig",
    ];
    let args = [&APP[..4], &more].concat();
    let lines_of = |verb: &str| {
        format!(
            "imagestream.image.openshift.io/python-lyapp {verb}\n\
             deploymentconfig.apps.openshift.io/python-lyapp {verb}\n"
        )
    };
    assert_eq!(cli.run_to(0, &args, "").0, lines_of("created"));
    let patch = json!([
        {"op": "add", "path": "/spec/triggers/1/imageChangeParams/lastTriggeredImage", "value": "x@sha256:1"},
        {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "x@sha256:1"},
        {"op": "replace", "path": "/spec/replicas", "value": 3},
    ])
    .to_string();
    let args_of_patch = [
        "patch",
        "deploymentconfig",
        "python-lyapp",
        "--type=json",
        "-p",
        patch.as_str(),
    ];
    assert!(cli.kubectl(&args_of_patch, "").status.success());
    assert_eq!(cli.run_to(0, &args, "").0, lines_of("unchanged"));
}

#[tokio::test]
async fn teardown_removes_only_what_setup_created() {
    let cli = cli("down").await;
    cli.apply(&json!({
        "apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "builder"},
        "secrets": [{"name": "mine"}], "imagePullSecrets": [{"name": "mine"}],
    }));
    cli.setup(0, &[]);
    let second = ["setup", "second", "--image", "ably77/second", "--no-build"];
    cli.run_to(0, &second, "");
    let before = cli.versions();
    let down = ["teardown", "python-lyapp"];
    let (out, err) = cli.run_to(0, &down, "");
    let removed = |suffix: &str| {
        format!(
            "deployment.apps/python-lyapp deleted{suffix}\n\
             buildconfig.build.openshift.io/python-lyapp deleted{suffix}\n\
             imagestream.image.openshift.io/python-lyapp deleted{suffix}\n"
        )
    };
    assert_eq!(out, removed(" (dry run)"));
    assert!(
        err.contains("secret/dockerhub: deployment.apps/second uses it"),
        "{err}"
    );
    assert!(err.contains("--yes"), "{err}");
    assert_eq!(cli.versions(), before);

    assert_eq!(
        cli.run_to(0, &["teardown", "python-lyapp", "--yes"], "").0,
        removed("")
    );
    let (out, err) = cli.run_to(4, &["teardown", "python-lyapp", "--yes"], "");
    assert_eq!(out, "");
    assert!(
        err.contains("setup created nothing named python-lyapp"),
        "{err}"
    );
    let (out, _) = cli.run_to(0, &["teardown", "second", "--yes"], "");
    assert_eq!(
        out,
        "deployment.apps/second deleted\n\
         imagestream.image.openshift.io/second deleted\n\
         serviceaccount/builder unlinked\n\
         serviceaccount/default unlinked\n\
         secret/dockerhub deleted\n"
    );
    let builder = cli.get("serviceaccount", "builder").unwrap();
    assert_eq!(builder["secrets"], json!([{"name": "mine"}]));
    assert_eq!(builder["imagePullSecrets"], json!([{"name": "mine"}]));
    // The namespace existed before.
    let (_, err) = cli.run_to(1, &["teardown", "second", "--delete-project", "--yes"], "");
    assert!(err.contains("was not created by setup"), "{err}");
}

#[tokio::test]
async fn missing_permission_midway_reports_the_completed_changes() {
    let cli = cli("rights").await;
    let namespace = cli.namespace.clone();
    let unprivileged = cli.plane.user("unprivileged", &[]).unwrap();
    let weak = Cli {
        kubeconfig: &unprivileged,
        plane: cli.plane,
        namespace: namespace.clone(),
    };
    let (out, err) = weak.setup(6, &["--no-project"]);
    assert_eq!(out, "");
    assert!(err.starts_with("Error from server (Forbidden): "), "{err}");
    assert!(!err.contains("changed"), "{err}");

    let half = cli.plane.user("half", &[]).unwrap();
    cli.apply(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": {"name": "half"},
        "rules": [
            {"apiGroups": ["*"], "resources": ["*"], "verbs": ["get"]},
            {"apiGroups": [""], "resources": ["secrets", "serviceaccounts"],
             "verbs": ["create", "update", "patch"]},
        ],
    }));
    cli.apply(&json!({
        "apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding",
        "metadata": {"name": "half"},
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "half"},
        "subjects": [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "half"}],
    }));
    let half = Cli {
        kubeconfig: &half,
        plane: cli.plane,
        namespace,
    };
    let (out, err) = half.setup(5, &["--no-project"]);
    assert_eq!(
        out,
        "secret/dockerhub created\nserviceaccount/builder created\nserviceaccount/default created\n"
    );
    assert!(err.contains("Error from server (Forbidden): "), "{err}");
    assert!(
        err.contains("changed so far:\n  secret/dockerhub created\n"),
        "{err}"
    );
    assert!(!err.contains("in progress"), "{err}");
    assert!(err.contains("oc extreg teardown python-lyapp"), "{err}");
}

#[tokio::test]
async fn read_only_reads() {
    let cli = cli("readonly").await;
    let before = cli.versions();
    let (_, err) = cli.setup(2, &["--read-only"]);
    assert!(err.contains("--read-only"), "{err}");
    cli.setup(0, &["--read-only", "--dry-run=server"]);
    assert_eq!(cli.versions(), before);
}

#[tokio::test]
async fn credential_is_only_in_the_secret() {
    let cli = cli("leak").await;
    for more in [
        &["-v", "10"][..],
        &["-v", "10", "-o", "yaml"],
        &["-v", "10", "-o", "json"],
    ] {
        let (out, err) = cli.setup(0, more);
        for text in [out, err] {
            // Plain, and in auth.
            assert!(
                !text.contains("geheim") && !text.contains("YWJseTc3Omdl"),
                "{text}"
            );
        }
    }
}

#[tokio::test]
async fn wait_reports_what_is_missing() {
    let cli = cli("wait").await;
    let (out, err) = cli.setup(3, &["--no-project", "--wait", "--timeout", "0"]);
    assert_eq!(out, lines("created"));
    assert!(
        err.ends_with("error: waiting for the first build of python-lyapp\n"),
        "{err}"
    );

    let build = |phase: &str| {
        cli.apply(&json!({
            "apiVersion": "build.openshift.io/v1",
            "kind": "Build",
            "metadata": {
                "name": "python-lyapp-1",
                "labels": {"openshift.io/build-config.name": "python-lyapp"},
                "annotations": {"openshift.io/build.number": "1"},
            },
            "spec": {"strategy": {"type": "Docker", "dockerStrategy": {}}, "output": {}},
            "status": {"phase": phase, "message": "broken"},
        }));
    };
    build("Failed");
    let (_, err) = cli.setup(3, &["--no-project", "--wait", "--timeout", "0"]);
    assert!(
        err.ends_with("error: build python-lyapp-1 is failed: broken\n"),
        "{err}"
    );
}
