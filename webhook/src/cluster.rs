//! The cluster as a source of facts, and the status that is written back to policies.
//!
//! Each source is a watch of its own that converts what arrives at once, keeps only the facts, and
//! is tried again for ever when it is refused or breaks. Nothing here is on the way of a review but
//! [`ApiLookup`], which has a time limit.

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
mod watch;

use std::sync::Arc;
use std::time::Duration;

use kube::Client;
use tokio::task::JoinSet;

pub use connect::{ConnectError, connect, connect_apart};
pub use lease::Lease;
pub use lookup::ApiLookup;
pub(crate) use watch::explain;

use crate::facts::{FactStore, Table};
use crate::metrics::Metrics;
use image_config::ImageConfig;
use policies::StoredPolicy;

/// What the tasks of this module share.
#[derive(Clone, Debug)]
struct Sources {
    facts: Arc<FactStore>,
    image_config: Arc<Table<ImageConfig>>,
    /// None where policies come from a file.
    policies: Option<Arc<Table<StoredPolicy>>>,
    streams: Arc<Table<()>>,
}

/// What to take from the cluster.
#[derive(Debug)]
pub struct Follow {
    /// Where facts go.
    pub facts: Arc<FactStore>,
    /// Where the state of sources is counted.
    pub metrics: Metrics,
    /// Whether policies come from the cluster, and not from a file.
    pub policies: bool,
    /// Decides which replica writes the status of policies; without it none does.
    pub lease: Option<Lease>,
    /// Time for reading one object on demand.
    pub lookup_deadline: Duration,
}

impl Follow {
    /// Starts following; the tasks end with `tasks`. Answers what reads single objects on
    /// demand.
    pub fn start(self, client: &Client, tasks: &mut JoinSet<()>) -> ApiLookup {
        let Self {
            facts,
            metrics,
            policies,
            lease,
            lookup_deadline,
        } = self;
        let sources = Sources {
            facts: Arc::clone(&facts),
            image_config: Arc::default(),
            policies: policies.then(Arc::default),
            streams: Arc::default(),
        };
        tasks.spawn(namespaces::follow(client.clone(), Arc::clone(&facts)));
        tasks.spawn(service_accounts::follow(client.clone(), Arc::clone(&facts)));
        tasks.spawn(secrets::follow(client.clone(), Arc::clone(&facts)));
        tasks.spawn(image_config::follow(
            client.clone(),
            Arc::clone(&facts),
            Arc::clone(&sources.image_config),
        ));
        if let Some(table) = &sources.policies {
            tasks.spawn(policies::follow(client.clone(), facts, Arc::clone(table)));
        }
        if let Some(lease) = lease {
            tasks.spawn(status::write(client.clone(), lease, sources.clone()));
        }
        let lookup = ApiLookup::new(
            client.clone(),
            Arc::clone(&sources.streams),
            lookup_deadline,
        );
        tasks.spawn(report::report(sources, metrics));
        lookup
    }
}
