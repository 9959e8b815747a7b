//! An image outside the cluster, for a tag to follow.

use std::fmt;

use extreg_core::registry::{
    InternalRegistry, InvalidRef, RefRole, RegistryHost, Resolution, resolve,
};

use super::StreamTag;
use crate::error::Error;

/// An image in an external registry, in its full form. Displays as `docker.io/user/app:v1`, the spelling for which
/// every consumer finds a credential; if it has a tag and a digest, it keeps the digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExternalImage {
    text: String,
    is_digest: bool,
    library: Library,
    stream_tag: Option<(String, StreamTag)>,
}

/// Whether Docker's own `library` was inserted, because the reference has no user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Library {
    /// Not inserted: it has a user, or another registry.
    No,
    /// For a name with its registry: `docker.io/app`.
    OfRegistry,
    /// For a name alone, which could also mean a tag of a stream: `app:v1`.
    OfName,
}

impl ExternalImage {
    /// Parses an image as an import does: a name without a registry is an image of Docker Hub.
    ///
    /// # Errors
    /// [`Error::Usage`] with OpenShift's error for an invalid reference, and for an image that cannot be imported from
    /// outside.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let refuse = |why: &str| Err(Error::usage(format!("image \"{text}\": {why}")));
        let (host, image) = match resolve(text, RefRole::Import, &InternalRegistry::default()) {
            Resolution::Certain(host, image) => (host, image),
            Resolution::Internal(_) => {
                return refuse(
                    "this is the cluster's own registry; copy its images from tag to tag",
                );
            }
            Resolution::Parameter => return refuse("a template parameter, not an image"),
            Resolution::Invalid(InvalidRef::Syntax(why)) if text.contains("://") => {
                return refuse(&format!("{why}; remove the part before the registry"));
            }
            Resolution::Invalid(why) => return refuse(&why.to_string()),
            Resolution::FirstOf(..) => return refuse("does not name its registry"),
        };
        let library = match (host, image.namespace(), image.registry()) {
            (RegistryHost::DockerHub, "", "") => Library::OfName,
            (RegistryHost::DockerHub, "", _) => Library::OfRegistry,
            _ => Library::No,
        };
        let repository = format!("{host}/{}", image.repository_path());
        let text = match (image.id(), image.tag()) {
            ("", "") => format!("{repository}:latest"),
            ("", tag) => format!("{repository}:{tag}"),
            (digest, _) => format!("{repository}@{digest}"),
        };
        let stream_tag = (image.registry().is_empty() && image.id().is_empty()).then(|| {
            let tag = if image.tag().is_empty() {
                "latest"
            } else {
                image.tag()
            };
            let tag = StreamTag::new(image.name(), tag);
            (image.namespace().to_owned(), tag)
        });
        Ok(Self {
            text,
            is_digest: !image.id().is_empty(),
            library,
            stream_tag,
        })
    }

    /// Whether it identifies one image permanently.
    pub(crate) const fn is_digest(&self) -> bool {
        self.is_digest
    }

    /// Whether `library` was inserted.
    pub(crate) const fn library(&self) -> Library {
        self.library
    }

    /// The namespace and the tag of an ImageStream that `oc tag` reads a name without a registry as; the namespace is
    /// empty if none is written.
    pub(crate) fn as_stream_tag(&self) -> Option<(&str, &StreamTag)> {
        let (namespace, tag) = self.stream_tag.as_ref()?;
        Some((namespace, tag))
    }

    /// Whether another spelling means the same image for an import.
    pub(crate) fn is_spelled(&self, text: &str) -> bool {
        Self::parse(text).is_ok_and(|other| other.text == self.text)
    }
}

impl fmt::Display for ExternalImage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGEST: &str = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";

    #[test]
    fn trap_51_name_without_a_registry_is_on_docker_hub() {
        let digest = format!("docker.io/user/app@{DIGEST}");
        for (text, expected) in [
            ("user/app:v1", "docker.io/user/app:v1"),
            ("user/app", "docker.io/user/app:latest"),
            ("docker.io/user/app", "docker.io/user/app:latest"),
            ("index.docker.io/user/app:v1", "docker.io/user/app:v1"),
            ("registry-1.docker.io/user/app:v1", "docker.io/user/app:v1"),
            ("quay.io/org", "quay.io/org:latest"),
            ("quay.io/org/deep/app:1.0", "quay.io/org/deep/app:1.0"),
            ("localhost:5000/app:v1", "localhost:5000/app:v1"),
            ("docker.io:443/u/a", "docker.io:443/u/a:latest"),
            (&format!("user/app:v1@{DIGEST}"), digest.as_str()),
        ] {
            let image = ExternalImage::parse(text).unwrap();
            assert_eq!(image.to_string(), expected, "{text}");
            assert_eq!(image.library(), Library::No, "{text}");
            assert!(image.is_spelled(text) && image.is_spelled(expected));
            assert_eq!(image.is_digest(), text.contains('@'));
        }
    }

    #[test]
    fn name_without_a_user_gets_library() {
        for (text, expected, library) in [
            ("app:v1", "docker.io/library/app:v1", Library::OfName),
            (
                "docker.io/app",
                "docker.io/library/app:latest",
                Library::OfRegistry,
            ),
            (
                "docker.io/library/app",
                "docker.io/library/app:latest",
                Library::No,
            ),
        ] {
            let image = ExternalImage::parse(text).unwrap();
            assert_eq!(
                (image.to_string().as_str(), image.library()),
                (expected, library)
            );
        }
    }

    #[test]
    fn invalid_images_are_refused_with_the_reason() {
        for (text, expected) in [
            ("", "repository name must have at least one component"),
            ("user/App", "repository name must be lowercase"),
            ("User/app", "upper case in its first component"),
            ("docker.io/u/a:b:c", "invalid reference format"),
            (
                "docker://docker.io/u/a",
                "remove the part before the registry",
            ),
            ("docker.io/u/a@sha256:00", "invalid reference format"),
            (
                "u/a@md5:0123456789abcdef0123456789abcdef",
                "unsupported digest algorithm",
            ),
            ("quay.io", "no repository"),
            ("docker.io/u/${APP}", "template parameter"),
            (
                "image-registry.openshift-image-registry.svc:5000/snow/app",
                "cluster's own",
            ),
        ] {
            let error = ExternalImage::parse(text).unwrap_err();
            assert_eq!(error.exit().code(), 2);
            assert!(error.to_string().contains(expected), "{text}: {error}");
        }
    }
}
