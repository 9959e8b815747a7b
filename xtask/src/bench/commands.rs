//! Every command that reads a whole cluster, over 10,000 namespaces: the memory that it has at most, and what it asks
//! the API server for. And the plugin without a word, which reads nothing.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use extreg_tests::ControlPlane;

use super::asked::Log;
use super::command::{Ran, Rounds, measure, measure_to};
use super::program::{answer, folder};
use super::report::{Middle, Wanted, single};
use super::{Args, pin};
use crate::say;

/// What is run; all of it writes nothing.
const READING: &[&str] = &[
    "audit -A",
    "inventory -A",
    "status -A --no-registry",
    "secret check -A --no-registry",
    "secret rotate dockerhub -A -n team-00000 --replaces ably77",
    "ratelimit --budget -A --no-measure",
    "fix -A",
    "except list -A",
    "policy show",
];
/// Done, or the answer is no.
const CODES: [i32; 2] = [0, 3];

const MEBIBYTES: f64 = 150.0;
const AT_ONCE: f64 = 8.0;
const MILLISECONDS: f64 = 50.0;
/// Short enough to be run often.
const OVERVIEWS: u16 = 50;

/// Fills a cluster and measures.
pub(super) async fn run(args: &Args) -> Result<()> {
    let programs = folder(args.binaries.as_deref(), &["extreg-plugin", "extreg-bench"])?;
    overview(&programs)?;
    let log = Log::new()?;
    let plane = ControlPlane::start(log.options()).await?;
    let filled = answer(
        Command::new(programs.join("extreg-bench"))
            .args(["fill", "--wide", "--scale", &args.scale.to_string()])
            .arg(plane.kubeconfig()),
    )?;
    for pid in plane.pids() {
        pin::hold(pin::Cpu::Other, pid)?;
    }
    say::line(&format!(
        "\n== commands over many namespaces: {}",
        filled.trim()
    ));
    for words in READING {
        let mut rounds = Rounds::default();
        for _ in 0..args.rounds {
            rounds.push(reading(&programs, &plane, words)?);
        }
        let seconds = Middle::of(rounds.seconds.iter().copied()).median;
        single(
            &format!("{words}, {seconds:.1} s, memory at most"),
            Middle::of(rounds.peak.iter().copied()).most,
            "MiB",
            Wanted::AtMost(MEBIBYTES),
        );
    }
    let asked = log.asked_by("oc-extreg/")?;
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    single(
        "lists under way at once, as the server has it",
        asked.at_once as f64,
        "",
        Wanted::AtMost(AT_ONCE),
    );
    say::line(&format!(
        "  {} lists in all, of which {} were answered with 429",
        asked.requests, asked.too_many
    ));
    Ok(())
}

/// What is printed without a word.
fn overview(programs: &Path) -> Result<()> {
    let mut rounds = Rounds::default();
    for _ in 0..OVERVIEWS {
        let mut command = pin::command(pin::Cpu::Measured, &programs.join("oc-extreg"));
        rounds.push(measure(command.env("KUBECONFIG", "/nowhere"))?);
    }
    say::line(&format!("\n== no arguments, {OVERVIEWS} runs"));
    single(
        "time, looked at every 2 ms",
        Middle::of(rounds.seconds.iter().copied()).median * 1000.0,
        "ms",
        Wanted::AtMost(MILLISECONDS),
    );
    Ok(())
}

fn reading(programs: &Path, plane: &ControlPlane, words: &str) -> Result<Ran> {
    let mut command = pin::command(pin::Cpu::Measured, &programs.join("oc-extreg"));
    command
        .args(words.split(' '))
        .env("KUBECONFIG", plane.kubeconfig());
    measure_to(&mut command, &CODES)
}
