//! The instruments of following builds.

use std::sync::Arc;
use std::time::Duration;

use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

use super::{FollowOutcome, Labels, SourceState, encoded, register, registry};

/// From unnoticeable to the 15 minutes of OpenShift's own schedule.
const BUCKETS: [f64; 10] = [0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0];

/// The instruments of the importer. They are separate from the webhook's: an alert on the webhook's
/// series must not match a process that serves no certificate and has no policies.
#[derive(Clone, Debug)]
pub struct ImporterMetrics {
    registry: Arc<Registry>,
    follow: FollowMetrics,
}

impl ImporterMetrics {
    /// Fresh instruments, all at zero.
    pub fn new() -> Self {
        let mut registry = registry();
        Self {
            follow: FollowMetrics::new(&mut registry),
            registry: Arc::new(registry),
        }
    }

    /// The instruments of following builds.
    pub fn follow(&self) -> &FollowMetrics {
        &self.follow
    }

    /// All of it as text, of the media type [`super::Metrics::CONTENT_TYPE`].
    pub fn encode(&self) -> String {
        encoded(&self.registry)
    }
}

impl Default for ImporterMetrics {
    fn default() -> Self {
        Self::new()
    }
}

/// The counters of following builds. Cloning is cheap and shares them.
#[derive(Clone, Debug)]
pub struct FollowMetrics {
    outcomes: Family<Labels<1>, Counter>,
    states: Family<Labels<1>, Gauge>,
    lag: Histogram,
    leader: Gauge,
    queue: Gauge,
    panics: Counter,
}

impl FollowMetrics {
    fn new(to: &mut Registry) -> Self {
        let lag = Histogram::new(BUCKETS);
        let help = "Seconds from the end of a build to the import of its image";
        to.register("follow_lag_seconds", help, lag.clone());
        let metrics = Self {
            outcomes: register(
                to,
                "follow_outcomes",
                "Results for builds and their streams, by outcome",
            ),
            states: register(
                to,
                "follow_state",
                "1 for the current state of the watch of builds, 0 for each other state",
            ),
            leader: register(to, "follow_leader", "1 if this replica follows builds"),
            queue: register(to, "follow_queue_depth", "Builds waiting to be followed"),
            panics: register(to, "follow_panics", "Restarts of following after a panic"),
            lag,
        };
        metrics.state(SourceState::Off);
        // Alerts watch these: the first event must be an increase.
        for outcome in FollowOutcome::ALL {
            let labels = [("outcome", outcome.as_str())];
            drop(metrics.outcomes.get_or_create(&labels));
        }
        metrics
    }

    /// Counts the result for a build or a stream.
    pub fn outcome(&self, outcome: FollowOutcome) {
        self.outcomes
            .get_or_create(&[("outcome", outcome.as_str())])
            .inc();
    }

    /// Counts the time between the end of a build and the import of its image.
    pub fn lag(&self, lag: Duration) {
        self.lag.observe(lag.as_secs_f64());
    }

    /// The state of the watch of builds; off if this replica has none.
    pub fn state(&self, state: SourceState) {
        for other in SourceState::ALL {
            let labels = [("state", other.as_str())];
            let value = i64::from(*other == state);
            self.states.get_or_create(&labels).set(value);
        }
    }

    /// Whether this replica follows builds.
    pub fn leader(&self, leads: bool) {
        self.leader.set(i64::from(leads));
    }

    /// The number of builds that wait to be followed.
    pub fn queue(&self, depth: usize) {
        self.queue.set(i64::try_from(depth).unwrap_or(i64::MAX));
    }

    /// Counts a panic.
    pub fn panicked(&self) {
        self.panics.inc();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_series_has_its_documented_name() {
        let metrics = ImporterMetrics::new();
        let follow = metrics.follow();
        follow.outcome(FollowOutcome::UpToDate);
        follow.lag(Duration::from_secs(3));
        follow.state(SourceState::Forbidden);
        follow.queue(7);
        let text = metrics.encode();
        for line in [
            r#"extreg_follow_outcomes_total{outcome="up_to_date"} 1"#,
            r#"extreg_follow_lag_seconds_bucket{le="5.0"} 1"#,
            r#"extreg_follow_state{state="forbidden"} 1"#,
            "extreg_follow_queue_depth 7",
            "extreg_follow_leader 0",
            "extreg_follow_panics_total 0",
            "# EOF",
        ] {
            assert!(
                text.lines().any(|other| other == line),
                "{line} is not in\n{text}"
            );
        }
        assert!(text.contains("extreg_build_info"), "{text}");
        for admission in [
            "extreg_cert",
            "extreg_policies",
            "extreg_facts",
            "admission",
        ] {
            assert!(!text.contains(admission), "{admission}");
        }
    }
}
