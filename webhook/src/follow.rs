//! Following builds: what a build has pushed is imported into the tags that come from it.
//!
//! One replica, the holder of a Lease, watches Builds. Of each that has completed it keeps a few words
//! in a bounded queue; for each the streams of its namespace are listed, [`extreg_core::follow`]
//! decides which tags come from the image that was pushed, and one ImageStreamImport for each stream
//! imports them with the policies they have. What fails is tried again with growing pauses.
//!
//! Builds belong to tenants. Each namespace has its own places in the queue, workers, retries and rate
//! of imports, which are charged before each import; namespaces take turns.
//!
//! Nothing is stored. A replica that takes over considers the builds that have completed since the one
//! before it renewed the Lease for the last time, and some minutes before that; what is up to date is
//! recognized by its digest.

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
    /// A client of its own, which does not retry.
    pub client: Client,
    /// The importer's own namespace, where the Lease is.
    pub namespace: String,
    /// A name that no other replica has.
    pub replica: String,
    /// The namespaces that are followed; none for all.
    pub selected: Option<Selector>,
    /// How fast.
    pub pace: Pace,
    /// Where it is counted, and what probes read.
    pub progress: Progress,
    /// Ends it, and releases the Lease.
    pub stop: CancellationToken,
}

/// How fast builds are followed.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How often the Lease is read.
    pub look: Duration,
    /// The pause before something is tried for the second time; each next one is twice as long.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// How often it is tried.
    pub tries: u32,
    /// The pause before following restarts after a panic.
    pub after_panic: Duration,
    /// The least time between two lists of all builds that are made because some had no place.
    pub between_lists: Duration,
}

impl Default for Pace {
    /// Ten tries within about a quarter of an hour, when OpenShift's schedule would have come.
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
