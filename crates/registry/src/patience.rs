//! Waiting, visibly, for a registry that received too many requests.

use std::time::{Duration, Instant};

use extreg_terminal::Printer;

use super::RegistryError;

/// The total waiting time without a limit.
const PATIENCE: Duration = Duration::from_mins(5);
const SECOND: Duration = Duration::from_secs(1);

/// How long to wait for a registry that received too many requests, and where to show it.
#[derive(Clone, Copy)]
pub struct Patience<'p> {
    printer: &'p Printer,
    end: Instant,
}

impl<'p> Patience<'p> {
    /// Until `limit` after `started`; without a limit five minutes.
    pub fn new(printer: &'p Printer, started: Instant, limit: Option<Duration>) -> Self {
        let end = later(started, limit.unwrap_or(PATIENCE));
        Self { printer, end }
    }

    /// Runs a request, and retries it when the registry `host` allows, within the time
    /// limit. A request is not retried if the registry reports no time, or if its pull limit is used
    /// up: that result is the answer.
    pub async fn retry<T>(
        self,
        host: &str,
        request: impl AsyncFn() -> Result<T, RegistryError>,
    ) -> Result<T, RegistryError> {
        loop {
            let refused = match request().await {
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
            // A registry that repeatedly returns zero must not be overloaded.
            let until = later(Instant::now(), (*wait).max(SECOND));
            if until >= self.end {
                return Err(refused);
            }
            count_down(host, until, self.printer).await;
        }
    }
}

/// That much later; a time that is too far away to represent counts as now, which does not
/// matter for a wait.
fn later(from: Instant, by: Duration) -> Instant {
    from.checked_add(by).unwrap_or(from)
}

async fn count_down(host: &str, until: Instant, printer: &Printer) {
    let left = || {
        let left = until.saturating_duration_since(Instant::now());
        // The last second is one.
        left.as_millis().div_ceil(1000)
    };
    let text = |left| format!("{host} received too many requests, retrying in {left}s");
    if !printer.has_status() {
        printer.note(text(left()));
        tokio::time::sleep_until(until.into()).await;
        return;
    }
    while left() > 0 {
        printer.status(&text(left()));
        let next = later(Instant::now(), SECOND);
        tokio::time::sleep_until(next.min(until).into()).await;
    }
    printer.clear_status();
}
