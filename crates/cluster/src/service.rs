//! The handling of every request: the log, server warnings, requested waits, the time
//! limit of one request, and `--read-only`.

use std::{
    future::Future,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use extreg_terminal::Printer;
use http::{HeaderMap, Method, Request, Response, StatusCode, header};
use kube::{Client, client::Body};
use tower::BoxError;

use crate::slow::show_if_slow;

/// The number of retries, as in client-go.
const MAX_RETRIES: u32 = 10;
/// The longest requested wait that is accepted.
const MAX_WAIT: Duration = Duration::from_mins(2);

/// How requests are treated.
#[derive(Clone, Debug)]
pub(super) struct ServiceOptions {
    pub(super) read_only: bool,
    pub(super) request_timeout: Option<Duration>,
    pub(super) server: String,
}

/// A request that is rejected here and not sent.
#[derive(Debug, thiserror::Error)]
pub(super) enum LocalError {
    #[error("--read-only: {method} {path} would change the cluster")]
    ReadOnly { method: Method, path: String },
    #[error("no answer within {}s (--request-timeout)", limit.as_secs())]
    TimedOut { limit: Duration },
}

/// Wraps kube's client, which sends the requests.
#[derive(Clone)]
pub(super) struct Service {
    inner: Client,
    options: Arc<ServiceOptions>,
    printer: Arc<Printer>,
}

impl Service {
    pub(super) fn new(inner: Client, options: ServiceOptions, printer: Arc<Printer>) -> Self {
        Self {
            inner,
            options: Arc::new(options),
            printer,
        }
    }

    async fn send(self, request: Request<Body>) -> Result<Response<Body>, BoxError> {
        self.check_read_only(&request)?;
        let warnings_wanted = request.extensions().get::<WantsWarnings>().is_some();
        let patience = request.extensions().get::<Patience>().map(|p| p.0);
        let limit = self.options.request_timeout.or(patience);
        let mut request = request;
        let mut retries = 0;
        loop {
            let again = duplicate(&request);
            let response = self.send_once(request, limit).await?;
            if !warnings_wanted {
                self.warn(response.headers());
            }
            let Some((next, wait)) = again.zip(wait_for(&response)) else {
                return Ok(response);
            };
            if retries >= MAX_RETRIES {
                return Ok(response);
            }
            retries += 1;
            self.printer.note(format!(
                "the server is busy ({}), retrying in {}s",
                response.status(),
                wait.as_secs(),
            ));
            tokio::time::sleep(wait).await;
            request = next;
        }
    }

    async fn send_once(
        &self,
        request: Request<Body>,
        limit: Option<Duration>,
    ) -> Result<Response<Body>, BoxError> {
        let (method, uri) = (request.method().clone(), request.uri().clone());
        let started = Instant::now();
        let what = format!("{}{}", self.options.server, uri.path());
        let answer = show_if_slow(&self.printer, &what, self.inner.send(request));
        let answer = match limit {
            Some(limit) => tokio::time::timeout(limit, answer)
                .await
                .map_err(|_| LocalError::TimedOut { limit })?,
            None => answer.await,
        };
        self.printer.log(6, || {
            let end = match &answer {
                Ok(response) => response.status().to_string(),
                Err(_) => "no answer".to_owned(),
            };
            let took = started.elapsed().as_millis();
            format!(
                "{method} {}{uri} {end} in {took} milliseconds",
                self.options.server
            )
        });
        Ok(answer?)
    }

    /// Reviews of one's own rights are POSTs that change nothing; a dry run changes nothing.
    fn check_read_only(&self, request: &Request<Body>) -> Result<(), LocalError> {
        let path = request.uri().path();
        let reads = matches!(
            *request.method(),
            Method::GET | Method::HEAD | Method::OPTIONS
        ) || request
            .uri()
            .query()
            .is_some_and(|q| q.split('&').any(|p| p == "dryRun=All"))
            || path.starts_with("/apis/authorization.k8s.io/")
            || path.starts_with("/apis/authentication.k8s.io/");
        if reads || !self.options.read_only {
            return Ok(());
        }
        Err(LocalError::ReadOnly {
            method: request.method().clone(),
            path: path.to_owned(),
        })
    }

    fn warn(&self, headers: &HeaderMap) {
        for text in warnings(headers) {
            self.printer.warn(&text);
        }
    }
}

/// How long the sender of a request waits for an answer without `--request-timeout`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience(pub(super) Duration);

/// Marks a request whose sender reads the warnings of the answer: they are not printed.
#[derive(Clone, Copy, Debug)]
pub(super) struct WantsWarnings;

/// The texts of the warning headers.
pub(super) fn warnings(headers: &HeaderMap) -> impl Iterator<Item = String> {
    headers
        .get_all(header::WARNING)
        .iter()
        .filter_map(|value| value.to_str().ok().and_then(warning_text))
}

impl tower::Service<Request<Body>> for Service {
    type Response = Response<Body>;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, BoxError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        // The client has a separate queue.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        Box::pin(self.clone().send(request))
    }
}

fn duplicate(request: &Request<Body>) -> Option<Request<Body>> {
    let body = request.body().try_clone()?;
    let mut copy = Request::new(body);
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.headers_mut() = request.headers().clone();
    Some(copy)
}

/// The wait before the same request is sent again; client-go's rule (`rest/with_retry.go`):
/// 429 or 5xx, and the server sends a number of seconds.
fn wait_for(response: &Response<Body>) -> Option<Duration> {
    let status = response.status();
    if status != StatusCode::TOO_MANY_REQUESTS && !status.is_server_error() {
        return None;
    }
    let seconds = response
        .headers()
        .get(header::RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds)).filter(|wait| *wait <= MAX_WAIT)
}

/// The text of a warning header `299 - "text"`, with its escapes undone.
fn warning_text(value: &str) -> Option<String> {
    let rest = value.strip_prefix("299 ")?;
    let (_, quoted) = rest.split_once(' ')?;
    let mut text = String::new();
    let mut chars = quoted.strip_prefix('"')?.chars();
    loop {
        match chars.next()? {
            '"' => return Some(text),
            '\\' => text.push(chars.next()?),
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warning_headers() {
        let cases = [
            (
                r#"299 - "apps.openshift.io/v1 is old""#,
                Some("apps.openshift.io/v1 is old"),
            ),
            (
                r#"299 kube "use \"hi\" \\ here" "date""#,
                Some(r#"use "hi" \ here"#),
            ),
            (r#"199 - "misc""#, None),
            (r#"299 - "open"#, None),
            ("299", None),
        ];
        for (value, expected) in cases {
            assert_eq!(warning_text(value).as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn only_a_busy_server_with_retry_after_is_waited_for() {
        let response = |code: u16, after: Option<&str>| {
            let mut builder = Response::builder().status(code);
            if let Some(after) = after {
                builder = builder.header("Retry-After", after);
            }
            builder.body(Body::empty()).unwrap()
        };
        let seconds = |code, after| wait_for(&response(code, after)).map(|d| d.as_secs());
        assert_eq!(seconds(429, Some("1")), Some(1));
        assert_eq!(seconds(503, Some("2")), Some(2));
        assert_eq!(seconds(503, None), None);
        assert_eq!(seconds(200, Some("1")), None);
        assert_eq!(seconds(404, Some("1")), None);
        assert_eq!(seconds(429, Some("86400")), None);
    }
}
