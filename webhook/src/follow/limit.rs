//! A rate for each namespace: so much a minute, and a little more after a pause.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::time::Instant;

/// Namespaces that are remembered before those that have their burst back are forgotten.
const SWEEP: usize = 256;

/// How much each namespace may do.
#[derive(Debug)]
pub(super) struct Limiter {
    /// The time that one takes.
    period: Duration,
    /// How many can be done together after a while without any.
    burst: u32,
    /// When each namespace will have its whole burst back.
    whole: BTreeMap<String, Instant>,
}

impl Limiter {
    /// Imports: ten a minute.
    pub(super) fn of_imports() -> Self {
        Self::new(Duration::from_secs(6), 10)
    }

    /// Builds that are looked at, each of which costs a list of the namespace's streams: thirty a
    /// minute.
    pub(super) fn of_looks() -> Self {
        Self::new(Duration::from_secs(2), 30)
    }

    fn new(period: Duration, burst: u32) -> Self {
        Self {
            period,
            burst,
            whole: BTreeMap::new(),
        }
    }

    /// When the next of a namespace may be.
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
    /// When it may be instead; then nothing is charged.
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
        let mut limiter = Limiter::of_looks();
        for number in 0..SWEEP {
            limiter.take(&number.to_string(), start).unwrap();
        }
        let later = start + limiter.period * 2;
        limiter.take("snow", later).unwrap();
        assert_eq!(limiter.whole.len(), 1);
    }
}
