//! Package URLs of images: type `oci` of the purl specification.

use extreg_snapshot::place::ImageName;

use super::uri::{COMPONENT, PATH, encoded};

/// `pkg:oci/nginx@sha256%3A…?repository_url=docker.io/library/nginx&tag=1.27`; none if the image
/// is unknown.
pub(super) fn of(image: &ImageName, tag: &str) -> Option<String> {
    if image.registry.is_empty() || image.repository.is_empty() {
        return None;
    }
    let (_, name) = image
        .repository
        .rsplit_once('/')
        .unwrap_or(("", &*image.repository));
    let mut purl = format!("pkg:oci/{}", encoded(&name.to_lowercase(), COMPONENT));
    if !image.digest.is_empty() {
        purl = format!("{purl}@{}", encoded(&image.digest, COMPONENT));
    }
    let repository = format!("{}/{}", image.registry, image.repository);
    purl = format!("{purl}?repository_url={}", encoded(&repository, PATH));
    if !tag.is_empty() {
        purl = format!("{purl}&tag={}", encoded(tag, COMPONENT));
    }
    Some(purl)
}

#[cfg(test)]
mod tests {
    use super::*;
    use extreg_snapshot::testing::image;

    /// The first is the specification's own example, with the qualifiers that we have.
    #[test]
    fn an_image_has_a_purl() {
        for (written, tag, want) in [
            (
                "docker.io/library/debian:latest@sha256:244fd47e07d10",
                "latest",
                "pkg:oci/debian@sha256%3A244fd47e07d10?repository_url=docker.io/library/debian&tag=latest",
            ),
            (
                "quay.io:5000/acme/app:v1+2",
                "v1+2",
                "pkg:oci/app?repository_url=quay.io%3A5000/acme/app&tag=v1%2B2",
            ),
        ] {
            assert_eq!(of(&image(written), tag).as_deref(), Some(want));
        }
        let mut unknown = image("docker.io/library/debian");
        unknown.registry = "".into();
        assert_eq!(of(&unknown, ""), None);
    }
}
