//! The validated settings of `import`.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use super::Args;
use crate::{
    error::Error,
    print::ObjectFormat,
    stream::{StreamTag, check_stream},
};

/// What to import, and how.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    /// By stream.
    pub(super) wanted: BTreeMap<String, Wanted>,
    pub(super) wait: bool,
    pub(super) format: Option<ObjectFormat>,
}

/// Which tags of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Wanted {
    /// All.
    All,
    /// The only importable one, or `latest`, and these.
    Default(BTreeSet<String>),
    /// These.
    These(BTreeSet<String>),
}

impl Settings {
    /// The default of `--timeout` with `--wait`.
    pub(super) const DEFAULT_WAIT: Duration = Duration::from_mins(10);

    /// Validates the arguments.
    ///
    /// # Errors
    /// [`Error::Usage`]
    pub(super) fn resolve(args: Args) -> Result<Self, Error> {
        let Args {
            streams,
            all,
            wait,
            output,
        } = args;
        let mut wanted: BTreeMap<String, Wanted> = BTreeMap::new();
        let mut whole = false;
        for text in &streams {
            let (stream, more) = if text.contains(':') {
                let name = StreamTag::parse(text)?;
                (name.stream, Wanted::These(BTreeSet::from([name.tag])))
            } else {
                check_stream(text)?;
                whole = true;
                let more = if all {
                    Wanted::All
                } else {
                    Wanted::Default(BTreeSet::new())
                };
                (text.clone(), more)
            };
            let entry = wanted
                .remove(&stream)
                .map_or(more.clone(), |have| have.and(more));
            wanted.insert(stream, entry);
        }
        if all && !whole {
            return Err(Error::usage(
                "--all: every stream is given with a tag; omit the tag or --all",
            ));
        }
        Ok(Self {
            wanted,
            wait,
            format: output.format,
        })
    }
}

impl Wanted {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::These(mut tags), Self::These(more)) => {
                tags.extend(more);
                Self::These(tags)
            }
            (
                Self::Default(mut tags) | Self::These(mut tags),
                Self::Default(more) | Self::These(more),
            ) => {
                tags.extend(more);
                Self::Default(tags)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::OutputArgs;

    fn settings(args: &[&str], all: bool) -> Result<Settings, Error> {
        Settings::resolve(Args {
            streams: args.iter().map(|arg| (*arg).to_owned()).collect(),
            all,
            wait: false,
            output: OutputArgs::default(),
        })
    }

    #[test]
    fn tags_are_grouped_by_stream() {
        let tags = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let wanted = settings(&["b:v2", "a:x", "b:v1", "c", "d:v1", "d"], false)
            .unwrap()
            .wanted;
        let expected = [
            ("a", Wanted::These(tags(&["x"]))),
            ("b", Wanted::These(tags(&["v1", "v2"]))),
            ("c", Wanted::Default(tags(&[]))),
            ("d", Wanted::Default(tags(&["v1"]))),
        ];
        let expected = expected.map(|(name, wanted)| (name.to_owned(), wanted));
        assert_eq!(wanted, expected.into());
        let wanted = settings(&["a:x", "a"], true).unwrap().wanted;
        assert_eq!(wanted["a"], Wanted::All);
    }

    #[test]
    fn invalid_arguments_are_refused() {
        for (args, all, expected) in [
            (&["App"][..], false, "not a valid ImageStream name"),
            (&["ns/app:v1"], false, "-n sets its namespace"),
            (&["app:"], false, "is not a valid tag"),
            (&["app:v1"], true, "--all"),
            (&["app@sha256:0"], false, "is not a valid ImageStream"),
        ] {
            let error = settings(args, all).unwrap_err();
            assert_eq!(error.exit().code(), 2, "{args:?}");
            assert!(error.to_string().contains(expected), "{args:?}: {error}");
        }
    }
}
