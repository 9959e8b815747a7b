//! `decide`: one review decided repeatedly, without a network.

use std::hint::black_box;
use std::time::{Duration, Instant};

use anyhow::Result;
use extreg_webhook::review::EngineReviewer;
use extreg_webhook::wire::{Request, Response};

use crate::review::{Sample, decide, engine};
use crate::spread::Spread;

/// Parses, decides, and writes the answer.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    sample: Sample,
    iterations: usize,
    /// Read no clock, so that instructions can be counted externally.
    #[arg(long)]
    untimed: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let engine = engine();
    let body = args.sample.body();
    let mut times = Vec::with_capacity(if args.untimed { 0 } else { args.iterations });
    for _ in 0..args.iterations {
        let started = (!args.untimed).then(Instant::now);
        black_box(answer(&engine, black_box(body))?);
        times.extend(started.map(|started| started.elapsed()));
    }
    let total: Duration = times.iter().sum();
    println!(
        "{}",
        serde_json::json!({
            "bytes": body.len(),
            "count": args.iterations,
            "seconds": total.as_secs_f64(),
            "spread": Spread::from_times(times),
        })
    );
    Ok(())
}

fn answer(engine: &EngineReviewer, body: &[u8]) -> Result<Vec<u8>> {
    let request = Request::parse(body)?;
    let review = decide(engine, &request)?;
    let response = Response {
        uid: &request.uid,
        patch: review.patch.as_deref(),
        warnings: &review.warnings,
        audit: &review.audit,
    };
    Ok(response.to_json()?)
}
