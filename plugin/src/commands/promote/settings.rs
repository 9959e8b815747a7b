//! The validated settings of `promote`.

use extreg_cluster::DryRun;
use extreg_core::image::ImageRef;
use extreg_remedy::Caller;

use super::Args;
use crate::{
    args::DryRunArgs,
    error::Error,
    print::ObjectFormat,
    stream::{StreamTag, check_stream, check_tag},
};

/// What to promote, and how.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) from: From,
    pub(super) to: StreamTag,
    pub(super) way: Way,
    pub(super) dry_run: DryRun,
    pub(super) format: Option<ObjectFormat>,
}

/// The image to promote. Displays as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// The image that a tag shows now.
    Tag(StreamTag),
    /// An image that a tag of a stream shows or showed.
    Image {
        /// The ImageStream.
        stream: String,
        /// The image's digest.
        digest: String,
    },
}

/// What TO follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The image in the stream.
    Image,
    /// The image's digest in its registry.
    Digest,
    /// FROM.
    Alias,
}

/// Where the promotion runs.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) settings: &'a Settings,
    pub(super) caller: Caller,
    pub(super) namespace: &'a str,
}

impl Settings {
    /// Validates the arguments.
    ///
    /// # Errors
    /// [`Error::Usage`]
    pub(super) fn resolve(args: Args) -> Result<Self, Error> {
        let Args {
            from,
            to,
            digest,
            alias,
            dry_run: DryRunArgs { dry_run },
            output,
        } = args;
        let from = From::parse(&from)?;
        let to = if to.contains(':') {
            StreamTag::parse(&to)?
        } else if to.contains('/') {
            check_stream(&to)?;
            StreamTag::parse(&to)?
        } else {
            check_tag(&to)?;
            StreamTag::new(from.stream(), &to)
        };
        let way = match (digest, alias) {
            (true, _) => Way::Digest,
            (false, true) => Way::Alias,
            (false, false) => Way::Image,
        };
        if way == Way::Alias {
            match &from {
                From::Image { .. } => {
                    return Err(Error::usage(format!(
                        "--alias: {from} is one fixed image; specify a tag that can be followed, \
                         or omit --alias"
                    )));
                }
                From::Tag(tag) if *tag == to => {
                    return Err(Error::usage(format!("--alias: {to} cannot follow itself")));
                }
                // It would be copied, but not follow the other one (openshift/oc `isCrossImageStream`).
                From::Tag(tag) if tag.stream != to.stream => {
                    return Err(Error::usage(format!(
                        "--alias: {to} belongs to another stream than {tag}; omit --alias"
                    )));
                }
                From::Tag(_) => {}
            }
        }
        Ok(Self {
            from,
            to,
            way,
            dry_run,
            format: output.format,
        })
    }
}

impl From {
    /// Reads `STREAM:TAG` or `STREAM@DIGEST`.
    fn parse(text: &str) -> Result<Self, Error> {
        let Some((stream, digest)) = text.split_once('@') else {
            return StreamTag::parse(text).map(Self::Tag);
        };
        check_stream(stream)?;
        // A digest, by OpenShift's definition.
        ImageRef::parse(text).map_err(|why| Error::usage(format!("\"{text}\": {why}")))?;
        Ok(Self::Image {
            stream: stream.to_owned(),
            digest: digest.to_owned(),
        })
    }

    /// The ImageStream.
    pub(super) fn stream(&self) -> &str {
        match self {
            Self::Tag(tag) => &tag.stream,
            Self::Image { stream, .. } => stream,
        }
    }
}

impl std::fmt::Display for From {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tag(tag) => tag.fmt(f),
            Self::Image { stream, digest } => write!(f, "{stream}@{digest}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::testing::settings;

    #[test]
    fn invalid_arguments_are_refused() {
        let image = format!("app@sha256:{}", "0".repeat(64));
        for (args, expected) in [
            ("app prod", "has no tag"),
            ("app:v1", "TO"),
            ("app:v1 ns/app", "-n sets its namespace"),
            ("ns/app:v1 prod", "-n sets its namespace"),
            ("app:v1 app:prod:x", "is not a valid tag"),
            ("app:v1 -", "is not a valid tag"),
            ("app@sha256:00 prod", "invalid reference format"),
            ("app:v1@sha256:00 prod", "not a valid ImageStream name"),
            ("app:v1 prod --digest --alias", "cannot be used with"),
            ("app:v1 v1 --alias", "cannot follow itself"),
            ("app:v1 other:v1 --alias", "another stream"),
            (&format!("{image} prod --alias"), "one fixed image"),
        ] {
            let error = settings(args).unwrap_err();
            assert_eq!(error.exit().code(), 2, "{args}");
            assert!(error.to_string().contains(expected), "{args}: {error}");
        }
    }

    #[test]
    fn to_belongs_to_the_same_stream_by_default() {
        let to = |args: &str| settings(args).unwrap().to.to_string();
        assert_eq!(to("app:v1 prod"), "app:prod");
        assert_eq!(to("app:v1 other:prod"), "other:prod");
        let image = format!("app@sha256:{} prod --digest", "0".repeat(64));
        assert_eq!(settings(&image).unwrap().from.stream(), "app");
        assert_eq!(to(&image), "app:prod");
    }
}

#[cfg(test)]
pub(super) mod testing {
    //! Settings from a command line.

    use super::*;
    use crate::{cli::testing::parse, commands::Command};

    /// Settings of `oc extreg promote ARGS`.
    pub(in super::super) fn settings(args: &str) -> Result<Settings, Error> {
        let cli = parse(&format!("promote {args}"))?;
        match cli.command {
            Command::Promote(args) => Settings::resolve(args),
            other => panic!("{}", other.name()),
        }
    }
}
