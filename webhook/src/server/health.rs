//! Probes and metrics.

use std::fmt::Write as _;
use std::sync::Arc;

use axum::extract;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::header::CONTENT_TYPE;

use super::state::State;
use crate::metrics::Metrics;
use crate::reviewer::Reviewer;

/// The process answers, so it is alive: a restart fixes nothing that `/readyz` reports.
pub(super) async fn live() -> &'static str {
    "ok\n"
}

/// 200 if it can serve reviews, 503 with the reasons otherwise, one line for each check.
pub(super) async fn ready<R: Reviewer>(
    extract::State(state): extract::State<Arc<State<R>>>,
) -> Response {
    let mut status = StatusCode::OK;
    let mut text = String::new();
    for (check, outcome) in state.checks() {
        // Writing to a string cannot fail.
        let _ = match outcome {
            Ok(()) => writeln!(text, "[+] {check}"),
            Err(reason) => {
                status = StatusCode::SERVICE_UNAVAILABLE;
                writeln!(text, "[-] {check}: {reason}")
            }
        };
    }
    (status, text).into_response()
}

/// All series.
pub(super) async fn metrics<R: Reviewer>(
    extract::State(state): extract::State<Arc<State<R>>>,
) -> Response {
    (
        [(CONTENT_TYPE, Metrics::CONTENT_TYPE)],
        state.metrics.encode(),
    )
        .into_response()
}
