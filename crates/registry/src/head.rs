//! The headers of a manifest.

use http::{HeaderMap, HeaderValue, header};

use super::RateLimit;

/// Lists before single images, so that a list is returned as a list.
const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.v2+json, \
    application/vnd.docker.distribution.manifest.v1+prettyjws";
const LISTS: [&str; 2] = [
    "application/vnd.oci.image.index.v1+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
];

/// The headers of a manifest.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// The manifest's digest.
    pub digest: Option<String>,
    /// Its media type.
    pub media_type: Option<String>,
    /// The pull limit of this client, if the registry has one.
    pub limit: Option<RateLimit>,
}

impl Head {
    /// Whether it is a list of images, one for each platform; `None` if the registry does not report it.
    pub fn is_list(&self) -> Option<bool> {
        let media_type = self.media_type.as_deref()?;
        Some(LISTS.contains(&media_type))
    }

    pub(super) fn from_headers(headers: &HeaderMap) -> Self {
        let text = |name: &str| headers.get(name)?.to_str().ok().map(str::trim);
        let media_type = text("content-type")
            .and_then(|text| text.split(';').next())
            .map(str::trim)
            .filter(|text| !text.is_empty());
        Self {
            digest: text("docker-content-digest")
                .filter(|digest| is_digest(digest))
                .map(str::to_owned),
            media_type: media_type.map(str::to_owned),
            limit: RateLimit::from_headers(headers),
        }
    }
}

/// An `Accept` header for every kind of manifest.
pub(super) fn accept() -> HeaderMap {
    HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(MANIFESTS))])
}

fn is_digest(text: &str) -> bool {
    text.split_once(':').is_some_and(|(algorithm, hex)| {
        !algorithm.is_empty() && hex.len() >= 32 && hex.bytes().all(|byte| byte.is_ascii_hexdigit())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(media_type: &'static str, digest: &'static str) -> Head {
        Head::from_headers(&HeaderMap::from_iter([
            (header::CONTENT_TYPE, HeaderValue::from_static(media_type)),
            (
                header::HeaderName::from_static("docker-content-digest"),
                HeaderValue::from_static(digest),
            ),
        ]))
    }

    #[test]
    fn a_list_is_distinguished_from_an_image() {
        for (media_type, expected) in [
            ("application/vnd.oci.image.index.v1+json", Some(true)),
            (
                "application/vnd.docker.distribution.manifest.list.v2+json; charset=utf-8",
                Some(true),
            ),
            ("application/vnd.oci.image.manifest.v1+json", Some(false)),
            ("", None),
        ] {
            assert_eq!(of(media_type, "").is_list(), expected, "{media_type}");
        }
        assert_eq!(Head::default().is_list(), None);
    }

    #[test]
    fn only_a_digest_is_recognized_as_one() {
        let digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        assert_eq!(of("", digest).digest.as_deref(), Some(digest));
        for text in [
            "",
            "v1",
            "sha256:",
            "sha256:01",
            ":0123456789abcdef0123456789abcdef",
        ] {
            assert_eq!(of("", text).digest, None, "{text}");
        }
    }
}
