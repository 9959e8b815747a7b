use thiserror::Error;

use super::json::Kind;

/// Why a docker config cannot be read.
///
/// One bad entry makes the kubelet, the builder and the importer ignore all of them: Kubernetes'
/// `pkg/credentialprovider/config.go` decodes a whole secret or nothing of it. A text never holds anything of the secret.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DockerConfigError {
    /// The document is not JSON.
    #[error("invalid JSON: {0}")]
    Syntax(String),
    /// A value has a type that does not fit its place.
    #[error("{0}")]
    Type(String),
    /// An `auth` field is not base64; the offset is that of the first bad byte.
    #[error("illegal base64 data at input byte {0}")]
    Base64(usize),
    /// An `auth` field holds no colon once decoded.
    #[error("unable to parse auth field, must be formatted as base64(username:password)")]
    AuthWithoutColon,
    /// It holds more than the webhook stores of one secret. OpenShift's own consumers have no such limit.
    #[error("more than 64 registries, or more than 16 KiB of their names and usernames")]
    TooLarge,
}

impl DockerConfigError {
    pub(super) fn wrong_type(place: &str, found: Kind, wanted: Kind) -> Self {
        let (found, wanted) = (found.description(), wanted.description());
        Self::Type(format!("{place} is {found} where {wanted} is expected"))
    }
}
