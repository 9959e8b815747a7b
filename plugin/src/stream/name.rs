//! Validates names of ImageStreams and their tags before any request.

use std::fmt;

use extreg_cluster::{Kind, ObjectRef};

use crate::error::Error;

/// The longest tag (the distribution specification's `[\w][\w.-]{0,127}`, which `oc tag` checks).
const MAX_TAG: usize = 128;
/// The longest `namespace/stream` that fits in a reference.
const MAX_STREAM: usize = 255;

/// A tag of an ImageStream. Displays as `STREAM:TAG`, the name of its ImageStreamTag.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct StreamTag {
    /// The ImageStream.
    pub(crate) stream: String,
    /// The tag.
    pub(crate) tag: String,
}

impl StreamTag {
    /// Parses `STREAM:TAG`.
    ///
    /// # Errors
    /// [`Error::Usage`] with the problem.
    pub(crate) fn parse(text: &str) -> Result<Self, Error> {
        let Some((stream, tag)) = text.split_once(':') else {
            return Err(Error::usage(format!(
                "\"{text}\" has no tag: use STREAM:TAG, e.g. {}:latest",
                if text.is_empty() { "app" } else { text },
            )));
        };
        check_stream(stream)?;
        check_tag(tag)?;
        Ok(Self::new(stream, tag))
    }

    /// From a validated stream and tag.
    pub(crate) fn new(stream: &str, tag: &str) -> Self {
        Self {
            stream: stream.to_owned(),
            tag: tag.to_owned(),
        }
    }

    /// The stream and the tag.
    pub(crate) fn parts(&self) -> (&str, &str) {
        (&self.stream, &self.tag)
    }

    /// The ImageStreamTag.
    pub(crate) fn reference(&self, namespace: &str) -> ObjectRef {
        ObjectRef::new(Kind::IMAGE_STREAM_TAG, namespace, &self.to_string())
    }
}

impl fmt::Display for StreamTag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.stream, self.tag)
    }
}

/// The name of an ImageStream: lower-case letters and digits with single separators between
/// (openshift-apiserver `pkg/image/apis/image/validation` `ValidateImageStreamName`).
pub(crate) fn check_stream(name: &str) -> Result<(), Error> {
    if name.contains('/') {
        return Err(Error::usage(format!(
            "\"{name}\" is not a valid ImageStream name: -n sets its namespace, so use \
             the name of the stream alone"
        )));
    }
    let parts_stand = name
        .split(['.', '_', '-'])
        .all(|part| !part.is_empty() && part.bytes().all(is_lower_or_digit));
    if parts_stand && name.len() <= MAX_STREAM {
        return Ok(());
    }
    Err(Error::usage(format!(
        "\"{name}\" is not a valid ImageStream name: a-z and 0-9, with single . _ or - between"
    )))
}

/// A tag. The API server accepts any text for it, but an invalid tag cannot be pulled.
pub(crate) fn check_tag(tag: &str) -> Result<(), Error> {
    let is_word = |b: u8| b.is_ascii_alphanumeric() || b == b'_';
    let stands = tag.bytes().next().is_some_and(is_word)
        && tag.bytes().all(|b| is_word(b) || b == b'.' || b == b'-')
        && tag.len() <= MAX_TAG;
    if stands {
        return Ok(());
    }
    Err(Error::usage(format!(
        "\"{tag}\" is not a valid tag: at most {MAX_TAG} of letters, digits, _ . and -, and no . or - first"
    )))
}

fn is_lower_or_digit(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_follow_the_rules_of_the_server() {
        let long = "a".repeat(129);
        for good in ["app:v1", "python-lyapp:latest", "a.b_c:_x", "a:A.b-c"] {
            assert_eq!(StreamTag::parse(good).unwrap().to_string(), good);
        }
        for (bad, expected) in [
            ("", "has no tag"),
            ("app", "e.g. app:latest"),
            ("app:", "\"\" is not a valid tag"),
            (":v1", "\"\" is not a valid ImageStream"),
            ("App:v1", "\"App\" is not a valid ImageStream"),
            ("a__b:v1", "single"),
            ("-a:v1", "single"),
            ("a-:v1", "single"),
            ("ns/app:v1", "-n sets"),
            ("app:a:b", "\"a:b\" is not a valid tag"),
            ("app:-x", "not a valid tag"),
            ("app:.x", "not a valid tag"),
            ("app:v1@sha256:0", "not a valid tag"),
            ("app:ü", "not a valid tag"),
            (&format!("app:{long}"), "at most 128"),
        ] {
            let error = StreamTag::parse(bad).unwrap_err();
            assert_eq!(error.exit().code(), 2, "{bad}");
            assert!(error.to_string().contains(expected), "{bad}: {error}");
        }
    }
}
