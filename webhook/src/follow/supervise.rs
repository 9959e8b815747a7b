//! A panic ends one run, but not the next run or any other task.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use super::Progress;

/// Runs it repeatedly until stopped, each time in a separate task.
pub(super) async fn supervise<F>(
    progress: Progress,
    pause: Duration,
    stop: CancellationToken,
    run: impl Fn() -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    while !stop.is_cancelled() {
        // Ends with this future.
        let mut task = JoinSet::new();
        task.spawn(run());
        if let Some(Err(error)) = task.join_next().await
            && error.is_panic()
        {
            progress.metrics().panicked();
            tracing::error!("build follower panicked; restarting");
        }
        progress.rest();
        tokio::select! {
            () = sleep(pause) => {}
            () = stop.cancelled() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::Notify;

    use super::*;
    use crate::metrics::ImporterMetrics;

    #[tokio::test(start_paused = true)]
    async fn a_panic_is_counted_and_survived() {
        let metrics = ImporterMetrics::new();
        let progress = Progress::new(metrics.follow().clone());
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
        let stop = CancellationToken::new();
        let supervised = supervise(progress, Duration::from_secs(30), stop, run);
        tokio::select! {
            () = supervised => {}
            () = third.notified() => {}
        }
        assert_eq!(runs.load(Ordering::Relaxed), 3);
        let text = metrics.encode();
        assert!(text.contains("extreg_follow_panics_total 2\n"), "{text}");
    }

    #[tokio::test(start_paused = true)]
    async fn it_ends_when_it_is_stopped() {
        let progress = Progress::new(ImporterMetrics::new().follow().clone());
        let stop = CancellationToken::new();
        let inside = stop.clone();
        let run = move || {
            let inside = inside.clone();
            async move { inside.cancel() }
        };
        supervise(progress, Duration::from_secs(30), stop, run).await;
    }
}
