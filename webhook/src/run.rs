//! The process: from the command line to the exit code.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser as _;
use extreg_certs::crypto;
use jiff::Timestamp;
use tokio::runtime;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval};

use crate::args::Args;
use crate::cluster::{Follow, Lease, connect, connect_apart};
use crate::facts::{FactStore, PolicyFile};
use crate::follow::{FollowBuilds, Pace};
use crate::logging;
use crate::metrics::{Metrics, Source, SourceState};
use crate::review::{EngineReviewer, Lookup};
use crate::server::Server;
use crate::settings::{Cluster, Following, Settings};

/// More workers would cost memory and gain nothing: a decision takes microseconds.
const MOST_WORKERS: usize = 4;

/// Runs until a signal. Exit codes: 0 drained, 1 could not start or was told twice to stop, 2 the
/// command line makes no sense.
pub fn main() -> ExitCode {
    crypto::install();
    let settings = match Settings::new(Args::parse()) {
        Ok(settings) => settings,
        Err(error) => {
            let _ = clap::Error::raw(
                clap::error::ErrorKind::ValueValidation,
                format!("{error}\n"),
            )
            .print();
            return ExitCode::from(2);
        }
    };
    let _flush = logging::init(settings.log_format, settings.log_filter.clone());
    match start(settings) {
        // A request cannot outlast the drain's deadline: what was cut are connections that did not
        // answer.
        Ok(Stopped::Drained) => ExitCode::SUCCESS,
        Ok(Stopped::InAHurry) => ExitCode::FAILURE,
        Err(error) => {
            tracing::error!(error = format!("{error:#}"), "cannot run");
            ExitCode::FAILURE
        }
    }
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
    let metrics = settings.server.metrics.clone();
    let facts = Arc::new(FactStore::new(
        settings.namespace.clone(),
        settings.mode_cap,
        metrics.clone(),
    ));
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
        facts.set_policies(&[]);
    }
    if let Following::On { lease, selected } = settings.follow
        && let Some(client) = connect_apart(&settings.cluster).await?
    {
        let follow = FollowBuilds {
            client,
            namespace: lease,
            replica: replica(),
            selected,
            pace: Pace::default(),
            metrics: metrics.follow().clone(),
        };
        follow.start(&mut background);
    }
    let mut lookup: Option<Box<dyn Lookup>> = None;
    if let Some(client) = connect(&settings.cluster).await? {
        let follow = Follow {
            facts: Arc::clone(&facts),
            metrics,
            policies: settings.policy_file.is_none(),
            lease: settings
                .namespace
                .as_ref()
                .map(|namespace| Lease::new(client.clone(), namespace, &replica())),
            // Two can follow one another, and there is time left for deciding and answering.
            lookup_deadline: settings.server.limits.deadline * 3 / 8,
        };
        lookup = Some(Box::new(follow.start(&client, &mut background)));
    }
    let server = Server::start(settings.server, EngineReviewer::new(facts, lookup)).await?;
    signals.next().await;
    tokio::select! {
        _ = server.drain() => Ok(Stopped::Drained),
        () = signals.next() => Ok(Stopped::InAHurry),
    }
}

/// How it came to an end.
enum Stopped {
    Drained,
    /// By a second signal.
    InAHurry,
}

/// Reads the policy file again and again. One that cannot be used changes nothing.
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
                    tracing::info!(policies = records.len(), invalid, "policy file read again");
                }
                failed = false;
                metrics.source(Source::Policies, SourceState::Ready);
            }
            Err(error) => {
                if !failed {
                    tracing::warn!(%error, "policy file not usable, keeping the last policies");
                }
                failed = true;
                metrics.source(Source::Policies, SourceState::Down);
            }
        }
    }
}

/// A name that no other replica has: the pod's, and what tells this process from one before it.
fn replica() -> String {
    let host = std::env::var("HOSTNAME").unwrap_or_else(|_| "extreg-webhook".to_owned());
    format!(
        "{host}_{}_{}",
        std::process::id(),
        Timestamp::now().as_millisecond()
    )
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn new() -> anyhow::Result<Self> {
        let listen = |kind| signal(kind).context("cannot listen for signals");
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
