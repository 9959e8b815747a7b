//! `check`, `fix`, `audit` and `inventory` of a repository with realistic files.

use std::{fs, path::Path};

use serde_json::Value;

use super::common::{ended, extreg};

/// An ImageStream with a tag that a policy would change.
const STREAM: &str = "apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata: {name: app, \
    namespace: snow}\nspec:\n  tags:\n  - name: v1\n    from: {kind: DockerImage, name: \
    'docker.io/acme/app:v1'}\n";

fn run(folder: &Path, args: &[&str], input: &str) -> (i32, String, String) {
    ended(extreg().current_dir(folder).args(args).write_stdin(input))
}

fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, content) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
    folder
}

const REPOSITORY: [(&str, &str); 13] = [
    ("deploy/stream.yaml", STREAM),
    (
        "deploy/other.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: app}\n",
    ),
    ("README.md", "# App"),
    (
        "tsconfig.json",
        "{\n  // strict\n  \"compilerOptions\": {\"strict\": true,},\n}\n",
    ),
    (
        "package.json",
        "{\"name\": \"app\", \"version\": \"1.0.0\"}\n",
    ),
    (".vscode/settings.json", "{\n  // mine\n  \"a\": 1,\n}\n"),
    (
        ".github/workflows/ci.yaml",
        "on: push\njobs: {a: {steps: [{run: \"${{ x }}\"}]}}\n",
    ),
    (
        "azure-pipelines.yml",
        "trigger: [main]\nsteps:\n- script: echo a: b: c\n  x: [\n",
    ),
    (
        "chart/Chart.yaml",
        "apiVersion: v2\nname: app\nversion: 1.0.0\n",
    ),
    ("chart/values.yaml", "a: 1\n"),
    (
        "chart/templates/deployment.yaml",
        "kind: Deployment\nspec:\n{{- if .Values.a }}\n  b: 1\n{{- end }}\n",
    ),
    (
        "templates/job.yaml",
        "apiVersion: batch/v1\nkind: Job\nmetadata:\n  name: {{ .Release.Name }}\n",
    ),
    ("docker-compose.yml", "services: {a: {image: nginx}}\n"),
];

const COMMANDS: [&[&str]; 4] = [
    &["check", "--offline"],
    &["fix", "--offline"],
    &["audit", "--fail-on", "low"],
    &["inventory"],
];

#[test]
fn files_without_manifests_are_skipped_and_counted() {
    let folder = repository(&REPOSITORY);
    for command in COMMANDS {
        let (code, out, err) = run(folder.path(), &[command, &["-f", ".", "-R"]].concat(), "");
        let want = if command == ["inventory"] { 0 } else { 3 };
        assert_eq!(code, want, "{command:?}: {out}{err}");
        for part in [
            "2 hidden files or folders",
            "1 Helm chart",
            "1 file with template actions",
            "4 files without Kubernetes objects",
        ] {
            assert!(err.contains(part), "{command:?}: {part}: {err}");
        }
        assert!(!err.contains("error:"), "{command:?}: {err}");
    }
}

#[test]
fn excluded_paths_are_not_read() {
    let folder = repository(&REPOSITORY);
    for command in COMMANDS {
        let flags = [
            "-f",
            ".",
            "-R",
            "--exclude",
            "stream.yaml",
            "--exclude",
            "templates/",
        ];
        let (code, _, err) = run(folder.path(), &[command, &flags].concat(), "");
        assert_ne!(code, 3, "{command:?}: {err}");
        // If no object remains, each path is listed.
        let listed = err.matches("excluded by --exclude").count() == 2;
        assert!(
            err.contains("2 excluded paths") || listed,
            "{command:?}: {err}"
        );
    }
}

#[test]
fn findings_outrank_an_unreadable_file() {
    let broken = "apiVersion: v1\nkind: Service\nmetadata: [\n";
    let both = repository(&[("a.yaml", STREAM), ("b.yaml", broken)]);
    let alone = repository(&[("b.yaml", broken)]);
    for command in COMMANDS {
        let args = [command, &["-f", "."]].concat();
        let (code, _, err) = run(both.path(), &args, "");
        let want = if command == ["inventory"] { 1 } else { 3 };
        assert_eq!(code, want, "{command:?}: {err}");
        assert!(err.contains("b.yaml:"), "{command:?}: {err}");
        let (code, _, err) = run(alone.path(), &args, "");
        assert_eq!(code, 1, "{command:?}: {err}");
    }
}

/// An object that cannot be edited does not stop the edits of other objects.
#[test]
fn alias_does_not_block_other_objects() {
    let file = "\
apiVersion: build.openshift.io/v1
kind: BuildConfig
metadata: {name: plain}
spec:
  strategy: {dockerStrategy: {}}
  output:
    to: {kind: DockerImage, name: docker.io/acme/plain}
---
apiVersion: v1
kind: List
items:
- apiVersion: build.openshift.io/v1
  kind: BuildConfig
  metadata: {name: one}
  spec: &spec
    strategy: {dockerStrategy: {}}
    output: {to: {kind: DockerImage, name: docker.io/acme/one}}
- apiVersion: build.openshift.io/v1
  kind: BuildConfig
  metadata: {name: two}
  spec: *spec
- apiVersion: image.openshift.io/v1
  kind: ImageStream
  metadata: {name: s}
  spec: {tags: [{name: a, from: {kind: DockerImage, name: acme/app}}]}
";
    let folder = repository(&[("a.yaml", file)]);
    let (_, _, err) = run(
        folder.path(),
        &["fix", "--offline", "-f", "a.yaml", "--write"],
        "",
    );
    let written = fs::read_to_string(folder.path().join("a.yaml")).unwrap();
    assert_eq!(written.matches("pushSecret").count(), 1, "{written}{err}");
    assert_eq!(
        written.matches("scheduled: true").count(),
        1,
        "{written}{err}"
    );
    let (_, out, _) = run(
        folder.path(),
        &["fix", "--offline", "-f", "a.yaml", "-o", "json"],
        "",
    );
    let report: Value = serde_json::from_str(&out).unwrap();
    let left: Vec<&str> = report["objects"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|object| !object["skipped"].as_array().unwrap().is_empty())
        .map(|object| object["name"].as_str().unwrap())
        .collect();
    assert_eq!(left, ["one", "two"], "{out}");
}

#[test]
fn items_have_their_own_lines() {
    let list = "apiVersion: v1\nkind: List\nitems:\n- kind: Service\n  apiVersion: v1\n- apiVersion: \
        image.openshift.io/v1\n  kind: ImageStream\n  metadata: {name: app}\n  spec:\n    tags:\n    \
        - name: v1\n      from: {kind: DockerImage, name: 'docker.io/acme/app:v1'}\n";
    let template = format!(
        "apiVersion: template.openshift.io/v1\nkind: Template\nmetadata: {{name: t}}\nobjects:\n{}",
        list.split_once("items:\n").unwrap().1
    );
    for (name, text, object, field) in [("l.yaml", list, 6, 11), ("t.yaml", &template, 7, 12)] {
        let folder = repository(&[(name, text)]);
        for command in [&["check", "--offline"][..], &["fix", "--offline"]] {
            let (_, out, _) = run(
                folder.path(),
                &[command, &["-f", name, "-o", "json"]].concat(),
                "",
            );
            let report: Value = serde_json::from_str(&out).unwrap();
            let first = &report["objects"][0];
            let line = first.get("line").unwrap_or(&first["source"]["line"]);
            assert_eq!(*line, object, "{command:?} {name}: {out}");
        }
        // A finding about a field has the line of the field.
        let (_, out, _) = run(folder.path(), &["audit", "-f", name, "-o", "json"], "");
        let report: Value = serde_json::from_str(&out).unwrap();
        let findings = report["sections"][0]["findings"].as_array().unwrap();
        let finding = findings.iter().find(|of| of["check"] == "EXR005").unwrap();
        assert_eq!(finding["place"]["file"]["line"], field, "{name}: {finding}");
    }
}

#[test]
fn values_of_a_wrong_type_are_reported() {
    let file = "apiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata: {name: nums}\nspec:\n  \
        tags:\n  - name: 1.10\n    from: {kind: DockerImage, name: 'docker.io/acme/nums:1.10'}\n";
    let folder = repository(&[("a.yaml", file)]);
    let want = "a.yaml:6: ImageStream nums: spec.tags[0].name: expected a string, found a number: \
        write it in quotes, name: \"1.10\"";
    for command in COMMANDS {
        let (code, out, err) = run(folder.path(), &[command, &["-f", "a.yaml"]].concat(), "");
        assert_eq!(code, 1, "{command:?}: {out}{err}");
        assert!(err.contains(want), "{command:?}: {err}");
    }
    // A value that kubectl reads as text is text.
    let file = STREAM.replace("v1\n    from", "12e9999\n    from");
    let folder = repository(&[("a.yaml", &file)]);
    let (code, _, err) = run(folder.path(), &["check", "--offline", "-f", "a.yaml"], "");
    assert_eq!(code, 3, "{err}");
}

fn template(parameters: &str, image: &str) -> String {
    format!(
        "apiVersion: template.openshift.io/v1\nkind: Template\nmetadata: {{name: t}}\nparameters: \
         {parameters}\nobjects:\n- apiVersion: image.openshift.io/v1\n  kind: ImageStream\n  metadata: \
         {{name: app}}\n  spec:\n    tags:\n    - name: latest\n      from: {{kind: DockerImage, name: \
         '{image}'}}\n"
    )
}

/// `check` and `fix` make the same decision about a Template: a place is decided if every value of its parameters
/// gives the same registry and repository.
#[test]
fn parameter_decides_unless_it_is_the_tag() {
    for (parameters, image, is_decided) in [
        ("[{name: V, value: v1}]", "docker.io/acme/app:${V}", true),
        (
            "[{name: V, required: true}]",
            "docker.io/acme/app:${V}",
            true,
        ),
        (
            "[{name: V, generate: expression, from: 'v[0-9]'}]",
            "acme/app:v${V}",
            true,
        ),
        ("[{name: O, value: acme}]", "docker.io/${O}/app:v1", false),
        (
            "[{name: O, required: true}]",
            "docker.io/${O}/app:v1",
            false,
        ),
        ("[{name: I, value: docker.io/acme/app}]", "${I}", false),
        ("[{name: V, value: v1}]", "quay.io/acme/app:${V}", false),
    ] {
        let folder = repository(&[("t.yaml", &template(parameters, image))]);
        let want = if is_decided { 3 } else { 0 };
        for command in [&["check", "--offline"][..], &["fix", "--offline"]] {
            let (code, out, err) = run(folder.path(), &[command, &["-f", "t.yaml"]].concat(), "");
            assert_eq!(code, want, "{command:?} {parameters} {image}: {out}{err}");
        }
        if is_decided {
            run(
                folder.path(),
                &["fix", "--offline", "-f", "t.yaml", "--write"],
                "",
            );
            let written = fs::read_to_string(folder.path().join("t.yaml")).unwrap();
            assert!(
                written.contains("scheduled: true") && written.contains(image),
                "{written}"
            );
            let (code, _, err) = run(folder.path(), &["check", "--offline", "-f", "t.yaml"], "");
            assert_eq!(code, 0, "{err}");
        }
    }
}

#[test]
fn undeclared_parameter_is_reported() {
    let text = template("[{name: TAG, value: v1}]", "docker.io/acme/app:${TGA}");
    let folder = repository(&[("t.yaml", &text)]);
    for command in [
        &["check", "--offline"][..],
        &["fix", "--offline"],
        &["audit"],
    ] {
        let (_, out, err) = run(folder.path(), &[command, &["-f", "t.yaml"]].concat(), "");
        let want = "t.yaml:6: ImageStream app: the Template does not declare the parameter TGA";
        assert!(err.contains(want), "{command:?}: {out}{err}");
    }
    let (code, _, err) = run(
        folder.path(),
        &["audit", "-f", "t.yaml", "--require-coverage", "100"],
        "",
    );
    assert_ne!(code, 0, "{err}");
}

/// Code scanning rejects a whole report if one result has no file.
#[test]
fn every_sarif_result_names_an_existing_file() {
    let folder = repository(&[
        ("deploy/stream.yaml", STREAM),
        (
            "deploy/pod.yaml",
            "apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: [{name: c, image: nginx}]}\n",
        ),
    ]);
    let (_, out, _) = run(folder.path(), &["audit", "-f", "deploy", "-o", "sarif"], "");
    let log: Value = serde_json::from_str(&out).unwrap();
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert!(!results.is_empty());
    for result in results {
        let physical = &result["locations"][0]["physicalLocation"];
        let uri = physical["artifactLocation"]["uri"].as_str().unwrap();
        assert!(folder.path().join(uri).is_file(), "{result}");
    }
    // Checks of the cluster only are not run on files and are not inconclusive.
    for check in ["EXR002", "EXR003", "EXR014"] {
        assert!(
            results.iter().all(|result| result["ruleId"] != check),
            "{check}"
        );
    }
    let (_, out, _) = run(folder.path(), &["audit", "-f", "deploy", "-o", "junit"], "");
    assert!(!out.contains("EXR014"), "{out}");
}
