//! Probes and metrics of the importer.

use std::time::Instant;

use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::CONTENT_TYPE;

use crate::follow::Progress;
use crate::metrics::{ImporterMetrics, Metrics};

/// The state that probes and Prometheus read.
pub(super) fn router(progress: Progress, metrics: ImporterMetrics) -> Router {
    Router::new()
        .route("/livez", get(live))
        .route("/readyz", get(ready))
        .with_state(progress)
        .route("/metrics", get(series))
        .with_state(metrics)
}

/// 200 while builds are followed or waited for, 503 if that hangs: a restart helps.
async fn live(State(progress): State<Progress>) -> Response {
    answer(progress.is_alive(Instant::now()))
}

/// 200 if this replica follows builds or can take over, 503 with the reason otherwise.
async fn ready(State(progress): State<Progress>) -> Response {
    answer(progress.is_ready(Instant::now()))
}

fn answer(outcome: Result<(), String>) -> Response {
    match outcome {
        Ok(()) => "ok\n".into_response(),
        Err(reason) => (StatusCode::SERVICE_UNAVAILABLE, format!("{reason}\n")).into_response(),
    }
}

async fn series(State(metrics): State<ImporterMetrics>) -> Response {
    ([(CONTENT_TYPE, Metrics::CONTENT_TYPE)], metrics.encode()).into_response()
}
