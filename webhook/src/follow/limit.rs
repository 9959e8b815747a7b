//! So many imports a minute for one namespace.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

/// One every six seconds, ten at once after a while without any.
const PERIOD: Duration = Duration::from_secs(6);
const BURST: u32 = 10;
/// Namespaces that are remembered before those that have their burst back are forgotten.
const SWEEP: usize = 256;

/// When each namespace will have its whole burst back.
#[derive(Debug, Default)]
pub(super) struct Limiter(BTreeMap<String, Instant>);

impl Limiter {
    /// When the next import of a namespace may be.
    pub(super) fn ready(&self, namespace: &str, now: Instant) -> Instant {
        let whole = self.0.get(namespace).copied().unwrap_or(now);
        whole
            .checked_sub(PERIOD * (BURST - 1))
            .unwrap_or(now)
            .max(now)
    }

    /// Counts imports of a namespace.
    pub(super) fn charge(&mut self, namespace: &str, imports: u32, now: Instant) {
        if self.0.len() >= SWEEP {
            self.0.retain(|_, whole| *whole > now);
        }
        let whole = self.0.entry(namespace.to_owned()).or_insert(now);
        *whole = (*whole).max(now) + PERIOD * imports;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_one_at_a_time() {
        let start = Instant::now();
        let mut limiter = Limiter::default();
        for _ in 0..BURST {
            assert_eq!(limiter.ready("snow", start), start);
            limiter.charge("snow", 1, start);
        }
        assert_eq!(limiter.ready("snow", start), start + PERIOD);
        assert_eq!(limiter.ready("other", start), start);
        let later = start + PERIOD;
        assert_eq!(limiter.ready("snow", later), later);
        limiter.charge("snow", 2, later);
        assert_eq!(limiter.ready("snow", later), later + PERIOD * 2);
    }

    #[test]
    fn namespaces_that_are_idle_are_forgotten() {
        let start = Instant::now();
        let mut limiter = Limiter::default();
        for number in 0..SWEEP {
            limiter.charge(&number.to_string(), 1, start);
        }
        limiter.charge("snow", 1, start + PERIOD * 2);
        assert_eq!(limiter.0.len(), 1);
    }
}
