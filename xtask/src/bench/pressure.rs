//! Memory of the webhook, and its capacity for good requests, while clients hold connections and read no answers.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::bench::pin::{self, Cpu};
use crate::bench::program::Programs;
use crate::bench::report::{Middle, Wanted, judged, single};
use crate::bench::server::Server;
use crate::console;

const IDLE: &str = "1000";
const UNREAD: &str = "20";
/// Makes an answer of about six MiB.
const TAGS: &str = "63000";
const ROUNDS: usize = 3;
const LOADED: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
struct Held {
    idle: usize,
    answer: f64,
}

/// Measures without and with them.
pub(super) fn run(programs: &Programs) -> Result<()> {
    let server = Server::ours(programs, Cpu::Measured, None)?;
    let before = rates(programs, &server)?;
    let (mut holder, held) = hold(programs, &server)?;
    let during = rates(programs, &server);
    let memory = server.memory();
    holder.kill()?;
    holder.wait()?;
    console::line(&format!(
        "\n== memory: extreg-webhook with {IDLE} idle connections ({} were accepted) and {UNREAD} unread answers of {:.1} MiB",
        held.idle,
        held.answer / f64::from(1 << 20),
    ));
    let (_, most) = memory?;
    single("peak resident", most, "MiB", Wanted::AtMost(256.0));
    judged(
        "good requests, against before",
        Middle::ratio(&during?, &before),
        Wanted::AtLeast(0.8),
    );
    Ok(())
}

/// Good requests per second, in each round. An unanswered one ends the run.
fn rates(programs: &Programs, server: &Server) -> Result<Vec<f64>> {
    let mut rates = Vec::new();
    for _ in 0..ROUNDS {
        let load = programs.load(&server.address(), "mutated", "8", LOADED)?;
        rates.push(load.rate());
    }
    Ok(rates)
}

/// Starts the clients that hold connections, on the load's CPU, and waits until they do.
fn hold(programs: &Programs, server: &Server) -> Result<(Child, Held)> {
    let mut child = pin::command(Cpu::Other, &programs.bench)
        .args([
            "hold",
            &server.address(),
            &programs.ca().display().to_string(),
        ])
        .args(["--idle", IDLE, "--unread", UNREAD, "--tags", TAGS])
        .stdout(Stdio::piped())
        .spawn()
        .context("start extreg-bench hold")?;
    let mut line = String::new();
    let output = child
        .stdout
        .as_mut()
        .context("extreg-bench hold has no output")?;
    BufReader::new(output).read_line(&mut line)?;
    match serde_json::from_str(&line) {
        Ok(held) => Ok((child, held)),
        Err(error) => {
            let _ = child.kill();
            Err(error).context("read what extreg-bench hold printed")
        }
    }
}
