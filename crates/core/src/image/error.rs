use thiserror::Error;

/// Why OpenShift does not accept a string as an image reference.
///
/// The texts are OpenShift's own (library-go `pkg/image/internal/reference/reference.go` and
/// `internal/digest/digest.go`), because they are what the API server answers and what users search for.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ParseImageError {
    /// The string is empty.
    #[error("repository name must have at least one component")]
    Empty,
    /// The string would be a reference if it were in lower case.
    #[error("repository name must be lowercase")]
    UpperCase,
    /// The string is not a reference: a scheme, white space, an empty component, an unresolved parameter.
    #[error("invalid reference format")]
    Format,
    /// Registry host and path together are longer than 255 bytes.
    #[error("repository name must not be more than 255 characters")]
    TooLong,
    /// The digest's algorithm is not one of `sha256`, `sha384` and `sha512`, spelled in lower case.
    #[error("unsupported digest algorithm")]
    DigestAlgorithm,
    /// The digest does not have the number of digits that its algorithm produces.
    #[error("invalid checksum digest length")]
    DigestLength,
}
