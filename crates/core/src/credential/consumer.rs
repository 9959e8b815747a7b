use std::collections::BTreeMap;

use super::config::{DockerConfigKeys, KeyMatch};
use super::index::Spelling;
use super::key::{AuthField, DockerConfigKey};
use super::spelling::hub_as_index;
use crate::image::ImageRef;

/// The key that docker's own tools use for Docker Hub's credentials.
const DOCKER_HUB_AUTH_KEY: &str = "https://index.docker.io/v1/";

/// A program that needs a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Consumer {
    /// The builder on a push: the Kubernetes keyring over the push secret, queried with the output as written, first
    /// credential only (openshift/builder `pkg/build/builder/cmd/dockercfg/cfg.go` `GetDockerAuth`).
    BuildPush,
    /// The builder on a pull: keys with a scheme are rewritten, then containers/image matches them
    /// (`pkg/build/builder/daemonless.go` `mergeNodeCredentials`, `util.go` `normalizeRegistryLocation`). Of keys
    /// that are rewritten alike a random one survives; here it is the first.
    BuildPull,
    /// An image import: the Kubernetes keyring, queried with the reference with defaults, first credential only
    /// (openshift-apiserver `pkg/image/apiserver/importer/staticcredentials.go` `Repository`).
    Import,
    /// The kubelet: the Kubernetes keyring, queried with the normalized name, every credential in turn.
    Kubelet,
    /// containers/image itself, as in CRI-O, podman and buildah (`pkg/docker/config/config.go`
    /// `findCredentialsInFile`). It reads the `auth` field only, and that padded.
    ContainersImage,
    /// Shipwright's image processing, which needs the exact server address
    /// (shipwright-io/build `pkg/image/options.go` `GetOptions`).
    Shipwright,
}

impl Consumer {
    /// Every consumer.
    pub const ALL: [Self; 6] = [
        Self::BuildPush,
        Self::BuildPull,
        Self::Import,
        Self::Kubelet,
        Self::ContainersImage,
        Self::Shipwright,
    ];
}

impl DockerConfigKeys {
    /// The keys whose credentials `consumer` would use for `image`. Empty if `image` is not a reference, names only
    /// a registry, or is one that the consumer cannot parse.
    ///
    /// A short name means docker.io here; if its field searches (see [`crate::registry::Resolution::FirstOf`]),
    /// query once per registry.
    pub fn matching(&self, consumer: Consumer, image: &str) -> KeyMatch<'_> {
        let Ok(reference) = ImageRef::parse(image) else {
            return KeyMatch::default();
        };
        if reference.is_registry_only() {
            return KeyMatch::default();
        }
        match consumer {
            Consumer::BuildPush => self.lookup(image).only_first(),
            Consumer::Import => self
                .lookup(&reference.with_defaults().to_string())
                .only_first(),
            Consumer::Kubelet => self.lookup(&NormalizedName::of(&reference).to_string()),
            Consumer::BuildPull => self
                .containers_image(&reference, Spelling::Rewritten)
                .into_iter()
                .collect(),
            Consumer::ContainersImage => self
                .containers_image(&reference, Spelling::Written)
                .filter(|key| key.auth() == AuthField::Padded)
                .into_iter()
                .collect(),
            Consumer::Shipwright => self.shipwright(&reference).into_iter().collect(),
        }
    }

    /// Keys of one docker config that some consumer treats as one key though they hold different credentials, so
    /// that a random one is used: the first of each such group, and another that differs from it. A builder rewrites
    /// keys for its pulls; the Kubernetes keyring files them by host and path.
    pub fn colliding(&self) -> Vec<(&DockerConfigKey, &DockerConfigKey)> {
        let mut rewritten: BTreeMap<&str, &DockerConfigKey> = BTreeMap::new();
        let mut filed: BTreeMap<&[u8], &DockerConfigKey> = BTreeMap::new();
        let mut found = Vec::new();
        for key in self.iter() {
            let first = *rewritten.entry(key.rewritten()).or_insert(key);
            let first_filed = key
                .keyring_key()
                .map(|under| *filed.entry(under).or_insert(key));
            let mut firsts = [Some(first), first_filed].into_iter().flatten();
            if let Some(first) = firsts.find(|first| !first.is_same_credential(key)) {
                found.push((first, key));
            }
        }
        found
    }

    /// The key that containers/image selects, each key in that spelling: the repository, its parents,
    /// the host, and only then any key that equals the host once normalized.
    fn containers_image(
        &self,
        reference: &ImageRef<'_>,
        spelling: Spelling,
    ) -> Option<&DockerConfigKey> {
        let name = NormalizedName::of(reference);
        let full = name.to_string();
        let mut parents = std::iter::successors(Some(full.as_str()), |path| {
            path.rsplit_once('/').map(|(parent, _)| parent)
        });
        parents
            .find_map(|path| self.index().spelled(self.as_slice(), spelling, path))
            .or_else(|| {
                self.index()
                    .on_host(self.as_slice(), spelling, hub_as_index(name.host))
            })
    }

    fn shipwright(&self, reference: &ImageRef<'_>) -> Option<&DockerConfigKey> {
        // docker's reader rejects the whole file if it cannot decode one `auth`.
        let readable = self.iter().all(|key| key.auth() != AuthField::Unpadded);
        let address = match reference.registry() {
            "" | "docker.io" | "index.docker.io" => DOCKER_HUB_AUTH_KEY,
            host => host,
        };
        let parsed = readable && !reference.has_upper_case_component();
        self.iter()
            .find(|key| parsed && key.as_written() == address)
    }
}

/// A repository as distribution's `ParseNormalizedNamed` names it, which all parsers except OpenShift's own use.
struct NormalizedName<'a> {
    host: &'a str,
    namespace: &'a str,
    name: &'a str,
}

impl<'a> NormalizedName<'a> {
    fn of(reference: &ImageRef<'a>) -> Self {
        let (host, namespace) = if reference.has_upper_case_component() {
            (reference.namespace(), "")
        } else {
            match (reference.registry(), reference.namespace()) {
                ("" | "docker.io" | "index.docker.io", "") => ("docker.io", "library"),
                ("" | "docker.io" | "index.docker.io", namespace) => ("docker.io", namespace),
                other => other,
            }
        };
        Self {
            host,
            namespace,
            name: reference.name(),
        }
    }
}

impl std::fmt::Display for NormalizedName<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/", self.host)?;
        if !self.namespace.is_empty() {
            write!(f, "{}/", self.namespace)?;
        }
        f.write_str(self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::super::DockerConfigFormat;
    use super::*;

    #[test]
    fn keys_with_different_credentials_collide() {
        // u:p and u:q
        const P: &str = r#"{"auth": "dTpw"}"#;
        const Q: &str = r#"{"auth": "dTpx"}"#;
        const PLAIN: &str = r#"{"username": "u", "password": "p"}"#;
        for (entries, expected) in [
            (
                &[("docker.io", P), ("https://index.docker.io/v1/", P)][..],
                &[][..],
            ),
            (
                &[("docker.io", P), ("https://index.docker.io/v1/", PLAIN)],
                &[],
            ),
            (
                &[("docker.io", P), ("https://index.docker.io/v1/", Q)],
                &[("docker.io", "https://index.docker.io/v1/")],
            ),
            // Without a scheme it is not rewritten, and is filed under another host.
            (&[("docker.io", P), ("index.docker.io/v1/", Q)], &[]),
            (
                &[
                    ("registry-1.docker.io", P),
                    ("https://registry-1.docker.io/v2/", Q),
                ],
                &[("registry-1.docker.io", "https://registry-1.docker.io/v2/")],
            ),
            (
                &[
                    ("quay.io", P),
                    ("https://quay.io", PLAIN),
                    ("http://quay.io/v2/", Q),
                ],
                &[("quay.io", "http://quay.io/v2/")],
            ),
        ] {
            let entries: Vec<_> = entries
                .iter()
                .map(|(key, entry)| format!("{key:?}: {entry}"))
                .collect();
            let json = format!(r#"{{"auths": {{{}}}}}"#, entries.join(", "));
            let keys =
                DockerConfigKeys::parse(json.as_bytes(), DockerConfigFormat::ConfigJson).unwrap();
            let found: Vec<_> = keys
                .colliding()
                .into_iter()
                .map(|(first, other)| (first.as_written(), other.as_written()))
                .collect();
            assert_eq!(found, expected, "{json}");
        }
    }
}
