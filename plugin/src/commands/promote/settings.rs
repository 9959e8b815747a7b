//! What `promote` was asked for, understood and checked.

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

/// What to promote, and how to go about it.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) from: From,
    pub(super) to: StreamTag,
    pub(super) way: Way,
    pub(super) dry_run: DryRun,
    pub(super) format: Option<ObjectFormat>,
}

/// The image to promote. Displays as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum From {
    /// The one that a tag shows now.
    Tag(StreamTag),
    /// One that a tag of a stream shows or has shown.
    Image {
        /// The ImageStream.
        stream: String,
        /// The image's digest.
        digest: String,
    },
}

/// What TO gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// The image in the stream.
    Image,
    /// The image's digest in its registry.
    Digest,
    /// FROM itself.
    Alias,
}

/// Where the plan is made.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) settings: &'a Settings,
    pub(super) caller: Caller,
    pub(super) namespace: &'a str,
}

impl Settings {
    /// Understands and checks the arguments.
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
                        "--alias: {from} is one image for good; name a tag that can be followed, \
                         or leave --alias out"
                    )));
                }
                From::Tag(tag) if *tag == to => {
                    return Err(Error::usage(format!("--alias: {to} cannot follow itself")));
                }
                // It would be copied, but not move with the other one (openshift/oc `isCrossImageStream`).
                From::Tag(tag) if tag.stream != to.stream => {
                    return Err(Error::usage(format!(
                        "--alias: {to} is of another stream than {tag}; leave --alias out"
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
        // A digest is what OpenShift takes for one.
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

#[cfg(test)]
mod tests {
    use super::testing::settings;

    #[test]
    fn what_makes_no_sense_is_refused() {
        let image = format!("app@sha256:{}", "0".repeat(64));
        for (args, expected) in [
            ("app prod", "names no tag"),
            ("app:v1", "TO"),
            ("app:v1 ns/app", "-n names"),
            ("ns/app:v1 prod", "-n names"),
            ("app:v1 app:prod:x", "is no tag"),
            ("app:v1 -", "is no tag"),
            ("app@sha256:00 prod", "invalid reference format"),
            ("app:v1@sha256:00 prod", "no ImageStream's name"),
            ("app:v1 prod --digest --alias", "cannot be used with"),
            ("app:v1 v1 --alias", "cannot follow itself"),
            ("app:v1 other:v1 --alias", "another stream"),
            (&format!("{image} prod --alias"), "one image for good"),
        ] {
            let error = settings(args).unwrap_err();
            assert_eq!(error.exit().code(), 2, "{args}");
            assert!(error.to_string().contains(expected), "{args}: {error}");
        }
    }

    #[test]
    fn to_is_of_the_same_stream_unless_it_says() {
        let to = |args: &str| settings(args).unwrap().to.to_string();
        assert_eq!(to("app:v1 prod"), "app:prod");
        assert_eq!(to("app:v1 other:prod"), "other:prod");
        let image = format!("app@sha256:{} prod --digest", "0".repeat(64));
        assert_eq!(settings(&image).unwrap().from.stream(), "app");
        assert_eq!(to(&image), "app:prod");
    }
}
