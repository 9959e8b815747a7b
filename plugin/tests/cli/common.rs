//! The binary, how a run of it ended, and what it wrote.

use assert_cmd::Command;

/// A text for people has these facts, in this order, whatever its sentences are.
#[track_caller]
pub(crate) fn has_facts(text: &str, facts: &[&str]) {
    let mut rest = text;
    for fact in facts {
        let found = rest.split_once(fact);
        assert!(found.is_some(), "{fact:?} is missing in\n{text}");
        rest = found.unwrap().1;
    }
}

/// The cells of a table for people, without its head.
pub(crate) fn rows(table: &str) -> Vec<Vec<&str>> {
    let rows = table.lines().skip(1);
    rows.map(|row| {
        row.split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .collect()
    })
    .collect()
}

/// How a command ended: its exit code, stdout and stderr.
pub(crate) fn ended(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// The binary, without anything of this machine that could reach a cluster.
pub(crate) fn extreg() -> Command {
    let mut command = Command::cargo_bin("oc-extreg").unwrap();
    command
        .env_clear()
        .env("HOME", "/nonexistent")
        .current_dir("/");
    command
}

/// How a run of the binary ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Self {
        let (code, out, err) = ended(command);
        Self { code, out, err }
    }
}
