//! `audit` without a cluster.

use std::{fs, path::Path, process::Output};

use serde_json::Value;

use super::common::{extreg, has_facts, rows};

pub(crate) const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data");

/// A Deployment with a short image name, and a secret whose values must not be shown.
pub(crate) const APP: &str = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart, namespace: shop}\n\
    spec:\n  template:\n    spec:\n      containers:\n      - {name: app, image: nginx}\n\
    ---\napiVersion: v1\nkind: Secret\nmetadata: {name: hub, namespace: shop}\n\
    type: kubernetes.io/dockerconfigjson\nstringData:\n  .dockerconfigjson: >-\n    \
    {\"auths\":{\"docker.io\":{\"username\":\"acme\",\"password\":\"canary-word\"}}}\n";

pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    pub(crate) fn json(&self) -> Value {
        let parsed = serde_json::from_str(&self.out);
        assert!(parsed.is_ok(), "{}\n{}", self.out, self.err);
        parsed.unwrap()
    }
}

pub(crate) fn run_in(folder: &Path, args: &[&str], input: &str) -> Run {
    let run = extreg()
        .current_dir(folder)
        .args(args)
        .write_stdin(input)
        .output()
        .unwrap();
    Run::from_output(run)
}

impl Run {
    pub(crate) fn from_output(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Self {
            code: output.status.code().unwrap(),
            out: text(output.stdout),
            err: text(output.stderr),
        }
    }
}

/// `audit` of stdin.
fn audit(args: &[&str], input: &str) -> Run {
    run_in(
        Path::new("/"),
        &[&["audit", "-f", "-"], args].concat(),
        input,
    )
}

fn inspect(args: &[&str]) -> Run {
    let all = [&["audit", "--must-gather", "inspect"], args].concat();
    run_in(Path::new(DATA), &all, "")
}

#[test]
fn audits_an_inspect_tree() {
    let run = inspect(&["--details"]);
    assert_eq!(run.code, 0, "{}", run.err);
    has_facts(&run.err, &["31 findings; use --fail-on SEVERITY"]);
    let report = inspect(&["-o", "json"]).json();
    let mut all = Vec::new();
    for finding in report["sections"][0]["findings"].as_array().unwrap() {
        let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
        let place = &finding["place"];
        let [severity, check, outcome] =
            ["severity", "check", "outcome"].map(|key| text(&finding[key]));
        let listed = if outcome == "fail" {
            &severity
        } else {
            "unknown"
        };
        let line = format!("{listed:<8}  {check}  ");
        assert!(run.out.contains(&line), "{line} is missing in\n{}", run.out);
        let object = ["kind", "namespace", "name", "part", "field"].map(|key| text(&place[key]));
        let place = format!("{}:{}", text(&place["file"]["path"]), place["file"]["line"]);
        all.push(format!(
            "{severity} {check} {outcome} {} {place}",
            object.join(" ")
        ));
    }
    insta::assert_snapshot!("audit-inspect", all.join("\n"));
}

#[test]
fn default_table_fits_a_screen_and_lists_every_finding() {
    let run = inspect(&[]);
    let lines: Vec<&str> = run.out.lines().collect();
    assert!(lines.len() <= 60, "{} lines\n{}", lines.len(), run.out);
    assert!(
        lines.iter().all(|line| line.chars().count() <= 120),
        "{}",
        run.out
    );
    assert!(
        lines[1].starts_with("31 open findings: 2 critical"),
        "{}",
        lines[1]
    );
    let rows = lines.iter().filter(|line| line.contains("  EXR0"));
    let rows = rows.filter(|line| !line.starts_with(' '));
    assert_eq!(rows.count(), 31);
    let details = inspect(&["--details"]).out;
    let report = inspect(&["-o", "json"]).json();
    for finding in report["sections"][0]["findings"].as_array().unwrap() {
        let why = finding["why"].as_str().unwrap();
        assert!(details.contains(why), "{why}\n{details}");
    }
}

#[test]
fn audits_an_inspect_tree_of_one_namespace() {
    let run = inspect(&["-n", "legacy", "-o", "json"]);
    let report = run.json();
    let findings = report["sections"][0]["findings"].as_array().unwrap();
    let of = |namespace: &str| {
        findings
            .iter()
            .filter(|finding| finding["place"]["namespace"] == namespace)
            .count()
    };
    assert!(of("legacy") > 0, "{report}");
    assert_eq!(of("shop") + of("data"), 0, "{report}");
}

#[test]
fn folder_and_archive_give_the_same_report() {
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("inspect.tar");
    let mut tar = tar::Builder::new(fs::File::create(&archive).unwrap());
    let root = "must-gather.local.1/quay-io-sha256-ab";
    tar.append_dir_all(root, format!("{DATA}/inspect")).unwrap();
    tar.finish().unwrap();
    let of = |run: &Run| {
        let mut report = run.json();
        report["generated"] = Value::Null;
        report["sections"][0]["source"] = Value::Null;
        let text = report.to_string();
        text.replace(&format!("inspect.tar/{root}"), "inspect")
    };
    let tree = inspect(&["-o", "json"]);
    let args = ["audit", "--must-gather", "inspect.tar", "-o", "json"];
    let packed = run_in(folder.path(), &args, "");
    assert_eq!(of(&packed), of(&tree));
    let broken = run_in(folder.path(), &["audit", "--must-gather", "/nowhere"], "");
    assert_eq!((broken.code, broken.out.as_str()), (2, ""));
    fs::write(folder.path().join("x.txt"), "no archive").unwrap();
    let broken = run_in(folder.path(), &["audit", "--must-gather", "x.txt"], "");
    assert_eq!(broken.code, 1);
    assert!(
        broken.err.contains("not a folder, a tar or a tar.gz"),
        "{}",
        broken.err
    );
}

#[test]
fn writes_several_formats_in_one_run() {
    let folder = tempfile::tempdir().unwrap();
    let args = [
        "audit",
        "-f",
        "-",
        "-o",
        "json",
        "-o",
        "sarif=a.sarif",
        "-o",
        "html=a.html",
        "--save",
        "kept",
        "--write-baseline",
        "b.json",
    ];
    let run = run_in(folder.path(), &args, APP);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(run.json()["kind"], "AuditReport");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("a.sarif").contains("\"2.1.0\""));
    assert!(read("a.html").starts_with("<!DOCTYPE html>"));
    assert!(read("b.json").contains("AuditBaseline"));
    for line in [
        "wrote a.sarif (sarif)",
        "wrote a.html (html)",
        "wrote b.json (baseline)",
    ] {
        assert!(run.err.contains(line), "{}", run.err);
    }
    assert_eq!(fs::read_dir(folder.path().join("kept")).unwrap().count(), 1);
    let quiet = run_in(folder.path(), &[&args[..], &["-q"]].concat(), APP);
    assert_eq!(quiet.err, "");

    let failed = run_in(folder.path(), &["audit", "-f", "-", "-o", "json=no/x"], APP);
    assert_eq!(failed.code, 1);
    assert!(failed.err.contains("cannot write no/x"), "{}", failed.err);
}

#[test]
fn no_format_shows_a_secret_value() {
    let formats = [
        "table",
        "wide",
        "html",
        "json",
        "sarif",
        "csv",
        "openreports",
    ];
    let broken = APP.replace("{\"auths\"", "canary-broken{\"auths\"");
    let wrong = APP.replace(
        "stringData:\n  .dockerconfigjson: >-",
        "data:\n  .dockerconfigjson: >-",
    );
    for input in [APP, &broken, &wrong] {
        for format in formats {
            let run = audit(&["-v", "10", "-o", format], input);
            assert!(run.code < 2, "{}", run.err);
            assert!(!run.out.contains("canary"), "{format}: {}", run.out);
            assert!(!run.err.contains("canary"), "{format}: {}", run.err);
        }
    }
    for format in formats {
        let run = inspect(&["-v", "10", "-o", format]);
        assert!(!(run.out + &run.err).contains("canary-"), "{format}");
    }
}

#[test]
fn findings_of_the_baseline_pass_the_gate() {
    let folder = tempfile::tempdir().unwrap();
    let run = |args: &[&str], input: &str| {
        run_in(
            folder.path(),
            &[&["audit", "-f", "-", "-q"], args].concat(),
            input,
        )
    };
    assert_eq!(run(&["--write-baseline", "b.json"], APP).code, 0);
    let gate = ["--baseline", "b.json", "--fail-on-new"];
    assert_eq!(run(&gate, APP).code, 0);
    let more = APP.replace(
        "image: nginx}",
        "image: nginx}\n      - {name: b, image: busybox}",
    );
    assert_eq!(run(&gate, &more).code, 3);
    assert_eq!(run(&["--baseline", "b.json"], &more).code, 0);
    assert_eq!(run(&["--baseline", "none.json"], APP).code, 2);
    assert_eq!(run(&["--fail-on-new"], APP).code, 2);
}

#[test]
fn exceptions_suppress_unless_disabled() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("e.yaml"),
        "apiVersion: extreg.io/v1alpha1\nkind: Exceptions\nexceptions:\n\
         - {check: EXR010, reason: known, expires: 2099-01-01}\n",
    )
    .unwrap();
    let run = |args: &[&str]| {
        let all = ["audit", "-f", "-", "--check", "EXR010", "--fail-on", "low"];
        run_in(folder.path(), &[&all, args].concat(), APP)
    };
    assert_eq!(run(&[]).code, 3);
    let waived = run(&["--exceptions", "e.yaml", "-o", "wide"]);
    assert_eq!(waived.code, 0, "{}", waived.err);
    assert!(waived.out.contains("suppressed"), "{}", waived.out);
    assert_eq!(run(&["--exceptions", "none.yaml"]).code, 2);
    assert_eq!(run(&["--exceptions", "e.yaml", "--no-exceptions"]).code, 2);
}

#[test]
fn invalid_flags_fail_before_input_is_read() {
    for (args, part) in [
        (&["-o", "xml"][..], "no format \"xml\": there are csv"),
        (&["-o", "json", "-o", "csv"], "stdout takes one format"),
        (&["-l", "a=b"], "-l requires a cluster"),
        (&["-A"], "-A requires a cluster"),
        (&["--with", "x"], "--with requires a cluster"),
        (
            &["--must-gather", "/tmp"],
            "--must-gather cannot be used with",
        ),
        (
            &["--check", "EXR001", "--skip", "exr001"],
            "select no check",
        ),
        (&["--check", "EXR099"], "unknown check \"EXR099\""),
        (&["--publish"], "--publish writes the findings of a cluster"),
        (&["--policy", "/nowhere"], "/nowhere"),
        (&["--require-coverage", "101"], "101 is not in 0..=100"),
        (&["--helm-set", "a=b"], "--helm-chart"),
    ] {
        let run = audit(args, APP);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{args:?}");
        assert!(run.err.contains(part), "{args:?}: {}", run.err);
    }
    let run = run_in(Path::new("/"), &["audit", "-R"], "");
    assert!(run.err.contains("-R requires -f"), "{}", run.err);
}

#[test]
fn lists_and_explains_checks() {
    let list = run_in(Path::new("/"), &["audit", "list"], "");
    assert_eq!(list.code, 0);
    let data = run_in(Path::new("/"), &["audit", "list", "-o", "json"], "").json();
    let checks = data["checks"].as_array().unwrap();
    let severities: Vec<&str> = checks
        .iter()
        .map(|check| check["severity"].as_str().unwrap())
        .collect();
    assert_eq!(
        severities,
        [
            "high", "high", "medium", "critical", "medium", "medium", "high", "high", "high",
            "medium", "high", "medium", "low", "medium", "info",
        ]
    );
    for (number, (check, row)) in checks.iter().zip(rows(&list.out)).enumerate() {
        let id = format!("EXR{:03}", number + 1);
        let title = check["title"].as_str().unwrap();
        assert_eq!(
            (row, check["id"].as_str()),
            (
                vec![id.as_str(), severities[number], title],
                Some(id.as_str())
            )
        );
    }
    assert_eq!(list.out.lines().count(), 16);
    let page = run_in(Path::new("/"), &["audit", "explain", "exr007"], "");
    assert!(page.out.starts_with("# EXR007: "), "{}", page.out);
    let same = run_in(Path::new("/"), &["explain", "EXR007"], "");
    assert_eq!(same.out, page.out);
}

#[test]
fn compares_two_reports() {
    let folder = tempfile::tempdir().unwrap();
    let keep = |name: &str, input: &str| {
        let to = format!("json={name}");
        let run = run_in(folder.path(), &["audit", "-f", "-", "-o", &to], input);
        assert_eq!(run.code, 0, "{}", run.err);
    };
    let other = APP.replace("image: nginx", "image: busybox");
    keep("a.json", APP);
    keep("b.json", &other);
    let run = |args: &[&str]| run_in(folder.path(), &[&["audit"], args].concat(), "");
    let same = run(&["diff", "a.json", "a.json"]);
    assert_eq!(same.code, 0, "{}", same.out);
    let diff = run(&["diff", "a.json", "b.json"]);
    assert_eq!(diff.code, 1, "{}", diff.err);
    let lines: Vec<&str> = diff.out.lines().collect();
    let [new, new_too, gone, gone_too, either, other, summary] = lines[..] else {
        panic!("{}", diff.out)
    };
    let place = "deployment.apps/cart in shop, app: ";
    for (line, start, image) in [
        (new, "+ medium EXR006 ", "busybox"),
        (new_too, "+ medium EXR010 ", "busybox"),
        (gone, "- medium EXR006 ", "nginx"),
        (gone_too, "- medium EXR010 ", "nginx"),
        (either, "? high EXR007 ", "nginx"),
        (other, "? high EXR007 ", "busybox"),
    ] {
        assert!(
            line.starts_with(&format!("{start}{place}")) && line.contains(image),
            "{line}"
        );
    }
    assert_eq!(summary, "2 new, 2 fixed, 2 incomparable, 1 unchanged");
    let data = run(&["diff", "a.json", "b.json", "-o", "json"]).json();
    assert_eq!(data["kind"], "AuditDiff");
    assert_eq!(run(&["diff", "a.json", "none.json"]).code, 2);
}

#[test]
fn inventory_groups_by_the_requested_key() {
    for by in ["image", "registry", "workload", "namespace"] {
        let args = ["inventory", "--must-gather", "inspect", "--by", by];
        let run = run_in(Path::new(DATA), &args, "");
        assert_eq!(run.code, 0, "{}", run.err);
        let list = run_in(Path::new(DATA), &[&args[..], &["-o", "csv"]].concat(), "");
        insta::assert_snapshot!(format!("inventory-{by}"), list.out);
        assert_eq!(
            run.out.lines().count(),
            list.out.lines().count(),
            "{}",
            run.out
        );
    }
    for (format, part) in [
        ("csv", "image,objects,"),
        ("json", "\"kind\": \"ImageInventory\""),
        ("cyclonedx", "\"bomFormat\""),
    ] {
        let args = ["inventory", "--must-gather", "inspect", "-o", format];
        let run = run_in(Path::new(DATA), &args, "");
        assert!(run.out.contains(part), "{}", run.out);
    }
    let nothing = run_in(Path::new("/"), &["inventory", "-f", "-"], "");
    assert_eq!(nothing.code, 4);
}

#[cfg(unix)]
mod rendered {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// A folder with a program that prints `output` and records its arguments.
    fn with_program(name: &str, output: &str, code: i32) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        fs::write(folder.path().join("output"), output).unwrap();
        let here = folder.path().display();
        let script = format!(
            "#!/bin/sh\necho \"$@\" > {here}/called\nif [ {code} -ne 0 ]; then echo 'no chart' >&2; fi\n\
             while IFS= read -r line; do echo \"$line\"; done < {here}/output\nexit {code}\n"
        );
        fs::write(&path, script).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        folder
    }

    fn run(folder: &Path, args: &[&str]) -> Run {
        let run = extreg()
            .env("PATH", folder)
            .current_dir(folder)
            .arg("audit")
            .args(args)
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Run {
            code: run.status.code().unwrap(),
            out: text(run.stdout),
            err: text(run.stderr),
        }
    }

    #[test]
    fn renders_a_chart_with_helm() {
        let output = format!("---\n# Source: shop/templates/cart.yaml\n{APP}");
        let folder = with_program("helm", &output, 0);
        let templates = folder.path().join("shop/templates");
        fs::create_dir_all(&templates).unwrap();
        fs::write(templates.join("cart.yaml"), "").unwrap();
        let args = [
            "--helm-chart",
            "shop",
            "--helm-values",
            "v.yaml",
            "--helm-set",
            "a=b",
            "-n",
            "dev",
            "-o",
            "wide",
        ];
        let said = run(folder.path(), &args);
        assert_eq!(said.code, 0, "{}", said.err);
        assert!(
            said.out.contains("shop/templates/cart.yaml:1"),
            "{}",
            said.out
        );
        let called = fs::read_to_string(folder.path().join("called")).unwrap();
        assert_eq!(
            called,
            "template shop --values v.yaml --set a=b --namespace dev\n"
        );

        let folder = with_program("helm", "", 1);
        let said = run(folder.path(), &["--helm-chart", "shop"]);
        assert_eq!(said.code, 1);
        assert!(
            said.err.contains("helm template shop failed: no chart"),
            "{}",
            said.err
        );
    }

    #[test]
    fn builds_a_kustomization_with_an_available_tool() {
        for (program, called) in [
            ("oc", "kustomize base\n"),
            ("kubectl", "kustomize base\n"),
            ("kustomize", "build base\n"),
        ] {
            let folder = with_program(program, APP, 0);
            let said = run(folder.path(), &["-k", "base", "-o", "name"]);
            assert_eq!(
                (said.code, said.out.as_str()),
                (0, "deployment.apps/cart\nsecret/hub\n"),
                "{}",
                said.err
            );
            assert_eq!(
                fs::read_to_string(folder.path().join("called")).unwrap(),
                called
            );
        }
    }

    #[test]
    fn missing_program_is_reported_in_one_line() {
        let folder = tempfile::tempdir().unwrap();
        for (args, part) in [
            (
                ["-k", "base"],
                "none of oc, kubectl and kustomize is on PATH",
            ),
            (
                ["--helm-chart", "shop"],
                "helm is not on PATH (https://helm.sh/docs/intro/install)",
            ),
        ] {
            let said = run(folder.path(), &args);
            assert_eq!(
                (said.code, said.err.lines().count()),
                (2, 1),
                "{}",
                said.err
            );
            assert!(said.err.contains(part), "{}", said.err);
        }
    }
}
