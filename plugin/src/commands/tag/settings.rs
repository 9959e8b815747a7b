//! The validated settings of `tag`.

use extreg_cluster::DryRun;
use extreg_remedy::Caller;

use super::{Args, ImportMode, ReferencePolicy, Source};
use crate::{
    error::Error,
    print::ObjectFormat,
    stream::{ExternalImage, Library, StreamTag},
};

/// Which tags to change, and how.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) action: Action,
    /// In the given order, each once.
    pub(super) tags: Vec<StreamTag>,
    pub(super) dry_run: DryRun,
    pub(super) format: Option<ObjectFormat>,
}

/// The action for the tags.
#[derive(Clone, Debug)]
pub(super) enum Action {
    /// Follow an image.
    Follow(Follow),
    /// Delete.
    Delete,
}

/// The image of the tags, and the settings.
#[derive(Clone, Debug)]
pub(super) struct Follow {
    pub(super) image: ExternalImage,
    /// `--source=docker`: the name is not an ImageStream's.
    pub(super) is_docker: bool,
    pub(super) choices: Choices,
}

/// The settings of the flags; settings without a flag are unchanged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choices {
    pub(super) schedule: Schedule,
    pub(super) import_mode: Option<ImportMode>,
    pub(super) reference_policy: Option<ReferencePolicy>,
    pub(super) insecure: Option<bool>,
    pub(super) reference: Option<bool>,
}

/// The change of the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Schedule {
    /// Unchanged.
    Kept,
    /// Set.
    On,
    /// Removed.
    Off,
}

impl Settings {
    /// Validates the arguments.
    ///
    /// # Errors
    /// [`Error::Usage`]
    pub(super) fn resolve(args: Args, caller: Caller) -> Result<Self, Error> {
        let (image, names) = if args.delete {
            (None, std::iter::once(args.image).chain(args.tags).collect())
        } else {
            (Some(args.image), args.tags)
        };
        let mut tags: Vec<StreamTag> = Vec::new();
        for name in &names {
            let tag = StreamTag::parse(name)?;
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        let action = match image {
            None => Action::Delete,
            Some(image) => {
                let schedule = match (args.scheduled, args.no_schedule) {
                    (Some(true), _) => Schedule::On,
                    (Some(false), _) | (None, true) => Schedule::Off,
                    (None, false) => Schedule::Kept,
                };
                let choices = Choices {
                    schedule,
                    import_mode: args.import_mode,
                    reference_policy: args.reference_policy,
                    insecure: args.insecure,
                    reference: args.reference,
                };
                Action::Follow(Follow::new(&image, args.source, choices, &tags, caller)?)
            }
        };
        Ok(Self {
            action,
            tags,
            dry_run: args.dry_run.dry_run,
            format: args.output.format,
        })
    }
}

impl Follow {
    fn new(
        written: &str,
        source: Option<Source>,
        choices: Choices,
        tags: &[StreamTag],
        caller: Caller,
    ) -> Result<Self, Error> {
        let to = tags.first().map(ToString::to_string).unwrap_or_default();
        let is_docker = match source {
            None => false,
            Some(Source::Docker) => true,
            Some(Source::Imagestreamtag | Source::Imagestreamimage) => {
                return Err(Error::usage(format!(
                    "--source: tags and images of ImageStreams are copied with: {caller} promote \
                     {written} {to}"
                )));
            }
        };
        let image = ExternalImage::parse(written)?;
        let Choices {
            schedule,
            reference,
            ..
        } = choices;
        if image.library() == Library::OfName && !is_docker {
            return Err(ambiguous(written, &image, &to, caller));
        }
        if schedule == Schedule::On && image.is_digest() {
            return Err(Error::usage(format!(
                "--scheduled: {image} is a digest, which identifies one fixed image, so it is \
                 never imported again; specify a tag, or omit --scheduled"
            )));
        }
        if schedule == Schedule::On && reference == Some(true) {
            return Err(Error::usage(
                "--scheduled and --reference: a reference tag is never imported; omit one of \
                 them",
            ));
        }
        Ok(Self {
            image,
            is_docker,
            choices,
        })
    }
}

/// A name without a registry can be a tag of an ImageStream or an image of Docker Hub.
pub(super) fn ambiguous(written: &str, image: &ExternalImage, to: &str, caller: Caller) -> Error {
    let copy = match image.as_stream_tag() {
        Some((_, from)) => {
            format!("; to copy the tag of an ImageStream: {caller} promote {from} {to}")
        }
        None => String::new(),
    };
    Error::usage(format!(
        "\"{written}\" does not name its registry{copy}; to follow the image of Docker Hub, use the full \
         name: {caller} tag {image} {to}"
    ))
}

#[cfg(test)]
mod tests {
    use super::{
        testing::{follow, settings},
        *,
    };

    #[test]
    fn invalid_arguments_are_refused() {
        let digest = format!("u/a@sha256:{} app:v1 --scheduled", "0".repeat(64));
        for (args, expected) in [
            ("u/a", "STREAM:TAG"),
            ("u/a app", "has no tag"),
            ("u/a ns/app:v1", "-n sets its namespace"),
            ("u/A app:v1", "repository name must be lowercase"),
            (
                "u/a app:v1 --scheduled --no-schedule",
                "cannot be used with",
            ),
            ("u/a app:v1 --scheduled --reference", "never imported"),
            ("u/a app:v1 --reference-policy remote", "--reference-policy"),
            ("u/a app:v1 --dry-run=here", "--dry-run"),
            (
                "u/a app:v1 --scheduled=false --no-schedule",
                "cannot be used with",
            ),
            ("u/a app:v1 --source=istag", "oc extreg promote u/a app:v1"),
            ("u/a app:v1 --source=other", "--source"),
            ("u/a app:v1 --import-mode=all", "--import-mode"),
            ("-d app:v1 app", "has no tag"),
            ("-d app:v1 --scheduled", "cannot be used with"),
            ("-d", "IMAGE"),
            ("app:v1 app:v2", "oc extreg promote app:v1 app:v2"),
            ("app app:v2", "oc extreg promote app:latest app:v2"),
            (
                "app:v1 app:v2",
                "oc extreg tag docker.io/library/app:v1 app:v2",
            ),
            (&digest, "identifies one fixed image"),
        ] {
            let error = settings(args).unwrap_err();
            assert_eq!(error.exit().code(), 2, "{args}");
            assert!(error.to_string().contains(expected), "{args}: {error}");
        }
    }

    #[test]
    fn each_tag_counts_once() {
        let names: Vec<String> = settings("u/a app:b app:a app:b")
            .unwrap()
            .tags
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(names, ["app:b", "app:a"]);
        let choices = follow("u/a app:v1 --insecure --reference=false --no-schedule").choices;
        assert_eq!(
            (choices.insecure, choices.reference, choices.schedule),
            (Some(true), Some(false), Schedule::Off)
        );
    }

    #[test]
    fn flags_of_oc_tag_are_accepted() {
        let choices = follow("u/a app:v1 --scheduled=false --import-mode=preserveoriginal").choices;
        assert_eq!(
            (choices.schedule, choices.import_mode),
            (Schedule::Off, Some(ImportMode::PreserveOriginal))
        );
        let follow = follow("app:v1 app:v2 --source=docker");
        assert_eq!(follow.image.to_string(), "docker.io/library/app:v1");
        let settings = settings("--delete app:b app:a app:b --dry-run").unwrap();
        assert!(matches!(settings.action, Action::Delete));
        assert_eq!((settings.tags.len(), settings.dry_run), (2, DryRun::Client));
    }
}

#[cfg(test)]
pub(super) mod testing {
    //! Settings from a command line.

    use super::*;
    use crate::{cli::testing::parse, commands::Command};

    /// Settings of `oc extreg tag ARGS`.
    pub(in super::super) fn settings(args: &str) -> Result<Settings, Error> {
        let cli = parse(&format!("tag {args}"))?;
        match cli.command {
            Command::Tag(args) => Settings::resolve(args, Caller::Oc),
            other => panic!("{}", other.name()),
        }
    }

    /// The image that the tags of `oc extreg tag ARGS` follow.
    pub(in super::super) fn follow(args: &str) -> Follow {
        match settings(args).unwrap().action {
            Action::Follow(follow) => follow,
            Action::Delete => panic!("{args} deletes"),
        }
    }
}
