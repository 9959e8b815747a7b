//! An `oc adm inspect` tree, read by the audit and by `cat` in turn.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use super::live::described;
use crate::bench::Args;
use crate::bench::command::{Rounds, measure};
use crate::bench::program::answer;
use crate::bench::report::{Middle, Wanted, judged, single};
use crate::console;

/// The total size of the files, in MiB, at a scale of 1.
const LENGTH: f64 = 200.0;

#[derive(Deserialize)]
struct Written {
    namespaces: usize,
    objects: usize,
    bytes: f64,
}

/// Writes a tree and measures. Each reads it once before, so that no disk is measured.
pub(super) fn run(programs: &Path, args: &Args) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let length = LENGTH * args.scale;
    let output = answer(
        Command::new(programs.join("extreg-bench"))
            .arg("tree")
            .arg(folder.path())
            .args(["--mebibytes", &length.to_string()]),
    )?;
    let written: Written = serde_json::from_str(&output).context("read what was written")?;
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    console::line(&format!(
        "\n== audit: an inspect tree of {:.0} MiB, {} objects of {} namespaces, cached, {} rounds; on {cores} \
         CPUs",
        written.bytes / 1024.0 / 1024.0,
        written.objects,
        written.namespaces,
        args.rounds
    ));
    let report = tempfile::NamedTempFile::new()?;
    measure(&mut cat(folder.path()))?;
    measure(&mut audit(programs, folder.path(), report.path()))?;
    let (mut ours, mut theirs) = (Rounds::default(), Rounds::default());
    for _ in 0..args.rounds {
        ours.push(measure(&mut audit(programs, folder.path(), report.path()))?);
        theirs.push(measure(&mut cat(folder.path()))?);
    }
    let median = |rounds: &Rounds| Middle::from_numbers(rounds.seconds.iter().copied()).median;
    console::line(&format!(
        "  audit {:.2} s, cat {:.2} s; {}",
        median(&ours),
        median(&theirs),
        described(report.path())?
    ));
    judged(
        "time against cat",
        Middle::ratio(&ours.seconds, &theirs.seconds),
        Wanted::AtMost(2.0),
    );
    single(
        "peak memory",
        Middle::from_numbers(ours.peak.iter().copied()).most,
        "MiB",
        Wanted::AtMost(100.0),
    );
    Ok(())
}

fn audit(programs: &Path, tree: &Path, report: &Path) -> Command {
    let mut command = Command::new(programs.join("oc-extreg"));
    command
        .args(["audit", "--must-gather"])
        .arg(tree)
        .arg(format!("--output=json={}", report.display()));
    command
}

/// Every file, in as few processes as possible.
fn cat(tree: &Path) -> Command {
    let mut command = Command::new("find");
    command
        .arg(tree)
        .args(["-type", "f", "-exec", "cat", "{}", "+"]);
    command
}
