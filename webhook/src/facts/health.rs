//! Whether a source of facts works, judged by its last sign of life.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::Instant;

use crate::metrics::SourceState;

/// Facts of a source are trusted for this long after its last sign of life. API servers send a
/// bookmark on each watch about every minute, and a connection that is silent for longer is closed.
pub(crate) const BELIEVED_FOR: Duration = Duration::from_mins(2);
/// A source that is read on demand shows its last failure for this long.
const FAILURE_SHOWN_FOR: Duration = Duration::from_mins(5);

/// The state of a source, and why it is not ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceHealth {
    /// The state of the source.
    pub state: SourceState,
    /// Why it is not ready; empty when it is.
    pub message: String,
}

/// When a source was last seen to work. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct Pulse {
    started: Instant,
    /// Milliseconds since `started`, plus one; 0 before the first sign of life.
    last: Arc<AtomicU64>,
}

impl Default for Pulse {
    fn default() -> Self {
        Self {
            started: Instant::now(),
            last: Arc::default(),
        }
    }
}

impl Pulse {
    /// The source works now.
    pub(crate) fn beat(&self, now: Instant) {
        let since = now.saturating_duration_since(self.started).as_millis();
        let since = u64::try_from(since).unwrap_or(u64::MAX).saturating_add(1);
        self.last.fetch_max(since, Ordering::Relaxed);
    }

    fn last(&self) -> Option<Instant> {
        let since = self.last.load(Ordering::Relaxed).checked_sub(1)?;
        self.started.checked_add(Duration::from_millis(since))
    }
}

/// Records the successes and failures of one source.
#[derive(Clone, Debug, Default)]
pub struct Health {
    complete: bool,
    pulse: Pulse,
    failure: Option<Failure>,
}

#[derive(Clone, Debug)]
struct Failure {
    state: SourceState,
    message: String,
    at: Instant,
}

impl Health {
    /// The list is complete as of now.
    pub fn complete(&mut self, now: Instant) {
        self.complete = true;
        self.alive(now);
    }

    /// A change arrived, so the source works.
    pub fn alive(&mut self, now: Instant) {
        self.failure = None;
        self.pulse.beat(now);
    }

    /// It failed. Only [`SourceState::Off`] drops the facts known so far: an API server that
    /// starts refuses all requests for a while.
    pub fn failed(&mut self, state: SourceState, message: String, now: Instant) {
        if state == SourceState::Off {
            self.complete = false;
        }
        self.failure = Some(Failure {
            state,
            message,
            at: now,
        });
    }

    /// The sign of life that the connection to the source records.
    pub(crate) fn pulse(&self) -> Pulse {
        self.pulse.clone()
    }

    /// Whether its facts can be trusted.
    pub fn is_known(&self, now: Instant) -> bool {
        self.complete && self.age(now) < BELIEVED_FOR
    }

    /// The time since its last sign of life, or since the start without one.
    pub fn age(&self, now: Instant) -> Duration {
        let last = self.pulse.last().unwrap_or(self.pulse.started);
        now.saturating_duration_since(last)
    }

    /// The state, for metrics and policy status.
    pub fn report(&self, now: Instant) -> SourceHealth {
        if let Some(failure) = self.lasting_failure() {
            return failure.report();
        }
        let age = self.age(now);
        let silent = age >= BELIEVED_FOR;
        match self.complete {
            true if !silent => SourceHealth {
                state: SourceState::Ready,
                message: String::new(),
            },
            false if !silent => SourceHealth {
                state: SourceState::Starting,
                message: "no list received yet".to_owned(),
            },
            true | false => SourceHealth {
                state: SourceState::Down,
                message: format!("no response for {} seconds", age.as_secs()),
            },
        }
    }

    /// The state of a source that is read on demand, which is not down while it is idle.
    pub fn report_on_demand(&self, now: Instant) -> SourceHealth {
        match self.lasting_failure() {
            Some(failure) if now.saturating_duration_since(failure.at) < FAILURE_SHOWN_FOR => {
                failure.report()
            }
            _ if self.complete => SourceHealth {
                state: SourceState::Ready,
                message: String::new(),
            },
            _ => SourceHealth {
                state: SourceState::Off,
                message: "not read yet".to_owned(),
            },
        }
    }

    /// The last failure, unless a sign of life came after it.
    fn lasting_failure(&self) -> Option<&Failure> {
        let last = self.pulse.last();
        self.failure
            .as_ref()
            .filter(|failure| last.is_none_or(|last| last <= failure.at))
    }
}

impl Failure {
    fn report(&self) -> SourceHealth {
        SourceHealth {
            state: self.state,
            message: self.message.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A health, with its events at given seconds.
    fn health() -> (Health, impl Fn(u64) -> Instant) {
        let health = Health::default();
        let start = health.pulse.started;
        (health, move |second| start + Duration::from_secs(second))
    }

    #[test]
    fn facts_expire_two_minutes_after_the_last_sign_of_life() {
        let (mut health, at) = health();
        assert_eq!(health.report(at(0)).state, SourceState::Starting);
        assert!(!health.is_known(at(0)));
        health.complete(at(1));
        assert!(health.is_known(at(120)));
        assert_eq!(health.report(at(120)).state, SourceState::Ready);
        assert_eq!(health.age(at(120)), Duration::from_secs(119));
        // Silence is enough, without a failure.
        assert!(!health.is_known(at(121)));
        assert_eq!(health.report(at(121)).state, SourceState::Down);
        assert_eq!(
            health.report(at(121)).message,
            "no response for 120 seconds"
        );
        health.pulse().beat(at(200));
        assert!(health.is_known(at(319)));
        assert_eq!(health.report(at(319)).state, SourceState::Ready);
    }

    #[test]
    fn a_source_that_never_answers_is_down() {
        let (health, at) = health();
        assert_eq!(health.report(at(119)).state, SourceState::Starting);
        assert_eq!(health.report(at(120)).state, SourceState::Down);
    }

    #[test]
    fn a_failure_lasts_until_the_next_sign_of_life_and_never_flaps() {
        for state in [SourceState::Down, SourceState::Forbidden] {
            let (mut health, at) = health();
            health.failed(state, "no route".to_owned(), at(0));
            assert!(!health.is_known(at(0)));
            assert_eq!(health.report(at(1_000)).state, state);
            health.complete(at(1_000));
            // Failures far apart: down all the time, known for two minutes.
            for second in [1_010, 1_100, 1_119] {
                health.failed(state, "no route".to_owned(), at(second));
                assert!(health.is_known(at(second)), "{second}");
                assert_eq!(health.report(at(second + 70)).state, state, "{second}");
            }
            assert!(!health.is_known(at(1_120)));
            // The watch is resumed without an event.
            health.pulse().beat(at(1_500));
            assert!(health.is_known(at(1_500)));
            assert_eq!(health.report(at(1_500)).state, SourceState::Ready);
        }
    }

    #[test]
    fn a_removed_resource_ends_its_facts_immediately() {
        let (mut health, at) = health();
        health.complete(at(0));
        health.failed(SourceState::Off, "gone".to_owned(), at(1));
        assert!(!health.is_known(at(1)));
        assert_eq!(health.report(at(1_000)).state, SourceState::Off);
    }

    #[test]
    fn a_source_on_demand_is_not_down_for_being_idle() {
        let (mut health, at) = health();
        assert_eq!(health.report_on_demand(at(1_000)).state, SourceState::Off);
        health.complete(at(1_000));
        assert_eq!(health.report_on_demand(at(9_000)).state, SourceState::Ready);
        health.failed(SourceState::Down, "late".to_owned(), at(9_001));
        assert_eq!(health.report_on_demand(at(9_300)).state, SourceState::Down);
        assert_eq!(health.report_on_demand(at(9_301)).state, SourceState::Ready);
    }
}
