//! Following builds, beside admission and apart from it: a client, a Lease and a task of its own.
//! Whatever happens here, admission does not notice.
//!
//! One replica, the holder of a Lease, watches Builds. Of each that has completed it keeps a few words
//! in a bounded queue; for each the streams of its namespace are listed, [`extreg_core::follow`]
//! says which tags come from the image that was pushed, and one ImageStreamImport for each stream
//! imports them with the policies they have. What fails is tried again with growing pauses, at most
//! so many at once and so many a minute for one namespace.
//!
//! Nothing is stored. A replica that takes over looks at the builds that have completed since the one
//! before it renewed the Lease for the last time, and some minutes before that; what is up to date is
//! recognised by its digest.

mod answer;
mod api;
mod build;
mod event;
mod lead;
mod limit;
mod memory;
mod queue;
mod supervise;
mod work;

use std::time::Duration;

use extreg_core::policy::Selector;
use kube::Client;
use tokio::task::JoinSet;

use crate::metrics::FollowMetrics;
use supervise::supervise;

/// Following builds, ready to start.
#[derive(Clone)]
pub struct FollowBuilds {
    /// A client of its own, which tries nothing again by itself.
    pub client: Client,
    /// The webhook's own namespace, where the Lease is.
    pub namespace: String,
    /// A name that no other replica has.
    pub replica: String,
    /// The namespaces that are followed; none for all.
    pub selected: Option<Selector>,
    /// How fast.
    pub pace: Pace,
    /// Where it is counted.
    pub metrics: FollowMetrics,
}

/// How fast builds are followed.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// How often the Lease is looked at.
    pub look: Duration,
    /// The pause before something is tried for the second time; each next one is twice as long.
    pub first_pause: Duration,
    /// The longest pause.
    pub longest_pause: Duration,
    /// How often it is tried.
    pub tries: u32,
    /// The pause before following begins anew after a panic.
    pub after_panic: Duration,
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
        }
    }
}

impl FollowBuilds {
    /// Follows builds until `tasks` end.
    pub fn start(self, tasks: &mut JoinSet<()>) {
        let metrics = self.metrics.clone();
        let pause = self.pace.after_panic;
        tasks.spawn(supervise(metrics, pause, move || lead::lead(self.clone())));
    }
}
