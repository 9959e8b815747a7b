//! The keyring that the kubelet, the builder and the importer share (`pkg/credentialprovider/keyring.go`).

use std::cmp::Reverse;

use super::config::{DockerConfigKeys, KeyMatch};
use super::key::DockerConfigKey;
use super::{glob, url::Url};

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
        self.index().filed_as_default(self.as_slice()).collect()
    }

    fn matching_keys(&self, image: &[u8]) -> KeyMatch<'_> {
        let Some(target) = Url::parse(image) else {
            return KeyMatch::default();
        };
        let mut found: Vec<(Reverse<&[u8]>, usize, &DockerConfigKey)> = self
            .index()
            .candidates(self.as_slice(), &target)
            .filter(|(_, key)| key.pattern().is_some_and(|p| matches(p, &target)))
            .filter_map(|(place, key)| Some((Reverse(key.keyring_key()?), place, key)))
            .collect();
        found.sort_by_key(|&(filed, place, _)| (filed, place));
        found.into_iter().map(|(.., key)| key).collect()
    }
}

/// `URLsMatch`: equal ports, as many labels, each label a glob, and the path a plain string prefix.
fn matches(pattern: &Url, target: &Url) -> bool {
    let labels = |host| <[u8]>::split(host, |&byte: &u8| byte == b'.');
    let ((globs, glob_port), (host, port)) = (pattern.host_and_port(), target.host_and_port());
    glob_port == port
        && labels(globs).count() == labels(host).count()
        && target.path.starts_with(&pattern.path)
        && labels(globs)
            .zip(labels(host))
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
