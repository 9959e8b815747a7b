//! What a fake registry is told.

use std::collections::BTreeMap;
use std::time::Duration;

/// The media type of a list of images.
pub const LIST: &str = "application/vnd.oci.image.index.v1+json";
/// The media type of an image.
pub const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
/// The digest of the images of [`Rules::images`] where no other is given.
pub const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

/// How it lets in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Auth {
    /// Everybody, without asking.
    Open,
    /// By username and password.
    Basic,
    /// By a token of its own service, which is given without a login too, for what is public.
    Bearer,
}

/// What it is told.
#[derive(Clone, Debug)]
pub struct Rules {
    /// How it lets in.
    pub auth: Auth,
    /// Passwords by username.
    pub users: BTreeMap<String, String>,
    /// What a user can do in any repository; others can pull.
    pub rights: BTreeMap<String, Vec<&'static str>>,
    /// Media types by `repository:reference`.
    pub images: BTreeMap<String, &'static str>,
    /// The digest of each of them.
    pub digest: &'static str,
    /// Repositories that only users see.
    pub private: Vec<&'static str>,
    /// Repositories in which no user has any right.
    pub denied: Vec<&'static str>,
    /// Pulls in 6 hours by username; those of anonymous users under "".
    pub limits: BTreeMap<String, u64>,
    /// So many manifest requests are answered with 429 first, and this Retry-After.
    pub busy: (usize, &'static str),
    /// Every answer about a manifest takes so long.
    pub delay: Duration,
    /// Every manifest is at this server.
    pub redirect: Option<String>,
    /// The token service, if it is another server.
    pub realm: Option<String>,
    /// Whether tokens show what they allow.
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
