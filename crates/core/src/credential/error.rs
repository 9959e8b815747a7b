use thiserror::Error;

/// Why a docker config cannot be read.
///
/// The texts are those of Go's `encoding/json` and `encoding/base64` and of Kubernetes'
/// `pkg/credentialprovider/config.go`, which decode a whole secret or nothing of it: one bad entry makes the kubelet,
/// the builder and the importer ignore all of them. A text never holds more of the secret than one character.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[non_exhaustive]
pub enum DockerConfigError {
    /// The document is not JSON.
    #[error("{0}")]
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
    /// It holds more than the webhook keeps of one secret. Of OpenShift's own consumers none has such a limit.
    #[error("more than 64 registries, or more than 16 KiB of their names and usernames")]
    TooLarge,
}
