//! The settings for requests to registries.

use std::{path::PathBuf, time::Duration};

use super::Endpoints;

/// The settings for requests to registries.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// URLs of registries, if they differ from their names.
    pub endpoints: Endpoints,
    /// The file of the trusted authorities; `None` for the system's.
    pub certificate_authority: Option<PathBuf>,
    /// The user agent.
    pub user_agent: String,
    /// The time limit of one request; `None` for twenty seconds.
    pub request_limit: Option<Duration>,
}

/// Why settings are not valid.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file of the authorities is not valid.
    #[error("--registry-ca {path}: {why}")]
    CertificateAuthority {
        /// The file.
        path: PathBuf,
        /// The reason.
        why: String,
    },
    /// The user agent is not a valid header value.
    #[error(transparent)]
    UserAgent(#[from] http::header::InvalidHeaderValue),
}
