//! The matrix of formats and exit codes: the exit code does not depend on the format, and a parser of each format
//! accepts the output.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use serde_json::Value;

use super::audit::{APP, Run, run_in};

/// An object without findings: its image has a digest.
const CLEAN: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart, namespace: shop}\n\
    spec:\n  template:\n    spec:\n      containers:\n      - {name: app, image: \
    \"quay.io/acme/cart@sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc\"}\n";
/// An object with exceptions for all its findings.
const SUPPRESSED: &str = "apiVersion: v1\nkind: ImageStream\nmetadata: {name: s, namespace: shop}\n\
    spec: {tags: [{name: t, from: {kind: DockerImage, name: quay.io/a/b:1}, importPolicy: {insecure: true, scheduled: true}}]}\n";
const EXCEPTIONS: &str = "apiVersion: extreg.io/v1alpha1\nkind: Exceptions\nexceptions:\n\
    - {check: EXR004, reason: \"a registry of the lab\", expires: 2099-01-01}\n";
/// A tree without the values of secrets.
const ELIDED: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: hub, namespace: shop}\n\
    type: kubernetes.io/dockerconfigjson\ndata: {.dockerconfigjson: ODMgYnl0ZXMgbG9uZw==}\n";

/// Description, arguments, input and exit code.
const CASES: [(&str, &[&str], &str, i32); 21] = [
    ("clean", &[], CLEAN, 0),
    (
        "clean, gated",
        &["--fail-on", "info", "--check", "EXR006"],
        CLEAN,
        0,
    ),
    ("findings", &[], APP, 0),
    ("no gate", &["--fail-on", "none"], APP, 0),
    ("above the gate", &["--fail-on", "low"], APP, 3),
    (
        "at the gate",
        &["--fail-on", "medium", "--check", "EXR010"],
        APP,
        3,
    ),
    (
        "below the gate",
        &["--fail-on", "high", "--check", "EXR010"],
        APP,
        0,
    ),
    (
        "hidden",
        &["--fail-on", "low", "--min-severity", "critical"],
        APP,
        3,
    ),
    (
        "insecure",
        &["--fail-on", "critical", "--check", "EXR004"],
        SUPPRESSED,
        3,
    ),
    (
        "suppressed",
        &[
            "--fail-on",
            "info",
            "--check",
            "EXR004",
            "--exceptions",
            "e.yaml",
        ],
        SUPPRESSED,
        0,
    ),
    ("no gap", &["--require-coverage", "100"], CLEAN, 0),
    ("a gap, none required", &["-n", "shop"], "tree", 0),
    ("a gap", &["--require-coverage", "100"], "tree", 4),
    (
        "a gap before findings",
        &["--require-coverage", "100", "--fail-on", "info"],
        "tree",
        4,
    ),
    ("a gap, enough", &["--require-coverage", "5"], "tree", 0),
    ("unreadable", &[], "a: [\n", 1),
    (
        "findings before unreadable",
        &["--fail-on", "low"],
        "both",
        3,
    ),
    ("empty", &[], "", 4),
    (
        "nothing of ours",
        &["--fail-on", "info"],
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n",
        4,
    ),
    ("empty, allowed", &["--allow-empty"], "", 0),
    ("a missing file", &[], "nowhere", 1),
];

#[test]
fn every_format_has_the_same_exit_code_and_parses() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("e.yaml"), EXCEPTIONS).unwrap();
    let core = path.join("inspect/namespaces/shop/core");
    fs::create_dir_all(&core).unwrap();
    fs::write(core.join("secrets.yaml"), ELIDED).unwrap();
    fs::write(path.join("app.yaml"), APP).unwrap();
    fs::write(path.join("broken.yaml"), "a: [\n").unwrap();
    let words = formats(path);
    assert_eq!(words.len(), 12, "{words:?}");
    let once: BTreeSet<&String> = words.iter().collect();
    assert_eq!(once.len(), words.len(), "{words:?}");
    for (case, args, input, want) in CASES {
        let (from, stdin): (&[&str], &str) = match input {
            "tree" => (&["--must-gather", "inspect"], ""),
            "both" => (&["-f", "app.yaml", "-f", "broken.yaml"], ""),
            "nowhere" => (&["-f", "app.yaml", "-f", "nowhere.yaml"], ""),
            stdin => (&["-f", "-"], stdin),
        };
        for word in &words {
            let run = run_in(
                path,
                &[&["audit"], from, args, &["-o", word]].concat(),
                stdin,
            );
            let what = format!("{case}, {word}");
            assert_eq!(run.code, want, "{what}: {}", run.err);
            assert!(!run.out.contains('\u{1b}'), "{what}");
            assert_parses(word, &run, &what);
        }
    }
}

/// The values of `-o`, as the binary lists them.
fn formats(folder: &Path) -> Vec<String> {
    let run = run_in(folder, &["audit", "-f", "-", "-o", "xml"], "");
    let said = run
        .err
        .lines()
        .find_map(|line| line.split_once("there are "));
    let (_, words) = said.unwrap();
    let words = words.trim_end_matches('.').split(", ");
    words.map(|word| word.trim().to_owned()).collect()
}

/// Parses the output as its format.
fn assert_parses(word: &str, run: &Run, what: &str) {
    let text = run.out.as_str();
    match word {
        "json" | "sarif" | "cyclonedx" => {
            let parsed: Result<Value, _> = serde_json::from_str(text);
            assert!(
                parsed.is_ok_and(|value| value.is_object()),
                "{what}: {text}"
            );
        }
        "yaml" | "openreports" => {
            let documents: Vec<Value> = serde_saphyr::from_multiple(text).unwrap();
            assert!(!documents.is_empty(), "{what}");
            assert!(
                documents
                    .iter()
                    .all(|document| document["kind"].is_string()),
                "{what}: {text}"
            );
        }
        "csv" => {
            // The reader rejects a record that is shorter or longer than the first.
            let mut reader = csv::Reader::from_reader(text.as_bytes());
            assert!(reader.headers().unwrap().len() > 5, "{what}: {text}");
            assert!(
                reader.records().all(|record| record.is_ok()),
                "{what}: {text}"
            );
        }
        "junit" => {
            let document = roxmltree::Document::parse(text).unwrap();
            assert_eq!(document.root_element().tag_name().name(), "testsuites");
        }
        "html" => {
            assert!(text.starts_with("<!DOCTYPE html>"), "{what}");
            assert!(text.trim_end().ends_with("</html>"), "{what}");
        }
        "markdown" => assert!(text.starts_with("# "), "{what}: {text}"),
        // For people; objects without findings are not named.
        "table" | "wide" => assert!(!text.is_empty(), "{what}"),
        "name" => assert!(
            text.lines()
                .all(|line| line.contains('/') && !line.contains(' ')),
            "{what}: {text}"
        ),
        other => assert_eq!(other, "", "nothing reads it"),
    }
}
