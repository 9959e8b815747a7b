//! `cargo xtask texts`: every text of the programs in one file, for reading them in one go.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use regex::Regex;

use crate::check::files;
use crate::{console, step};

/// Pages of the plugin: a title and the arguments.
const PAGES: [(&str, &[&str]); 8] = [
    ("Without arguments", &[]),
    ("Commands", &["completion", "reference"]),
    ("Topic connection", &["help", "connection"]),
    ("Topic environment", &["help", "environment"]),
    ("Topic exceptions", &["help", "exceptions"]),
    ("Topic exit-codes", &["help", "exit-codes"]),
    ("Topic formats", &["help", "formats"]),
    ("Checks", &["audit", "list"]),
];
const CHECKS: u8 = 15;
/// The formats of an audit that people read.
const FORMATS: [&[&str]; 5] = [
    &[],
    &["--details"],
    &["-o", "wide"],
    &["-o", "markdown"],
    &["-o", "junit"],
];
const PROGRAMS: [&str; 2] = ["extreg-webhook", "extreg-importer"];

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// The file
    #[arg(long, default_value = "target/texts.txt")]
    output: PathBuf,
}

/// Builds the programs and writes the file.
pub(crate) fn run(args: &Args) -> Result<()> {
    let root = step::root()?;
    step::run("programs", &mut step::cargo(["build", "--bins"])?)?;
    let folder = root.join("target/debug");
    let plugin = folder.join("oc-extreg");
    let mut text = String::new();
    for (title, args) in PAGES {
        section(&mut text, title, &output(&plugin, args, root)?)?;
    }
    for number in 1..=CHECKS {
        let check = format!("EXR{number:03}");
        section(
            &mut text,
            &check,
            &output(&plugin, &["explain", &check], root)?,
        )?;
    }
    for format in FORMATS {
        let audit = ["audit", "--must-gather", "plugin/tests/data/inspect"];
        let page = output(&plugin, &[&audit[..], format].concat(), root)?;
        section(&mut text, &format!("audit {}", format.join(" ")), &page)?;
    }
    for program in PROGRAMS {
        section(
            &mut text,
            program,
            &output(&folder.join(program), &["--help"], root)?,
        )?;
    }
    section(&mut text, "Errors", &errors(root)?)?;
    let path = root.join(&args.output);
    fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
    console::line(&format!("wrote {}", path.display()));
    Ok(())
}

fn section(text: &mut String, title: &str, page: &str) -> Result<()> {
    writeln!(text, "==== {title}\n\n{}\n", page.trim_end())?;
    Ok(())
}

/// What a program prints, stdout before stderr.
fn output(program: &Path, args: &[&str], root: &Path) -> Result<String> {
    let output = Command::new(program)
        .args(args)
        .current_dir(root)
        .env("KUBECONFIG", "/nonexistent")
        .output()
        .with_context(|| format!("run {}", program.display()))?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Ok(text(&output.stdout) + &text(&output.stderr))
}

/// The texts of all error variants, by file.
fn errors(root: &Path) -> Result<String> {
    let pattern = Regex::new(r#"(?s)#\[error\(\s*"((?:[^"\\]|\\.)*)""#)?;
    let mut text = String::new();
    for path in files(root, "rs")? {
        let source = fs::read_to_string(&path)?;
        let found: Vec<&str> = pattern
            .captures_iter(&source)
            .filter_map(|all| Some(all.get(1)?.as_str()))
            .collect();
        if !found.is_empty() {
            writeln!(text, "{}", path.strip_prefix(root)?.display())?;
            for error in found {
                let words: Vec<&str> = error.split_whitespace().filter(|w| *w != "\\").collect();
                writeln!(text, "  {}", words.join(" "))?;
            }
        }
    }
    Ok(text)
}
