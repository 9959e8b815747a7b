//! Checks of a release, by the tools that users have: what is in the files, and whether it works.

mod again;
mod archives;
mod image;
mod krew;
mod packages;
mod programs;
mod registry;
mod run;
mod sbom;
mod signatures;

pub(super) use signatures::check as signatures;

use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, ensure};
use extreg_tests::GoTool;

use super::folder::Folder;
use crate::commit::Commit;
use crate::console;

/// Checks the files, and runs the programs for which this system has an emulator.
pub(super) fn run(folder: &Folder, commit: &Commit) -> Result<()> {
    let names = folder.verified()?;
    passed(&format!("checksums of {} files", names.len()));
    let archives = folder.archives(commit)?;
    ensure!(
        !archives.is_empty(),
        "no archive of this version: run cargo xtask dist"
    );
    for archive in &archives {
        let name = archive.product.archive(archive.target);
        archives::check(archive).with_context(|| name.clone())?;
        programs::check(archive).with_context(|| name.clone())?;
        sbom::check(archive, folder).with_context(|| name.clone())?;
        passed(&name);
    }
    again::check(folder, &archives, commit)?;
    image::check(folder, &archives, commit)?;
    krew::check(folder, &archives)?;
    packages::check(folder, &archives)?;
    for archive in &archives {
        run::check(archive)?;
    }
    Ok(())
}

/// A check that passed.
fn passed(what: &str) {
    console::line(&format!("ok    {what}"));
}

/// A check that this system cannot do, and why.
fn skip(what: &str, why: &str) {
    console::line(&format!("skip  {what}: {why}"));
}

/// The path of a tool, built on first use.
fn tool(tool: GoTool) -> Result<PathBuf> {
    tool.build(|text| console::line(&format!("== {text}")))
}

/// What a command prints. Fails with its errors if it fails.
fn output(command: &mut Command) -> Result<String> {
    let output = command
        .output()
        .with_context(|| format!("start {}", command.get_program().display()))?;
    ensure!(
        output.status.success(),
        "{} ended with {}: {}",
        command.get_program().display(),
        output.status,
        String::from_utf8_lossy(&output.stderr).trim()
    );
    Ok(String::from_utf8(output.stdout)?)
}
