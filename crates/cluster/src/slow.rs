//! Shows what a program waits for.

use std::{future::Future, time::Duration};

use extreg_terminal::Printer;
use tokio::time::{Instant, sleep};

/// On a terminal, a wait is shown after this time.
const SHOWN_AFTER: Duration = Duration::from_secs(1);
/// Otherwise after this time: a log does not need every short wait.
const LOGGED_AFTER: Duration = Duration::from_secs(5);

/// Waits for `work`. If it takes long, shows `waiting for WHAT`: on a terminal in the status line while it shows nothing
/// else, otherwise as one line.
pub async fn show_if_slow<T>(printer: &Printer, what: &str, work: impl Future<Output = T>) -> T {
    let text = format!("waiting for {what}");
    let started = Instant::now();
    tokio::pin!(work);
    loop {
        tokio::select! {
            biased;
            done = &mut work => {
                printer.clear_status_of(&text);
                return done;
            }
            () = sleep(SHOWN_AFTER) => {}
        }
        if printer.has_status() {
            printer.status_if_none(&text);
        } else if started.elapsed() >= LOGGED_AFTER {
            printer.note_once(&text);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use extreg_terminal::{Quiet, testing::printer};

    async fn shown(quiet: Quiet, seconds: u64) -> String {
        let (printer, _, err) = printer(quiet, 0);
        for _ in 0..2 {
            show_if_slow(&printer, "pods", sleep(Duration::from_secs(seconds))).await;
        }
        err.text()
    }

    #[tokio::test(start_paused = true)]
    async fn a_log_has_one_line_for_long_waits_only() {
        assert_eq!(shown(Quiet::No, 4).await, "");
        assert_eq!(shown(Quiet::No, 7).await, "waiting for pods\n");
        assert_eq!(shown(Quiet::Quiet, 7).await, "");
    }
}
