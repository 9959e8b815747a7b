//! The process: from the command line to the exit code.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser as _;
use extreg_certs::crypto;
use jiff::Timestamp;
use kube::Client;
use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::args::Args;
use crate::cluster::{Follow, Lease, connect, follow_trust};
use crate::facts::{FactStore, PolicyFile};
use crate::logging;
use crate::metrics::{Metrics, Source, SourceState};
use crate::reserved::ReservedThread;
use crate::review::{EngineReviewer, Lookup};
use crate::server::Server;
use crate::settings::{Cluster, Settings};

/// More workers would need memory without benefit: a decision takes microseconds.
const MOST_WORKERS: usize = 4;

/// Runs until a signal. Exit codes: 0 drained, 1 could not start or got a second signal, 2 the
/// command line is invalid.
pub fn main() -> ExitCode {
    crypto::install();
    let settings = match Settings::new(Args::parse()) {
        Ok(settings) => settings,
        Err(error) => return refuse(&error),
    };
    let _flush = logging::init(settings.log_format, settings.log_filter.clone());
    match start(settings) {
        // A request cannot outlast the drain's deadline: the connections that were cut did not
        // answer.
        Ok(Stopped::Drained) => ExitCode::SUCCESS,
        Ok(Stopped::InAHurry) => ExitCode::FAILURE,
        Err(error) => fail(&error),
    }
}

/// Ends a process that cannot run.
pub(crate) fn fail(error: &anyhow::Error) -> ExitCode {
    tracing::error!(error = format!("{error:#}"), "cannot run");
    ExitCode::FAILURE
}

/// Ends a process whose command line is invalid.
pub(crate) fn refuse(error: &dyn std::error::Error) -> ExitCode {
    let _ = clap::Error::raw(
        clap::error::ErrorKind::ValueValidation,
        format!("{error}\n"),
    )
    .print();
    ExitCode::from(2)
}

fn start(settings: Settings) -> anyhow::Result<Stopped> {
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    runtime::Builder::new_multi_thread()
        .worker_threads(workers.min(MOST_WORKERS))
        .enable_all()
        .build()
        .context("cannot start threads")?
        .block_on(serve(settings))
}

async fn serve(settings: Settings) -> anyhow::Result<Stopped> {
    let mut signals = Signals::new()?;
    let reserved = ReservedThread::start().context("cannot start a thread")?;
    let metrics = settings.server.metrics.clone();
    let facts = FactStore::new(
        settings.namespace.clone(),
        settings.mode_cap,
        metrics.clone(),
    );
    let facts = Arc::new(match settings.cluster {
        Cluster::None => facts.assuming(),
        Cluster::Kubeconfig(_) | Cluster::Inferred if settings.require_namespace_labels => {
            facts.without_namespace_selector()
        }
        Cluster::Kubeconfig(_) | Cluster::Inferred => facts,
    });
    let mut background = JoinSet::new();
    for source in Source::ALL {
        metrics.source(*source, SourceState::Off);
    }
    if let Some(path) = &settings.policy_file {
        let mut file = PolicyFile::new(path);
        let records = file.changed()?.unwrap_or_default();
        facts.set_policies(&records);
        metrics.source(Source::Policies, SourceState::Ready);
        let every = settings.server.reload_every;
        background.spawn(follow(file, every, Arc::clone(&facts), metrics.clone()));
    } else if settings.cluster == Cluster::None {
        facts.set_no_policy_kind();
    }
    let mut lookup: Option<Box<dyn Lookup>> = None;
    if let Some(client) = connect(&settings.cluster).await? {
        let lease = match settings.namespace {
            Some(namespace) => {
                let client = connect_on(&reserved, settings.cluster).await?;
                let trust = settings.server.trust.clone();
                let following = follow_trust(client.clone(), namespace.clone(), trust);
                background.spawn_on(following, reserved.handle());
                Some(Lease::new(client, &namespace, &replica()))
            }
            None => None,
        };
        let follow = Follow {
            facts: Arc::clone(&facts),
            metrics,
            policies: settings.policy_file.is_none(),
            lease,
            // Two can follow one another, and time remains to decide and answer.
            lookup_deadline: settings.server.limits.deadline * 3 / 8,
        };
        lookup = Some(Box::new(follow.start(&client, &mut background, &reserved)));
    }
    let reviewer = EngineReviewer::new(facts, lookup);
    let server = Server::start(settings.server, reviewer, &reserved).await?;
    signals.next().await;
    let stopping = async { tokio::join!(server.drain(), reserved.finish()) };
    tokio::select! {
        _ = stopping => Ok(Stopped::Drained),
        () = signals.next() => Ok(Stopped::InAHurry),
    }
}

/// A client on the reserved thread.
async fn connect_on(reserved: &ReservedThread, cluster: Cluster) -> anyhow::Result<Client> {
    let connecting = reserved
        .handle()
        .spawn(async move { connect(&cluster).await });
    let client = connecting.await.context("cannot start a task")??;
    client.context("no cluster to connect to")
}

/// How it ended.
enum Stopped {
    Drained,
    /// By a second signal.
    InAHurry,
}

/// Reads the policy file periodically. An invalid file changes nothing.
async fn follow(mut file: PolicyFile, every: Duration, facts: Arc<FactStore>, metrics: Metrics) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut failed = false;
    loop {
        ticks.tick().await;
        match file.changed() {
            Ok(changed) => {
                if let Some(records) = changed {
                    facts.set_policies(&records);
                    let invalid = facts.policies().invalid.len();
                    tracing::info!(policies = records.len(), invalid, "policy file reloaded");
                }
                failed = false;
                metrics.source(Source::Policies, SourceState::Ready);
            }
            Err(error) => {
                if !failed {
                    tracing::warn!(%error, "cannot use the policy file; keeping the last policies");
                }
                failed = true;
                metrics.source(Source::Policies, SourceState::Down);
            }
        }
    }
}

/// A unique name of this replica: the pod's, and an identifier of this process.
pub(crate) fn replica() -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "extreg".to_owned());
    format!(
        "{host}_{}_{}",
        std::process::id(),
        Timestamp::now().as_millisecond()
    )
}

/// The signals that end a process.
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    pub(crate) fn new() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    pub(crate) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
