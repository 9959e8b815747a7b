use std::borrow::Cow;
use std::collections::BTreeMap;

use super::consumer::rewritten_for_pull;
use super::index::KeyIndex;
use super::url::Url;
use super::{DockerConfigError, decode, url};

/// How a docker config is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DockerConfigFormat {
    /// `{"auths": {KEY: ENTRY}}`: `.dockerconfigjson` of a `kubernetes.io/dockerconfigjson` secret, `config.json`.
    ConfigJson,
    /// `{KEY: ENTRY}`: `.dockercfg` of a `kubernetes.io/dockercfg` secret.
    Dockercfg,
}

/// The keys of one docker config, in document order. Passwords are not among what it keeps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DockerConfigKeys {
    keys: Vec<DockerConfigKey>,
    index: KeyIndex,
}

/// One key and what may be known of its credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DockerConfigKey {
    as_written: String,
    /// As a builder rewrites it for its pulls; none where that changes nothing.
    rewritten: Option<Box<str>>,
    normalised: Option<Vec<u8>>,
    /// What the keyring compares images with.
    pattern: Option<Url>,
    username: String,
    has_password: bool,
    auth: AuthField,
    /// The place of the first key of its docker config that holds the same credential.
    credential: usize,
}

/// How an entry carries its `auth` field. One that cannot be decoded makes the whole docker config unreadable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuthField {
    /// Absent or empty: only `username` and `password` count, and only for those that read them.
    Absent,
    /// Padded base64, which everyone reads.
    Padded,
    /// Base64 without its padding, which Kubernetes reads and containers/image and docker do not.
    Unpadded,
}

/// The keys that match an image, in the order that their credentials would be tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyMatch<'a> {
    keys: Vec<&'a DockerConfigKey>,
}

impl DockerConfigKeys {
    /// Reads a docker config as the API server's clients do, and forgets its passwords.
    ///
    /// # Errors
    /// The first thing that makes Go's decoder give the whole document up, in its words.
    pub fn parse(json: &[u8], format: DockerConfigFormat) -> Result<Self, DockerConfigError> {
        Self::parse_limited(json, format, usize::MAX, usize::MAX)
    }

    /// [`Self::parse`] for those who keep what they read of many: a docker config of more than [`Self::MAX_KEYS`]
    /// keys, or with more than [`Self::MAX_BYTES`] of keys and usernames, is not read to its end.
    ///
    /// # Errors
    /// [`DockerConfigError::TooLarge`], or that of [`Self::parse`].
    pub fn parse_small(json: &[u8], format: DockerConfigFormat) -> Result<Self, DockerConfigError> {
        Self::parse_limited(json, format, Self::MAX_KEYS, Self::MAX_BYTES)
    }

    /// The most keys that the webhook keeps of one docker config.
    pub const MAX_KEYS: usize = 64;
    /// The most bytes of keys and usernames that the webhook keeps of one docker config.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// Whether it is within what [`Self::parse_small`] reads.
    pub fn is_small(&self) -> bool {
        let bytes = |key: &DockerConfigKey| key.as_written.len() + key.username.len();
        self.keys.len() <= Self::MAX_KEYS
            && self.keys.iter().map(bytes).sum::<usize>() <= Self::MAX_BYTES
    }

    fn parse_limited(
        json: &[u8],
        format: DockerConfigFormat,
        keys: usize,
        bytes: usize,
    ) -> Result<Self, DockerConfigError> {
        let entries = decode::entries(json, format, keys, bytes)?;
        let mut firsts: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
        let keys = entries
            .into_iter()
            .enumerate()
            .map(|(place, (key, entry))| {
                let credential = *firsts.entry(entry.pair.clone()).or_insert(place);
                DockerConfigKey::new(key, entry, credential)
            });
        Ok(keys.collect())
    }

    /// Keys alone, each with a complete credential in the form that everyone reads. For asking which of some
    /// spellings a consumer would find.
    pub fn of_spellings<I>(spellings: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        let entry = || decode::Entry {
            username: "user".to_owned(),
            has_password: true,
            auth: AuthField::Padded,
            pair: Vec::new(),
        };
        spellings
            .into_iter()
            .map(|key| DockerConfigKey::new(key.into(), entry(), 0))
            .collect()
    }

    /// All keys in document order.
    pub fn iter(&self) -> impl Iterator<Item = &DockerConfigKey> {
        self.keys.iter()
    }

    /// How many keys every image is compared with, whatever its registry.
    pub(crate) fn compared(&self) -> usize {
        self.index.compared()
    }

    pub(super) fn as_slice(&self) -> &[DockerConfigKey] {
        &self.keys
    }

    pub(super) fn index(&self) -> &KeyIndex {
        &self.index
    }

    /// Whether there is no key at all.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

/// One keyring over the keys of several docker configs, in their order, as Kubernetes makes it of the secrets of a pod
/// or a namespace (`pkg/credentialprovider/secrets/secrets.go`).
impl FromIterator<DockerConfigKey> for DockerConfigKeys {
    fn from_iter<I: IntoIterator<Item = DockerConfigKey>>(keys: I) -> Self {
        let keys: Vec<_> = keys.into_iter().collect();
        let index = KeyIndex::new(&keys);
        Self { keys, index }
    }
}

impl DockerConfigKey {
    fn new(as_written: String, entry: decode::Entry, credential: usize) -> Self {
        let normalised = url::keyring_key(&as_written);
        let rewritten = match rewritten_for_pull(&as_written) {
            Cow::Owned(rewritten) => Some(rewritten.into_boxed_str()),
            Cow::Borrowed(_) => None,
        };
        Self {
            rewritten,
            pattern: normalised.as_deref().and_then(Url::parse),
            as_written,
            normalised,
            username: entry.username,
            has_password: entry.has_password,
            auth: entry.auth,
            credential,
        }
    }

    /// The key as it stands in the docker config.
    pub fn as_written(&self) -> &str {
        &self.as_written
    }

    /// The key as the Kubernetes keyring files it: host and path, without scheme, `/v1/` and `/v2/`; `None` for one
    /// that is no URL, which the keyring ignores.
    pub fn normalised(&self) -> Option<Cow<'_, str>> {
        self.normalised.as_deref().map(String::from_utf8_lossy)
    }

    /// The username, from `auth` where that is set.
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
        self.normalised.as_deref()
    }
}

impl<'a> KeyMatch<'a> {
    /// Whether any key matched.
    pub fn is_matched(&self) -> bool {
        !self.keys.is_empty()
    }

    /// The keys that matched, in order.
    pub fn keys(&self) -> impl ExactSizeIterator<Item = &'a DockerConfigKey> {
        self.keys.iter().copied()
    }

    /// The key whose credential is tried first.
    pub fn first(&self) -> Option<&'a DockerConfigKey> {
        self.keys.first().copied()
    }

    /// The usernames of the keys that matched, in order.
    pub fn usernames(&self) -> impl ExactSizeIterator<Item = &'a str> {
        self.keys().map(DockerConfigKey::username)
    }

    pub(super) fn only_first(mut self) -> Self {
        self.keys.truncate(1);
        self
    }
}

impl<'a> FromIterator<&'a DockerConfigKey> for KeyMatch<'a> {
    fn from_iter<I: IntoIterator<Item = &'a DockerConfigKey>>(keys: I) -> Self {
        Self {
            keys: keys.into_iter().collect(),
        }
    }
}
