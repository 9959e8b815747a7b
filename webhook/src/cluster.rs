//! The cluster as a source of facts, and the status that is written back to policies.
//!
//! Each source is a separate watch that immediately converts what arrives, keeps only the facts, and
//! is retried forever when it is refused, breaks or panics. No review waits for anything here except
//! [`ApiLookup`], which has a time limit.

mod audit;
mod connect;
mod image_config;
mod lease;
mod lookup;
mod namespaces;
mod policies;
mod report;
mod secrets;
mod service_accounts;
mod status;
mod tasks;
mod trust;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use kube::Client;
use tokio::sync::Mutex;
use tokio::task::JoinSet;

pub use connect::{ConnectError, connect, connect_apart};
pub use lease::Lease;
pub use lookup::ApiLookup;
pub use trust::follow_trust;
pub(crate) use watch::{explain, with_pulse};

use crate::facts::{FactStore, Table};
use crate::metrics::{Metrics, Task};
use crate::reserved::ReservedThread;
use image_config::ImageConfig;
use policies::StoredPolicy;

/// One run of a task.
type Run = BoxFuture<'static, ()>;

/// State shared by the tasks of this module.
#[derive(Clone, Debug)]
struct Sources {
    facts: Arc<FactStore>,
    image_config: Arc<Table<ImageConfig>>,
    /// `None` if policies come from a file.
    policies: Option<Arc<Table<StoredPolicy>>>,
    streams: Arc<Table<()>>,
}

/// What to read from the cluster.
#[derive(Debug)]
pub struct Follow {
    /// Where facts are stored.
    pub facts: Arc<FactStore>,
    /// Where the state of sources is counted.
    pub metrics: Metrics,
    /// Whether policies come from the cluster, and not from a file.
    pub policies: bool,
    /// Decides which replica writes the status of policies; if `None`, no replica does. Its client must
    /// be created on the reserved thread.
    pub lease: Option<Lease>,
    /// Time for reading one object on demand.
    pub lookup_deadline: Duration,
}

impl Follow {
    /// Starts the watches; the tasks end with `tasks`, and the writer of status with `reserved`, on
    /// which no decision keeps it from renewing the Lease. Returns the reader of single objects on
    /// demand.
    pub fn start(
        self,
        client: &Client,
        tasks: &mut JoinSet<()>,
        reserved: &ReservedThread,
    ) -> ApiLookup {
        let Self {
            facts,
            metrics,
            policies,
            lease,
            lookup_deadline,
        } = self;
        let sources = Sources {
            facts,
            image_config: Arc::default(),
            policies: policies.then(Arc::default),
            streams: Arc::default(),
        };
        let watch = |task, ended: fn(&Sources), run: fn(Client, Sources, Metrics) -> Run| {
            let (client, sources) = (client.clone(), sources.clone());
            let (shown, counted) = (sources.clone(), metrics.clone());
            let metrics = metrics.clone();
            async move {
                let run = || run(client.clone(), sources.clone(), metrics.clone());
                tasks::supervise(task, counted, || ended(&shown), run).await;
            }
        };
        tasks.spawn(watch(
            Task::Namespaces,
            |sources| tasks::panicked(&sources.facts.namespaces),
            |client, sources, _| namespaces::follow(client, sources.facts).boxed(),
        ));
        tasks.spawn(watch(
            Task::ServiceAccounts,
            |sources| tasks::panicked(&sources.facts.builders),
            |client, sources, _| service_accounts::follow(client, sources.facts).boxed(),
        ));
        tasks.spawn(watch(
            Task::Secrets,
            |_| {},
            |client, sources, metrics| secrets::follow(client, sources.facts, metrics).boxed(),
        ));
        tasks.spawn(watch(
            Task::ImageConfig,
            |sources| tasks::panicked(&sources.image_config),
            |client, sources, _| {
                image_config::follow(client, sources.facts, sources.image_config).boxed()
            },
        ));
        if sources.policies.is_some() {
            tasks.spawn(watch(
                Task::Policies,
                |sources| {
                    sources
                        .policies
                        .iter()
                        .for_each(|table| tasks::panicked(table));
                },
                |client, sources, _| policies::follow(client, sources).boxed(),
            ));
        }
        if let Some(lease) = lease {
            let lease = Arc::new(Mutex::new(lease));
            let (sources, metrics) = (sources.clone(), metrics.clone());
            reserved.spawn(|stop| async move {
                let run = || status::write(Arc::clone(&lease), sources.clone(), stop.clone());
                tasks::supervise(Task::Status, metrics, || {}, run).await;
            });
        }
        tasks.spawn(watch(
            Task::Audit,
            |_| {},
            |client, _, metrics| audit::follow(client, metrics).boxed(),
        ));
        tasks.spawn(watch(
            Task::Report,
            |_| {},
            |_, sources, metrics| report::report(sources, metrics).boxed(),
        ));
        ApiLookup::new(
            client.clone(),
            Arc::clone(&sources.streams),
            lookup_deadline,
        )
    }
}
