//! The end of a wait: `--timeout`, or a default of the command.

use std::time::{Duration, Instant};

use crate::{context::Context, error::Error};

/// The time reserved for the last attempt before the end.
const LAST_ATTEMPT: Duration = Duration::from_secs(1);
/// `--timeout` also ends the whole run: a wait ends just before it, to report what it waited for.
const MARGIN: Duration = Duration::from_millis(30);

/// The end of a wait.
#[derive(Clone, Debug)]
pub(crate) struct Deadline {
    end: Instant,
    limit: String,
}

impl Deadline {
    /// `--timeout` counts from the start of the run, `default` from now.
    pub(crate) fn new(context: &Context, default: Duration) -> Self {
        match &context.timeout {
            Some(timeout) => Self {
                end: context.started + timeout.duration.saturating_sub(MARGIN),
                limit: timeout.to_string(),
            },
            None => Self {
                end: Instant::now() + default,
                limit: format!("{}s", default.as_secs()),
            },
        }
    }

    /// The end of `limit` from now, or of `--timeout` if that is earlier.
    pub(crate) fn at_most(context: &Context, limit: Duration) -> Self {
        let given = Self::new(context, limit);
        Self {
            end: given.end.min(Instant::now() + limit),
            ..given
        }
    }

    /// Sleeps before the next attempt: for `pause`, or less to allow a last attempt in time. `false` if the end is
    /// reached.
    pub(crate) async fn pause(&self, pause: Duration) -> bool {
        let (sleep, is_next) = plan(self.remaining(), pause);
        tokio::time::sleep(sleep).await;
        is_next
    }

    /// As [`Self::pause`], but never shorter than `pause`, for a server that requested this delay.
    pub(crate) async fn pause_fully(&self, pause: Duration) -> bool {
        let remaining = self.remaining();
        tokio::time::sleep(pause.min(remaining)).await;
        pause < remaining
    }

    /// The error of a wait that timed out.
    pub(crate) fn timed_out(&self, waited_for: &str) -> Error {
        Error::TimedOut(format!("{}: {waited_for}", self.limit))
    }

    fn remaining(&self) -> Duration {
        self.end.saturating_duration_since(Instant::now())
    }
}

/// How long to sleep, and whether another attempt follows.
fn plan(remaining: Duration, pause: Duration) -> (Duration, bool) {
    if pause + LAST_ATTEMPT <= remaining {
        (pause, true)
    } else if remaining > 2 * LAST_ATTEMPT {
        (remaining.saturating_sub(LAST_ATTEMPT), true)
    } else {
        (remaining, false)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_limit_is_used() {
        let second = Duration::from_secs(1);
        for limit in 0..40 {
            let mut remaining = limit * second;
            let mut pause = 2 * second;
            loop {
                let (sleep, is_next) = plan(remaining, pause);
                assert!(sleep <= remaining && (is_next || sleep == remaining));
                remaining -= sleep;
                if !is_next {
                    break;
                }
                assert!(remaining >= second, "no time for the attempt");
                pause = (30 * second).min(pause * 2);
            }
            assert!(remaining.is_zero(), "{limit}");
        }
    }
}
