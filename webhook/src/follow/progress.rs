//! The state of following builds for the probes and `/metrics`.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::facts::SourceHealth;
use crate::metrics::{FollowMetrics, SourceState};

/// The loop that follows builds runs every few seconds; without a run for this long it hangs.
const HANGS_AFTER: Duration = Duration::from_mins(1);
/// An answer about the Lease is valid for this long: twice the time that a holder has to renew it.
const ANSWER_COUNTS: Duration = Duration::from_secs(30);

/// The state of following builds. Cloning is cheap and shares it.
#[derive(Clone, Debug)]
pub struct Progress {
    metrics: FollowMetrics,
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug)]
struct Inner {
    turn: Instant,
    answered: Option<Instant>,
    leads: bool,
    builds: SourceHealth,
}

impl Progress {
    /// Nothing is known yet.
    pub fn new(metrics: FollowMetrics) -> Self {
        let inner = Inner {
            turn: Instant::now(),
            answered: None,
            leads: false,
            builds: off(),
        };
        Self {
            metrics,
            inner: Arc::new(Mutex::new(inner)),
        }
    }

    /// Checks whether the loop runs.
    ///
    /// # Errors
    /// A reason for users.
    pub fn is_alive(&self, now: Instant) -> Result<(), String> {
        let since = now.saturating_duration_since(self.inner().turn);
        if since < HANGS_AFTER {
            Ok(())
        } else {
            Err(format!("the loop has not run for {} s", since.as_secs()))
        }
    }

    /// Checks whether this replica follows builds or can take over from the one that does.
    ///
    /// # Errors
    /// A reason for users.
    pub fn is_ready(&self, now: Instant) -> Result<(), String> {
        self.is_alive(now)?;
        let inner = self.inner();
        let answered = inner.answered.map(|at| now.saturating_duration_since(at));
        if answered.is_none_or(|since| since >= ANSWER_COUNTS) {
            return Err("cannot read or write the Lease".to_owned());
        }
        if inner.leads && inner.builds.state != SourceState::Ready {
            return Err(format!("builds: {}", inner.builds.message));
        }
        Ok(())
    }

    /// The instruments.
    pub(super) fn metrics(&self) -> &FollowMetrics {
        &self.metrics
    }

    /// The loop runs. `answered` if the API server has answered about the Lease.
    pub(super) fn turn(&self, answered: bool) {
        self.inner().turn = Instant::now();
        self.answered(answered);
    }

    /// Whether the API server has answered about the Lease.
    pub(super) fn answered(&self, answered: bool) {
        if answered {
            self.inner().answered = Some(Instant::now());
        }
    }

    /// This replica starts to follow builds.
    pub(super) fn lead(&self) {
        self.inner().leads = true;
        self.metrics.leader(true);
    }

    /// The state of the watch of builds, and the number that wait.
    pub(super) fn report(&self, builds: SourceHealth, waiting: usize) {
        self.metrics.queue(waiting);
        self.metrics.state(builds.state);
        let mut inner = self.inner();
        inner.turn = Instant::now();
        inner.builds = builds;
    }

    /// This replica no longer follows builds.
    pub(super) fn rest(&self) {
        self.metrics.leader(false);
        self.metrics.queue(0);
        self.metrics.state(SourceState::Off);
        let mut inner = self.inner();
        inner.leads = false;
        inner.builds = off();
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn off() -> SourceHealth {
    SourceHealth {
        state: SourceState::Off,
        message: "not watched".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::ImporterMetrics;

    #[test]
    fn probes_distinguish_a_hanging_replica_from_a_waiting_one() {
        let progress = Progress::new(ImporterMetrics::new().follow().clone());
        let now = Instant::now;
        assert_eq!(progress.is_alive(now()), Ok(()));
        assert!(progress.is_ready(now()).unwrap_err().contains("Lease"));

        // Another replica leads.
        progress.turn(true);
        assert_eq!(progress.is_ready(now()), Ok(()));
        let later = now() + ANSWER_COUNTS;
        assert_eq!(progress.is_alive(later), Ok(()));
        assert!(progress.is_ready(later).unwrap_err().contains("Lease"));
        assert!(progress.is_alive(now() + HANGS_AFTER).is_err());
        assert!(progress.is_ready(now() + HANGS_AFTER).is_err());

        // This one does.
        progress.lead();
        let health = |state| SourceHealth {
            state,
            message: "permission denied".to_owned(),
        };
        progress.report(health(SourceState::Forbidden), 0);
        let why = progress.is_ready(now()).unwrap_err();
        assert_eq!(why, "builds: permission denied");
        progress.report(health(SourceState::Ready), 0);
        assert_eq!(progress.is_ready(now()), Ok(()));
        progress.rest();
        assert_eq!(progress.is_ready(now()), Ok(()));
    }
}
