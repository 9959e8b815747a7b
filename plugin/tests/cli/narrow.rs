//! Narrow terminals: tables do not break words.

use std::process::Command;

use super::{
    pty::Pty,
    secret_api::{self, account, build_config, config, secret, stream},
};

/// The output of a run on a terminal of that width, without colors.
fn written(args: &[&str], columns: u16) -> String {
    let mut command = Command::new(assert_cmd::cargo::cargo_bin("oc-extreg"));
    command.args(args).env_clear().current_dir("/");
    let (code, _, written) = Pty::start(command, columns, 200).finish();
    assert!(matches!(code, 0 | 3), "{args:?}: {code}\n{written}");
    let mut text = String::new();
    let mut rest = written.chars();
    while let Some(c) = rest.next() {
        match c {
            '\u{1b}' => while rest.next().is_some_and(|c| !c.is_ascii_alphabetic()) {},
            // Progress: the next text overwrites the line.
            '\r' if !rest.as_str().starts_with('\n') => {
                text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
            }
            '\r' => {}
            c => text.push(c),
        }
    }
    text
}

/// Every line fits, except a line whose last word is too long for any line.
fn assert_fits(table: &str, columns: u16) {
    let columns = usize::from(columns);
    for line in table.lines() {
        let longest = line.split(' ').map(|word| word.chars().count()).max();
        assert!(
            line.chars().count() <= columns || longest > Some(columns / 2),
            "{columns} columns: {line:?} in\n{table}"
        );
    }
}

#[test]
fn list_of_checks_fits_a_narrow_terminal() {
    for columns in [60, 80, 120] {
        let table = written(&["audit", "list"], columns);
        assert_fits(&table, columns);
        // The words are those of a wide terminal.
        let words = |text: &str| {
            let mut words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
            words.sort_unstable();
            words
        };
        assert_eq!(words(&table), words(&written(&["audit", "list"], 400)));
    }
}

#[test]
fn audit_fits_a_narrow_terminal() {
    let inspect = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/inspect");
    for columns in [60, 80, 120] {
        let brief = written(&["audit", "--must-gather", inspect], columns);
        assert_fits(&brief, columns);
        let details = written(&["audit", "--must-gather", inspect, "--details"], columns);
        // A command is not broken: it must be copied in one piece.
        let is_text = |line: &&str| !line.trim_start().starts_with("fix ");
        let text: Vec<&str> = details.lines().filter(is_text).collect();
        assert_fits(&text.join("\n"), columns);
    }
}

#[test]
fn secret_check_fits_a_narrow_terminal() {
    let hub = config(&[
        ("docker.io", "ably77:pw"),
        ("https://index.docker.io/v1/", "ably77:pw"),
    ]);
    let api = secret_api::with(&[
        secret("shop", "hub", &hub),
        account("shop", "builder", &["builder-dockercfg-x", "hub"], &["hub"]),
        account("shop", "default", &["default-dockercfg-x", "hub"], &[]),
        build_config("shop", "app", "docker.io/ably77/app:latest", "hub"),
        stream("shop", "app", "docker.io/ably77/app:latest"),
    ]);
    let args = ["secret", "check", "-n", "shop", "--server", &api.url];
    for columns in [60, 80] {
        let all = written(&args, columns);
        let table = all.split("Problems").next().unwrap();
        assert_fits(table, columns);
        for expected in ["hub", "docker.io", "ably77"] {
            assert!(table.contains(expected), "{table}");
        }
    }
}
