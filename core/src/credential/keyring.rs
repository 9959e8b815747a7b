//! The keyring that the kubelet, the builder and the importer share (`pkg/credentialprovider/keyring.go`).

use std::cmp::Reverse;

use super::config::{DockerConfigKey, DockerConfigKeys, KeyMatch};
use super::{glob, url::Url};

/// Where the keyring looks when nothing matched an image that Docker Hub would serve.
const DEFAULT_HOST: &[u8] = b"index.docker.io";

impl DockerConfigKeys {
    /// The credentials for `image` as `BasicDockerKeyring.Lookup` finds them: all keys that match, most specific
    /// first, else those filed under `index.docker.io` where the image has no registry or is on `docker.io`.
    ///
    /// The image is taken as written. Keys that are filed alike are in document order; Kubernetes has no order
    /// among them.
    pub fn lookup(&self, image: &str) -> KeyMatch<'_> {
        let found = self.matching_keys(image.as_bytes());
        if found.is_matched() || !is_default_registry(image) {
            return found;
        }
        self.iter()
            .filter(|key| key.keyring_key() == Some(DEFAULT_HOST))
            .collect()
    }

    fn matching_keys(&self, image: &[u8]) -> KeyMatch<'_> {
        let Some(target) = Url::parse(image) else {
            return KeyMatch::default();
        };
        let mut found: Vec<(&[u8], &DockerConfigKey)> = self
            .iter()
            .filter_map(|key| Some((key.keyring_key()?, key)))
            .filter(|(filed, _)| {
                Url::parse(filed).is_some_and(|pattern| matches(&pattern, &target))
            })
            .collect();
        found.sort_by_key(|&(filed, _)| Reverse(filed));
        found.into_iter().map(|(_, key)| key).collect()
    }
}

/// `URLsMatch`: equal ports, as many labels, each label a glob, and the path a plain string prefix.
fn matches(pattern: &Url, target: &Url) -> bool {
    let (globs, glob_port) = pattern.labels_and_port();
    let (labels, port) = target.labels_and_port();
    glob_port == port
        && globs.clone().count() == labels.clone().count()
        && target.path.starts_with(&pattern.path)
        && globs
            .zip(labels)
            .all(|(glob, label)| glob::matches(glob, label) == Ok(true))
}

/// `isDefaultRegistryMatch`.
fn is_default_registry(image: &str) -> bool {
    match image.split_once('/') {
        None => !image.is_empty(),
        Some((first, _)) => {
            matches!(first, "docker.io" | "index.docker.io")
                || !first.is_empty() && !first.contains(['.', ':'])
        }
    }
}
