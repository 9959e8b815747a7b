//! Runs and shows a command.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::console;

/// The root of the clone.
pub(crate) fn root() -> Result<&'static Path> {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .context("xtask is not in a workspace")
}

/// cargo, in the root of the clone.
pub(crate) fn cargo<A: AsRef<OsStr>>(args: impl IntoIterator<Item = A>) -> Result<Command> {
    let cargo = std::env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from);
    let mut command = Command::new(cargo);
    command.args(args).current_dir(root()?);
    Ok(command)
}

/// Prints `what` and the command, runs it with inherited output, and fails if it fails.
pub(crate) fn run(what: &str, command: &mut Command) -> Result<()> {
    let name = Path::new(command.get_program())
        .file_name()
        .unwrap_or_default();
    let words: Vec<String> = std::iter::once(name)
        .chain(command.get_args())
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    console::line(&format!("== {what}: {}", words.join(" ")));
    let status = command
        .status()
        .with_context(|| format!("start {}", words.join(" ")))?;
    if !status.success() {
        bail!("{what} failed: {} ended with {status}", words.join(" "));
    }
    Ok(())
}
