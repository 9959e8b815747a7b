//! Faults of a key of a docker config, independent of the image.

use extreg_core::credential::{AuthField, Consumer, DockerConfigKey, DockerConfigKeys};
use extreg_core::registry::RegistryHost;
use extreg_core::vocabulary;

/// An image that only a key for all of Docker Hub matches.
pub const ANY_OF_HUB: &str = "docker.io/any/any";

vocabulary! {
    /// A fault of a key; the most severe is last.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
    pub enum KeyFault {
        /// It has no `auth`, which some consumers require.
        NoAuth => "it has no auth",
        /// Its `auth` is not padded, which some consumers require.
        Unpadded => "its auth is not padded",
        /// It is a host of Docker Hub that no docker.io image matches.
        OtherHub => "docker.io images do not match it",
        /// Username or password is missing.
        Incomplete => "it has no username or no password",
        /// It is the website of Docker Hub.
        WebSite => "it is a website, not a registry",
        /// `/v1` or `/v2` without a final slash, which is then a path that no image has.
        NoSlash => "it lacks the slash at its end",
        /// It is not a URL.
        NoUrl => "it is not a registry",
    }
    /// A short text about the key.
    pub fn words;
}

impl KeyFault {
    /// All faults of a key, the most severe first.
    pub fn of(key: &DockerConfigKey) -> Vec<Self> {
        let mut faults = Vec::new();
        match key.normalized() {
            None => faults.push(Self::NoUrl),
            Some(normalized) => {
                let (host, path) = normalized.split_once('/').unwrap_or((&normalized, ""));
                if host == "hub.docker.com" {
                    faults.push(Self::WebSite);
                } else if matches!(path, "v1" | "v2") {
                    faults.push(Self::NoSlash);
                } else if path.is_empty() && is_other_hub(host, key) {
                    faults.push(Self::OtherHub);
                }
            }
        }
        match key.auth() {
            _ if !key.is_complete() => faults.push(Self::Incomplete),
            AuthField::Absent => faults.push(Self::NoAuth),
            AuthField::Unpadded => faults.push(Self::Unpadded),
            AuthField::Padded => {}
        }
        faults.sort_by(|a, b| b.cmp(a));
        faults
    }

    /// Why that matters, in one or two sentences.
    pub const fn why(self) -> &'static str {
        match self {
            Self::NoAuth | Self::Unpadded => {
                "Imports, the kubelet and pushes read it; CRI-O, podman and Dockerfile builds, \
                 which read padded auth only, do not"
            }
            Self::OtherHub => {
                "Builds, imports and the kubelet find it only for images that are written with \
                 exactly that host"
            }
            Self::Incomplete => "A consumer that finds it continues without a credential",
            Self::WebSite => "No image is on that host: no consumer ever finds the key",
            Self::NoSlash => {
                "Builds, imports and the kubelet read the text after the host as a path that no \
                 image has and miss it; only podman and similar tools find it"
            }
            Self::NoUrl => "Every consumer ignores it",
        }
    }
}

/// The registry of a key's host and path, with all names of Docker Hub as one.
pub fn registry_of_key(normalized: &str) -> RegistryHost<'_> {
    match normalized
        .split_once('/')
        .map_or(normalized, |(host, _)| host)
    {
        "hub.docker.com" | "registry.hub.docker.com" => RegistryHost::DockerHub,
        host => RegistryHost::of(host),
    }
}

/// Whether a host looks like Docker Hub's, but matches no docker.io image.
fn is_other_hub(host: &str, key: &DockerConfigKey) -> bool {
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    let name = name.to_ascii_lowercase();
    let alone = || DockerConfigKeys::of_spellings([key.as_written()]);
    (name == "docker.io" || name.ends_with(".docker.io"))
        && !alone().matching(Consumer::Import, ANY_OF_HUB).is_matched()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_docker_hub_that_no_image_matches() {
        for (spelling, other) in [
            ("docker.io", false),
            ("https://docker.io", false),
            ("index.docker.io", false),
            ("https://index.docker.io/v1/", false),
            ("docker.io/acme", false),
            ("registry-1.docker.io", true),
            ("https://registry-1.docker.io/v2/", true),
            ("*.docker.io", true),
            ("docker.io:443", true),
            ("DOCKER.IO", true),
            ("mydocker.io", false),
            ("quay.io", false),
        ] {
            let keys = DockerConfigKeys::of_spellings([spelling]);
            let faults: Vec<_> = keys.iter().flat_map(KeyFault::of).collect();
            assert_eq!(
                faults == [KeyFault::OtherHub],
                other,
                "{spelling}: {faults:?}"
            );
            assert!(other || faults.is_empty(), "{spelling}: {faults:?}");
        }
    }
}
