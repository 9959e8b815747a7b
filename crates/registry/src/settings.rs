//! How registries are asked.

use std::{path::PathBuf, time::Duration};

use super::Endpoints;

/// How registries are asked.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// Where, if not at their own names.
    pub endpoints: Endpoints,
    /// The file of the authorities to trust; none for what the system trusts.
    pub certificate_authority: Option<PathBuf>,
    /// Who asks.
    pub user_agent: String,
    /// How long one request may take; none for twenty seconds.
    pub request_limit: Option<Duration>,
}

/// Why nothing can be asked with some settings.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file of the authorities is at fault.
    #[error("--registry-ca {path}: {why}")]
    CertificateAuthority {
        /// The file.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// The user agent is no value of a header.
    #[error(transparent)]
    UserAgent(#[from] http::header::InvalidHeaderValue),
}
