//! Ten times the clients that already use all of the server: what it still answers, and when.

use std::time::Duration;

use anyhow::Result;

use crate::bench::Args;
use crate::bench::pin::Cpu;
use crate::bench::program::Programs;
use crate::bench::report::{Middle, Wanted, judged};
use crate::bench::server::Server;
use crate::say;

/// Enough that the server is never without work.
const FULL: &str = "8";
const TENFOLD: &str = "80";
/// What the server ends a decision at, in milliseconds.
const DEADLINE: f64 = 1500.0;

/// Measures both in turns. A review that is refused or answered without its patch ends the run.
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
    say::line(&format!(
        "\n== overload: {TENFOLD} connections that always ask, against {FULL} that use all of the server; {} rounds of {} ms",
        args.rounds, args.milliseconds
    ));
    judged(
        "good answers, against the most",
        Middle::ratio(&tenfold, &full),
        Wanted::AtLeast(0.8),
    );
    judged("p99, ms", Middle::of(p99), Wanted::AtMost(DEADLINE));
    Ok(())
}
