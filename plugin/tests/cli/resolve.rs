//! `resolve`: both vector files from stdin and from a file, and its exit codes.

use std::path::PathBuf;

use serde_json::Value;

use super::common::{ended, extreg, has_facts, rows};

const REFERENCES: &str = include_str!("../../../crates/core/tests/data/references.jsonl");
const KEYRING: &str = include_str!("../../../crates/core/tests/data/keyring.jsonl");

fn resolve(args: &[&str], input: &str) -> (i32, String, String) {
    ended(extreg().arg("resolve").args(args).write_stdin(input))
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

#[test]
fn resolves_every_reference_vector() {
    let (code, out, err) = resolve(&["-f", "-"], REFERENCES);
    assert_eq!((code, err.as_str()), (0, ""));
    let (answers, expected) = (json_lines(&out), json_lines(REFERENCES));
    assert_eq!(answers.len(), 800);
    for (answer, expected) in answers.iter().zip(&expected) {
        assert_eq!(answer, expected);
    }
}

#[test]
fn resolves_every_keyring_vector() {
    let file =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../crates/core/tests/data/keyring.jsonl");
    let (code, out, err) = resolve(&["--filename", file.to_str().unwrap()], "");
    assert_eq!((code, err.as_str()), (0, ""));
    let (mut answers, mut expected) = (json_lines(&out), json_lines(KEYRING));
    assert_eq!(answers.len(), 500);
    for (answer, expected) in answers.iter_mut().zip(&mut expected) {
        // Kubernetes does not order two keys that are equal in the keyring; core's test of the
        // same vectors checks the order of all other keys.
        for side in [&mut *answer, &mut *expected] {
            if let Some(usernames) = side.get_mut("usernames").and_then(Value::as_array_mut) {
                usernames.sort_by_key(ToString::to_string);
            }
        }
        assert_eq!(answer, expected);
    }
}

#[test]
fn keys_of_a_result_are_sorted() {
    let (_, out, _) = resolve(&["-f", "-"], "{\"ref\":\"a/b:c\"}\n");
    assert_eq!(
        out,
        "{\"defaulted\":{\"id\":\"\",\"name\":\"b\",\"namespace\":\"a\",\"registry\":\"docker.io\",\
         \"tag\":\"c\"},\"docker_hub\":true,\"exact\":\"a/b:c\",\"id\":\"\",\"name\":\"b\",\
         \"namespace\":\"a\",\"ref\":\"a/b:c\",\"registry\":\"\",\"string\":\"a/b:c\",\"tag\":\"c\"}\n"
    );
}

#[test]
fn invalid_line_is_reported_and_sets_the_exit_code() {
    let input = "{\"ref\":\"nginx\"}\n\nnot json\n{\"ref\":\"a::\"}\n";
    let (code, out, err) = resolve(&["-f", "-"], input);
    let answers = json_lines(&out);
    assert_eq!((code, err.as_str(), answers.len()), (1, "", 3));
    assert_eq!(
        answers[1]["error"],
        "line 3: not JSON: expected ident at column 2"
    );
    assert_eq!(answers[2]["error"], "invalid reference format");
}

#[test]
fn resolves_a_long_list() {
    let input = "{\"ref\":\"docker.io/u/a:v1\"}\n".repeat(50_000);
    let (code, out, _) = resolve(&["-f", "-"], &input);
    assert_eq!((code, out.lines().count()), (0, 50_000));
}

#[test]
fn resolves_arguments() {
    let (code, out, err) = resolve(&["user/app:v1", "docker.io/u/a:", "-o", "json"], "");
    let answers = json_lines(&out);
    assert_eq!((code, err.as_str(), answers.len()), (3, "", 2));
    assert_eq!(
        answers[0]["registries"]["push"]["registries"][0],
        "docker.io"
    );
    assert_eq!(answers[1]["error"], "invalid reference format");
}

#[test]
fn prints_a_table() {
    let (code, out, err) = resolve(&["user/app:v1"], "");
    assert_eq!((code, err.as_str()), (0, ""));
    let (_, object, _) = resolve(&["user/app:v1", "-o", "json"], "");
    let object: Value = serde_json::from_str(&object).unwrap();
    let [head, fields, keys] = out.split("\n\n").collect::<Vec<_>>()[..] else {
        panic!("{out}")
    };
    has_facts(
        head,
        &["user/app:v1", "docker.io", "user", "app", "v1", "-", "yes"],
    );
    let fields: Vec<_> = rows(fields).iter().map(|row| (row[0], row[1])).collect();
    assert_eq!(
        fields,
        [
            ("import", "yes"),
            ("push", "yes"),
            ("base image", "maybe"),
            ("source image", "maybe"),
            ("workload", "maybe"),
        ]
    );
    // Each key, with the consumers of the header that match it.
    let consumers = keys.lines().next().unwrap().to_lowercase();
    assert!(consumers.contains("shipwright"), "{keys}");
    let keys = rows(keys);
    assert!(keys.iter().all(|row| row.len() == 7), "{keys:?}");
    assert_eq!(keys[1][1..], ["yes"; 6], "{object}");
    assert_eq!(
        keys[0][..],
        ["docker.io", "no", "yes", "yes", "yes", "yes", "no"]
    );
}

#[test]
fn prints_a_table_of_invalid_references() {
    let (code, out, _) = resolve(&["${REGISTRY}/app", "docker.io/u/a:", "node.js:18"], "");
    assert_eq!(code, 3);
    let blocks: Vec<&str> = out.split("\n\n").collect();
    has_facts(blocks[0], &["${REGISTRY}/app", "refused"]);
    assert_eq!(
        blocks[0].lines().count(),
        3,
        "the template parameter is explained"
    );
    has_facts(blocks[1], &["docker.io/u/a:", "refused"]);
    assert_eq!(blocks[1].lines().count(), 2);
    has_facts(
        blocks[2],
        &["reference", "node.js:18", "registry", "node.js:18", "no"],
    );
    let fields = rows(blocks[3]);
    assert_eq!(fields.len(), 5);
    assert!(
        fields
            .iter()
            .all(|row| row[1] == "no" && row[2].starts_with("none")),
        "{out}"
    );
}

#[test]
fn usage_errors_are_reported() {
    for (args, code, part) in [
        (&[][..], 2, "REF"),
        (&["a", "-f", "-"], 2, "cannot be used with"),
        (&["-f", "-", "-o", "table"], 2, "JSON lines"),
        (&["-f", "nowhere.jsonl"], 1, "cannot read nowhere.jsonl"),
        (&["-f", "."], 1, "cannot read ."),
    ] {
        let (found, out, err) = resolve(args, "");
        assert_eq!((found, out.as_str()), (code, ""), "{args:?}");
        assert!(err.contains(part), "{args:?}: {err}");
    }
}
