//! Following builds: the image that a build has pushed is imported into the tags that come from it.
//!
//! One replica, the holder of a Lease, watches Builds. For each completed build it keeps a short record
//! in a bounded queue; for each the streams of its namespace are listed, [`extreg_core::follow`]
//! decides which tags come from the pushed image, and one ImageStreamImport for each stream
//! imports them with their own policies. Failures are retried with growing pauses.
//!
//! Builds belong to tenants. Each namespace has a separate share of queue places, workers, retries and
//! imports, which are charged before each import; namespaces take turns.
//!
//! Nothing is stored. A replica that takes over considers the builds that have completed since
//! the previous replica last renewed the Lease, and some minutes before that; up-to-date tags are
//! recognized by their digest.

mod answer;
mod api;
mod build;
mod event;
mod lead;
mod limit;
mod memory;
mod progress;
mod queue;
mod supervise;
mod term;
mod work;

use std::time::Duration;

use extreg_core::policy::Selector;
use kube::Client;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

pub use progress::Progress;
use supervise::supervise;

/// Following builds, ready to start.
#[derive(Clone)]
pub struct FollowBuilds {
    /// A separate client, which does not retry.
    pub client: Client,
    /// The importer's own namespace, where the Lease is.
    pub namespace: String,
    /// A unique name of this replica.
    pub replica: String,
    /// The namespaces that are followed; `None` for all.
    pub selected: Option<Selector>,
    /// Rates and pauses.
    pub pace: Pace,
    /// Counters, and the state for probes.
    pub progress: Progress,
    /// Ends it, and releases the Lease.
    pub stop: CancellationToken,
}

/// Rates and pauses for following builds.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How often the Lease is read.
    pub look: Duration,
    /// The pause before the second try; each further pause is twice as long.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// The number of tries.
    pub tries: u32,
    /// The pause before following restarts after a panic.
    pub after_panic: Duration,
    /// The least time between two lists of all builds that are made because some did not fit into the queue.
    pub between_lists: Duration,
}

impl Default for Pace {
    /// Ten tries within about a quarter of an hour, when OpenShift's schedule would have imported.
    fn default() -> Self {
        Self {
            look: Duration::from_secs(2),
            first_pause: Duration::from_secs(1),
            longest_pause: Duration::from_mins(5),
            tries: 10,
            after_panic: Duration::from_secs(30),
            between_lists: Duration::from_mins(5),
        }
    }
}

impl FollowBuilds {
    /// Follows builds until it is stopped or `tasks` end.
    pub fn start(self, tasks: &mut JoinSet<()>) {
        let (progress, stop) = (self.progress.clone(), self.stop.clone());
        let pause = self.pace.after_panic;
        tasks.spawn(supervise(progress, pause, stop, move || {
            lead::lead(self.clone())
        }));
    }
}
