//! Errors of requests to a registry.

use std::time::Duration;

use super::RateLimit;

/// Why a request to a registry failed. Displayed after the image or the host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// 401: it requires a login, or rejects this one. Docker Hub also returns it for a repository that
    /// does not exist.
    #[error(
        "the registry requires a login, or rejects this one (401): check username, access \
         token and repository name"
    )]
    Unauthorized,
    /// 403, or a token without the permission: the login is valid but lacks a permission.
    #[error("the login lacks permission for this repository: its owner can grant it")]
    Denied,
    /// 404.
    #[error("the registry has no such repository or tag (404): check the name")]
    NotFound,
    /// 429: the limit is exhausted.
    #[error("the registry received too many requests (429): retry {}", when(.retry_after.as_ref()))]
    TooManyRequests {
        /// The time until the next request is allowed, from its headers.
        retry_after: Option<Duration>,
        /// The limit, from its headers.
        limit: Option<RateLimit>,
    },
    /// No answer, or an invalid one, with the reason.
    #[error("cannot query the registry: {0}")]
    Unreachable(String),
    /// No answer in time.
    #[error("the registry did not answer in time: retry, or increase --request-timeout")]
    TimedOut,
    /// Any other HTTP status.
    #[error("the registry returned the unexpected HTTP status {0}: retry later")]
    Unexpected(u16),
}

fn when(after: Option<&Duration>) -> String {
    match after {
        Some(after) => format!("in {} seconds", after.as_secs()),
        None => "later".to_owned(),
    }
}
