//! Runs the binary and captures its exit code and output.

use assert_cmd::Command;

/// Asserts that a text for people contains these facts in this order, in any wording.
#[track_caller]
pub(crate) fn has_facts(text: &str, facts: &[&str]) {
    let mut rest = text;
    for fact in facts {
        let found = rest.split_once(fact);
        assert!(found.is_some(), "{fact:?} is missing in\n{text}");
        rest = found.unwrap().1;
    }
}

/// The cells of a table for people, without what is above it and its head.
pub(crate) fn rows(table: &str) -> Vec<Vec<&str>> {
    let is_head = |line: &&str| !line.is_empty() && !line.contains(|c: char| c.is_lowercase());
    let rows = table.lines().skip_while(|line| !is_head(line)).skip(1);
    rows.map(|row| {
        row.split("  ")
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .collect()
    })
    .collect()
}

/// Exit code, stdout and stderr of a command.
pub(crate) fn ended(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code().unwrap(),
        text(output.stdout),
        text(output.stderr),
    )
}

/// The binary, without settings of this machine that could reach a cluster.
pub(crate) fn extreg() -> Command {
    let mut command = Command::cargo_bin("oc-extreg").unwrap();
    command
        .env_clear()
        .env("HOME", "/nonexistent")
        .current_dir("/");
    command
}

/// The result of a run of the binary.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Ran {
    pub(crate) fn from_command(command: &mut Command) -> Self {
        let (code, out, err) = ended(command);
        Self { code, out, err }
    }
}
