//! `except add`, `list` and `prune` in a file.

use std::{fs, path::Path};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::common::{extreg, has_facts};

/// Exit code, stdout and stderr of a command in a folder.
pub(super) fn run_in(folder: &Path, args: &[&str]) -> (i32, String, String) {
    let run = extreg().current_dir(folder).args(args).assert();
    let output = run.get_output();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

pub(super) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

/// `except add CHECK OBJECT` with a reason and a distant expiry date, in namespace `shop`.
pub(super) fn add<'a>(check: &'a str, object: &'a str) -> Vec<&'a str> {
    vec![
        "except",
        "add",
        check,
        object,
        "-n",
        "shop",
        "--reason",
        "the mirror comes",
        "--expires",
        "2099-01-31",
        "-q",
    ]
}

const HEAD: &str = "apiVersion: extreg.io/v1alpha1\nkind: Exceptions\nexceptions:\n";
/// Two Deployments with an image by tag and without a trigger.
const APP: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart, namespace: shop}\n\
    spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [\
    {name: web, image: 'docker.io/acme/app:v1'}, {name: log, image: 'docker.io/acme/log:v1'}]}}}\n\
    ---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: till, namespace: shop}\n\
    spec: {selector: {matchLabels: {a: b}}, template: {metadata: {labels: {a: b}}, spec: {containers: [\
    {name: web, image: 'docker.io/acme/app:v1'}]}}}\n";

/// Place and suppression of each EXR006 finding in the files of a folder.
fn findings(folder: &Path) -> Vec<(String, bool)> {
    let (code, out, err) = run_in(
        folder,
        &[
            "audit",
            "-f",
            "app.yaml",
            "--check",
            "EXR006",
            "--exceptions",
            "exceptions.yaml",
            "-o",
            "json",
        ],
    );
    assert_eq!(code, 0, "{err}");
    let report: Value = serde_json::from_str(&out).unwrap();
    let findings = report["sections"][0]["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| {
            let place = &finding["place"];
            let text = |key: &str| place[key].as_str().unwrap_or_default().to_owned();
            (
                format!("{} {}", text("name"), text("part")),
                !finding["suppression"].is_null(),
            )
        })
        .collect()
}

#[test]
fn suppresses_only_the_named_finding() {
    let folder = folder(&[("app.yaml", APP), ("exceptions.yaml", "")]);
    let all = findings(folder.path());
    assert_eq!(all.len(), 3, "{all:?}");
    assert!(all.iter().all(|(_, suppressed)| !suppressed), "{all:?}");

    let args = [
        &add("EXR006", "deployment/cart")[..],
        &["--part", "web", "--offline"],
    ]
    .concat();
    let (code, out, err) = run_in(folder.path(), &args);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(out, "exceptions.yaml:6: exception for EXR006 created\n");
    let found = findings(folder.path());
    let of = |place: &str| found.iter().find(|(at, _)| at == place).unwrap().1;
    assert_eq!(
        (of("cart web"), of("cart log"), of("till web")),
        (true, false, false)
    );

    let (_, out, _) = run_in(folder.path(), &["except", "list", "-o", "json"]);
    let list: Value = serde_json::from_str(&out).unwrap();
    let row = &list["exceptions"][0];
    for (key, want) in [
        ("place", "exceptions.yaml:6"),
        ("kind", "Deployment"),
        ("namespace", "shop"),
        ("name", "cart"),
        ("part", "web"),
        ("reason", "the mirror comes"),
        ("expires", "2099-01-31"),
        ("state", "active"),
    ] {
        assert_eq!(row[key], want, "{row}");
    }
    // Again, and with another expiry date.
    assert_eq!(
        run_in(folder.path(), &args).1,
        "exceptions.yaml:6: exception for EXR006 unchanged\n"
    );
    let before = fs::read_to_string(folder.path().join("exceptions.yaml")).unwrap();
    let args: Vec<&str> = args
        .iter()
        .map(|arg| {
            if *arg == "2099-01-31" {
                "2098-01-31"
            } else {
                arg
            }
        })
        .collect();
    assert_eq!(
        run_in(folder.path(), &args).1,
        "exceptions.yaml:6: exception for EXR006 configured\n"
    );
    let after = fs::read_to_string(folder.path().join("exceptions.yaml")).unwrap();
    assert_eq!(after, before.replace("2099", "2098"));
    let file: Value = serde_saphyr::from_str(&after).unwrap();
    assert_eq!(
        file,
        json!({
            "apiVersion": "extreg.io/v1alpha1", "kind": "Exceptions",
            "exceptions": [{
                "check": "EXR006", "kind": "Deployment", "namespace": "shop", "name": "cart", "part": "web",
                "reason": "the mirror comes", "expires": "2098-01-31",
            }],
        })
    );
    has_facts(
        &after,
        &[
            "# ",
            "oc extreg audit --exceptions FILE",
            "oc extreg except add\n",
            "apiVersion",
        ],
    );
}

#[test]
fn invalid_arguments_fail_before_any_change() {
    let bad = HEAD.replace("kind: Exceptions", "kind: Exception") + "- check: EXR001\n";
    let folder = folder(&[
        ("bad.yaml", &bad),
        (
            "json.yaml",
            "{\"apiVersion\": \"extreg.io/v1alpha1\", \"kind\": \"Exceptions\", \"exceptions\": []}",
        ),
    ]);
    let base =
        |check: &'static str, object: &'static str, reason: &'static str, day: &'static str| {
            vec![
                "except",
                "add",
                check,
                object,
                "--reason",
                reason,
                "--expires",
                day,
                "-n",
                "shop",
                "--offline",
            ]
        };
    let day = "2099-01-31";
    for (args, code, want) in [
        (
            base("EXR7", "deployment/cart", "x", day),
            2,
            "did you mean EXR007?",
        ),
        (
            base("EXR007", "deploymnet/cart", "x", day),
            2,
            "did you mean Deployment?",
        ),
        (base("EXR007", "cart", "x", day), 2, "write KIND/NAME"),
        (
            base("EXR007", "deployment/cart", " ", day),
            2,
            "--reason: no reason",
        ),
        (
            base("EXR007", "deployment/cart", "x", "soon"),
            2,
            "--expires: \"soon\" is not a valid date",
        ),
        (
            base("EXR007", "deployment/cart", "x", "2020-01-31"),
            2,
            "2020-01-31 is past",
        ),
        (
            [
                base("EXR007", "deployment/cart", "x", day),
                vec!["--file", "bad.yaml"],
            ]
            .concat(),
            2,
            "bad.yaml: document 1 is extreg.io/v1alpha1 Exception,",
        ),
        (
            [
                base("EXR007", "deployment/cart", "x", day),
                vec!["--file", "json.yaml"],
            ]
            .concat(),
            1,
            "add the entry manually",
        ),
        (
            [
                base("EXR007", "deployment/cart", "x", day),
                vec!["--file", "no/such/folder.yaml"],
            ]
            .concat(),
            1,
            "cannot write",
        ),
        (
            vec!["except", "add", "EXR007", "deployment/cart"],
            2,
            "--reason",
        ),
        (
            vec!["except", "list", "--file", "none.yaml"],
            2,
            "no such file",
        ),
        (
            vec!["except", "list", "--report", "bad.yaml"],
            2,
            "--report bad.yaml",
        ),
        (vec!["except", "prune", "--unused"], 2, "--report"),
        (
            vec!["except", "prune", "--yes", "--dry-run"],
            2,
            "cannot be used with",
        ),
    ] {
        let (got, out, err) = run_in(folder.path(), &args);
        assert_eq!((got, out.as_str()), (code, ""), "{args:?}: {err}");
        assert!(err.contains(want), "{args:?}: {err}");
    }
    let names = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, 2, "no temporary file remains");
    assert_eq!(
        fs::read_to_string(folder.path().join("bad.yaml")).unwrap(),
        bad
    );
}

#[test]
fn prune_removes_expired_entries_and_keeps_the_rest_unchanged() {
    let before = format!(
        "# ours\n{HEAD}# why\n- check: EXR001 # always\n  reason: ours\n  expires: 2099-01-31\n# end\n"
    );
    let old =
        "- checks: [EXR001, EXR007]\n  reason: >\n    long\n\n    ago\n  expires: 2020-01-31\n";
    let text = before.replace("# end", &format!("{old}# end"));
    let folder = folder(&[("exceptions.yaml", &text)]);
    let path = folder.path().join("exceptions.yaml");

    let (code, out, err) = run_in(folder.path(), &["except", "prune"]);
    assert_eq!(
        (code, err.as_str()),
        (0, "Nothing was changed. Add --yes to apply the plan.\n")
    );
    assert_eq!(
        out,
        "exceptions.yaml:9: exception for EXR001, EXR007 deleted (dry run) (expired on 2020-01-31)\n"
    );
    assert_eq!(fs::read_to_string(&path).unwrap(), text);

    let (_, out, err) = run_in(folder.path(), &["except", "list"]);
    assert_eq!(out.lines().count(), 3, "{out}");
    has_facts(
        &out,
        &["exceptions.yaml:6", "2099-01-31", "active", "ours\n"],
    );
    has_facts(
        &out,
        &["exceptions.yaml:9", "2020-01-31", "expired", "long ago\n"],
    );
    has_facts(&err, &["1 of 2", "oc extreg except prune\n"]);

    let (code, _, err) = run_in(folder.path(), &["except", "prune", "--yes"]);
    assert_eq!((code, err.as_str()), (0, ""));
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
    let (code, out, err) = run_in(folder.path(), &["except", "prune", "--yes"]);
    assert_eq!(
        (code, out.as_str(), err.as_str()),
        (0, "", "Nothing to remove.\n")
    );
}

#[test]
fn prune_removes_entries_that_a_report_lists_as_unused() {
    let folder = folder(&[("app.yaml", APP)]);
    for object in ["deployment/cart", "deployment/gone"] {
        let args = [&add("EXR006", object)[..], &["--offline"]].concat();
        assert_eq!(run_in(folder.path(), &args).0, 0);
    }
    let report = [
        "audit",
        "-f",
        "app.yaml",
        "--exceptions",
        "exceptions.yaml",
        "-o",
        "json=report.json",
        "-q",
    ];
    assert_eq!(run_in(folder.path(), &report).0, 0);
    let (_, out, _) = run_in(
        folder.path(),
        &[
            "except",
            "list",
            "--report",
            "report.json",
            "-o",
            "csv",
            "-q",
        ],
    );
    let rows = csv::Reader::from_reader(out.as_bytes())
        .into_records()
        .map(|record| record.unwrap())
        .map(|row| (row[3].to_owned(), row[6].to_owned()))
        .collect::<Vec<_>>();
    assert_eq!(
        rows,
        [
            ("deployment/cart".to_owned(), "active".to_owned()),
            ("deployment/gone".to_owned(), "active, unused".to_owned()),
        ]
    );
    // Without --unused, only expired entries are removed.
    let prune = ["except", "prune", "--report", "report.json", "--yes", "-q"];
    assert_eq!(run_in(folder.path(), &prune).1, "");
    let (_, out, _) = run_in(folder.path(), &[&prune[..], &["--unused"]].concat());
    assert_eq!(
        out,
        "exceptions.yaml:12: exception for EXR006 deleted (suppresses nothing)\n"
    );
    let suppressed: Vec<bool> = findings(folder.path())
        .into_iter()
        .map(|(_, is)| is)
        .collect();
    assert_eq!(suppressed.iter().filter(|is| **is).count(), 2);
}
