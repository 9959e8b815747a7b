//! A single decision without a network: its time, and its instructions, which are comparable over time.

use std::process::Command;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::bench::pin::Cpu;
use crate::bench::program::{Programs, answer};
use crate::bench::report::{Spread, Wanted, single};
use crate::console;

const TIMED: &str = "50000";
/// Counted twice, so that the difference contains only decisions.
const COUNTED: [u32; 2] = [200, 400];

#[derive(Deserialize)]
struct Decided {
    bytes: u32,
    spread: Spread,
}

/// Measures a review that is mutated and one that is not.
pub(super) fn run(programs: &Programs) -> Result<()> {
    console::line("\n== decision: read the review, evaluate, write the answer with its patch");
    for sample in ["mutated", "untouched"] {
        // Once to warm up.
        programs.run_on::<Decided>(Cpu::Measured, &["decide", sample, "2000"])?;
        let decided: Decided = programs.run_on(Cpu::Measured, &["decide", sample, TIMED])?;
        single(
            &format!("{sample}, {} bytes, p50", decided.bytes),
            decided.spread.p50 / 1000.0,
            "µs",
            Wanted::AtMost(30.0),
        );
        console::line(&format!(
            "  {:<44} {:>7.1} µs",
            format!("{sample}, p99"),
            decided.spread.p99 / 1000.0
        ));
        if has_valgrind() {
            let [fewer, more] = COUNTED;
            let instructions = count(programs, sample, more)? - count(programs, sample, fewer)?;
            console::line(&format!(
                "  {:<44} {:>7.0} instructions (callgrind)",
                format!("{sample}, one decision"),
                instructions / f64::from(more - fewer)
            ));
        }
    }
    worst(programs)?;
    if !has_valgrind() {
        console::line("  instructions are not counted: valgrind is not installed");
    }
    Ok(())
}

#[derive(Deserialize)]
struct Worst {
    bytes: u32,
    steps: u32,
    edits: u32,
    spread: Spread,
}

/// The maximum cost of one object.
fn worst(programs: &Programs) -> Result<()> {
    console::line(
        "\n== decision: the engine's worst cases, 64 policies of 64 globs, evaluated and rendered",
    );
    for kind in ["stars", "edits", "sources"] {
        let worst: Worst = programs.run_on(Cpu::Measured, &["worst", kind, "20"])?;
        let Worst {
            bytes,
            steps,
            edits,
            spread,
        } = worst;
        single(
            &format!("{kind}, {bytes} bytes, {steps} steps, {edits} edits, p99"),
            spread.p99 / 1_000_000.0,
            "ms",
            Wanted::AtMost(50.0),
        );
    }
    Ok(())
}

fn has_valgrind() -> bool {
    Command::new("valgrind")
        .arg("--version")
        .output()
        .is_ok_and(|output| output.status.success())
}

/// Instructions of a process with this number of decisions.
fn count(programs: &Programs, sample: &str, iterations: u32) -> Result<f64> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("callgrind");
    answer(
        Command::new("valgrind")
            .args(["--quiet", "--tool=callgrind"])
            .arg(format!("--callgrind-out-file={}", file.display()))
            .arg(&programs.bench)
            .args(["decide", sample, &iterations.to_string(), "--untimed"]),
    )?;
    let counted = std::fs::read_to_string(&file)?;
    total(&counted).context("callgrind wrote no total")
}

fn total(callgrind: &str) -> Option<f64> {
    callgrind
        .lines()
        .find_map(|line| {
            line.strip_prefix("summary: ")
                .or_else(|| line.strip_prefix("totals: "))
        })?
        .trim()
        .parse()
        .ok()
}

#[cfg(test)]
mod tests {
    use super::total;

    #[test]
    fn the_total_of_callgrind_is_read() {
        assert_eq!(
            total("events: Ir\nsummary: 120\n\nfn=a\n1 2\n"),
            Some(120.0)
        );
        assert_eq!(total("events: Ir\n1 2\ntotals: 7\n"), Some(7.0));
        assert_eq!(total("events: Ir\n"), None);
    }
}
