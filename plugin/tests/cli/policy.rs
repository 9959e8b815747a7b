//! `policy init`, `validate`, `show` and `test`, without and with a cluster.

use std::{fs, path::Path};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::common::{extreg, has_facts};

const HUB: &str = "apiVersion: extreg.io/v1alpha1\nkind: RegistryPolicy\nmetadata: {name: hub}\n\
    spec:\n  registry: docker.io\n  push: {secretName: hub}\n  import: {scheduled: true}\n";
const LIST: &str = "apiVersion: extreg.io/v1alpha1\nkind: ApprovedRegistries\nmetadata: {name: acme}\n\
    spec:\n  registries:\n  - docker.io/acme\n  - quay.io\n";

/// Exit code, stdout and stderr of `policy ARGS` in a folder.
fn policy_in(folder: &Path, args: &[&str], input: &str) -> (i32, String, String) {
    let run = extreg()
        .current_dir(folder)
        .arg("policy")
        .args(args)
        .write_stdin(input)
        .assert();
    let output = run.get_output();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

pub(crate) fn policy(args: &[&str], input: &str) -> (i32, String, String) {
    policy_in(Path::new("/"), args, input)
}

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    folder
}

#[test]
fn init_writes_a_valid_policy() {
    for args in [
        &[][..],
        &["hub", "--repository", "acme/*", "--repository", "*"],
        &["--registry", "quay.example.com:8443", "--mode", "enforce"],
        &["--registry", "localhost:5000", "--pull-secret", "1e3"],
        &["--mode", "Off", "--no-schedule", "true"],
        &["--kind", "ApprovedRegistries"],
        &[
            "--kind",
            "approvedregistries",
            "--registry",
            "*.example.com",
            "--registry",
            "quay.io",
        ],
        &[
            "--kind",
            "ApprovedRegistries",
            "--registry",
            "quay.io",
            "--repository",
            "a-*/**",
        ],
    ] {
        let (code, text, err) = policy(&[&["init"], args].concat(), "");
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}");
        let (code, printed, err) = policy(&["validate", "-f", "-"], &text);
        assert_eq!((code, err.as_str()), (0, ""), "{args:?}: {printed}{text}");
    }
    let data = |args: &[&str]| -> Value { serde_saphyr::from_str(&policy(args, "").1).unwrap() };
    assert_eq!(
        data(&["init", "hub", "--repository", "acme/*"]),
        json!({
            "apiVersion": "extreg.io/v1alpha1", "kind": "RegistryPolicy", "metadata": {"name": "hub"},
            "spec": {
                "registry": "docker.io", "repositories": ["acme/*"], "mode": "Audit",
                "push": {"secretName": "dockerhub", "target": "Both"}, "import": {"scheduled": true},
            },
        })
    );
    let list = [
        "init",
        "--kind",
        "ApprovedRegistries",
        "--registry",
        "docker.io",
        "--repository",
        "acme",
    ];
    assert_eq!(
        data(&list),
        json!({
            "apiVersion": "extreg.io/v1alpha1", "kind": "ApprovedRegistries", "metadata": {"name": "approved"},
            "spec": {"registries": ["docker.io/acme"]},
        })
    );
}

#[test]
fn init_rejects_invalid_values() {
    for (args, want) in [
        (&["Hub"][..], "metadata.name: Invalid value: \"Hub\""),
        (&["--registry", "https://quay.io"], "without a scheme"),
        (
            &["--registry", "docker.io/acme"],
            "put the path in repositories",
        ),
        (
            &["--repository", "/a"],
            "segments separated by single slashes",
        ),
        (
            &["--registry", "a.io", "--registry", "b.io"],
            "a policy has only one registry",
        ),
        (&["--push-secret", "Hub"], "must be the name of a Secret"),
        (
            &["--kind", "ApprovedRegistries", "--mode", "Off"],
            "need --kind RegistryPolicy",
        ),
        (
            &["--kind", "ApprovedRegistries", "--registry", "Quay.io"],
            "in lower case",
        ),
        (&["--mode", "Sometimes"], "invalid value 'Sometimes'"),
        (&["-A"], "--from-cluster"),
        (
            &["--registry", "a.io", "-f", "x.yaml"],
            "with --from-cluster and -f, which find them",
        ),
    ] {
        let (code, out, err) = policy(&[&["init"], args].concat(), "");
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}: {err}");
        assert!(err.contains(want), "{args:?}: {err}");
    }
}

#[test]
fn init_proposes_values_from_files() {
    let app = "apiVersion: build.openshift.io/v1\nkind: BuildConfig\nmetadata: {name: a, namespace: snow}\n\
        spec: {output: {to: {kind: DockerImage, name: 'docker.io/acme/app:v1'}, pushSecret: {name: mine}}}\n\
        ---\napiVersion: image.openshift.io/v1\nkind: ImageStream\nmetadata: {name: s, namespace: snow}\n\
        spec: {tags: [{name: v1, from: {kind: DockerImage, name: 'registry.example.com:5000/x:1'}}]}\n\
        ---\napiVersion: v1\nkind: Pod\nmetadata: {name: p, namespace: snow}\n\
        spec: {containers: [{name: c, image: 'quay.io/other/tool:2'}]}\n";
    let folder = folder(&[("app.yaml", app)]);
    let run = |args: &[&str]| {
        policy_in(
            folder.path(),
            &[&["init", "-f", "app.yaml"], args].concat(),
            "",
        )
    };
    let (code, text, err) = run(&[]);
    assert_eq!(code, 0, "{err}");
    let printed = policy(&["validate", "-f", "-"], &text);
    assert_eq!(
        (printed.0, printed.1.lines().count()),
        (0, 2),
        "{printed:?}"
    );
    for line in [
        "name: dockerhub",
        "secretName: mine",
        "registry: registry.example.com:5000",
    ] {
        assert!(text.contains(line), "{line}: {text}");
    }
    // No build pushes there, so a push secret would be a guess.
    assert_eq!(text.matches("\n  push:").count(), 1, "{text}");

    let (_, list, _) = run(&["--kind", "ApprovedRegistries"]);
    let entries: Vec<&str> = list
        .lines()
        .filter_map(|line| line.strip_prefix("  - "))
        .collect();
    assert_eq!(
        entries,
        [
            "docker.io/acme",
            "quay.io/other",
            "registry.example.com:5000"
        ]
    );

    let pod = folder.path().join("pod.yaml");
    fs::write(
        &pod,
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n",
    )
    .unwrap();
    let (code, out, err) = policy_in(folder.path(), &["init", "-f", "pod.yaml"], "");
    assert_eq!((code, out.as_str()), (4, ""), "{err}");
}

#[test]
fn each_error_has_its_file_and_line() {
    let bad = "apiVersion: extreg.io/v1alpha1\nkind: RegistryPolicy\nmetadata:\n  name: Hub\nspec:\n  \
        registery: docker.io\n  repositories: [\"/a\", a]\n  push:\n    secretName: Hub_1\n\
        ---\napiVersion: extreg.io/v1alpha1\nkind: RegistryPolici\nmetadata: {name: x}\n\
        ---\napiVersion: extreg.io/v1\nkind: RegistryPolicy\nmetadata: {name: x}\n\
        ---\napiVersion: extreg.io/v1alpha1\nkind: ApprovedRegistries\nmetadata: {name: x}\n\
        spec:\n  registries:\n  - docker.io/acme\n  - https://quay.io\n  - Quay.io\n\
        ---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: x}\n---\na: [\n";
    let folder = folder(&[("bad.yaml", bad), ("hub.yaml", HUB)]);
    let run = |args: &[&str]| policy_in(folder.path(), &[&["validate"], args].concat(), "");
    let (code, out, err) = run(&["-f", "bad.yaml", "-f", "hub.yaml"]);
    assert_eq!((code, err.as_str()), (3, ""));
    has_facts(
        &out,
        &[
            "bad.yaml:32:4: ",
            "bad.yaml:4: RegistryPolicy Hub: metadata.name: ",
            "bad.yaml:5: RegistryPolicy Hub: spec.registry: ",
            "bad.yaml:6: RegistryPolicy Hub: ",
            "\"spec.registery\"; did you mean registry?",
            "bad.yaml:12: RegistryPolici x: kind: ",
            "did you mean RegistryPolicy?",
            "bad.yaml:15: RegistryPolicy x: apiVersion: ",
            "extreg.io/v1alpha1",
            "bad.yaml:25: ApprovedRegistries x: spec.registries[1]: ",
            "quay.io/acme",
            "bad.yaml:26: ApprovedRegistries x: spec.registries[2]: ",
            "\"Quay.io\"",
            "hub.yaml:1: RegistryPolicy hub is valid\n",
        ],
    );
    assert_eq!(out.lines().count(), 9, "{out}");

    let (code, report, _) = run(&["-f", ".", "-o", "json"]);
    assert_eq!(code, 3);
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(
        report["summary"],
        json!({"valid": 1, "invalid": 4, "conflicts": 0})
    );
    let fault = &report["documents"][0]["faults"][2];
    assert_eq!(
        (&fault["line"], &fault["field"]),
        (&json!(6), &json!("spec.registery"))
    );
}

#[test]
fn conflicts_between_documents_are_reported() {
    let twin = HUB.replace("{name: hub}", "{name: twin}");
    for (text, args, code, want) in [
        (
            format!("{HUB}---\n{HUB}"),
            &[][..],
            3,
            "stdin:9: RegistryPolicy hub: metadata.name: stdin:1 has the same name",
        ),
        (
            format!("{LIST}---\n{LIST}"),
            &[],
            3,
            "a list exists already, stdin:1; only one is used",
        ),
        (
            format!("{HUB}---\n{twin}"),
            &[],
            0,
            "policies hub and twin select the same images",
        ),
        (
            format!("{HUB}---\n{twin}"),
            &["--strict"],
            3,
            "stdin:9: policies hub and twin",
        ),
        (format!("{HUB}---\n{LIST}"), &["--strict"], 0, "is valid"),
    ] {
        let (got, out, err) = policy(&[&["validate", "-f", "-"], args].concat(), &text);
        assert_eq!(got, code, "{text}: {out}{err}");
        assert!(format!("{out}{err}").contains(want), "{want}: {out}{err}");
    }
}

#[test]
fn empty_input_is_not_valid() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\n";
    assert_eq!(policy(&["validate", "-f", "-"], pod).0, 4);
    assert_eq!(policy(&["validate", "-f", "-"], "").0, 4);
    assert_eq!(policy(&["validate", "-f", "/nonexistent"], "").0, 1);
    assert_eq!(policy(&["validate"], "").0, 2);
}

#[test]
fn secret_given_by_mistake_is_not_quoted() {
    for text in [
        "apiVersion: v1\nkind: Secret\nmetadata: {name: x}\nstringData: {password: hunter2}\n",
        "password: hunter2\n",
        "password: hunter2: [hunter2\n",
    ] {
        for args in [
            &["validate", "-f", "-"][..],
            &["show", "-f", "-"],
            &["test", "a/b", "-f", "-"],
        ] {
            let (code, out, err) = policy(args, text);
            assert_ne!(code, 0, "{text}");
            assert!(
                !format!("{out}{err}").contains("hunter2"),
                "{text}: {out}{err}"
            );
        }
    }
}

#[test]
fn tests_an_image_against_the_policies() {
    let folder = folder(&[("hub.yaml", HUB), ("list.yaml", LIST)]);
    let run = |args: &[&str]| {
        policy_in(
            folder.path(),
            &[&["test", "-f", "hub.yaml", "-f", "list.yaml"], args].concat(),
            "",
        )
    };
    let images = [
        "docker.io/acme/app:v1",
        "docker.io.evil.com/acme/app",
        "quay.io/x/y",
        "nginx",
    ];
    let (code, out, err) = run(&images);
    assert_eq!((code, err.as_str()), (3, ""));
    let places: Vec<&str> = vec!["push", "push", "import", "base", "approved"];
    for (block, image, injected, approved) in [
        (0, "docker.io/acme/app:v1", 3, &["yes"][..]),
        (1, "docker.io.evil.com/acme/app", 0, &["no"]),
        (2, "quay.io/x/y", 0, &["yes"]),
        (3, "nginx", 3, &["no", "no", "no", "yes"]),
    ] {
        let block = out.split("\n\n").nth(block).unwrap();
        let mut lines = block.lines();
        assert_eq!(lines.next(), Some(image));
        let first: Vec<&str> = lines
            .map(|line| line.split_whitespace().next().unwrap())
            .collect();
        assert_eq!(first[..5], places, "{block}");
        assert_eq!(block.matches("(policy hub)").count(), injected, "{block}");
        let answers = block
            .lines()
            .filter_map(|line| line.strip_prefix("  approved "));
        let answers: Vec<&str> = answers
            .map(|answer| answer.split_once(':').unwrap().0)
            .collect();
        assert_eq!(answers, approved, "{block}");
    }
    for (image, code) in [
        ("docker.io/acme/app:v1", 0),
        ("quay.io/x/y", 0),
        ("docker.io.evil.com/acme/app", 3),
        ("docker.io/acmecorp/app", 3),
        ("UPPER/app", 3),
        ("${IMAGE}", 0),
        ("image-registry.openshift-image-registry.svc:5000/a/b", 0),
    ] {
        let (got, out, _) = run(&[image, "--role", "push"]);
        assert_eq!(got, code, "{image}: {out}");
    }
    let (_, out, _) = run(&["acme/app", "--role", "run,push", "-o", "json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(report["images"][0]["policy"], "hub");
    assert_eq!(report["images"][0]["injects"], true);
    assert_eq!(report["images"][1]["role"], "run");
}

#[test]
fn compares_the_result_with_expectations() {
    let expected = "- image: docker.io/acme/app:v1\n  policy: hub\n  injects: true\n  approved: true\n\
        - {image: docker.io.evil.com/acme/app, policy: none, injects: false, approved: false}\n";
    let wrong = expected.replace("policy: none", "policy: hub");
    let folder = folder(&[
        ("hub.yaml", HUB),
        ("list.yaml", LIST),
        ("e.yaml", expected),
        ("w.yaml", &wrong),
    ]);
    let run = |file: &str| {
        let args = [
            "test",
            "-f",
            "hub.yaml",
            "-f",
            "list.yaml",
            "--expect",
            file,
        ];
        policy_in(folder.path(), &args, "")
    };
    assert_eq!(
        run("e.yaml"),
        (0, "all 2 as expected\n".to_owned(), String::new())
    );
    let (code, out, _) = run("w.yaml");
    assert_eq!(code, 3);
    assert_eq!(
        out,
        "w.yaml:5: docker.io.evil.com/acme/app (push): policy is none, expected hub\n"
    );
    assert_eq!(run("list.yaml").0, 2);
}
