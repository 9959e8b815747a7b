//! A panic ends one run, and neither the next nor anything else.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::metrics::{FollowMetrics, SourceState};

/// Runs it for ever, again and again, each time in a task of its own.
pub(super) async fn supervise<F>(metrics: FollowMetrics, pause: Duration, run: impl Fn() -> F)
where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        // Ends with this future.
        let mut task = JoinSet::new();
        task.spawn(run());
        if let Some(Err(error)) = task.join_next().await
            && error.is_panic()
        {
            metrics.panicked();
            tracing::error!("following builds panicked; it begins anew");
        }
        metrics.leader(false);
        metrics.queue(0);
        metrics.state(SourceState::Off);
        sleep(pause).await;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;
    use crate::metrics::Metrics;

    #[tokio::test(start_paused = true)]
    async fn a_panic_is_counted_and_survived() {
        let metrics = Metrics::new();
        let (runs, third) = (Arc::new(AtomicUsize::new(0)), Arc::new(Notify::new()));
        let (count, reached) = (Arc::clone(&runs), Arc::clone(&third));
        let run = move || {
            let (count, reached) = (Arc::clone(&count), Arc::clone(&reached));
            async move {
                let before = count.fetch_add(1, Ordering::Relaxed);
                assert!(before >= 2, "hunter2");
                reached.notify_one();
                std::future::pending::<()>().await;
            }
        };
        let supervised = supervise(metrics.follow().clone(), Duration::from_secs(30), run);
        tokio::select! {
            () = supervised => {}
            () = third.notified() => {}
        }
        assert_eq!(runs.load(Ordering::Relaxed), 3);
        let text = metrics.encode();
        assert!(text.contains("extreg_follow_panics_total 2\n"), "{text}");
    }
}
