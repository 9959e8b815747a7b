//! How a source of facts is doing.

use std::time::{Duration, Instant};

use crate::metrics::SourceState;

/// A source that has not complained for this long has recovered: a watch that was taken up again
/// says so only with the next change. Longer than the longest pause between two tries.
const RECOVERED_AFTER: Duration = Duration::from_mins(1);
/// What was known when a source broke down is believed for this long.
const BELIEVED_FOR: Duration = Duration::from_mins(2);

/// How a source is doing, and why not better.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceHealth {
    /// The state.
    pub state: SourceState,
    /// Why it is not ready; empty when it is.
    pub message: String,
}

/// Follows the successes and failures of one source.
#[derive(Clone, Debug, Default)]
pub struct Health {
    complete: bool,
    trouble: Option<Trouble>,
}

#[derive(Clone, Debug)]
struct Trouble {
    state: SourceState,
    message: String,
    since: Instant,
    last: Instant,
}

impl Health {
    /// Everything is known as of now.
    pub fn complete(&mut self) {
        self.complete = true;
        self.trouble = None;
    }

    /// Something came, so the source works.
    pub fn alive(&mut self) {
        if self.complete {
            self.trouble = None;
        }
    }

    /// It failed. Only [`SourceState::Off`] ends what was known at once: an API server that starts
    /// refuses everybody for a moment.
    pub fn failed(&mut self, state: SourceState, message: String, now: Instant) {
        if state == SourceState::Off {
            self.complete = false;
        }
        let since = match &self.trouble {
            Some(trouble) if !trouble.is_over(now) => trouble.since,
            _ => now,
        };
        self.trouble = Some(Trouble {
            state,
            message,
            since,
            last: now,
        });
    }

    /// Whether what it said may be believed.
    pub fn is_known(&self, now: Instant) -> bool {
        self.complete
            && self
                .trouble
                .as_ref()
                .is_none_or(|trouble| trouble.is_over(now) || now - trouble.since < BELIEVED_FOR)
    }

    /// The state, for metrics and policy status.
    pub fn report(&self, now: Instant) -> SourceHealth {
        let (state, message) = match &self.trouble {
            Some(trouble) if !self.complete || !trouble.is_over(now) => {
                (trouble.state, trouble.message.clone())
            }
            _ if self.complete => (SourceState::Ready, String::new()),
            _ => (SourceState::Starting, "not listed yet".to_owned()),
        };
        SourceHealth { state, message }
    }
}

impl Trouble {
    fn is_over(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.last) >= RECOVERED_AFTER
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_believed_for_a_while_and_recovers() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut health = Health::default();
        assert_eq!(health.report(start).state, SourceState::Starting);
        assert!(!health.is_known(start));

        health.failed(SourceState::Down, "no route".to_owned(), start);
        assert_eq!(health.report(at(1)).state, SourceState::Down);
        assert!(!health.is_known(at(1)));

        health.complete();
        assert_eq!(health.report(at(2)).state, SourceState::Ready);
        assert!(health.is_known(at(2)));

        for second in [10, 40, 70, 100] {
            health.failed(SourceState::Down, "no route".to_owned(), at(second));
            assert!(health.is_known(at(second)));
        }
        assert_eq!(health.report(at(100)).message, "no route");
        // No success for two minutes: unknown. No failure for one: recovered.
        health.failed(SourceState::Down, "no route".to_owned(), at(131));
        assert!(!health.is_known(at(131)));
        assert!(health.is_known(at(191)));
        assert_eq!(health.report(at(191)).state, SourceState::Ready);
    }

    #[test]
    fn a_refusal_ends_what_was_known_when_it_lasts() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let refuse = |health: &mut Health, second| {
            health.failed(SourceState::Forbidden, "no".to_owned(), at(second));
        };
        let mut health = Health::default();
        refuse(&mut health, 0);
        assert!(!health.is_known(at(0)));
        health.complete();
        for second in [10, 40, 70, 100, 129] {
            refuse(&mut health, second);
            assert!(health.is_known(at(second)), "{second}");
        }
        refuse(&mut health, 130);
        assert!(!health.is_known(at(130)));
        assert_eq!(health.report(at(130)).state, SourceState::Forbidden);
    }

    #[test]
    fn a_resource_that_is_gone_ends_what_was_known_at_once() {
        let now = Instant::now();
        let mut health = Health::default();
        health.complete();
        health.failed(SourceState::Off, "gone".to_owned(), now);
        assert!(!health.is_known(now));
        let later = now + RECOVERED_AFTER * 2;
        assert!(!health.is_known(later));
        assert_eq!(health.report(later).state, SourceState::Off);
    }
}
