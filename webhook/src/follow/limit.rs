//! A rate for each namespace: a number for each minute, and a small burst after a pause.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

/// The number of namespaces remembered before those with their full burst are dropped.
const SWEEP: usize = 256;

/// The limit of each namespace.
#[derive(Debug)]
pub(super) struct Limiter {
    /// The time for one operation.
    period: Duration,
    /// The burst after a pause.
    burst: u32,
    /// When each namespace will have its full burst again.
    whole: BTreeMap<String, Instant>,
}

impl Limiter {
    /// Imports: ten a minute.
    pub(super) fn of_imports() -> Self {
        Self::new(Duration::from_secs(6), 10)
    }

    /// Builds that are processed, each of which needs a list of the namespace's streams: thirty a
    /// minute.
    pub(super) fn of_processed_builds() -> Self {
        Self::new(Duration::from_secs(2), 30)
    }

    fn new(period: Duration, burst: u32) -> Self {
        Self {
            period,
            burst,
            whole: BTreeMap::new(),
        }
    }

    /// When the namespace's next operation is allowed.
    pub(super) fn ready(&self, namespace: &str, now: Instant) -> Instant {
        let whole = self.whole.get(namespace).copied().unwrap_or(now);
        whole
            .checked_sub(self.period * self.burst.saturating_sub(1))
            .unwrap_or(now)
            .max(now)
    }

    /// Charges one to a namespace.
    ///
    /// # Errors
    /// The time at which it is allowed; then nothing is charged.
    pub(super) fn take(&mut self, namespace: &str, now: Instant) -> Result<(), Instant> {
        let ready = self.ready(namespace, now);
        if ready > now {
            return Err(ready);
        }
        if self.whole.len() >= SWEEP {
            self.whole.retain(|_, whole| *whole > now);
        }
        let whole = self.whole.entry(namespace.to_owned()).or_insert(now);
        *whole = (*whole).max(now) + self.period;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_and_then_one_at_a_time() {
        let start = Instant::now();
        let mut limiter = Limiter::of_imports();
        let period = limiter.period;
        for _ in 0..limiter.burst {
            assert_eq!(limiter.take("snow", start), Ok(()));
        }
        assert_eq!(limiter.take("snow", start), Err(start + period));
        assert_eq!(limiter.take("snow", start), Err(start + period));
        assert_eq!(limiter.take("other", start), Ok(()));
        let later = start + period;
        assert_eq!(limiter.take("snow", later), Ok(()));
        assert_eq!(limiter.take("snow", later), Err(later + period));
    }

    #[test]
    fn idle_namespaces_are_forgotten() {
        let start = Instant::now();
        let mut limiter = Limiter::of_processed_builds();
        for number in 0..SWEEP {
            limiter.take(&number.to_string(), start).unwrap();
        }
        let later = start + limiter.period * 2;
        limiter.take("snow", later).unwrap();
        assert_eq!(limiter.whole.len(), 1);
    }
}
