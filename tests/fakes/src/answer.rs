//! Answers to requests.

use std::any::Any;
use std::fmt;
use std::future::pending;
use std::time::Duration;

use futures::Stream;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::{BodyExt as _, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Bytes, Frame};
use serde_json::json;
use tokio::time::sleep;

pub(crate) type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// An answer to a request.
#[derive(Debug)]
pub struct Answer {
    status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    payload: Payload,
    delay: Duration,
    held: Option<Box<dyn Any + Send>>,
}

enum Payload {
    Whole(Bytes),
    Parts(Body),
    Never,
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(bytes) => write!(f, "{bytes:?}"),
            Self::Parts(_) => f.write_str("parts"),
            Self::Never => f.write_str("never"),
        }
    }
}

/// 200 with this JSON.
pub fn ok(body: &(impl ToString + ?Sized)) -> Answer {
    Answer::json(200, body)
}

/// A `Status` object of a failure.
pub fn status(code: u16, reason: &str, message: &str) -> Answer {
    let body = json!({
        "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure",
        "reason": reason, "message": message, "code": code,
    });
    Answer::json(code, &body)
}

impl Answer {
    /// An answer with this JSON.
    pub fn json(code: u16, body: &(impl ToString + ?Sized)) -> Self {
        Self::bytes(code, body.to_string()).header("content-type", "application/json")
    }

    /// An answer with these bytes.
    pub fn bytes(code: u16, body: impl Into<Bytes>) -> Self {
        Self {
            status: StatusCode::from_u16(code).unwrap(),
            headers: Vec::new(),
            payload: Payload::Whole(body.into()),
            delay: Duration::ZERO,
            held: None,
        }
    }

    /// An answer with a body in parts, which can be endless.
    pub fn parts(parts: impl Stream<Item = Bytes> + Send + 'static) -> Self {
        let parts = futures::StreamExt::map(parts, |part| Ok(Frame::data(part)));
        let payload = Payload::Parts(StreamBody::new(parts).boxed_unsync());
        Self {
            payload,
            ..Self::bytes(200, "").header("content-type", "application/json")
        }
    }

    /// No answer.
    pub fn never() -> Self {
        Self {
            payload: Payload::Never,
            ..Self::bytes(200, "")
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).unwrap();
        self.headers.push((HeaderName::from_static(name), value));
        self
    }

    /// Delays the answer.
    #[must_use]
    pub fn after(self, delay: Duration) -> Self {
        Self { delay, ..self }
    }

    /// Drops `held` when the answer is sent or the client disconnects.
    #[must_use]
    pub fn holding(self, held: impl Send + 'static) -> Self {
        let held: Option<Box<dyn Any + Send>> = Some(Box::new(held));
        Self { held, ..self }
    }

    pub(crate) async fn into_response(self) -> Response<Body> {
        let _held = self.held;
        sleep(self.delay).await;
        let body = match self.payload {
            Payload::Whole(bytes) => Full::new(bytes)
                .map_err(|never| match never {})
                .boxed_unsync(),
            Payload::Parts(body) => body,
            Payload::Never => pending().await,
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            if name == header::CONTENT_TYPE {
                response.headers_mut().insert(name, value);
            } else {
                response.headers_mut().append(name, value);
            }
        }
        response
    }
}
