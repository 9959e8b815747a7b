//! The rules of a fake registry.

use std::collections::BTreeMap;
use std::time::Duration;

/// The media type of a list of images.
pub const LIST: &str = "application/vnd.oci.image.index.v1+json";
/// The media type of an image.
pub const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
/// The default digest of the images of [`Rules::images`].
pub const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// How it lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// No authentication.
    Open,
    /// Basic authentication.
    Basic,
    /// A token of its own service, which also issues anonymous tokens for public repositories.
    Bearer,
}

/// The behavior of a fake registry.
#[derive(Clone, Debug)]
pub struct Rules {
    /// How it lets in.
    pub auth: Auth,
    /// Passwords by username.
    pub users: BTreeMap<String, String>,
    /// The rights of a user in every repository; all other users can pull.
    pub rights: BTreeMap<String, Vec<&'static str>>,
    /// Media types by `repository:reference`.
    pub images: BTreeMap<String, &'static str>,
    /// The digest of each of them.
    pub digest: &'static str,
    /// Repositories that require a login.
    pub private: Vec<&'static str>,
    /// Repositories in which no user has a right.
    pub denied: Vec<&'static str>,
    /// Pulls in 6 hours by username; those of anonymous users under "".
    pub limits: BTreeMap<String, u64>,
    /// The number of manifest requests that get 429 first, and their Retry-After.
    pub busy: (usize, &'static str),
    /// The delay of every answer about a manifest.
    pub delay: Duration,
    /// Redirects every manifest request to this server.
    pub redirect: Option<String>,
    /// The token service, if it is on another server.
    pub realm: Option<String>,
    /// Whether tokens show their rights.
    pub has_claims: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            auth: Auth::Bearer,
            users: BTreeMap::new(),
            rights: BTreeMap::new(),
            images: [("ratelimitpreview/test:latest".to_owned(), IMAGE)].into(),
            digest: DIGEST,
            private: Vec::new(),
            denied: Vec::new(),
            limits: BTreeMap::new(),
            busy: (0, ""),
            delay: Duration::ZERO,
            redirect: None,
            realm: None,
            has_claims: true,
        }
    }
}
