//! Commands in the documentation: the reference is generated, and every command on a page has flags and
//! values that exist.

use std::fs;
use std::path::{Path, PathBuf};

use super::common::extreg;

const REFERENCE: &str = "docs/commands.md";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

#[test]
fn reference_is_up_to_date() {
    let page = fs::read_to_string(root().join(REFERENCE)).unwrap();
    let run = extreg()
        .args(["completion", "reference"])
        .assert()
        .success();
    let generated = String::from_utf8(run.get_output().stdout.clone()).unwrap();
    let differs = page.lines().zip(generated.lines()).find(|(a, b)| a != b);
    let advice = "run: oc-extreg completion reference > docs/commands.md";
    assert_eq!(differs, None, "{advice}");
    assert_eq!(page.len(), generated.len(), "{advice}");
}

/// The pages that are not generated.
fn pages() -> Vec<PathBuf> {
    let mut pages = vec![root().join("README.md"), root().join("CONTRIBUTING.md")];
    for folder in ["docs", "docs/checks"] {
        for entry in fs::read_dir(root().join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|end| end == "md") && !path.ends_with(REFERENCE) {
                pages.push(path);
            }
        }
    }
    pages
}

/// The code of a page: lines of blocks, with their continuation lines, and inline code.
fn code(page: &str) -> Vec<String> {
    let (mut code, mut prose) = (Vec::new(), String::new());
    let mut lines = page.lines();
    while let Some(line) = lines.next() {
        let Some(command) = line.strip_prefix("    ") else {
            prose.push_str(line.trim());
            prose.push(' ');
            continue;
        };
        let mut command = command.to_owned();
        while let Some(start) = command.strip_suffix('\\') {
            command = format!("{start}{}", lines.next().unwrap().trim());
        }
        code.push(command.split("  # ").next().unwrap().trim().to_owned());
    }
    code.extend(prose.split('`').skip(1).step_by(2).map(str::to_owned));
    code
}

/// The arguments of `oc extreg …`; `None` for other commands, a name only, or a placeholder instead of a command.
fn arguments(code: &str) -> Option<Vec<String>> {
    let (before, rest) = code.split_once("oc extreg ")?;
    let is_start = ["", "$ "].contains(&before) || before.ends_with("| ");
    let is_command = rest.starts_with(|c: char| c.is_ascii_lowercase());
    (is_start && is_command && !rest.contains(['…', '|'])).then(|| words(rest))
}

/// Words as a shell splits them.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for c in text.chars().take_while(|c| *c != '>') {
        match (quote, c) {
            (None, '\'' | '"') => quote = Some(c),
            (None, ' ') => words.push(String::new()),
            (Some(open), _) if open == c => quote = None,
            _ => words.last_mut().unwrap().push(c),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[test]
fn documented_commands_and_flags_exist() {
    let (mut count, mut wrong) = (0, Vec::new());
    for page in pages() {
        for command in code(&fs::read_to_string(&page).unwrap()) {
            let Some(mut arguments) = arguments(&command) else {
                continue;
            };
            count += 1;
            // Clap prints help only after it accepted all preceding arguments.
            if arguments[0] != "help" {
                arguments.push("--help".to_owned());
            }
            let run = extreg().args(&arguments).output().unwrap();
            if !run.status.success() {
                let error = String::from_utf8_lossy(&run.stderr).into_owned();
                wrong.push(format!("{}: {command}: {error}", page.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 80, "{count}");
}

#[test]
fn finds_commands_in_blocks_and_text() {
    let page = "Run `oc extreg fix\n--yes` or `oc extreg COMMAND`:\n\n    $ oc extreg setup a \\\n      --image 'x y'    # two\n    \
                oc get is\n    pass hub | oc extreg secret set b > c\n";
    let found: Vec<_> = code(page)
        .iter()
        .filter_map(|code| arguments(code))
        .collect();
    let want = [
        vec!["setup", "a", "--image", "x y"],
        vec!["secret", "set", "b"],
        vec!["fix", "--yes"],
    ];
    assert_eq!(found, want);
}
