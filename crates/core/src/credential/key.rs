use std::borrow::Cow;

use super::spelling::rewritten_for_pull;
use super::url::Url;
use super::{decode, url};

/// One key and the stored facts about its credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DockerConfigKey {
    as_written: String,
    /// As a builder rewrites it for its pulls; `None` if that changes nothing.
    rewritten: Option<Box<str>>,
    normalized: Option<Vec<u8>>,
    /// What the keyring compares images with.
    pattern: Option<Url>,
    username: String,
    has_password: bool,
    auth: AuthField,
    /// The place of the first key of its docker config that holds the same credential.
    credential: usize,
}

/// The form of an entry's `auth` field. One that cannot be decoded makes the whole docker config unreadable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthField {
    /// Absent or empty: only `username` and `password` count, and only for consumers that read them.
    Absent,
    /// Padded base64, which every consumer reads.
    Padded,
    /// Base64 without its padding, which Kubernetes reads and containers/image and docker do not.
    Unpadded,
}

impl DockerConfigKey {
    pub(super) fn new(as_written: String, entry: decode::Entry, credential: usize) -> Self {
        let normalized = url::keyring_key(&as_written);
        let rewritten = match rewritten_for_pull(&as_written) {
            Cow::Owned(rewritten) => Some(rewritten.into_boxed_str()),
            Cow::Borrowed(_) => None,
        };
        Self {
            rewritten,
            pattern: normalized.as_deref().and_then(Url::parse),
            as_written,
            normalized,
            username: entry.username,
            has_password: entry.has_password,
            auth: entry.auth,
            credential,
        }
    }

    /// The key as written in the docker config.
    pub fn as_written(&self) -> &str {
        &self.as_written
    }

    /// The key as the Kubernetes keyring files it: host and path, without scheme, `/v1/` and `/v2/`; `None` if the
    /// key is not a URL, which the keyring ignores.
    pub fn normalized(&self) -> Option<Cow<'_, str>> {
        self.normalized.as_deref().map(String::from_utf8_lossy)
    }

    /// The username, from `auth` if that is set.
    pub fn username(&self) -> &str {
        &self.username
    }

    /// Whether username and password are both set, without which a builder pushes anonymously.
    pub fn is_complete(&self) -> bool {
        !self.username.is_empty() && self.has_password
    }

    /// The form of the entry's `auth` field.
    pub fn auth(&self) -> AuthField {
        self.auth
    }

    /// Whether another key of the same docker config holds the same username and password.
    pub fn is_same_credential(&self, other: &Self) -> bool {
        self.credential == other.credential
    }

    /// The key as a builder rewrites it for its pulls.
    pub(super) fn rewritten(&self) -> &str {
        self.rewritten.as_deref().unwrap_or(&self.as_written)
    }

    pub(super) fn pattern(&self) -> Option<&Url> {
        self.pattern.as_ref()
    }

    pub(super) fn keyring_key(&self) -> Option<&[u8]> {
        self.normalized.as_deref()
    }
}
