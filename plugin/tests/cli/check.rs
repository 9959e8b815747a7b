//! `check` without a cluster.

use std::{fs, path::Path};

use extreg_core::{
    engine::Engine,
    facts::{ClusterFacts, Facts, NamespaceFacts, StreamRead},
    object::{Resource, Subject},
    policy::{Mode, PolicySet},
    verdict::{Decision, Outcome, Verdict},
};
use serde_json::{Value, json};

use super::common::{ended, extreg, has_facts};

const CLUSTER: &str = include_str!("../data/cluster.yaml");

/// A BuildConfig that gets a push secret.
const BARE: &str = "apiVersion: build.openshift.io/v1\nkind: BuildConfig\nmetadata: {name: app}\n\
    spec: {output: {to: {kind: DockerImage, name: 'docker.io/acme/app:v1'}}} # bare\n";

pub(crate) fn check_in(folder: &Path, args: &[&str], input: &str) -> (i32, String, String) {
    ended(
        extreg()
            .current_dir(folder)
            .arg("check")
            .args(args)
            .write_stdin(input),
    )
}

fn check(args: &[&str], input: &str) -> (i32, String, String) {
    let args = [&["--offline", "-f", "-"], args].concat();
    check_in(Path::new("/"), &args, input)
}

fn report(args: &[&str], input: &str) -> Value {
    let (_, out, _) = check(&[args, &["-o", "json"]].concat(), input);
    serde_json::from_str(&out).unwrap()
}

#[test]
fn prints_a_diff() {
    let (code, diff, err) = check(&[], CLUSTER);
    assert_eq!(code, 3);
    insta::assert_snapshot!("check-diff", diff);
    has_facts(&err, &["9 objects", "3 ", "6 ", "1 ", "12 ", "assumed"]);
    // Each place of each object is explained, and each object without a place.
    let (_, explained, _) = check(&["--explain"], CLUSTER);
    let mut lines = explained.lines().filter(|line| line.starts_with("stdin:"));
    for object in report(&[], CLUSTER)["objects"].as_array().unwrap() {
        let text = |value: &Value, key: &str| value[key].as_str().unwrap().to_owned();
        let start = format!(
            "stdin:{} {}",
            object["line"],
            text(object, "kind").to_lowercase()
        );
        let places = object["places"].as_array().unwrap();
        for place in places {
            has_facts(
                lines.next().unwrap(),
                &[
                    &start,
                    &text(object, "name"),
                    &text(place, "field"),
                    &text(place, "message"),
                    &text(place, "image"),
                ],
            );
        }
        if places.is_empty() {
            has_facts(lines.next().unwrap(), &[&start, &text(object, "name")]);
        }
    }
    assert_eq!(lines.next(), None);
}

#[test]
fn prints_a_json_report() {
    let list = format!(
        "{{\"kind\":\"List\",\"items\":[{}]}}",
        json!({
            "apiVersion": "v1", "kind": "ImageStream", "metadata": {"generateName": "s-"},
            "spec": {"tags": [{"name": "a", "from": {"kind": "DockerImage", "name": "acme/app"}}]},
        })
    );
    let (code, out, err) = check(&["-o", "json"], &format!("{BARE}---\n{list}\n---\na: [\n"));
    assert_eq!((code, err.lines().count()), (3, 3), "{err}");
    insta::assert_snapshot!("check-report", out);
}

#[test]
fn report_matches_the_decision_of_the_engine() {
    let report = report(&[], CLUSTER);
    let mut checked = report["objects"].as_array().unwrap().iter();
    let documents: Vec<Value> = serde_saphyr::from_multiple(CLUSTER).unwrap();
    assert_eq!(documents.len(), 21);
    for document in &documents {
        let text = |key: &str| document[key].as_str().unwrap();
        let Some(resource) = Resource::of_kind(text("apiVersion"), text("kind")) else {
            continue;
        };
        let json = document.to_string();
        let subject = Subject::of_object(resource, &json).unwrap();
        let facts = Facts {
            policies: &PolicySet::builtin(Mode::Enforce),
            cluster: &ClusterFacts::default(),
            namespace: &NamespaceFacts::assumed(),
            stream: StreamRead::Failed,
        };
        let verdict = Engine.evaluate(&subject, &facts);
        let object = checked.next().unwrap();
        assert_eq!(object["name"], document["metadata"]["name"]);
        let want = verdict.patch().map_or(json!([]), |plan| {
            serde_json::from_str(plan.as_json()).unwrap()
        });
        assert_eq!(object["patch"], want, "{}", object["name"]);
        let decision = match verdict.outcome() {
            Outcome::Untouched => "Unchanged".to_owned(),
            other => format!("{other:?}"),
        };
        assert_eq!(object["decision"], decision);
        let places: Vec<String> = object["places"]
            .as_array()
            .unwrap()
            .iter()
            .map(place)
            .collect();
        assert_eq!(places, engine_places(&verdict), "{}", object["name"]);
    }
    assert!(checked.next().is_none());
}

fn place(place: &Value) -> String {
    let text = |key: &str| place[key].as_str().unwrap_or_default().to_owned();
    let how = text("reason") + &text("mode");
    format!("{} {} {} {how}", text("rule"), text("field"), text("image"))
}

fn engine_places(verdict: &Verdict<'_>) -> Vec<String> {
    let places = verdict.sites.iter().map(|site| {
        let how = match &site.decision {
            Decision::Keep(reason) => format!("{reason:?}"),
            Decision::Edit(mode, _) => format!("{mode:?}"),
        };
        format!("{:?} {} {} {how}", site.rule, site.field, site.image)
    });
    places.collect()
}

#[test]
fn patched_manifests_are_unchanged_otherwise_and_pass_a_second_check() {
    let (code, out, _) = check(&["-o", "yaml"], CLUSTER);
    assert_eq!(code, 3);
    // Everything else is unchanged, including the user's own Secret.
    let namespace = "metadata: {name: data, labels: {team: data}}";
    assert!(
        out.contains(namespace) && out.contains("canary-7f3"),
        "{out}"
    );
    let before: Vec<Value> = serde_saphyr::from_multiple(CLUSTER).unwrap();
    let mut after: Vec<Value> = serde_saphyr::from_multiple(&out).unwrap();
    assert_eq!(before.len(), after.len());
    for (before, after) in before.iter().zip(&mut after) {
        if before == after {
            continue;
        }
        let name = before["metadata"]["name"].as_str().unwrap();
        assert!(["search", "cart", "mixed"].contains(&name), "{name}");
        if let Some(output) = after.pointer_mut("/spec/output") {
            let secret = output.as_object_mut().unwrap().remove("pushSecret");
            assert_eq!(secret, Some(json!({"name": "dockerhub"})));
        } else {
            let tag = usize::from(name == "cart");
            let tag = &mut after["spec"]["tags"][tag];
            let policy = tag.as_object_mut().unwrap().remove("importPolicy");
            assert_eq!(policy, Some(json!({"scheduled": true})));
        }
        assert_eq!(before, after);
    }
    let (code, again, _) = check(&["-o", "yaml"], &out);
    assert_eq!((code, again), (0, out));
}

#[test]
fn no_output_contains_a_secret() {
    let wrong = "---\napiVersion: v1\nkind: BuildConfig\nmetadata: {name: canary-ok}\nspec: canary-x\n\
        ---\nkind: Secret\ndata: 'canary-y\n";
    for args in [
        &["--explain"][..],
        &["-o", "json"],
        &["-o", "name"],
        &["--explain", "-o", "name", "-v", "9"],
    ] {
        let (code, out, err) = check(args, &format!("{CLUSTER}{wrong}"));
        assert_eq!(code, 3, "{args:?}");
        let printed = format!("{out}{err}").replace("canary-ok", "");
        assert!(!printed.contains("canary"), "{args:?}: {printed}");
        let want = "spec: expected a map, found a string";
        assert!(printed.contains(want), "{printed}");
    }
}

#[test]
fn prints_names_of_objects_that_would_change() {
    let (code, out, _) = check(&["-o", "name", "--exit-zero"], CLUSTER);
    assert_eq!(code, 0);
    assert_eq!(
        out,
        "buildconfig.build.openshift.io/search\nimagestream.image.openshift.io/cart\n\
         imagestream.image.openshift.io/mixed\n"
    );
}

#[test]
fn every_format_has_the_same_exit_code() {
    let done = BARE.replace("}}} #", "}, pushSecret: {name: x}}} #");
    for (input, flag, want) in [
        (BARE, "-q", 3),
        (BARE, "--exit-zero", 0),
        (&*done, "-q", 0),
        ("", "-q", 4),
        ("# nothing\n---\n", "-q", 4),
        ("", "--allow-empty", 0),
        ("apiVersion: v1\nkind: ConfigMap\n", "-q", 0),
        ("a: 1\n", "-q", 1),
        ("a: [\n", "--exit-zero", 1),
        ("apiVersion: v1\nkind: List\nitems: []\n", "-q", 4),
    ] {
        for format in ["diff", "yaml", "json", "name"] {
            let (code, _, err) = check(&[flag, "-o", format], input);
            assert_eq!(code, want, "{format} {input}: {err}");
        }
    }
}

#[test]
fn invalid_document_is_reported_and_the_rest_is_checked() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    write("a.yaml", "apiVersion: v1\nkind: List\nitems:\n\t- x\n");
    write("b.yaml", &format!("x: {{{{ .Values.a }}}}\n---\n{BARE}"));
    write("c.json", "{\"kind\":\"Build\"}\n{\"kind\" 1}\n");
    write("compose.yaml", "services: {app: {image: nginx}}\n");
    write("d.yaml", "kind: Build\n---\n\u{feff}a: \u{0}\n");
    write("notes.txt", "not: read\n");
    let args = ["--offline", "-f", ".", "-f", "gone.yaml", "-o", "name"];
    let (code, out, err) = check_in(folder.path(), &args, "");
    assert_eq!(
        (code, out.as_str()),
        (3, "buildconfig.build.openshift.io/app\n")
    );
    has_facts(
        &err,
        &[
            "error: cannot read gone.yaml",
            "error: ./a.yaml:4:1: ",
            "error: ./c.json:2:9: ",
            "1 object checked: 1 ",
            "2 of other kinds",
            "3 could not be read",
            "1 file with template actions",
            "2 files without",
        ],
    );
}

#[test]
fn empty_result_names_skipped_inputs() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("sub")).unwrap();
    fs::write(folder.path().join("sub/app.yaml"), BARE).unwrap();
    fs::write(folder.path().join("app.yaml.bak"), BARE).unwrap();
    let (code, _, err) = check_in(folder.path(), &["--offline", "-f", "."], "");
    assert_eq!(code, 4);
    assert!(
        err.contains("skipped ./app.yaml.bak: not .json, .yaml or .yml"),
        "{err}"
    );
    let (code, _, _) = check_in(folder.path(), &["--offline", "-R", "-f", "."], "");
    assert_eq!(code, 3);
}

#[test]
fn checks_a_template_with_its_parameter_values() {
    let template = "apiVersion: template.openshift.io/v1\nkind: Template\nlabels: {app: '${NAME}'}\n\
        parameters:\n- {name: NAME, value: shop}\n- {name: IMAGE, required: true}\nobjects:\n\
        - apiVersion: v1\n  kind: BuildConfig\n  metadata: {name: '${NAME}', namespace: kube-system}\n\
        \x20 spec: {output: {to: {kind: DockerImage, name: 'docker.io/acme/shop:${NAME}'}}}\n\
        - apiVersion: v1\n  kind: BuildConfig\n  metadata: {name: other}\n\
        \x20 spec: {output: {to: {kind: DockerImage, name: '${IMAGE}'}}}\n";
    let (code, out, err) = check(&["-o", "yaml"], template);
    assert_eq!(code, 3);
    insta::assert_snapshot!("check-template", out);
    has_facts(
        &err,
        &[
            "Warning: stdin:12 buildconfig.build.openshift.io/other: ",
            "IMAGE",
            "oc process -p",
            "2 objects checked: 1 ",
            "1 ",
        ],
    );
    let (_, again, _) = check(&["-o", "name"], &out);
    assert_eq!(again, "");
}

#[test]
fn parses_yaml_like_oc() {
    let anchors = "apiVersion: v1\nkind: List\nitems:\n- &a\n  apiVersion: v1\n  kind: ImageStream\n\
        \x20 metadata: {name: a}\n  spec: {tags: [{name: 012, from: {kind: DockerImage, name: docker.io/a/b}, \
        importPolicy: {scheduled: y}}]}\n- {<<: *a, metadata: {name: b}}\n- *a\n";
    let report = report(&[], anchors);
    // The API server rejects a number as the name of a tag; so does `check`.
    assert_eq!(report["summary"]["errors"], 3, "{report}");
    let quoted = anchors.replace("012", "'012'");
    let report = self::report(&[], &quoted);
    assert_eq!(report["summary"]["unchanged"], 3, "{report}");
    let off = quoted.replace("scheduled: y", "scheduled: off");
    let report = self::report(&[], &off);
    assert_eq!(report["summary"]["changed"], 3, "{report}");
}

#[test]
fn skips_excluded_namespaces() {
    let system = BARE.replace("{name: app}", "{name: app, namespace: openshift-infra}");
    for (input, args, want) in [
        (BARE, &[][..], 3),
        (BARE, &["-n", "shop"], 3),
        (BARE, &["-n", "openshift-infra"], 0),
        (&*system, &["-n", "shop"], 0),
    ] {
        assert_eq!(check(args, input).0, want, "{args:?} {input}");
    }
}

#[test]
fn uses_policies_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let policy = |name: &str, spec: &str| {
        format!(
            "---\napiVersion: extreg.io/v1alpha1\nkind: RegistryPolicy\nmetadata: {{name: {name}}}\n\
             spec: {{registry: docker.io, push: {{secretName: hub}}, {spec}}}\n"
        )
    };
    let run = |policies: &str, args: &[&str]| {
        fs::write(folder.path().join("p.yaml"), policies).unwrap();
        let all = ["--offline", "-f", "-", "--policy", "p.yaml"];
        check_in(folder.path(), &[&all, args].concat(), BARE)
    };
    let (code, out, _) = run(&policy("a", ""), &["-o", "json"]);
    let report: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(
        (code, &report["objects"][0]["patch"][0]["value"]),
        (3, &json!({"name": "hub"}))
    );

    let (code, out, err) = run(&policy("a", "mode: Warn"), &[]);
    assert_eq!((code, out.as_str()), (0, ""));
    assert!(
        err.contains("extreg: policy a (Warn) would set spec.output.pushSecret to hub"),
        "{err}"
    );
    let (code, out, err) = run(&policy("a", "mode: Audit"), &["--explain"]);
    assert_eq!(code, 0);
    assert!(
        out.contains("mode Audit: would be set to {name: hub}"),
        "{out}"
    );
    assert!(!err.contains("Warning"), "{err}");

    let (code, _, err) = run(
        &(policy("b", "mode: Enforce") + &policy("a", "")),
        &["-o", "name"],
    );
    assert_eq!(code, 3);
    assert!(
        err.contains("Warning: policies a and b select the same images"),
        "{err}"
    );

    for (policies, want) in [
        (
            policy("a", "mod: Warn"),
            "p.yaml:2: RegistryPolicy a: spec.mod: unknown field `mod`",
        ),
        (
            BARE.to_owned(),
            "p.yaml:1: BuildConfig app: not a RegistryPolicy",
        ),
        (String::new(), "contains no RegistryPolicy"),
    ] {
        let (code, out, err) = run(&policies, &[]);
        assert_eq!((code, out.as_str()), (2, ""), "{policies}");
        assert!(err.contains(want), "{err}");
    }
}

#[test]
fn usage_errors_are_reported() {
    for (args, part) in [
        (&["--offline"][..], "--filename <FILE>"),
        (&["-f", "-", "-f", "-"], "only once"),
        (&["-f", "https://example.com/a.yaml"], "curl"),
        (&["-f", "-", "--policy", "-"], "stdin is reserved for -f -"),
        (
            &["-f", "-", "--policy", "gone.yaml"],
            "cannot read gone.yaml",
        ),
        (&["-f", "-", "-o", "csv"], "invalid value 'csv'"),
    ] {
        let (code, out, err) = check_in(Path::new("/"), args, "");
        assert_eq!((code, out.as_str()), (2, ""), "{args:?}");
        assert!(err.contains(part), "{args:?}: {err}");
    }
}

#[test]
fn control_characters_are_not_printed() {
    let evil = BARE.replace("name: app", "name: \"a\\e[31mpp\"");
    for format in ["diff", "name", "json"] {
        let (_, out, err) = check(&["--explain", "-o", format], &evil);
        assert!(
            !out.contains('\u{1b}') && !err.contains('\u{1b}'),
            "{format}: {out}{err}"
        );
    }
}
