//! What a registry's answer comes to where it is none.

use std::time::Duration;

use super::RateLimit;

/// Why a registry did not say what it was asked. Displayed after the image or the host it was about.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// 401: it wants a login, or does not take this one. Docker Hub says so too of a repository that
    /// is not there.
    #[error(
        "the registry wants a login, or does not take this one (401): check username and access \
         token, and the repository's name"
    )]
    Unauthorized,
    /// 403, or a token without the right: the login is good but may not do this.
    #[error("the login has no right to this repository: have its owner grant it")]
    Denied,
    /// 404.
    #[error("the registry has no such repository or tag (404): check the name")]
    NotFound,
    /// 429: the limit is used up.
    #[error("the registry has had too many requests (429): try again {}", when(.retry_after.as_ref()))]
    TooManyRequests {
        /// After how long it may be asked again, as it says.
        retry_after: Option<Duration>,
        /// The limit, as it says.
        limit: Option<RateLimit>,
    },
    /// No answer, or none that makes sense; why.
    #[error("the registry cannot be asked: {0}")]
    Unreachable(String),
    /// No answer in time.
    #[error(
        "the registry did not answer in time: try again, or give it longer with --request-timeout"
    )]
    TimedOut,
    /// Any other HTTP status.
    #[error("the registry answered with HTTP status {0}, which says nothing: try again later")]
    Unexpected(u16),
}

fn when(after: Option<&Duration>) -> String {
    match after {
        Some(after) => format!("in {} seconds", after.as_secs()),
        None => "later".to_owned(),
    }
}
