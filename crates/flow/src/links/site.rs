//! The input for the judgment of a link.

use extreg_remedy::Invocation;
use extreg_snapshot::kind::Kind;
use jiff::Timestamp;

use crate::{
    fetched::{Fetched, InRegistry},
    flow::Flow,
    world::{Build, Builds, Output, Phase, Unread, World},
};

/// The input for the judgment of a link.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Site<'a, 'w> {
    pub(crate) world: &'a World<'w>,
    pub(crate) fetched: &'a Fetched,
    pub(crate) flow: &'a Flow<'w>,
    pub(crate) now: Timestamp,
    pub(crate) invocation: &'a Invocation,
}

/// The digest that a tag should show, and its source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) digest: String,
    /// The source, as text.
    pub(super) by: String,
    /// When it was pushed, if known.
    pub(super) pushed: Option<Timestamp>,
}

impl<'a, 'w> Site<'a, 'w> {
    /// The BuildConfig with the newest build that writes the image.
    pub(crate) fn config(&self) -> Option<(Build<'w>, Option<Builds<'w>>)> {
        let configs = self.flow.configs.iter();
        configs
            .map(|config| (*config, self.world.builds_of(*config)))
            .max_by_key(|(_, builds)| builds.and_then(|builds| builds.newest.progress.created))
    }

    /// The last build that has pushed the image.
    pub(super) fn pushed(&self) -> Option<Build<'w>> {
        let configs = self.flow.configs.iter();
        let pushed = configs.filter_map(|config| {
            let pushed = self.world.builds_of(*config)?.pushed?;
            // If the output has changed since, the build pushed another image.
            (pushed.output() == config.output()).then_some(pushed)
        });
        pushed.max_by_key(|build| build.progress.completed)
    }

    /// The build of the image that is queued or runs, and will push.
    pub(super) fn building(&self) -> Option<Build<'w>> {
        let (_, builds) = self.config()?;
        let build = builds?.newest;
        let is_stuck = matches!(
            build.reason(),
            "InvalidOutputReference" | "MissingPushSecret"
        );
        let is_under_way = matches!(build.phase(), Phase::New | Phase::Pending | Phase::Running);
        (is_under_way && !is_stuck).then_some(build)
    }

    /// Whether a BuildConfig writes the image and no build of it has pushed yet.
    pub(super) fn awaits_first_build(&self) -> bool {
        self.config().is_some_and(|(config, builds)| {
            let has_pushed = self.pushed().is_some();
            // Deleted builds may have pushed.
            !has_pushed && (builds.is_some() || config.progress.started == 0)
        })
    }

    /// The answer of the registry about the image, if it was queried.
    pub(super) fn registry(&self) -> Option<&'a InRegistry> {
        self.fetched.registry.get(&self.flow.image()?)
    }

    /// The digest that the tag should show, if known: a tag keeps the digest of a manifest list only in
    /// import mode PreserveOriginal.
    pub(super) fn expected(&self) -> Option<Expected> {
        let source = self.flow.source;
        let preserves = source.is_some_and(|place| place.tag.preserves_original);
        let is_outside = |build: &Build<'_>| matches!(build.output(), Output::Image(_));
        let built = self
            .pushed()
            .filter(is_outside)
            .filter(|build| !build.digest().is_empty());
        match self.registry() {
            Some(InRegistry::Has { digest, is_list }) if preserves || !is_list => {
                let pushed = built.filter(|build| build.digest() == digest);
                Some(Expected {
                    digest: digest.clone(),
                    by: "the registry has".to_owned(),
                    pushed: pushed.and_then(|build| build.progress.completed),
                })
            }
            // A later push is unknown.
            Some(InRegistry::Has { is_list: true, .. }) => None,
            _ => built.map(|build| Expected {
                digest: build.digest().to_owned(),
                by: format!("{} pushed", build.name()),
                pushed: build.progress.completed,
            }),
        }
    }

    /// Whether a time is more than this many seconds ago.
    pub(super) fn is_older(&self, time: Option<Timestamp>, seconds: i64) -> bool {
        time.is_some_and(|time| self.now.as_second() - time.as_second() > seconds)
    }
}

/// Describes why a list was not read.
pub(super) fn unread(kind: Kind, why: Unread<'_>) -> String {
    let plural = kind.api().plural;
    match why {
        Unread::Forbidden => format!("permission denied: list {plural}"),
        Unread::NotServed => format!("the cluster serves no {plural}"),
        Unread::Failed(why) => format!("{plural} were not read: {why}"),
        Unread::NotAsked => format!("{plural} of another namespace were not read"),
    }
}
