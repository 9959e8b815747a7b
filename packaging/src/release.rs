//! What only a release knows.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

/// The registry that a release pushes to, and the image of the webhook there.
const IMAGE: &str = "ghcr.io/extreg/extreg-webhook";
/// The image of the bundle.
const BUNDLE: &str = "ghcr.io/extreg/extreg-bundle";
const ALGORITHM: &str = "sha256";
const DIGITS: usize = 64;

/// What only a release knows. The default is that of the files in the repository: its digests are zeros, which no
/// image has, so that nothing can be installed from them by mistake.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// The image of the webhook.
    pub image: Pinned,
    /// The image of the bundle, which exists only after the bundle.
    pub bundle: Pinned,
    /// When it was made.
    pub created: Option<Timestamp>,
}

impl Default for Release {
    fn default() -> Self {
        let unreleased = |name: &str| Pinned {
            name: name.to_owned(),
            digest: "0".repeat(DIGITS),
        };
        Self {
            image: unreleased(IMAGE),
            bundle: unreleased(BUNDLE),
            created: None,
        }
    }
}

/// An image by digest: `HOST/PATH@sha256:…`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pinned {
    name: String,
    digest: String,
}

/// A text is not an image by digest.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not an image by digest; use REGISTRY/NAME@sha256:DIGEST, with the digest that the push printed"
)]
pub struct PinnedError(String);

impl FromStr for Pinned {
    type Err = PinnedError;

    fn from_str(text: &str) -> Result<Self, PinnedError> {
        let invalid = || PinnedError(text.to_owned());
        let (name, digest) = text.split_once('@').ok_or_else(invalid)?;
        let (algorithm, digest) = digest.split_once(':').ok_or_else(invalid)?;
        let (host, path) = name.split_once('/').ok_or_else(invalid)?;
        let is_host = host.contains(['.', ':']) && host.bytes().all(is_host_byte);
        let is_path = path.split('/').all(|part| {
            !part.is_empty()
                && part
                    .bytes()
                    .all(|byte| is_lower(byte) || b"._-".contains(&byte))
        });
        let is_digest = digest.len() == DIGITS && digest.bytes().all(is_hex);
        if algorithm != ALGORITHM || !is_host || !is_path || !is_digest {
            return Err(invalid());
        }
        Ok(Self {
            name: name.to_owned(),
            digest: digest.to_owned(),
        })
    }
}

impl fmt::Display for Pinned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, digest } = self;
        write!(f, "{name}@{ALGORITHM}:{digest}")
    }
}

fn is_lower(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn is_host_byte(byte: u8) -> bool {
    is_lower(byte) || b".:-".contains(&byte)
}

fn is_hex(byte: u8) -> bool {
    byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_by_digest_is_read_and_written() {
        let zeros = Release::default().image.to_string();
        for good in [zeros.clone(), zeros.replace("ghcr.io", "127.0.0.1:5000")] {
            assert_eq!(good.parse::<Pinned>().unwrap().to_string(), good);
        }
        for bad in [
            "",
            "ghcr.io/extreg/extreg-webhook:0.1.0",
            "extreg-webhook@sha256:0",
            &zeros.replace("sha256", "sha512"),
            &zeros.replace('0', "G"),
            &zeros.replace("ghcr.io", "Ghcr.io"),
            &zeros.replace("ghcr.io", "ghcr"),
            &zeros.replace("/extreg/", "//"),
            &zeros[1..zeros.len() - 1],
            &format!("{zeros} "),
        ] {
            let error = bad.parse::<Pinned>().unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("{bad:?} is not an image")),
                "{error}"
            );
        }
    }
}
