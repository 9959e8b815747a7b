//! `.extreg.yaml` of a checkout: settings that it cannot change.

use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::json;

use super::{
    audit::{APP, Run},
    common::extreg,
};
use extreg_fakes::{Api, status};

/// An API server with an object of each kind, which allows every deletion.
fn api() -> Api {
    let config = r#"{"auths":{"docker.io":{"auth":"YWNtZTpvbGQ="}}}"#;
    let secret = json!({
        "apiVersion": "v1", "kind": "Secret",
        "metadata": {"name": "hub", "namespace": "shop", "resourceVersion": "1"},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": STANDARD.encode(config)},
    });
    Api::with(&[secret]).listing(&["/api"]).start()
}

fn run(folder: &Path, args: &str, stdin: &str) -> Run {
    let output = extreg()
        .current_dir(folder)
        .args(args.split_whitespace())
        .write_stdin(stdin)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: text(output.stdout),
        err: text(output.stderr),
    }
}

fn checkout(settings: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".git")).unwrap();
    fs::write(folder.path().join(".extreg.yaml"), settings).unwrap();
    folder
}

#[test]
fn project_file_does_not_apply_a_plan() {
    for (settings, args) in [
        (
            "webhook: {uninstall: {yes: true, all: true}}",
            "webhook uninstall",
        ),
        (
            "secret: {rotate: {yes: true, also: tenant/hub}}",
            "secret rotate hub -n shop",
        ),
        (
            "fix: {yes: true, write: true, push-secret-from: ops/hub}",
            "fix -n shop",
        ),
        ("except: {prune: {yes: true}}", "except prune -n shop"),
        ("audit: {publish: true, save: folder}", "audit -n shop"),
    ] {
        let api = api();
        let folder = checkout(settings);
        let ran = run(folder.path(), &format!("{args} --server {}", api.url), "");
        let writes: Vec<String> = api
            .seen()
            .into_iter()
            .map(|seen| seen.line)
            .filter(|line| !line.starts_with("GET "))
            .collect();
        assert_eq!(writes, Vec::<String>::new(), "{settings}: {}", ran.err);
        assert!(
            ran.err.contains("has no effect in a project's file"),
            "{settings}: {}",
            ran.err
        );
        let names: Vec<_> = fs::read_dir(folder.path()).unwrap().collect();
        assert_eq!(names.len(), 2, "{settings}: {names:?}");
    }
}

#[test]
fn project_file_does_not_disable_a_gate() {
    let folder = checkout(
        "audit: {skip: [EXR010, EXR006, EXR001], fail-on: critical, min-severity: critical}",
    );
    fs::write(folder.path().join("app.yaml"), APP).unwrap();
    let ran = run(folder.path(), "audit -f app.yaml --fail-on low -o json", "");
    assert_eq!(ran.code, 3, "{}{}", ran.out, ran.err);
    let report = ran.json();
    let notices = report["notices"].to_string();
    for name in ["audit.skip", "audit.fail-on", "audit.min-severity"] {
        let words = format!("`{name}` has no effect in a project's file");
        assert!(ran.err.contains(&words), "{}", ran.err);
        assert!(notices.contains(&words), "{notices}");
    }
    let without = run(Path::new("/"), "audit -f - --fail-on low -o json", APP);
    let findings = |run: &Run| {
        run.json()["sections"][0]["findings"]
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(findings(&ran), findings(&without));
}

#[test]
fn project_file_does_not_overwrite_a_file_or_send_a_token() {
    let folder = checkout("audit: {output: ['json=victim']}\nregistry-ca: x\n");
    let ran = run(folder.path(), "audit -f -", APP);
    assert_eq!(
        ran.code, 2,
        "a name that no flag has is an error: {}",
        ran.err
    );
    let victim = folder.path().join("victim");
    let folder = checkout("audit: {output: ['json=victim']}");
    let ran = run(folder.path(), "audit -f -", APP);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(!victim.exists() && !folder.path().join("victim").exists());

    // The registry that receives the token.
    let api = api();
    let thief = Api::answering(|_| status(401, "Unauthorized", "no"));
    let settings = format!(
        "secret:\n  rotate:\n    registry: evil.example\n    registry-endpoint: docker.io={}\n    yes: true\n    \
         password-stdin: true\n",
        thief.url
    );
    let folder = checkout(&settings);
    let ran = run(
        folder.path(),
        &format!("secret rotate hub -n shop --server {}", api.url),
        "canary-token",
    );
    assert!(thief.seen().is_empty(), "{}", ran.err);
    assert!(
        ran.err.contains("`secret.rotate.registry-endpoint`"),
        "{}",
        ran.err
    );
}

#[test]
fn credential_needs_a_namespace_from_the_user() {
    let api = api();
    let folder = checkout("namespace: tenant");
    let server = format!("--server {}", api.url);
    for args in [
        "secret rotate hub -A --password-stdin --yes",
        "secret rotate hub --password-stdin --yes",
        "fix --push-secret-from ops/hub --yes",
    ] {
        let ran = run(folder.path(), &format!("{args} {server}"), "new");
        assert_eq!(ran.code, 2, "{args}: {}", ran.err);
        assert!(ran.err.contains("set the namespace with -n"), "{}", ran.err);
    }
    assert!(api.seen().is_empty());
}

#[test]
fn names_each_file_that_sets_a_flag() {
    let folder = checkout("namespace: shop\ncolor: never\nquiet: 1\nsetup: {workload: none}");
    let own = folder.path().join("own.yaml");
    fs::write(&own, "audit: {fail-on: low}\nfix: {yes: true}\n").unwrap();
    fs::write(folder.path().join("app.yaml"), APP).unwrap();
    let words = format!("audit -f app.yaml -o json --config {}", own.display());
    let ran = run(folder.path(), &words, "");
    assert_eq!(ran.code, 3, "{}", ran.err);
    let notices = ran.json()["notices"].to_string();
    for line in [
        format!("defaults from {}: audit.fail-on", own.display()),
        // A setting of the project file does not suppress this message.
        format!(
            "defaults from {}: color, namespace, quiet",
            folder.path().join(".extreg.yaml").display()
        ),
    ] {
        assert!(ran.err.contains(&line), "{line}: {}", ran.err);
        assert!(notices.contains(&line), "{line}: {notices}");
    }
    // A file without effect is not named, nor a setting that a flag overrides.
    let ran = run(folder.path(), "version --client -n a --color never -qq", "");
    assert!(!ran.err.contains("namespace"), "{}", ran.err);
}
