//! What `tag` was asked for, understood and checked.

use super::{Args, ReferencePolicy};
use crate::{
    api::{DryRun, ObjectFormat},
    error::Error,
    stream::{ExternalImage, StreamTag},
};

/// What to tag, and how to go about it.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) image: ExternalImage,
    /// In the order they were given, each once.
    pub(super) tags: Vec<StreamTag>,
    pub(super) choices: Choices,
    pub(super) dry_run: DryRun,
    pub(super) format: Option<ObjectFormat>,
}

/// What the flags say of a tag; what they do not say stays as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Choices {
    pub(super) schedule: Schedule,
    pub(super) reference_policy: Option<ReferencePolicy>,
    pub(super) insecure: Option<bool>,
    pub(super) reference: Option<bool>,
}

/// What becomes of the schedule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Schedule {
    /// It stays as it is.
    Kept,
    /// There is one.
    On,
    /// There is none.
    Off,
}

impl Settings {
    /// Understands and checks the arguments.
    ///
    /// # Errors
    /// [`Error::Usage`]
    pub(super) fn resolve(args: Args) -> Result<Self, Error> {
        let Args {
            image,
            tags: names,
            scheduled,
            no_schedule,
            reference_policy,
            insecure,
            reference,
            dry_run,
            output,
        } = args;
        let image = ExternalImage::parse(&image)?;
        let mut tags: Vec<StreamTag> = Vec::new();
        for name in &names {
            let tag = StreamTag::parse(name)?;
            if !tags.contains(&tag) {
                tags.push(tag);
            }
        }
        let schedule = match (scheduled, no_schedule) {
            (true, _) => Schedule::On,
            (false, true) => Schedule::Off,
            (false, false) => Schedule::Kept,
        };
        if schedule == Schedule::On && image.is_digest() {
            return Err(Error::usage(format!(
                "--scheduled: {image} is a digest, which names one image for good, so there is \
                 nothing to import again; name a tag, or leave --scheduled out"
            )));
        }
        if schedule == Schedule::On && reference == Some(true) {
            return Err(Error::usage(
                "--scheduled and --reference: a reference tag is never imported; leave one of them \
                 out",
            ));
        }
        Ok(Self {
            image,
            tags,
            choices: Choices {
                schedule,
                reference_policy,
                insecure,
                reference,
            },
            dry_run,
            format: output,
        })
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
            Command::Tag(args) => Settings::resolve(args),
            other => panic!("{}", other.name()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{testing::settings, *};

    #[test]
    fn what_makes_no_sense_is_refused() {
        let digest = format!("u/a@sha256:{} app:v1 --scheduled", "0".repeat(64));
        for (args, expected) in [
            ("u/a", "STREAM:TAG"),
            ("u/a app", "names no tag"),
            ("u/a ns/app:v1", "-n names"),
            ("u/A app:v1", "repository name must be lowercase"),
            (
                "u/a app:v1 --scheduled --no-schedule",
                "cannot be used with",
            ),
            ("u/a app:v1 --scheduled --reference", "never imported"),
            ("u/a app:v1 --reference-policy remote", "--reference-policy"),
            ("u/a app:v1 --dry-run", "--dry-run"),
            (&digest, "names one image for good"),
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
        let choices = settings("u/a app:v1 --insecure --reference=false --no-schedule")
            .unwrap()
            .choices;
        assert_eq!(
            (choices.insecure, choices.reference, choices.schedule),
            (Some(true), Some(false), Schedule::Off)
        );
    }
}
