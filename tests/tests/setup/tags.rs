//! The tags of a stream: those of setup, and those of other tools.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::{Cli, cli};

impl Cli<'_> {
    /// Adds a tag to the application's stream as another tool does.
    fn tag_as_another(&self, tag: &str, image: &str) {
        let patch = json!([{"op": "add", "path": "/spec/tags/-", "value":
            {"name": tag, "from": {"kind": "DockerImage", "name": image}}}])
        .to_string();
        let args = ["patch", "imagestream", "python-lyapp", "--type=json"];
        let write = |patch: &str| {
            let args = [&args[..], &["--field-manager=other", "-p", patch]].concat();
            assert!(self.kubectl(&args, "").status.success());
        };
        write(&patch);
        // OpenShift records no owner for a write of an ImageStreamTag, as "oc tag" sends it.
        let args_of_get = [
            "get",
            "imagestream",
            "python-lyapp",
            "-o",
            "json",
            "--show-managed-fields",
        ];
        let output = self.kubectl(&args_of_get, "");
        let stream: Value = serde_json::from_slice(&output.stdout).unwrap();
        let mut owners = stream["metadata"]["managedFields"]
            .as_array()
            .unwrap()
            .clone();
        owners.retain(|owner| owner["manager"] == "oc-extreg");
        assert!(!owners.is_empty());
        write(
            &json!([{"op": "replace", "path": "/metadata/managedFields", "value": owners}])
                .to_string(),
        );
    }

    /// The tags of the application's stream and their sources.
    fn tags(&self) -> BTreeMap<String, String> {
        let stream = self.get("imagestream", "python-lyapp").unwrap();
        let tags = stream["spec"]["tags"].as_array().into_iter().flatten();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        tags.map(|tag| (text(&tag["name"]), text(&tag["from"]["name"])))
            .collect()
    }
}

fn tags(tags: &[(&str, &str)]) -> BTreeMap<String, String> {
    tags.iter()
        .map(|(tag, image)| ((*tag).to_owned(), (*image).to_owned()))
        .collect()
}

#[tokio::test]
async fn setup_owns_its_tags_and_not_the_list_of_tags() {
    let cli = cli("tags").await;
    let setup = |code: i32, image: &str, more: &[&str]| {
        let args = [
            "setup",
            "python-lyapp",
            "--image",
            image,
            "--no-build",
            "--no-secret",
        ];
        let args = [&args[..], &["--no-project", "--schedule=never"], more].concat();
        cli.run_to(code, &args, "")
    };
    setup(0, "ably77/python-lyapp:v1", &[]);
    cli.tag_as_another("v2", "quay.io/other/app:v2");
    cli.tag_as_another("nightly", "quay.io/other/app:nightly");
    let theirs = [
        ("nightly", "quay.io/other/app:nightly"),
        ("v1", "docker.io/ably77/python-lyapp:v1"),
        ("v2", "quay.io/other/app:v2"),
    ];
    assert_eq!(cli.tags(), tags(&theirs));

    // A tag of another tool is not adopted without the flag.
    let (_, err) = setup(1, "ably77/python-lyapp:v2", &[]);
    assert!(
        err.contains("python-lyapp:v2") && err.contains("--adopt"),
        "{err}"
    );
    assert_eq!(cli.tags(), tags(&theirs));

    // A new tag of setup keeps every other tag, its own earlier one included.
    let (out, err) = setup(0, "ably77/python-lyapp:v3", &[]);
    assert!(
        out.contains("imagestream.image.openshift.io/python-lyapp configured"),
        "{out}"
    );
    assert!(err.contains("nightly, v1, v2"), "{err}");
    let v3 = ("v3", "docker.io/ably77/python-lyapp:v3");
    let with_v3 = [&theirs[..], &[v3]].concat();
    assert_eq!(cli.tags(), tags(&with_v3));
    let (out, _) = setup(0, "ably77/python-lyapp:v3", &[]);
    assert!(
        out.contains("imagestream.image.openshift.io/python-lyapp unchanged"),
        "{out}"
    );

    // An adopted tag belongs to setup, and still does when setup changes to another one.
    setup(0, "ably77/python-lyapp:v2", &["--adopt"]);
    setup(0, "ably77/python-lyapp:v4", &[]);
    let v2 = ("v2", "docker.io/ably77/python-lyapp:v2");
    let v4 = ("v4", "docker.io/ably77/python-lyapp:v4");
    assert_eq!(cli.tags(), tags(&[theirs[0], theirs[1], v2, v3, v4]));
}

#[tokio::test]
async fn teardown_keeps_tags_and_objects_of_other_tools() {
    let cli = cli("downtags").await;
    cli.setup(0, &[]);
    cli.tag_as_another("nightly", "quay.io/other/app:nightly");
    let down = ["teardown", "python-lyapp"];
    let (out, err) = cli.run_to(0, &down, "");
    assert!(
        out.contains("imagestream.image.openshift.io/python-lyapp configured (dry run)\n"),
        "{out}"
    );
    assert!(
        err.contains("python-lyapp, except for the tags of setup: it has other tags: nightly"),
        "{err}"
    );
    assert!(
        err.contains(&format!("{}: setup did not create it", cli.namespace)),
        "{err}"
    );
    cli.run_to(0, &["teardown", "python-lyapp", "--yes"], "");
    assert_eq!(
        cli.tags(),
        tags(&[("nightly", "quay.io/other/app:nightly")])
    );
    assert!(cli.get("deployment", "python-lyapp").is_none());
    let stream = cli.get("imagestream", "python-lyapp").unwrap();
    assert_eq!(
        stream["metadata"]["labels"]
            .as_object()
            .map_or(0, |all| all.len()),
        0
    );
    let (_, err) = cli.run_to(4, &["teardown", "python-lyapp", "--yes"], "");
    assert!(
        err.contains("python-lyapp: setup did not create it"),
        "{err}"
    );

    // Objects that other objects use are kept.
    let second = ["setup", "second", "--image", "ably77/second", "--no-build"];
    cli.run_to(
        0,
        &[
            &second[..],
            &["--username=ably77", "--password-stdin", "--no-verify"],
        ]
        .concat(),
        "geheim",
    );
    cli.apply(&json!({
        "apiVersion": "apps/v1", "kind": "Deployment",
        "metadata": {"name": "other", "annotations": {"image.openshift.io/triggers":
            r#"[{"from":{"kind":"ImageStreamTag","name":"second:latest"},"fieldPath":"spec.template.spec.containers[0].image"}]"#}},
        "spec": {
            "selector": {"matchLabels": {"a": "b"}},
            "template": {"metadata": {"labels": {"a": "b"}}, "spec": {
                "imagePullSecrets": [{"name": "dockerhub"}],
                "containers": [{"name": "c", "image": "x"}]}},
        },
    }));
    let (out, err) = cli.run_to(0, &["teardown", "second", "--yes"], "");
    assert_eq!(out, "deployment.apps/second deleted\n");
    for kept in ["imagestream.image.openshift.io/second", "secret/dockerhub"] {
        let kept = format!("{kept}: deployment.apps/other uses it");
        assert!(err.contains(&kept), "{err}");
    }
    assert!(cli.get("imagestream", "second").is_some());
    assert!(cli.get("secret", "dockerhub").is_some());
}
