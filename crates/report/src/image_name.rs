//! The one name under which uses of the same image are counted.

use extreg_core::image::ImageRef;
use extreg_snapshot::ImageUse;
use extreg_snapshot::place::{ImageName, Place};

/// The name for a field without an image of its own.
const UNSET: &str = "(set by a trigger)";

/// `docker.io/library/nginx:latest` for `nginx`, `nginx:latest` and `index.docker.io/nginx` if
/// they mean that; as written if the registry is unknown. No tag means
/// `latest`, except for a stream that follows all tags of a repository.
pub(super) fn image_name(image: &ImageName, place: &Place) -> String {
    if image.registry.is_empty() || image.repository.is_empty() {
        return match image.written.trim() {
            "" => UNSET.to_owned(),
            written => written.to_owned(),
        };
    }
    let repository = format!("{}/{}", image.registry, image.repository);
    let Ok(reference) = ImageRef::parse(&image.written) else {
        return repository;
    };
    match (reference.tag(), reference.id()) {
        ("", "") if &*place.field == "spec.dockerImageRepository" => repository,
        ("", "") => repository + ":latest",
        (tag, "") => format!("{repository}:{tag}"),
        ("", id) => format!("{repository}@{id}"),
        (tag, id) => format!("{repository}:{tag}@{id}"),
    }
}

/// The name of the image of a use.
pub(super) fn name_of(of: &ImageUse) -> String {
    image_name(&of.image, &of.place)
}

#[cfg(test)]
mod tests {
    use super::*;
    use extreg_snapshot::kind::Kind;
    use extreg_snapshot::testing::{object, place};

    #[test]
    fn spellings_of_one_image_have_one_name() {
        let pod = object(Kind::Pod, "shop", "web");
        let name = |written: &str, registry: &str, repository: &str, field: &str| {
            let image = ImageName {
                written: written.into(),
                registry: registry.into(),
                repository: repository.into(),
                digest: "sha256:aa".into(),
            };
            image_name(&image, &place(&pod, "", field))
        };
        let hub = |written| name(written, "docker.io", "library/nginx", "image");
        assert_eq!(hub("nginx"), "docker.io/library/nginx:latest");
        assert_eq!(hub("nginx:latest"), "docker.io/library/nginx:latest");
        assert_eq!(
            hub("index.docker.io/nginx"),
            "docker.io/library/nginx:latest"
        );
        let digest = format!("sha256:{}", "a".repeat(64));
        assert_eq!(
            hub(&format!("nginx:1@{digest}")),
            format!("docker.io/library/nginx:1@{digest}")
        );
        assert_eq!(
            name(
                "docker.io/acme/all",
                "docker.io",
                "acme/all",
                "spec.dockerImageRepository"
            ),
            "docker.io/acme/all"
        );
        assert_eq!(name("nginx", "", "", "image"), "nginx");
        assert_eq!(name(" ", "", "", "image"), UNSET);
    }
}
