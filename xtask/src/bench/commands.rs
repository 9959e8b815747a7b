//! Every command that reads a whole cluster, over 10,000 namespaces: its peak memory and its requests to the API
//! server. And the plugin without arguments, which reads nothing.

use std::path::Path;
use std::process::Command;

use anyhow::Result;
use extreg_tests::ControlPlane;

use super::command::{Ran, Rounds, measure, measure_to};
use super::program::{answer, folder};
use super::report::{Middle, Wanted, single};
use super::request_log::Log;
use super::{Args, pin};
use crate::console;

/// The commands; none of them writes.
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
/// Success, or a negative answer.
const CODES: [i32; 2] = [0, 3];

const MEBIBYTES: f64 = 150.0;
const CONCURRENCY: f64 = 8.0;
const MILLISECONDS: f64 = 50.0;
/// Short enough for many runs.
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
    console::line(&format!(
        "\n== commands over many namespaces: {}",
        filled.trim()
    ));
    for words in READING {
        let mut rounds = Rounds::default();
        for _ in 0..args.rounds {
            rounds.push(reading(&programs, &plane, words)?);
        }
        let seconds = Middle::from_numbers(rounds.seconds.iter().copied()).median;
        single(
            &format!("{words}, {seconds:.1} s, peak memory"),
            Middle::from_numbers(rounds.peak.iter().copied()).most,
            "MiB",
            Wanted::AtMost(MEBIBYTES),
        );
    }
    let requests = log.requests_of("oc-extreg/")?;
    #[expect(clippy::cast_precision_loss, reason = "a few")]
    single(
        "concurrent lists, measured by the server",
        requests.at_once as f64,
        "",
        Wanted::AtMost(CONCURRENCY),
    );
    console::line(&format!(
        "  {} lists in all, of which {} were answered with 429",
        requests.count, requests.too_many
    ));
    Ok(())
}

/// The overview, printed without arguments.
fn overview(programs: &Path) -> Result<()> {
    let mut rounds = Rounds::default();
    for _ in 0..OVERVIEWS {
        let mut command = pin::command(pin::Cpu::Measured, &programs.join("oc-extreg"));
        rounds.push(measure(command.env("KUBECONFIG", "/nowhere"))?);
    }
    console::line(&format!("\n== no arguments, {OVERVIEWS} runs"));
    single(
        "time, polled every 2 ms",
        Middle::from_numbers(rounds.seconds.iter().copied()).median * 1000.0,
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
