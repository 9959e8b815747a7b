//! `POST /mutate`: one review in, one answer out, one log line, one sample.

use std::borrow::Cow;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract;
use axum::response::{IntoResponse, Response};
use extreg_core::object::Resource;
use futures::FutureExt as _;
use http::header::{CONNECTION, CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderValue, Request as HttpRequest, StatusCode, Version};
use tokio::time::{Instant, timeout_at};

use super::connections::Connection;
use super::intake::{self, Refused};
use super::state::State;
use crate::metrics::{RequestEnd, Shortage, operation_label, resource_label};
use crate::reviewer::{Review, Reviewer};
use crate::wire::{self, GroupResource, Request};

/// The message for users when the deadline has passed.
const OUT_OF_TIME: &str = "extreg: no decision in time, so nothing was injected";

/// Answers one review.
pub(super) async fn mutate<R: Reviewer>(
    extract::State(state): extract::State<Arc<State<R>>>,
    extract::Extension(connection): extract::Extension<Arc<Connection>>,
    request: HttpRequest<Body>,
) -> Response {
    let started = Instant::now();
    let _in_flight = state.metrics.in_flight();
    let closing = state.is_draining() && request.version() < Version::HTTP_2;
    let mut response = answer(&state, started, &connection, request.into_body()).await;
    if closing {
        // HTTP/2 has GOAWAY for this; in HTTP/1 this header makes the client connect elsewhere while
        // this server still listens.
        let close = HeaderValue::from_static("close");
        response.headers_mut().insert(CONNECTION, close);
    }
    response
}

async fn answer<R: Reviewer>(
    state: &State<R>,
    started: Instant,
    connection: &Arc<Connection>,
    body: Body,
) -> Response {
    let deadline = started + state.limits.deadline;
    let receiving = state.intake.receive(body, connection);
    let mut received = match timeout_at(deadline, receiving).await {
        Ok(Ok(received)) => received,
        Ok(Err(refused)) => return refuse(state, started, refused.into()),
        Err(_) => return refuse(state, started, Refusal::SlowBody),
    };
    let Ok(slot) = state.slots.try_acquire() else {
        return refuse(state, started, Refusal::Shed(Shortage::Slots));
    };
    let request = match Request::parse(&received.bytes) {
        Ok(request) => request,
        Err(error) => return refuse(state, started, Refusal::NoReview(error.to_string())),
    };
    let deciding = AssertUnwindSafe(state.reviewer.review(request.clone())).catch_unwind();
    let review = match timeout_at(deadline, deciding).await {
        Ok(Ok(review)) => review,
        Ok(Err(_)) => {
            record(state, &request, RequestEnd::Panic, started.elapsed());
            return (StatusCode::INTERNAL_SERVER_ERROR, "internal error\n").into_response();
        }
        Err(_) => Review {
            end: RequestEnd::Deadline,
            warnings: vec![OUT_OF_TIME.to_owned()],
            ..Review::default()
        },
    };
    for rule in &review.rules {
        state.metrics.patched(*rule);
    }
    for reason in &review.skipped {
        state.metrics.skipped(*reason);
    }
    let json = wire::Response {
        uid: &request.uid,
        patch: review.patch.as_deref(),
        warnings: &review.warnings,
        audit: &review.audit,
    }
    .to_json();
    drop(slot);
    // Writing strings to memory cannot fail.
    let Ok(json) = json else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    // The answer replaces the body in memory.
    if let Err(refused) = state.intake.cover(&mut received.share, json.len()).await {
        return refuse(state, started, refused.into());
    }
    record(state, &request, review.end, started.elapsed());
    let json = intake::answer(json, received.share, connection.answer());
    let json_type = HeaderValue::from_static("application/json");
    ([(CONTENT_TYPE, json_type)], Body::from(json)).into_response()
}

/// Counts and logs a request that was read.
fn record<R>(state: &State<R>, request: &Request<'_>, end: RequestEnd, duration: Duration) {
    let GroupResource { group, resource } = &request.resource;
    let resource = Resource::of_request(group, resource);
    let operation = request.operation;
    state.metrics.request(resource, operation, end, duration);
    tracing::info!(
        uid = &*clean(&request.uid),
        resource = resource_label(resource),
        operation = operation_label(operation),
        namespace = &*clean(&request.namespace),
        name = &*clean(&request.name),
        dry_run = request.dry_run,
        decision = end.as_str(),
        micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
        "review"
    );
}

/// Why a request is not answered with a review.
enum Refusal {
    Broken,
    NoReview(String),
    Shed(Shortage),
    SlowBody,
    TooLarge,
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Broken => Self::Broken,
            Refused::Crowded => Self::Shed(Shortage::Arrivals),
            Refused::Memory => Self::Shed(Shortage::Memory),
            Refused::Stalled => Self::SlowBody,
            Refused::TooLarge => Self::TooLarge,
        }
    }
}

/// Counts, logs and answers it. The answer holds nothing of the body.
fn refuse<R>(state: &State<R>, started: Instant, refusal: Refusal) -> Response {
    let (status, end, reason) = match refusal {
        Refusal::Broken => (
            StatusCode::BAD_REQUEST,
            RequestEnd::BadRequest,
            "the body is incomplete".to_owned(),
        ),
        Refusal::NoReview(reason) => (StatusCode::BAD_REQUEST, RequestEnd::BadRequest, reason),
        Refusal::Shed(shortage) => {
            state.metrics.shed(shortage);
            (
                StatusCode::TOO_MANY_REQUESTS,
                RequestEnd::Shed,
                format!("too many concurrent requests (exhausted: {shortage})"),
            )
        }
        Refusal::SlowBody => (
            StatusCode::REQUEST_TIMEOUT,
            RequestEnd::SlowBody,
            "the body arrived too slowly".to_owned(),
        ),
        Refusal::TooLarge => (
            StatusCode::PAYLOAD_TOO_LARGE,
            RequestEnd::TooLarge,
            "the body is too large".to_owned(),
        ),
    };
    let duration = started.elapsed();
    state.metrics.request(None, None, end, duration);
    tracing::warn!(
        decision = end.as_str(),
        micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
        reason,
        "refused"
    );
    let mut response = (status, format!("{reason}\n")).into_response();
    if end == RequestEnd::Shed {
        let second = HeaderValue::from_static("1");
        response.headers_mut().insert(RETRY_AFTER, second);
    }
    response
}

/// A name as it can be logged: any client that reaches the port can send any text for it.
fn clean(name: &str) -> Cow<'_, str> {
    const LONGEST: usize = 253;
    let plain = |character: char| !character.is_control();
    if name.len() <= LONGEST && name.chars().all(plain) {
        Cow::Borrowed(name)
    } else {
        Cow::Owned(name.chars().filter(|c| plain(*c)).take(LONGEST).collect())
    }
}
