//! Waiting for a registry that has had too many requests, where one can see it.

use std::time::{Duration, Instant};

use extreg_terminal::Printer;

use super::RegistryError;

/// Waits are as long as this in all where there is no limit.
const PATIENCE: Duration = Duration::from_mins(5);
const SECOND: Duration = Duration::from_secs(1);

/// How long a registry is waited for that has had too many requests, and where that is shown.
#[derive(Clone, Copy)]
pub struct Patience<'p> {
    printer: &'p Printer,
    end: Instant,
}

impl<'p> Patience<'p> {
    /// Until so long after `started`; without a limit five minutes.
    pub fn new(printer: &'p Printer, started: Instant, limit: Option<Duration>) -> Self {
        let end = later(started, limit.unwrap_or(PATIENCE));
        Self { printer, end }
    }

    /// Asks, and asks again when the registry `host` says when to come back, for as long as there is
    /// time. A registry that says no time is not asked again, and neither is one whose limit is used
    /// up: that answers what is asked here.
    pub async fn ask<T>(
        self,
        host: &str,
        ask: impl AsyncFn() -> Result<T, RegistryError>,
    ) -> Result<T, RegistryError> {
        loop {
            let refused = match ask().await {
                Err(error) => error,
                answer => return answer,
            };
            let RegistryError::TooManyRequests {
                retry_after: Some(wait),
                limit: None,
            } = &refused
            else {
                return Err(refused);
            };
            // A registry that says "at once" again and again is not to be hammered.
            let until = later(Instant::now(), (*wait).max(SECOND));
            if until >= self.end {
                return Err(refused);
            }
            count_down(host, until, self.printer).await;
        }
    }
}

/// That much later; a time too far away to be told never comes, which is as good as now for what is
/// waited for.
fn later(from: Instant, by: Duration) -> Instant {
    from.checked_add(by).unwrap_or(from)
}

async fn count_down(host: &str, until: Instant, printer: &Printer) {
    let left = || {
        let left = until.saturating_duration_since(Instant::now());
        // The last second is one.
        left.as_millis().div_ceil(1000)
    };
    let say = |left| format!("{host} has had too many requests, retrying in {left}s");
    if !printer.has_status() {
        printer.note(say(left()));
        tokio::time::sleep_until(until.into()).await;
        return;
    }
    while left() > 0 {
        printer.status(&say(left()));
        let next = later(Instant::now(), SECOND);
        tokio::time::sleep_until(next.min(until).into()).await;
    }
    printer.clear_status();
}
