//! Ten times the clients that saturate the server: what it still answers, and how fast.

use std::time::Duration;

use anyhow::Result;

use crate::bench::Args;
use crate::bench::pin::Cpu;
use crate::bench::program::Programs;
use crate::bench::report::{Middle, Wanted, judged};
use crate::bench::server::Server;
use crate::console;

/// Enough that the server is always busy.
const FULL: &str = "8";
const TENFOLD: &str = "80";
/// The server's time limit for a decision, in milliseconds.
const DEADLINE: f64 = 1500.0;

/// Measures both in turn. A review that is refused or answered without its patch ends the run.
pub(super) fn run(programs: &Programs, args: &Args) -> Result<()> {
    let server = Server::ours(programs, Cpu::Measured, None)?;
    let time = Duration::from_millis(args.milliseconds);
    let load = |connections| programs.load(&server.address(), "mutated", connections, time);
    load(FULL)?;
    let (mut full, mut tenfold, mut p99) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..args.rounds {
        let at = load(FULL)?;
        full.push(at.rate());
        let at = load(TENFOLD)?;
        tenfold.push(at.rate());
        p99.push(at.spread.p99 / 1e6);
    }
    console::line(&format!(
        "\n== overload: {TENFOLD} busy connections, against {FULL} that saturate the server; {} rounds of {} ms",
        args.rounds, args.milliseconds
    ));
    judged(
        "good answers, against the most",
        Middle::ratio(&tenfold, &full),
        Wanted::AtLeast(0.8),
    );
    judged(
        "p99, ms",
        Middle::from_numbers(p99),
        Wanted::AtMost(DEADLINE),
    );
    Ok(())
}
