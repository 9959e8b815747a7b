//! Positions of the keys in a docker config that can match an image, so that a lookup does not compare all.

use super::key::DockerConfigKey;
use super::spelling::normalized_host;
use super::url::Url;

/// Where the keyring searches when nothing matched an image that Docker Hub would serve.
const DEFAULT_HOST: &[u8] = b"index.docker.io";

/// Places of keys, in orders in which they can be searched.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct KeyIndex {
    /// Keys that the keyring files under a host without glob characters, by host and port.
    literal: Vec<usize>,
    /// The other keys that it files, in document order.
    globs: Vec<usize>,
    /// The keys that it files under Docker Hub's usual name, in document order.
    default: Vec<usize>,
    /// The first of each spelling.
    spellings: [Vec<usize>; 2],
    /// The first of each host of a spelling.
    hosts: [Vec<usize>; 2],
}

/// How a consumer that takes containers/image's way spells a key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Spelling {
    /// As it was written.
    Written,
    /// As a builder rewrites it for its pulls.
    Rewritten,
}

impl Spelling {
    fn of(self, key: &DockerConfigKey) -> &str {
        match self {
            Self::Written => key.as_written(),
            Self::Rewritten => key.rewritten(),
        }
    }

    fn host(self, key: &DockerConfigKey) -> &str {
        normalized_host(self.of(key))
    }
}

impl KeyIndex {
    pub(super) fn new(keys: &[DockerConfigKey]) -> Self {
        let mut index = Self::default();
        for (place, key) in keys.iter().enumerate() {
            if key.keyring_key() == Some(DEFAULT_HOST) {
                index.default.push(place);
            }
            match key.pattern() {
                Some(Url { host, .. }) if host.iter().any(|byte| b"*?[\\".contains(byte)) => {
                    index.globs.push(place);
                }
                Some(_) => index.literal.push(place),
                None => {}
            }
        }
        index.literal.sort_by_key(|place| host_of(keys, *place));
        let first = |by: fn(Spelling, &DockerConfigKey) -> &str, spelling: Spelling| {
            let text = |place: &usize| keys.get(*place).map(|key| by(spelling, key));
            let mut places: Vec<usize> = (0..keys.len()).collect();
            places.sort_by_key(text);
            places.dedup_by(|next, first| text(next) == text(first));
            places
        };
        index.spellings = [Spelling::Written, Spelling::Rewritten].map(|s| first(Spelling::of, s));
        index.hosts = [Spelling::Written, Spelling::Rewritten].map(|s| first(Spelling::host, s));
        index
    }

    /// How many keys are compared with every image.
    pub(super) fn compared(&self) -> usize {
        self.globs.len()
    }

    /// The keys that the keyring may match with `target`, each with its place.
    pub(super) fn candidates<'k, 't>(
        &'k self,
        keys: &'k [DockerConfigKey],
        target: &'t Url,
    ) -> impl Iterator<Item = (usize, &'k DockerConfigKey)> + use<'k, 't> {
        let wanted = target.host_and_port();
        let from = self
            .literal
            .partition_point(|place| host_of(keys, *place) < Some(wanted));
        let same = self.literal.iter().skip(from);
        let same = same.take_while(move |place| host_of(keys, **place) == Some(wanted));
        let places = same.chain(&self.globs);
        places.filter_map(move |place| Some((*place, keys.get(*place)?)))
    }

    /// The keys under Docker Hub's usual name.
    pub(super) fn filed_as_default<'k>(
        &'k self,
        keys: &'k [DockerConfigKey],
    ) -> impl Iterator<Item = &'k DockerConfigKey> {
        self.default.iter().filter_map(|place| keys.get(*place))
    }

    /// The first key that is spelled so.
    pub(super) fn spelled<'k>(
        &self,
        keys: &'k [DockerConfigKey],
        spelling: Spelling,
        text: &str,
    ) -> Option<&'k DockerConfigKey> {
        let [written, rewritten] = &self.spellings;
        let places = match spelling {
            Spelling::Written => written,
            Spelling::Rewritten => rewritten,
        };
        search(keys, places, |key| spelling.of(key), text)
    }

    /// The first key whose spelling has this host.
    pub(super) fn on_host<'k>(
        &self,
        keys: &'k [DockerConfigKey],
        spelling: Spelling,
        host: &str,
    ) -> Option<&'k DockerConfigKey> {
        let [written, rewritten] = &self.hosts;
        let places = match spelling {
            Spelling::Written => written,
            Spelling::Rewritten => rewritten,
        };
        search(keys, places, |key| spelling.host(key), host)
    }
}

fn host_of(keys: &[DockerConfigKey], place: usize) -> Option<(&[u8], &[u8])> {
    let pattern = keys.get(place)?.pattern()?;
    Some(pattern.host_and_port())
}

fn search<'k>(
    keys: &'k [DockerConfigKey],
    places: &[usize],
    text: impl Fn(&'k DockerConfigKey) -> &'k str,
    wanted: &str,
) -> Option<&'k DockerConfigKey> {
    let at = places
        .binary_search_by(|place| keys.get(*place).map(&text).cmp(&Some(wanted)))
        .ok()?;
    keys.get(*places.get(at)?)
}
