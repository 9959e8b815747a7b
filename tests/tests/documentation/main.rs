//! Commands of the documentation, run as they are on a real API server: the README first, each page from top to bottom.
//! Commands of other programs than `oc` are not run.
#![cfg(test)]

mod cluster;
mod documents;
mod pages;
mod shown;
mod table;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use cluster::Cluster;
use pages::Command;

/// The rows of the tables that no command used yet.
struct Unused(BTreeSet<String>);

impl Unused {
    fn new() -> Self {
        let placeholders = table::PLACEHOLDERS.iter().map(|row| row.0.to_owned());
        let not_run = table::NOT_RUN.iter().map(|row| row.0.to_owned());
        let before = table::BEFORE.iter().map(|row| before_key(row.0, row.1));
        let codes = table::CODES.iter().map(|row| code_key(row.0, row.1));
        Self(
            placeholders
                .chain(not_run)
                .chain(before)
                .chain(codes)
                .collect(),
        )
    }

    /// Whether this command does not run here.
    fn is_not_run(&mut self, command: &Command) -> bool {
        let text = command.text.as_str();
        let is = |row: &str| text == row || row.ends_with(' ') && text.starts_with(row);
        let Some((row, _)) = table::NOT_RUN.iter().find(|(row, _)| is(row)) else {
            return false;
        };
        self.0.remove(*row);
        true
    }

    /// The script that must run before it.
    fn before(&mut self, command: &Command) -> Option<&'static str> {
        let mut rows = table::BEFORE.iter();
        let (page, text, script) =
            rows.find(|row| row.0 == command.page && row.1 == command.text)?;
        self.0.remove(&before_key(page, text));
        Some(script)
    }

    /// The exit code with which it must end.
    fn code(&mut self, command: &Command) -> i32 {
        let mut rows = table::CODES.iter();
        let row = rows.find(|row| row.0 == command.page && row.1 == command.text);
        let Some((page, text, code)) = row else {
            return 0;
        };
        self.0.remove(&code_key(page, text));
        *code
    }

    /// The command with values in place of its placeholders.
    fn fill(&mut self, command: &str) -> String {
        let mut line = command.to_owned();
        for (placeholder, value) in table::PLACEHOLDERS {
            if line.contains(placeholder) {
                self.0.remove(placeholder);
                line = line.replace(placeholder, value);
            }
        }
        line
    }
}

fn before_key(page: &str, text: &str) -> String {
    format!("{page}: before {text}")
}

fn code_key(page: &str, text: &str) -> String {
    format!("{page}: code of {text}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commands_of_the_documentation_run() {
    let cluster = Cluster::start().await;
    let mut unused = Unused::new();
    let mut wrong = String::new();
    let mut count = 0;
    for command in pages::commands() {
        let Command { page, text, output } = &command;
        let is_run = !unused.is_not_run(&command);
        if !is_run && !text.starts_with("oc extreg ") {
            continue;
        }
        if let Some(script) = unused.before(&command) {
            cluster.prepare(script);
        }
        count += 1;
        let line = match unused.fill(text) {
            line if is_run => line,
            // Help is printed only if all preceding arguments are accepted.
            line => format!("{line} --help"),
        };
        let run = cluster.run(&line);
        let printed = String::from_utf8_lossy(&run.stdout);
        let want = unused.code(&command);
        if run.status.code() != Some(want) {
            let error = String::from_utf8_lossy(&run.stderr);
            let ended = run.status;
            write!(
                wrong,
                "\n{page}: {line}\nended with {ended}, not {want}\n{printed}{error}"
            )
            .unwrap();
        }
        let difference = shown::difference(output, &printed);
        if let Some(difference) = difference.filter(|_| !output.is_empty()) {
            write!(wrong, "\n{page}: {text}\n{difference}\n").unwrap();
        }
    }
    assert_eq!(wrong, "");
    assert!(
        unused.0.is_empty(),
        "no page has a command for {:?}",
        unused.0
    );
    assert!(count > 80, "{count}");
}
