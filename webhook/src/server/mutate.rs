//! `POST /mutate`: one review in, one answer out, one log line, one sample.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract;
use axum::response::{IntoResponse, Response};
use futures::FutureExt as _;
use http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Request as HttpRequest, StatusCode, Version};
use tokio::time::{Instant, timeout_at};

use super::body::{self, Refused};
use super::state::State;
use crate::metrics::{Decision, Operation, Resource};
use crate::reviewer::{Review, Reviewer};
use crate::wire::{self, Request};

/// What users see when the deadline has passed.
const OUT_OF_TIME: &str = "extreg: no decision in time, so nothing was injected";

/// Answers one review.
pub(super) async fn mutate<R: Reviewer>(
    extract::State(state): extract::State<Arc<State<R>>>,
    request: HttpRequest<Body>,
) -> Response {
    let started = Instant::now();
    let _in_flight = state.metrics.in_flight();
    let closing = state.is_draining() && request.version() < Version::HTTP_2;
    let mut response = if let Ok(_slot) = state.slots.try_acquire() {
        answer(&state, started, request.into_body()).await
    } else {
        body::discard_arrived(request.into_body()).await;
        refuse(&state, started, Decision::Shed, "too many requests at once")
    };
    if closing {
        // HTTP/2 has GOAWAY for this; here the client has to be told to connect elsewhere while
        // this server still listens.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    response
}

async fn answer<R: Reviewer>(state: &State<R>, started: Instant, body: Body) -> Response {
    let deadline = started + state.limits.deadline;
    let receiving = body::receive(body, state.limits.body, &state.budget);
    let received = match timeout_at(deadline, receiving).await {
        Ok(Ok(received)) => received,
        Ok(Err(Refused::TooLarge)) => {
            return refuse(state, started, Decision::TooLarge, "the body is too large");
        }
        Ok(Err(Refused::Busy)) => {
            return refuse(state, started, Decision::Shed, "too much at once");
        }
        Ok(Err(Refused::Broken)) => {
            return refuse(state, started, Decision::BadRequest, "the body broke off");
        }
        Err(_) => {
            return refuse(
                state,
                started,
                Decision::SlowBody,
                "the body came too slowly",
            );
        }
    };
    let request = match Request::parse(&received.bytes) {
        Ok(request) => request,
        Err(error) => {
            return refuse(state, started, Decision::BadRequest, &error.to_string());
        }
    };
    let deciding = AssertUnwindSafe(state.reviewer.review(request.clone())).catch_unwind();
    let review = match timeout_at(deadline, deciding).await {
        Ok(Ok(review)) => review,
        Ok(Err(_)) => {
            record(state, &request, Decision::Panic, started.elapsed());
            return (StatusCode::INTERNAL_SERVER_ERROR, "internal error\n").into_response();
        }
        Err(_) => Review {
            decision: Decision::Deadline,
            warnings: vec![OUT_OF_TIME.to_owned()],
            ..Review::default()
        },
    };
    for field in &review.fields {
        state.metrics.patched(*field);
    }
    for reason in &review.skipped {
        state.metrics.skipped(*reason);
    }
    let response = wire::Response {
        uid: &request.uid,
        patch: review.patch.as_deref(),
        warnings: &review.warnings,
        audit: &review.audit,
    };
    let response = match response.to_json() {
        Ok(json) => {
            let json_type = HeaderValue::from_static("application/json");
            ([(CONTENT_TYPE, json_type)], json).into_response()
        }
        // Writing strings to memory cannot fail.
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    };
    record(state, &request, review.decision, started.elapsed());
    response
}

/// Counts and logs a request that was read.
fn record<R>(state: &State<R>, request: &Request<'_>, decision: Decision, duration: Duration) {
    let resource = Resource::of(request);
    let operation = Operation::from(request.operation);
    state
        .metrics
        .request(resource, operation, decision, duration);
    tracing::info!(
        uid = &*clean(&request.uid),
        resource = resource.as_str(),
        operation = operation.as_str(),
        namespace = &*clean(&request.namespace),
        name = &*clean(&request.name),
        dry_run = request.dry_run,
        decision = decision.as_str(),
        micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
        "review"
    );
}

/// Counts, logs and answers a request that was not read, or is no review. `reason` holds nothing
/// of the body.
fn refuse<R>(state: &State<R>, started: Instant, decision: Decision, reason: &str) -> Response {
    let duration = started.elapsed();
    state
        .metrics
        .request(Resource::Other, Operation::Other, decision, duration);
    tracing::warn!(
        decision = decision.as_str(),
        micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
        reason,
        "refused"
    );
    let text = format!("{reason}\n");
    match decision {
        Decision::Shed => {
            (StatusCode::TOO_MANY_REQUESTS, [(RETRY_AFTER, "1")], text).into_response()
        }
        Decision::SlowBody => (StatusCode::REQUEST_TIMEOUT, text).into_response(),
        Decision::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, text).into_response(),
        _ => (StatusCode::BAD_REQUEST, text).into_response(),
    }
}

/// A name as it may be logged: whoever reaches the port can send anything for it.
fn clean(name: &str) -> Cow<'_, str> {
    const LONGEST: usize = 253;
    let plain = |character: char| !character.is_control();
    if name.len() <= LONGEST && name.chars().all(plain) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(name.chars().filter(|c| plain(*c)).take(LONGEST).collect())
    }
}
