use std::collections::BTreeMap;

use super::index::KeyIndex;
use super::key::{AuthField, DockerConfigKey};
use super::{DockerConfigError, decode};

/// How a docker config is wrapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DockerConfigFormat {
    /// `{"auths": {KEY: ENTRY}}`: `.dockerconfigjson` of a `kubernetes.io/dockerconfigjson` secret, `config.json`.
    ConfigJson,
    /// `{KEY: ENTRY}`: `.dockercfg` of a `kubernetes.io/dockercfg` secret.
    Dockercfg,
}

/// The keys of one docker config, in document order. Passwords are not stored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DockerConfigKeys {
    keys: Vec<DockerConfigKey>,
    index: KeyIndex,
}

/// The keys that match an image, in the order that their credentials would be tried.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KeyMatch<'a> {
    keys: Vec<&'a DockerConfigKey>,
}

impl DockerConfigKeys {
    /// Reads a docker config as the API server's clients do, and drops its passwords.
    ///
    /// # Errors
    /// The first error that makes Go's decoder reject the whole document, with Go's text.
    pub fn parse(json: &[u8], format: DockerConfigFormat) -> Result<Self, DockerConfigError> {
        Self::parse_limited(json, format, usize::MAX, usize::MAX)
    }

    /// [`Self::parse`] for callers that store many docker configs: one of more than [`Self::MAX_KEYS`]
    /// keys, or with more than [`Self::MAX_BYTES`] of keys and usernames, is not read to its end.
    ///
    /// # Errors
    /// [`DockerConfigError::TooLarge`], or an error of [`Self::parse`].
    pub fn parse_small(json: &[u8], format: DockerConfigFormat) -> Result<Self, DockerConfigError> {
        Self::parse_limited(json, format, Self::MAX_KEYS, Self::MAX_BYTES)
    }

    /// The most keys that the webhook keeps of one docker config.
    pub const MAX_KEYS: usize = 64;
    /// The most bytes of keys and usernames that the webhook keeps of one docker config.
    pub const MAX_BYTES: usize = 16 * 1024;

    /// Whether it is within what [`Self::parse_small`] reads.
    pub fn is_small(&self) -> bool {
        let bytes = |key: &DockerConfigKey| key.as_written().len() + key.username().len();
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

    /// Keys alone, each with a complete credential in the form that every consumer reads. Used to check which of
    /// some spellings a consumer would find.
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

    /// The number of keys that every image is compared with, whatever its registry.
    pub(crate) fn compared(&self) -> usize {
        self.index.compared()
    }

    pub(super) fn as_slice(&self) -> &[DockerConfigKey] {
        &self.keys
    }

    pub(super) fn index(&self) -> &KeyIndex {
        &self.index
    }

    /// Whether it has no keys.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }
}

/// One keyring over the keys of several docker configs, in their order, as Kubernetes builds it from the secrets
/// of a pod or a namespace (`pkg/credentialprovider/secrets/secrets.go`).
impl FromIterator<DockerConfigKey> for DockerConfigKeys {
    fn from_iter<I: IntoIterator<Item = DockerConfigKey>>(keys: I) -> Self {
        let keys: Vec<_> = keys.into_iter().collect();
        let index = KeyIndex::new(&keys);
        Self { keys, index }
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
