//! Commands in the documentation.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// Generated from the command line itself.
const REFERENCE: &str = "commands.md";

/// Pages about other ways to install, with Helm, OLM, Kustomize, Argo CD or a package manager: the tests of each way
/// run it.
const OTHER_WAYS: [&str; 7] = [
    "console.md",
    "install-binaries.md",
    "install-kustomize.md",
    "install.md",
    "olm.md",
    "pipelines.md",
    "release.md",
];

/// A command that a page names, with the output that the page shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Command {
    pub(crate) page: String,
    /// As the page has it, on one line.
    pub(crate) text: String,
    /// The output lines below a command with a `$` prompt.
    pub(crate) output: Vec<String>,
}

/// The commands of the pages that are not generated: the README first, the rest by name.
pub(crate) fn commands() -> Vec<Command> {
    let mut commands = Vec::new();
    for path in pages() {
        let name = path.strip_prefix(root()).unwrap().display().to_string();
        commands.extend(commands_of(&name, &fs::read_to_string(&path).unwrap()));
    }
    commands
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_owned()
}

fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    for folder in ["docs", "docs/checks"] {
        let entries = fs::read_dir(root().join(folder)).unwrap();
        let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
        found.retain(|path| path.extension().is_some_and(|end| end == "md"));
        found.retain(|path| !path.ends_with(REFERENCE));
        found.retain(|path| !OTHER_WAYS.iter().any(|page| path.ends_with(page)));
        found.sort();
        pages.extend(found);
    }
    pages
}

/// The commands of a page, each once and in order: lines of blocks, with their continuation lines, and inline code.
fn commands_of(page: &str, text: &str) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    let mut prose = String::new();
    let mut has_output = false;
    let mut lines = text.lines().peekable();
    let command = |text: &str| Command {
        page: page.to_owned(),
        text: text.to_owned(),
        output: Vec::new(),
    };
    while let Some(line) = lines.next() {
        let continues = |next: &&str| next.starts_with("    ") && !next.starts_with("    $ ");
        if line.is_empty() && has_output && lines.peek().is_some_and(continues) {
            commands.last_mut().unwrap().output.push(String::new());
            continue;
        }
        let Some(code) = line.strip_prefix("    ") else {
            has_output = false;
            prose.push_str(line.trim());
            prose.push(' ');
            continue;
        };
        commands.extend(inline(&prose).map(command));
        prose.clear();
        let mut code = code.to_owned();
        while let Some(start) = code.strip_suffix('\\') {
            code = format!("{start}{}", lines.next().unwrap().trim());
        }
        let without_comment = code.split("  # ").next().unwrap().trim();
        if let Some(prompted) = without_comment.strip_prefix("$ ") {
            has_output = true;
            commands.push(command(prompted));
        } else if has_output {
            commands.last_mut().unwrap().output.push(code);
        } else if is_command(without_comment) {
            commands.push(command(without_comment));
        }
    }
    commands.extend(inline(&prose).map(command));
    let mut seen = BTreeSet::new();
    commands.retain(|command| seen.insert(command.text.clone()));
    commands
}

/// Commands within text. A name without arguments names a command and does not show one.
fn inline(prose: &str) -> impl Iterator<Item = &str> {
    prose.split('`').skip(1).step_by(2).filter(|code| {
        let count = code.split(' ').count();
        is_command(code) && count > 2 && !(code.starts_with("oc extreg ") && count == 3)
    })
}

/// Whether this is a command of `oc`, perhaps at the end of a pipe.
fn is_command(code: &str) -> bool {
    let last = code.rsplit(" | ").next().unwrap_or_default();
    let name = last.strip_prefix("oc ").unwrap_or_default();
    name.starts_with(|c: char| c.is_ascii_lowercase())
}

#[test]
fn finds_commands_in_blocks_and_text() {
    let page = "Run `oc extreg fix\n--yes`, not `oc extreg`, `oc extreg fix` or `oc extreg COMMAND`:\n\n    $ oc extreg setup a \\\n      \
                --image 'x y'    # two\n    a created\n\n    b\n\nText:\n\n    oc get is\n    pass hub | oc extreg secret set b > c\n";
    let found: Vec<_> = commands_of("a.md", page)
        .into_iter()
        .map(|command| (command.text, command.output))
        .collect();
    let none: Vec<String> = Vec::new();
    let want = [
        ("oc extreg fix --yes", none.clone()),
        (
            "oc extreg setup a --image 'x y'",
            ["a created", "", "b"].map(str::to_owned).into(),
        ),
        ("oc get is", none.clone()),
        ("pass hub | oc extreg secret set b > c", none),
    ];
    assert_eq!(found, want.map(|(text, output)| (text.to_owned(), output)));
}
