//! Patterns over names and images, anchored at both ends.

use std::fmt;

use extreg_core::image::ImageRef;
use extreg_core::policy::{GlobError, RepositoryGlob};
use extreg_core::registry::RegistryHost;
use extreg_snapshot::place::ImageName;

/// A pattern over a name, in which `*` matches any text, also none, and everything else matches
/// itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextGlob(String);

/// A pattern over images: `docker.io/acme/*`, `*.example.com/**`, `quay.io/acme/app:1.*`.
///
/// The host matches itself, and the names of Docker Hub match each other; a leading `*.` matches
/// any labels. The repository is a [`RepositoryGlob`]. The tag is optional. A pattern without a host
/// applies only to short names, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImagePattern {
    text: String,
    host: Option<Host>,
    repository: RepositoryGlob,
    tag: Option<TextGlob>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Host {
    Exact(String),
    /// The part after the star, with its dot.
    Under(String),
}

/// Why a pattern is invalid.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It is empty.
    #[error("it is empty; omit it for any")]
    Empty,
    /// It names a digest.
    #[error("{0:?} names a digest, which the next push changes; omit it")]
    Digest(String),
    /// The host is invalid.
    #[error(
        "{0:?} is not a valid registry host; write it like docker.io or *.example.com, without scheme"
    )]
    Host(String),
    /// It is a host alone.
    #[error("{0:?} is only a registry; write {0}/** for all its repositories")]
    RegistryOnly(String),
    /// The repository is invalid.
    #[error(transparent)]
    Repository(#[from] GlobError),
}

impl TextGlob {
    /// Parses a pattern.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        Ok(Self(text.to_owned()))
    }

    /// The one text that it matches, if it has no star.
    pub fn literal(&self) -> Option<&str> {
        (!self.0.contains('*')).then_some(&self.0)
    }

    /// Whether the whole of `text` matches.
    pub fn matches(&self, text: &str) -> bool {
        let mut parts = self.0.split('*');
        let Some(mut rest) = text.strip_prefix(parts.next().unwrap_or_default()) else {
            return false;
        };
        let Some(last) = parts.next_back() else {
            return rest.is_empty();
        };
        for part in parts {
            // The first position is sufficient: any text can follow.
            match rest.split_once(part) {
                Some((_, behind)) => rest = behind,
                None => return false,
            }
        }
        rest.ends_with(last)
    }
}

impl ImagePattern {
    /// Parses a pattern.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        if text.is_empty() {
            return Err(PatternError::Empty);
        }
        if text.contains('@') {
            return Err(PatternError::Digest(text.to_owned()));
        }
        if text.contains("://") {
            return Err(PatternError::Host(text.to_owned()));
        }
        let (host, path) = match text.split_once('/') {
            Some((host, path)) if names_host(host) => (Some(Host::parse(host)?), path),
            None if names_host(text.split(':').next().unwrap_or_default()) => {
                return Err(PatternError::RegistryOnly(text.to_owned()));
            }
            _ => (None, text),
        };
        let (repository, tag) = match path.rsplit_once(':') {
            Some((repository, tag)) => (repository, Some(TextGlob::parse(tag)?)),
            None => (path, None),
        };
        Ok(Self {
            text: text.to_owned(),
            host,
            repository: RepositoryGlob::parse(repository)?,
            tag,
        })
    }

    /// Whether the whole of an image's name matches.
    pub fn matches(&self, image: &ImageName) -> bool {
        let parsed = ImageRef::parse(&image.written);
        let named = match &self.host {
            Some(host) => {
                host.matches(&image.registry) && self.repository.matches(&image.repository)
            }
            None => {
                image.registry.is_empty()
                    && parsed.is_ok_and(|short| self.repository.matches(&written_path(&short)))
            }
        };
        named
            && self.tag.as_ref().is_none_or(|glob| {
                parsed.is_ok_and(|image| match (image.tag(), image.id()) {
                    ("", "") => glob.matches("latest"),
                    (tag, _) => glob.matches(tag),
                })
            })
    }
}

/// Whether the first component of an image's name is a registry, by OpenShift's rules.
fn names_host(component: &str) -> bool {
    component.contains(['.', ':']) || component == "localhost"
}

/// The path as written, without the `library/` that Docker Hub would add.
fn written_path(image: &ImageRef<'_>) -> String {
    match image.namespace() {
        "" => image.name().to_owned(),
        namespace => format!("{namespace}/{}", image.name()),
    }
}

impl Host {
    fn parse(text: &str) -> Result<Self, PatternError> {
        let (name, host) = match text.strip_prefix("*.") {
            Some(name) => (name, Self::Under(format!(".{name}"))),
            None => (text, Self::Exact(text.to_owned())),
        };
        let allowed = |c: char| c.is_ascii_alphanumeric() || ".-:".contains(c);
        if name.is_empty() || name.starts_with('.') || !name.chars().all(allowed) {
            return Err(PatternError::Host(text.to_owned()));
        }
        Ok(host)
    }

    fn matches(&self, registry: &str) -> bool {
        match self {
            Self::Exact(host) => RegistryHost::of(host) == RegistryHost::of(registry),
            Self::Under(suffix) => registry.len() > suffix.len() && registry.ends_with(suffix),
        }
    }
}

impl fmt::Display for TextGlob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Display for ImagePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use extreg_snapshot::testing::image;

    #[test]
    fn a_glob_matches_the_whole_text() {
        for (pattern, text, want) in [
            ("web", "web", true),
            ("web", "webs", false),
            ("web", "", false),
            ("web-*", "web-1", true),
            ("web-*", "web-", true),
            ("web-*", "a-web-1", false),
            ("*-web", "a-web", true),
            ("*", "", true),
            ("**", "a", true),
            ("a*a", "a", false),
            ("a*a", "aa", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("*ab", "aab", true),
            ("web-*", "web-*", true),
        ] {
            let glob = TextGlob::parse(pattern).unwrap();
            assert_eq!(glob.matches(text), want, "{pattern} {text}");
        }
        assert_eq!(TextGlob::parse(""), Err(PatternError::Empty));
    }

    #[test]
    fn an_image_pattern_is_anchored_at_the_host_and_at_each_slash() {
        for (pattern, written, want) in [
            ("docker.io/**", "docker.io/library/nginx:1", true),
            ("docker.io/**", "docker.io.evil.com/library/nginx:1", false),
            ("docker.io/**", "evil.com/docker.io/nginx:1", false),
            ("docker.io/**", "notdocker.io/a/b", false),
            ("index.docker.io/**", "docker.io/a/b", true),
            ("docker.io/acme/*", "docker.io/acme/app", true),
            ("docker.io/acme/*", "docker.io/acmecorp/app", false),
            ("docker.io/acme/*", "docker.io/acme/team/app", false),
            ("*.example.com/**", "a.b.example.com/x/y", true),
            ("*.example.com/**", "example.com/x/y", false),
            ("*.example.com/**", "evilexample.com/x/y", false),
            ("quay.io:443/a/b", "quay.io/a/b", false),
            ("quay.io/a/b:1.*", "quay.io/a/b:1.27", true),
            ("quay.io/a/b:1.*", "quay.io/a/b:2.1.0", false),
            ("quay.io/a/b:latest", "quay.io/a/b", true),
            ("quay.io/a/b:latest", "quay.io/a/b@sha256:aa", false),
        ] {
            let matched = ImagePattern::parse(pattern).unwrap();
            assert_eq!(
                matched.matches(&image(written)),
                want,
                "{pattern} {written}"
            );
        }
    }

    #[test]
    fn a_pattern_without_host_applies_to_short_names() {
        let short = |written: &str| ImageName {
            written: written.into(),
            registry: "".into(),
            repository: "".into(),
            digest: "".into(),
        };
        for (pattern, name, want) in [
            ("nginx", short("nginx:1"), true),
            ("nginx", short("acme/nginx"), false),
            ("acme/*", short("acme/app:2"), true),
            ("nginx:1", short("nginx:2"), false),
            ("**", short("${IMAGE}"), false),
            ("library/nginx", image("docker.io/library/nginx"), false),
            ("docker.io/**", short("nginx"), false),
        ] {
            let matched = ImagePattern::parse(pattern).unwrap();
            assert_eq!(matched.matches(&name), want, "{pattern} {name:?}");
        }
    }

    #[test]
    fn a_bad_image_pattern_is_reported_with_the_correction() {
        for (text, want) in [
            ("", "omit it"),
            ("docker.io", "write docker.io/** for all its"),
            ("localhost", "write localhost/** for all its"),
            ("https://docker.io/a", "without scheme"),
            ("docker.io*/a", "*.example.com"),
            ("*.*.com/a", "*.example.com"),
            ("*./a", "*.example.com"),
            ("docker.io/a@sha256:aa", "names a digest"),
            ("docker.io/", "single slashes"),
            ("docker.io/A/b", "lower case"),
            ("docker.io/a/b:", "omit it"),
        ] {
            let error = ImagePattern::parse(text).unwrap_err().to_string();
            assert!(error.contains(want), "{text}: {error}");
        }
    }
}
