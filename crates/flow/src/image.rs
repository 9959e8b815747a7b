//! Images, compared by what they mean and not by their spelling.

use std::fmt;

use extreg_core::{
    image::ImageRef,
    registry::{InternalRegistry, RefRole, RegistryHost, Resolution, resolve},
};

/// The last registry that a node searches for a name without a registry. An image found earlier is a
/// different one.
const HUB: &str = "docker.io";

/// An external image in normalized form: one name for Docker Hub, with `library/` and `latest`
/// filled in. `Display` prints this form.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Image {
    /// The registry's host.
    pub host: String,
    /// The repository in it.
    pub repository: String,
    /// The tag; ignored if there is a digest.
    pub tag: String,
    /// The digest; empty for one that is named by tag.
    pub digest: String,
}

/// An image in the integrated registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Inside {
    pub(crate) namespace: String,
    pub(crate) stream: String,
    pub(crate) tag: String,
    /// The digest; empty for one that is named by tag.
    pub(crate) digest: String,
}

impl Image {
    /// The image of a field of that role, if it is external.
    pub fn of(text: &str, role: RefRole) -> Option<Self> {
        let (host, image) = match resolve(text, role, &InternalRegistry::default()) {
            Resolution::Certain(host, image) => (RegistryHost::as_str(&host), image),
            Resolution::FirstOf(list, image) if list.contains(&HUB) => (HUB, image),
            _ => return None,
        };
        Some(Self {
            host: host.to_owned(),
            repository: image.repository_path().into_owned(),
            tag: image.with_defaults().tag().to_owned(),
            digest: image.id().to_owned(),
        })
    }

    /// Whether it has a digest.
    pub const fn is_pinned(&self) -> bool {
        !self.digest.is_empty()
    }

    /// Whether both are in the same repository.
    pub fn is_beside(&self, other: &Self) -> bool {
        self.host == other.host && self.repository == other.repository
    }

    /// The tag or the digest, for requests to a registry.
    pub fn reference(&self) -> &str {
        if self.digest.is_empty() {
            &self.tag
        } else {
            &self.digest
        }
    }
}

impl Inside {
    /// Reads a pull specification of the integrated registry: `HOST/namespace/stream:tag`.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let role = RefRole::WorkloadPull;
        let Resolution::Internal(image) = resolve(text, role, &InternalRegistry::default()) else {
            return None;
        };
        let image: ImageRef<'_> = image.with_defaults();
        Some(Self {
            namespace: image.namespace().to_owned(),
            stream: image.name().to_owned(),
            tag: image.tag().to_owned(),
            digest: image.id().to_owned(),
        })
    }
}

impl fmt::Display for Image {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            host,
            repository,
            tag,
            digest,
        } = self;
        if digest.is_empty() {
            write!(f, "{host}/{repository}:{tag}")
        } else {
            write!(f, "{host}/{repository}@{digest}")
        }
    }
}

/// A digest shortened for people.
pub fn short(digest: &str) -> String {
    const SHOWN: usize = 12;
    match digest.split_once(':') {
        Some((algorithm, hex)) if hex.len() > SHOWN => {
            let start: String = hex.chars().take(SHOWN).collect();
            format!("{algorithm}:{start}")
        }
        _ => digest.to_owned(),
    }
}

/// A reference with a shortened digest.
pub(crate) fn short_reference(reference: &str) -> String {
    match reference.split_once('@') {
        Some((name, digest)) => format!("{name}@{}", short(digest)),
        None => reference.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_image_has_many_spellings() {
        let of = |text| Image::of(text, RefRole::Import).unwrap().to_string();
        for text in ["u/a", "docker.io/u/a:latest", "index.docker.io/u/a"] {
            assert_eq!(of(text), "docker.io/u/a:latest");
        }
        assert_eq!(
            Image::of("u/a:v1", RefRole::WorkloadPull),
            Image::of("docker.io/u/a:v1", RefRole::Push)
        );
        assert_eq!(Image::of("${X}/a", RefRole::Push), None);
        let inside = "image-registry.openshift-image-registry.svc:5000/snow/app@sha256:\
            0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        assert_eq!(Image::of(inside, RefRole::WorkloadPull), None);
        let inside = Inside::of(inside).unwrap();
        assert_eq!(
            (inside.namespace.as_str(), inside.stream.as_str()),
            ("snow", "app")
        );
        assert_eq!(short(&inside.digest), "sha256:0123456789ab");
        assert_eq!(Inside::of("docker.io/snow/app"), None);
    }
}
