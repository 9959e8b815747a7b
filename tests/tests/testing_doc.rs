//! docs/testing.md names only existing tests.

use std::fs;
use std::path::Path;

const PAGE: &str = include_str!("../../docs/testing.md");
const TIERS: [&str; 8] = [
    "unit",
    "property",
    "in-process",
    "control plane",
    "live OpenShift",
    "bench",
    "fuzz",
    "none",
];

struct Row<'a> {
    number: usize,
    test: &'a str,
    tier: &'a str,
}

/// The rows of the table below a heading.
fn rows(heading: &str) -> Vec<Row<'static>> {
    let (_, section) = PAGE.split_once(&format!("\n## {heading}\n")).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let lines = section.lines().filter(|line| line.starts_with('|')).skip(2);
    lines
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let [_, number, _, test, tier, _] = cells[..] else {
                panic!("four cells in {line}");
            };
            Row {
                number: number.parse().unwrap(),
                test,
                tier,
            }
        })
        .collect()
}

fn source(path: &str) -> Option<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    fs::read_to_string(root.join(path)).ok()
}

/// Whether an enumeration of a task's arguments has this word.
fn is_argument(path: &str, word: &str) -> bool {
    let (first, rest) = word.split_at(1);
    let variant = format!("\n    {}{rest}", first.to_uppercase());
    let source = source(path).unwrap();
    [",", "("]
        .iter()
        .any(|end| source.contains(&format!("{variant}{end}")))
}

/// The parts of a cell that do not exist: paths, the functions named after a path, and tasks.
fn missing(cell: &str) -> Vec<String> {
    let mut missing = Vec::new();
    let mut file = None;
    for word in cell.split('`').skip(1).step_by(2) {
        if let Some(task) = word.strip_prefix("cargo xtask ") {
            let mut words = task.split(' ');
            let is_task = words
                .next()
                .is_some_and(|task| is_argument("xtask/src/cli.rs", task));
            let is_what = words.all(|what| is_argument("xtask/src/bench.rs", what));
            if !is_task || !is_what {
                missing.push(word.to_owned());
            }
        } else if word.contains('/') {
            file = source(word);
            if file.is_none() {
                missing.push(word.to_owned());
            }
        } else if !file
            .as_ref()
            .is_some_and(|file| file.contains(&format!("fn {word}(")))
        {
            missing.push(word.to_owned());
        }
    }
    missing
}

#[test]
fn every_named_test_exists() {
    for (heading, count) in [
        ("Reliability and security", 52),
        ("Attacks that once worked", 15),
    ] {
        let rows = rows(heading);
        let numbers: Vec<usize> = rows.iter().map(|row| row.number).collect();
        assert_eq!(numbers, (1..=count).collect::<Vec<_>>());
        for row in rows {
            assert!(
                TIERS.contains(&row.tier),
                "{}: tier {}",
                row.number,
                row.tier
            );
            let has_test = row.test.contains('`');
            assert!(has_test || row.tier == "none", "{}: no test", row.number);
            assert!(row.test.len() > 10, "{}: no reason", row.number);
            assert_eq!(missing(row.test), [""; 0], "{heading} {}", row.number);
        }
    }
}

#[test]
fn missing_tests_are_detected() {
    let here =
        "`tests/tests/testing_doc.rs` `missing_tests_are_detected`, `cargo xtask bench memory`";
    assert_eq!(missing(here), [""; 0]);
    for wrong in [
        "`tests/tests/gone.rs`",
        "`tests/tests/testing_doc.rs` `gone`",
        "`gone`",
        "`cargo xtask gone`",
        "`cargo xtask bench gone`",
    ] {
        assert_eq!(missing(wrong).len(), 1, "{wrong}");
    }
}
