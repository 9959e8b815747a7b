//! Load for the requested time: whether memory or open files grow.

use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use crate::bench::Args;
use crate::bench::pin::Cpu;
use crate::bench::program::Programs;
use crate::bench::report::{Wanted, single};
use crate::bench::server::Server;
use crate::console;

/// The lifetime of a connection.
const PIECE: Duration = Duration::from_secs(5);
const SAMPLES: u32 = 200;

/// Measures while the load runs. The server settles during the first half.
pub(super) fn run(programs: &Programs, args: &Args) -> Result<()> {
    let server = Server::ours(programs, Cpu::Measured, None)?;
    let length = Duration::from_secs(args.seconds);
    let started = Instant::now();
    let (mut memory, mut files) = (Vec::new(), Vec::new());
    thread::scope(|scope| {
        let load = scope.spawn(|| -> Result<()> {
            while started.elapsed() < length {
                programs.load(&server.address(), "mutated", "16", PIECE)?;
            }
            Ok(())
        });
        while !load.is_finished() {
            sleep(length / SAMPLES);
            let hours = started.elapsed().as_secs_f64() / 3600.0;
            if started.elapsed() > length / 2 {
                memory.push((hours, server.memory()?.0));
                files.push((hours, server.files()?));
            }
        }
        match load.join() {
            Ok(ended) => ended,
            Err(_) => bail!("the load panicked"),
        }
    })?;
    console::line(&format!(
        "\n== soak: 16 connections for {} s, made again every {} s; slopes of the second half",
        args.seconds,
        PIECE.as_secs()
    ));
    let (_, most) = server.memory()?;
    single("peak resident", most, "MiB", Wanted::AtMost(64.0));
    let slope_of = |points: &[(f64, f64)]| slope(points).context("too short: no samples");
    single(
        "resident memory",
        slope_of(&memory)?,
        "MiB an hour",
        Wanted::AtMost(1.0),
    );
    // Connections are opened constantly: a leak would show as many files per hour.
    single(
        "open files",
        slope_of(&files)?,
        "an hour",
        Wanted::AtMost(60.0),
    );
    Ok(())
}

/// The slope of the least-squares line; `None` for fewer than two points.
fn slope(points: &[(f64, f64)]) -> Option<f64> {
    let count = f64::from(u32::try_from(points.len()).ok()?);
    let mean = |of: fn(&(f64, f64)) -> f64| points.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(|point| point.0), mean(|point| point.1));
    let covariance: f64 = points
        .iter()
        .map(|point| (point.0 - x) * (point.1 - y))
        .sum();
    let variance: f64 = points.iter().map(|point| (point.0 - x).powi(2)).sum();
    (variance > 0.0).then(|| covariance / variance)
}

#[cfg(test)]
mod tests {
    use super::slope;

    #[test]
    fn the_slope_of_a_line_is_found() {
        let points = [(0.0, 1.0), (1.0, 3.0), (2.0, 5.0)];
        assert_eq!(slope(&points), Some(2.0));
        assert_eq!(slope(&[(0.0, 4.0), (1.0, 4.0)]), Some(0.0));
        assert_eq!(slope(&[(1.0, 4.0)]), None);
        assert_eq!(slope(&[]), None);
    }
}
