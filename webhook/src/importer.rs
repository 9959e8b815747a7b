//! The importer's process: following builds separately from admission. It shares the image and the
//! code, but no process, memory or permissions.

mod args;
mod probes;
mod settings;

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser as _;
use extreg_certs::crypto;
use tokio::runtime;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use args::Args;
pub use settings::{Settings, SettingsError};

use crate::cluster::connect_apart;
use crate::follow::{FollowBuilds, Pace, Progress};
use crate::logging;
use crate::metrics::ImporterMetrics;
use crate::run::{Signals, fail, refuse, replica};
use crate::server::serve_probes;

/// All tasks here wait for the API server.
const THREADS: usize = 2;

/// Runs until a signal. Exit codes: 0 stopped, 1 could not start, 2 the command line is invalid.
pub fn main() -> ExitCode {
    crypto::install();
    let settings = match Settings::new(Args::parse()) {
        Ok(settings) => settings,
        Err(error) => return refuse(&error),
    };
    let _flush = logging::init(settings.log_format, settings.log_filter.clone());
    match start(settings) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => fail(&error),
    }
}

fn start(settings: Settings) -> anyhow::Result<()> {
    runtime::Builder::new_multi_thread()
        .worker_threads(THREADS)
        .enable_all()
        .build()
        .context("cannot start threads")?
        .block_on(run(settings))
}

async fn run(settings: Settings) -> anyhow::Result<()> {
    let Settings {
        cluster,
        namespace,
        selected,
        health_listen,
        ..
    } = settings;
    let mut signals = Signals::new()?;
    let client = connect_apart(&cluster).await?;
    let client = client.context("no cluster to follow builds in")?;
    let metrics = ImporterMetrics::new();
    let progress = Progress::new(metrics.follow().clone());
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    let router = probes::router(progress.clone(), metrics);
    let health_address = serve_probes(health_listen, router, &mut tasks).await?;
    let mut following = JoinSet::new();
    let follow = FollowBuilds {
        client,
        namespace,
        replica: replica(),
        selected,
        pace: Pace::default(),
        progress,
        stop: stop.clone(),
    };
    follow.start(&mut following);
    tracing::info!(%health_address, "running");
    signals.next().await;
    stop.cancel();
    // Until the Lease is released, which has a separate time limit.
    tokio::select! {
        _ = following.join_next() => {}
        () = signals.next() => {}
    }
    tracing::info!("stopped");
    Ok(())
}
