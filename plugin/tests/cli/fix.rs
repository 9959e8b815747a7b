//! `fix` of files.

use std::{fs, path::Path};

use serde_json::Value;

use super::{
    check::check_in,
    common::{ended, extreg, has_facts},
};

const CLUSTER: &str = include_str!("../data/cluster.yaml");

const APP: &str = "\
# The build
kind: BuildConfig
apiVersion: build.openshift.io/v1
metadata: {name: app, namespace: snow}
spec:
    output:
        to:   # pushed here
            kind: DockerImage
            name: 'docker.io/acme/app:v1'
---
apiVersion: image.openshift.io/v1
kind: ImageStream
metadata: {name: app, namespace: snow}
spec:
  tags:
  - {name: a, from: {kind: DockerImage, name: acme/app}}
  - name: b
    from: {kind: DockerImage, name: \"acme/app:b\"}
    importPolicy: {}
";

fn fix_in(folder: &Path, args: &[&str], input: &str) -> (i32, String, String) {
    ended(
        extreg()
            .current_dir(folder)
            .args(["fix", "--offline"])
            .args(args)
            .write_stdin(input),
    )
}

/// The result for stdin.
fn written(text: &str) -> String {
    let (code, out, err) = fix_in(Path::new("/"), &["-f", "-", "--write"], text);
    assert_eq!(code, 0, "{err}");
    out
}

#[test]
fn changes_only_necessary_lines() {
    let want = APP
        .replace(
            "acme/app:v1'\n",
            "acme/app:v1'\n        pushSecret:\n            name: dockerhub\n",
        )
        .replace("acme/app}}", "acme/app}, importPolicy: {scheduled: true}}")
        .replace("importPolicy: {}", "importPolicy: {scheduled: true}");
    assert_eq!(written(APP), want);
    assert_eq!(written(&want), want, "twice changes nothing");
    let crlf = |text: &str| text.replace('\n', "\r\n");
    assert_eq!(written(&crlf(APP)), crlf(&want));
    assert_eq!(written(APP.trim_end()), want.trim_end());
    assert_eq!(
        written(&format!("\u{feff}{APP}")),
        format!("\u{feff}{want}")
    );
}

#[test]
fn prints_the_plan_as_text_and_json() {
    let (code, out, err) = fix_in(Path::new("/"), &["-f", "-"], CLUSTER);
    assert_eq!(code, 3);
    has_facts(
        &out,
        &[
            "stdin:39 buildconfig.build.openshift.io/search in shop\n",
            "EXR007  spec.output.pushSecret: none → {name: dockerhub} (docker.io/acme/search:latest, policy builtin-dockerhub)\n",
            "stdin:47 buildconfig.build.openshift.io/inner in shop\n",
            "EXR007  spec.output.pushSecret: ",
            "(inner:latest)\n",
            "stdin:63 imagestream.image.openshift.io/cart in shop\n",
            "EXR005  spec.tags[1].importPolicy.scheduled: none → true (docker.io/acme/cart:v1, policy builtin-dockerhub)\n",
            "stdin:76 imagestream.image.openshift.io/mixed in legacy\n",
            "EXR005  spec.tags[0].importPolicy.scheduled: none → true (nginx, policy builtin-dockerhub)\n",
            "EXR005  spec.tags[1].importPolicy.scheduled: ",
            "(docker.io/library/nginx@sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc)\n",
            "EXR005  spec.tags[2].importPolicy.scheduled: ",
            "(docker.io/library/nginx:1)\n",
        ],
    );
    assert_eq!(out.lines().count(), 10, "{out}");
    has_facts(
        &err,
        &[
            "9 objects",
            "3 changes",
            "in 3 objects",
            "3 places",
            "use --write to change 3 objects\n",
        ],
    );
    let (code, out, _) = fix_in(Path::new("/"), &["-f", "-", "-o", "json"], APP);
    assert_eq!(code, 3);
    let report: Value = serde_json::from_str(&out).unwrap();
    insta::assert_snapshot!(
        "fix-files-report",
        serde_json::to_string_pretty(&report).unwrap()
    );
}

#[test]
fn check_passes_after_fix() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    fs::create_dir(folder.join("sub")).unwrap();
    fs::write(folder.join("sub/all.yaml"), CLUSTER).unwrap();
    fs::write(folder.join("app.yml"), APP).unwrap();
    fs::write(folder.join("other.yaml"), "a: 1\n").unwrap();
    let list = r#"{"kind":"List","apiVersion":"v1","items":[{"kind":"BuildConfig","apiVersion":"v1","metadata":{"name":"x"},"spec":{"output":{"to":{"kind":"DockerImage","name":"acme/x"}}}}]}"#;
    fs::write(folder.join("list.json"), list).unwrap();
    let args = ["-n", "snow", "-f", ".", "-R"];
    let check = || {
        check_in(
            folder,
            &[&["--offline", "-o", "name"], &args[..]].concat(),
            "",
        )
    };
    assert_eq!(check().0, 3);
    let (code, out, err) = fix_in(folder, &[&args[..], &["--write"]].concat(), "");
    assert_eq!(code, 0, "{out}{err}");
    assert_eq!(check(), (0, String::new(), check().2));
    assert_eq!(
        fs::read_to_string(folder.join("other.yaml")).unwrap(),
        "a: 1\n"
    );
    let json = fs::read_to_string(folder.join("list.json")).unwrap();
    assert_eq!(
        json,
        list.replace(
            r#""acme/x"}"#,
            r#""acme/x"},"pushSecret":{"name":"dockerhub"}"#
        )
    );
    let (code, out, err) = fix_in(folder, &[&args[..], &["--write"]].concat(), "");
    assert_eq!(code, 0, "{err}");
    assert!(
        !out.contains("written") && err.contains("nothing to do"),
        "{out}{err}"
    );
}

#[test]
fn skips_and_reports_fields_that_cannot_be_written() {
    let template = "\
apiVersion: template.openshift.io/v1
kind: Template
parameters: [{name: ORG, value: acme}]
objects:
- apiVersion: build.openshift.io/v1
  kind: BuildConfig
  metadata: {name: x}
  spec: {output: {to: {kind: DockerImage, name: \"docker.io/${ORG}/app\"}}}
- apiVersion: build.openshift.io/v1
  kind: BuildConfig
  metadata: {name: \"${ORG}\"}
  spec: {output: {to: {kind: DockerImage, name: docker.io/acme/app}}}
";
    let (code, out, err) = fix_in(Path::new("/"), &["-n", "snow", "-f", "-"], template);
    assert_eq!(code, 3, "{err}");
    assert!(
        out.contains("the reference contains an unresolved parameter (docker.io/${ORG}/app)"),
        "{out}"
    );
    let (_, after, _) = fix_in(
        Path::new("/"),
        &["-n", "snow", "-f", "-", "--write"],
        template,
    );
    assert_eq!(after.matches("pushSecret").count(), 1, "{after}");

    let alias = "\
apiVersion: build.openshift.io/v1
kind: BuildConfig
metadata: {name: x, namespace: snow}
x: &out {to: {kind: DockerImage, name: docker.io/acme/app}}
spec:
  output: *out
";
    let (code, out, err) = fix_in(Path::new("/"), &["-f", "-"], alias);
    assert_eq!(code, 0, "{out}{err}");
    assert!(
        out.contains("unchanged: it is written by an alias (*)"),
        "{out}"
    );
    assert_eq!(written(alias), alias);

    // A change to an anchored value would change every alias of it.
    let anchor = "\
apiVersion: build.openshift.io/v1
kind: BuildConfig
metadata: {name: x, namespace: snow}
spec:
  output: &out
    to: {kind: DockerImage, name: docker.io/acme/app}
other: *out
";
    let (code, out, _) = fix_in(Path::new("/"), &["-f", "-"], anchor);
    assert_eq!(code, 0);
    assert!(out.contains("would not have the expected content"), "{out}");
    assert_eq!(written(anchor), anchor);
}

#[test]
fn unreadable_file_does_not_stop_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let chart = "kind: BuildConfig\nmetadata: {name: {{ .Values.name }}\n";
    fs::write(folder.join("a.yaml"), chart).unwrap();
    fs::write(folder.join("b.yaml"), format!("{APP}---\nx: [\n")).unwrap();
    let (code, _, err) = fix_in(folder, &["-f", ".", "-f", "none.yaml", "--write"], "");
    assert_eq!(code, 1, "{err}");
    assert!(err.contains("template actions"), "{err}");
    assert!(err.contains("cannot read none.yaml"), "{err}");
    let after = fs::read_to_string(folder.join("b.yaml")).unwrap();
    assert!(
        after.contains("pushSecret") && after.ends_with("---\nx: [\n"),
        "{after}"
    );
    assert_eq!(fs::read_to_string(folder.join("a.yaml")).unwrap(), chart);
}

#[test]
fn invalid_flags_are_rejected() {
    for (args, words) in [
        (&["--write"][..], "--filename"),
        (&["-f", "x", "--yes"], "--filename"),
        (&["-f", "x", "-A"], "--filename"),
        (
            &["-f", "-", "--write", "-o", "json"],
            "stdout is for the changed document",
        ),
        (&["--check", "EXR05"], "did you mean EXR005?"),
        (&["--check", "EXR008"], "fix does not support it"),
        (
            &["--check", "EXR005", "--restart-builds"],
            "need EXR009 in --check",
        ),
        (&["--push-secret-from", "hub"], "expected NAMESPACE/NAME"),
        (&["--max", "0"], "--max"),
        (&["--dry-run", "server"], "--yes"),
        (
            &["--restart-builds", "--auth-file", "x"],
            "cannot be used with",
        ),
    ] {
        let run = extreg().arg("fix").args(args).output().unwrap();
        let err = String::from_utf8(run.stderr).unwrap();
        assert_eq!(run.status.code(), Some(2), "{args:?}: {err}");
        assert!(err.contains(words), "{args:?}: {err}");
    }
    let (code, _, err) = fix_in(Path::new("/"), &["-f", "-"], "kind: ConfigMap\n");
    assert_eq!(code, 4);
    assert!(err.contains("--allow-empty"), "{err}");
    let (code, ..) = fix_in(
        Path::new("/"),
        &["-f", "-", "--allow-empty"],
        "kind: ConfigMap\n",
    );
    assert_eq!(code, 0);
}
