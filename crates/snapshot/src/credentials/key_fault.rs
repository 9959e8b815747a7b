//! What is wrong with a key of a docker config, whatever image it is for.

use extreg_core::credential::{AuthField, Consumer, DockerConfigKey, DockerConfigKeys};
use extreg_core::registry::RegistryHost;

/// An image that only a key for all of Docker Hub matches.
pub const ANY_OF_HUB: &str = "docker.io/any/any";

/// What is wrong with a key; the worst comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyFault {
    /// It has no `auth`: not all consumers read it.
    NoAuth,
    /// Its `auth` is not padded: not all consumers read it.
    Unpadded,
    /// It is a host of Docker Hub that no image of docker.io is asked for by.
    OtherHub,
    /// There is no username or no password.
    Incomplete,
    /// It is the web site of Docker Hub.
    WebSite,
    /// `/v1` or `/v2` without a slash behind it, which is then a path that no image has.
    NoSlash,
    /// It is no URL.
    NoUrl,
}

impl KeyFault {
    /// All that is wrong with a key, the worst first.
    pub fn of(key: &DockerConfigKey) -> Vec<Self> {
        let mut faults = Vec::new();
        match key.normalised() {
            None => faults.push(Self::NoUrl),
            Some(normalised) => {
                let (host, path) = normalised.split_once('/').unwrap_or((&normalised, ""));
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

    /// In a few words, said of the key.
    pub const fn words(self) -> &'static str {
        match self {
            Self::NoAuth => "it has no auth",
            Self::Unpadded => "its auth is not padded",
            Self::OtherHub => "images of docker.io do not find it",
            Self::Incomplete => "it has no username or no password",
            Self::WebSite => "that is a web site and no registry",
            Self::NoSlash => "it lacks the slash at its end",
            Self::NoUrl => "that is no registry",
        }
    }

    /// Why that matters, in a sentence or two.
    pub const fn why(self) -> &'static str {
        match self {
            Self::NoAuth | Self::Unpadded => {
                "Imports, the kubelet and pushes read it; CRI-O, podman and Dockerfile builds, \
                 which read padded auth only, do not"
            }
            Self::OtherHub => {
                "Builds, imports and the kubelet find it for images that are written with that \
                 very host alone"
            }
            Self::Incomplete => "Whoever finds it goes on without a credential",
            Self::WebSite => "No image is of that host: nothing ever finds the key",
            Self::NoSlash => {
                "Builds, imports and the kubelet take what is behind the host for a path that no \
                 image has and miss it; only podman and its like find it"
            }
            Self::NoUrl => "Every consumer passes over it",
        }
    }
}

/// The registry of a key's host and path, with all names of Docker Hub as one.
pub fn registry_of_key(normalised: &str) -> RegistryHost<'_> {
    match normalised
        .split_once('/')
        .map_or(normalised, |(host, _)| host)
    {
        "hub.docker.com" | "registry.hub.docker.com" => RegistryHost::DockerHub,
        host => RegistryHost::of(host),
    }
}

/// Whether a host looks like Docker Hub's, and is found for no image of it.
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
    fn hosts_of_docker_hub_that_its_images_are_not_asked_for_by() {
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
