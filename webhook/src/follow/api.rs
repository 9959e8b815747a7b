//! The requests to the API server, and the meaning of its errors.

use std::fmt::Write as _;
use std::future::Future;
use std::time::Duration;

use extreg_core::follow::Stream;
use extreg_core::policy::Labels;
use http::Request;
use k8s_openapi::api::core::v1::Namespace;
use kube::Client;
use kube::api::Api;
use serde::Deserialize;
use serde_json::Value;
use tokio::time::timeout;

use super::answer::Answer;
use crate::metrics::FollowOutcome;
use crate::thin;

/// Streams of one page: with its history one stream can be some hundred kilobytes.
const PAGE: usize = 50;
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// The API server queries the registry during this time.
const IMPORTED_WITHIN: Duration = Duration::from_mins(1);

/// Why a request failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    /// The stream was changed after it was read.
    Conflict,
    /// Not permitted.
    Forbidden,
    /// The object no longer exists.
    Gone,
    /// The API server rejects the request as invalid.
    Refused,
    /// Too many requests; the API server can return how long to wait.
    Throttled(Option<Duration>),
    /// No answer, or an error of the API server.
    Unreachable,
}

impl Trouble {
    /// Its value in metrics.
    pub(super) fn outcome(self) -> FollowOutcome {
        match self {
            Self::Conflict => FollowOutcome::Conflict,
            Self::Forbidden => FollowOutcome::Forbidden,
            Self::Gone => FollowOutcome::NoTag,
            Self::Refused => FollowOutcome::Refused,
            Self::Throttled(_) => FollowOutcome::Throttled,
            Self::Unreachable => FollowOutcome::Unreachable,
        }
    }

    /// Whether a retry can succeed.
    pub(super) fn passes(self) -> bool {
        !matches!(self, Self::Gone | Self::Refused)
    }

    /// The least time to wait.
    pub(super) fn wait(self) -> Duration {
        match self {
            Self::Throttled(Some(wait)) => wait,
            _ => Duration::ZERO,
        }
    }
}

impl From<&kube::Error> for Trouble {
    fn from(error: &kube::Error) -> Self {
        let kube::Error::Api(status) = error else {
            return match error {
                kube::Error::Auth(_) => Self::Forbidden,
                _ => Self::Unreachable,
            };
        };
        let wait = status.details.as_ref().map(|d| d.retry_after_seconds);
        match status.code {
            401 | 403 => Self::Forbidden,
            404 | 410 => Self::Gone,
            409 => Self::Conflict,
            429 => Self::Throttled(
                wait.filter(|wait| *wait > 0)
                    .map(|wait| Duration::from_secs(wait.into())),
            ),
            400..500 => Self::Refused,
            _ => Self::Unreachable,
        }
    }
}

/// The labels of a namespace; `None` if it does not exist or is being deleted.
pub(super) async fn labels(client: &Client, namespace: &str) -> Result<Option<Labels>, Trouble> {
    let api: Api<Namespace> = Api::all(client.clone());
    let found = within(ANSWER_WITHIN, api.get_metadata_opt(namespace)).await?;
    let found = found.map(|found| found.metadata);
    let found = found.filter(|metadata| metadata.deletion_timestamp.is_none());
    Ok(found.map(|metadata| metadata.labels.unwrap_or_default()))
}

/// The rest of a page after its items were processed.
#[derive(Deserialize)]
struct Page {
    #[serde(default)]
    metadata: PageMetadata,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PageMetadata {
    #[serde(rename = "continue")]
    rest: Option<String>,
}

/// Visits each stream of a namespace. At most one of them is in memory at a time.
pub(super) async fn streams(
    client: &Client,
    namespace: &str,
    mut show: impl FnMut(&Stream),
) -> Result<(), Trouble> {
    let mut rest = String::new();
    loop {
        let path = format!(
            "/apis/image.openshift.io/v1/namespaces/{namespace}/imagestreams?limit={PAGE}{rest}"
        );
        let request = Request::get(path).body(Vec::new());
        let request = request.map_err(|_| Trouble::Refused)?;
        let reading = async {
            let answer = client.request_stream(request).await?;
            let (page, skipped) = thin::read(answer, |item| {
                // The API server has accepted it; an unreadable stream has no tag that is followed.
                if let Ok(stream) = serde_json::from_slice(item) {
                    show(&stream);
                }
                None
            })
            .await
            .map_err(|error| kube::Error::Service(Box::new(error)))?;
            if skipped > 0 {
                tracing::warn!(
                    namespace,
                    skipped,
                    "skipped image streams that are too large"
                );
            }
            serde_json::from_slice::<Page>(&page).map_err(kube::Error::SerdeError)
        };
        let page = match within(ANSWER_WITHIN, reading).await {
            // The rest of a list that took too long; the next try restarts it.
            Err(Trouble::Gone) if !rest.is_empty() => return Err(Trouble::Unreachable),
            page => page?,
        };
        match page.metadata.rest {
            Some(token) if !token.is_empty() => {
                rest = format!("&continue={}", encoded(&token));
            }
            _ => return Ok(()),
        }
    }
}

/// Sends an ImageStreamImport.
pub(super) async fn import(
    client: &Client,
    namespace: &str,
    body: &Value,
) -> Result<Answer, Trouble> {
    let path = format!("/apis/image.openshift.io/v1/namespaces/{namespace}/imagestreamimports");
    let request = Request::post(path)
        .header("content-type", "application/json")
        .body(body.to_string().into_bytes());
    let request = request.map_err(|_| Trouble::Refused)?;
    within(IMPORTED_WITHIN, client.request::<Answer>(request)).await
}

pub(super) async fn within<T>(
    limit: Duration,
    asking: impl Future<Output = kube::Result<T>>,
) -> Result<T, Trouble> {
    match timeout(limit, asking).await {
        Ok(answer) => answer.map_err(|error| Trouble::from(&error)),
        Err(_) => Err(Trouble::Unreachable),
    }
}

/// A continue token is base64, in which some API servers use characters that a query must not contain.
fn encoded(token: &str) -> String {
    let mut text = String::with_capacity(token.len());
    for byte in token.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            text.push(byte.into());
        } else {
            // Writing to a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
    }
    text
}
