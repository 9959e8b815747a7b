//! Tasks that run forever: a panic ends one run of a task, but not the next run or another task.

use std::future::Future;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::facts::Table;
use crate::metrics::{Metrics, SourceState, Task};

/// Long enough that a task which panics repeatedly uses little CPU time.
const PAUSE: Duration = Duration::from_secs(5);

/// Runs a task forever, each run in a separate task, and calls `ended` after each panic.
pub(super) async fn supervise<F>(
    task: Task,
    metrics: Metrics,
    ended: impl Fn(),
    run: impl Fn() -> F,
) where
    F: Future<Output = ()> + Send + 'static,
{
    loop {
        // Ends with this future.
        let mut running = JoinSet::new();
        running.spawn(run());
        let Some(Err(error)) = running.join_next().await else {
            return;
        };
        if error.is_panic() {
            metrics.panicked(task);
            tracing::error!(task = task.as_str(), "task panicked; restarting");
            ended();
        }
        sleep(PAUSE).await;
    }
}

/// Marks the source of a table as down because its watch has panicked.
pub(super) fn panicked<V>(table: &Table<V>) {
    table.failed(
        SourceState::Down,
        "the watch panicked; restarting".to_owned(),
    );
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use k8s_openapi::api::core::v1::Namespace;
    use kube::Client;
    use kube::api::Api;
    use kube::runtime::watcher;
    use serde_json::json;

    use super::*;
    use crate::cluster::watch::{self, Rows};

    /// An API server with one namespace and no events.
    fn client() -> Client {
        let snow = json!([{"metadata": {"name": "snow"}}]);
        extreg_fakes::Api::at([("/api/v1/namespaces", snow)]).in_memory()
    }

    #[tokio::test(start_paused = true)]
    async fn a_conversion_that_panics_is_counted_shown_and_retried() {
        static CONVERSIONS: AtomicUsize = AtomicUsize::new(0);
        let metrics = Metrics::new();
        let table = Arc::new(Table::<()>::default());
        let shown = Arc::clone(&table);
        let run = {
            let (client, table) = (client(), Arc::clone(&table));
            move || {
                let (client, table) = (client.clone(), Arc::clone(&table));
                async move {
                    let rows = Rows::by_name(|_: &Namespace| {
                        assert!(CONVERSIONS.fetch_add(1, Ordering::Relaxed) >= 2, "hunter2");
                    });
                    let config = watcher::Config::default();
                    watch::follow(&client, Api::<Namespace>::all, config, rows, &table, || {})
                        .await;
                }
            }
        };
        let supervised = tokio::spawn(supervise(
            Task::Namespaces,
            metrics.clone(),
            move || panicked(&shown),
            run,
        ));
        sleep(PAUSE + PAUSE / 2).await;
        assert_eq!(table.report().state, SourceState::Down);
        assert!(table.report().message.contains("panicked"));
        sleep(PAUSE).await;
        assert_eq!(table.report().state, SourceState::Ready);
        assert_eq!(table.len(), 1);
        let text = metrics.encode();
        let line = r#"extreg_task_panics_total{task="namespaces"} 2"#;
        assert!(text.lines().any(|other| other == line), "{text}");
        supervised.abort();
    }
}
