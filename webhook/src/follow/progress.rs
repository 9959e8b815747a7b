//! What the probes and `/metrics` show of following builds.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::facts::SourceHealth;
use crate::metrics::{FollowMetrics, SourceState};

/// The loop that follows builds takes a turn every few seconds; without one for this long it hangs.
const HANGS_AFTER: Duration = Duration::from_mins(1);
/// For this long an answer about the Lease counts: twice what a holder has to renew it.
const ANSWER_COUNTS: Duration = Duration::from_secs(30);

/// How following builds is doing. Cloning is cheap and shares it.
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

    /// Whether the loop takes its turns; why not otherwise.
    ///
    /// # Errors
    /// A reason for people.
    pub fn is_alive(&self, now: Instant) -> Result<(), String> {
        let since = now.saturating_duration_since(self.inner().turn);
        if since < HANGS_AFTER {
            Ok(())
        } else {
            Err(format!("no turn for {} s", since.as_secs()))
        }
    }

    /// Whether this replica follows builds or can take over from the one that does.
    ///
    /// # Errors
    /// A reason for people.
    pub fn is_ready(&self, now: Instant) -> Result<(), String> {
        self.is_alive(now)?;
        let inner = self.inner();
        let answered = inner.answered.map(|at| now.saturating_duration_since(at));
        if answered.is_none_or(|since| since >= ANSWER_COUNTS) {
            return Err("the Lease cannot be read or written".to_owned());
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

    /// The loop takes a turn. `answered` if the API server has answered about the Lease.
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

    /// This replica begins to follow builds.
    pub(super) fn lead(&self) {
        self.inner().leads = true;
        self.metrics.leader(true);
    }

    /// How the watch of builds is doing, and how many wait.
    pub(super) fn report(&self, builds: SourceHealth, waiting: usize) {
        self.metrics.queue(waiting);
        self.metrics.state(builds.state);
        let mut inner = self.inner();
        inner.turn = Instant::now();
        inner.builds = builds;
    }

    /// This replica does not follow builds any more.
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
    fn probes_tell_a_hanging_replica_from_one_that_waits() {
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
            message: "the account may not".to_owned(),
        };
        progress.report(health(SourceState::Forbidden), 0);
        let why = progress.is_ready(now()).unwrap_err();
        assert_eq!(why, "builds: the account may not");
        progress.report(health(SourceState::Ready), 0);
        assert_eq!(progress.is_ready(now()), Ok(()));
        progress.rest();
        assert_eq!(progress.is_ready(now()), Ok(()));
    }
}
