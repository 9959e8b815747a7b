//! `cargo xtask bench`: speed and memory, as ratios to a reference that is measured in the same run.
//!
//! Nothing here fails for being slow: the result is printed next to its target. If the machine has two CPUs and
//! `taskset`, servers are pinned to one and the load to the other.

mod admission;
mod audit;
mod cluster;
mod command;
mod commands;
mod decision;
mod memory;
mod overload;
mod pin;
mod pressure;
mod program;
mod report;
mod request_log;
mod server;
mod soak;

use std::path::PathBuf;

use anyhow::Result;
use clap::ValueEnum;

use crate::{console, tools};
use program::Programs;

/// What to measure, and how often.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Parts to measure [default: all except the soak]
    #[arg(value_enum)]
    what: Vec<What>,
    /// Rounds; each measures every rival once, and ratios are computed within a round
    #[arg(long, default_value_t = 9, value_parser = clap::value_parser!(u16).range(1..=100))]
    rounds: u16,
    /// Milliseconds of load for each rival in a round
    #[arg(long, default_value_t = 2000, value_parser = clap::value_parser!(u64).range(50..=60_000))]
    milliseconds: u64,
    /// Seconds of a soak; a day before a release
    #[arg(long, default_value_t = 120, value_parser = clap::value_parser!(u64).range(10..=604_800))]
    seconds: u64,
    /// Size of the cluster and of the tree for audit and commands: 0.1 for a short run
    #[arg(long, default_value_t = 1.0, value_parser = part)]
    scale: f64,
    /// Measure the binaries of this folder instead of building them
    #[arg(long, value_name = "FOLDER")]
    binaries: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    /// Reviews over TLS, against a constant answer and against Go's controller-runtime
    Admission,
    /// A single decision, without a network
    Decision,
    /// BuildConfigs created through kube-apiserver, with and without a webhook
    Cluster,
    /// Resident memory, and the time until the webhook is ready
    Memory,
    /// Ten times the clients that saturate the webhook
    Overload,
    /// Load for --seconds, and whether memory and open files grow; runs only if named
    Soak,
    /// The audit of a large cluster against kubectl get, and of files against cat
    Audit,
    /// Every command that reads a whole cluster, over 10,000 namespaces, and the overview, which reads nothing
    Commands,
}

impl What {
    /// Whether it needs only the plugin.
    fn is_the_plugins(self) -> bool {
        matches!(self, Self::Audit | Self::Commands)
    }
}

/// Builds the programs, and measures.
pub(crate) fn run(args: &Args) -> Result<()> {
    tools::check()?;
    let wanted = |what: What| args.what.is_empty() || args.what.contains(&what);
    let runtime = tokio::runtime::Runtime::new()?;
    console::line(&format!("== {}", pin::described()));
    if wanted(What::Audit) {
        runtime.block_on(audit::run(args))?;
    }
    if wanted(What::Commands) {
        runtime.block_on(commands::run(args))?;
    }
    if !args.what.is_empty() && args.what.iter().all(|what| what.is_the_plugins()) {
        return Ok(());
    }
    let programs = Programs::new(args.binaries.as_deref())?;
    if wanted(What::Decision) {
        decision::run(&programs)?;
    }
    if wanted(What::Admission) {
        admission::run(&programs, args)?;
    }
    if wanted(What::Overload) {
        overload::run(&programs, args)?;
    }
    if args.what.contains(&What::Soak) {
        soak::run(&programs, args)?;
    }
    if wanted(What::Memory) {
        pressure::run(&programs)?;
        runtime.block_on(memory::run(&programs))?;
    }
    if wanted(What::Cluster) {
        runtime.block_on(cluster::run(&programs, args))?;
    }
    Ok(())
}

fn part(text: &str) -> Result<f64, String> {
    let part: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if part > 0.0 && part <= 10.0 {
        Ok(part)
    } else {
        Err("more than 0 and at most 10".to_owned())
    }
}
