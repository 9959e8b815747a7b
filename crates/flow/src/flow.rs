//! Finds flows in the graph of objects: an ImageStream tag, what writes it, and what follows it.

mod draft;
mod follow;
mod wanted;

use std::collections::BTreeSet;

use extreg_core::registry::RefRole;
use extreg_snapshot::{
    ShownImage, StreamRecord, TagOrigin, TagRecord,
    place::ObjectId,
    trigger::{ImageTrigger, Unusable},
};
use jiff::Timestamp;

pub use self::wanted::Wanted;
use crate::{
    image::Image,
    name::Name,
    world::{Build, Output, Workload, World},
};

/// A flow: the objects that an image passes.
#[derive(Clone, Debug)]
pub struct Flow<'w> {
    /// The object that the flow is named after.
    pub(crate) subject: Subject<'w>,
    /// BuildConfigs that write the image.
    pub(crate) configs: Vec<Build<'w>>,
    /// The tag, if it exists.
    pub(crate) own: Option<Place<'w>>,
    /// The tags that it is an alias of, the last of which is imported.
    pub(crate) aliases: Vec<Name<'w>>,
    /// The tag that is imported: the flow's own, or the last alias. None if it does not exist.
    pub(crate) source: Option<Place<'w>>,
    /// The workloads that run the image.
    pub(crate) followers: Vec<Follower<'w>>,
}

/// The object that a flow is named after.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Subject<'w> {
    /// A tag of an ImageStream, existing or not.
    Tag(Name<'w>),
    /// A BuildConfig whose image no tag follows.
    Config(Build<'w>),
    /// A workload that follows no tag.
    Workload(Workload<'w>),
}

/// An existing tag of an ImageStream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'w> {
    pub(crate) name: Name<'w>,
    pub(crate) stream: &'w StreamRecord,
    pub(crate) tag: &'w TagRecord,
}

/// What a tag follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum From<'w> {
    /// Nothing: it is pushed to.
    Pushed,
    /// An image, as written.
    Image(&'w str),
    /// Another tag: this one is its alias.
    Tag(Name<'w>),
    /// One fixed image of a stream.
    StreamImage(&'w str),
}

/// Why an import failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure<'w> {
    pub(crate) reason: &'w str,
    pub(crate) message: &'w str,
    pub(crate) generation: i64,
    /// The time of the first of several equal failures, not of the last.
    pub(crate) since: Option<Timestamp>,
}

/// A workload that runs the image, and how it gets the image.
#[derive(Clone, Debug)]
pub(crate) struct Follower<'w> {
    pub(crate) workload: Workload<'w>,
    pub(crate) how: How<'w>,
}

/// How a workload gets the image of a tag.
#[derive(Clone, Debug)]
pub(crate) enum How<'w> {
    /// By a trigger, valid or invalid.
    Trigger(&'w ImageTrigger),
    /// A container names the image that the tag comes from.
    ByName(&'w str),
    /// A container names the tag, which is resolved when the object is written.
    ByLookup(&'w str),
    /// A container names an image that the tag has shown, by digest.
    Pinned(&'w str),
    /// OpenShift cannot use the annotation with the triggers; with the container, if known.
    Malformed(&'w Unusable, Option<&'w str>),
    /// Unknown.
    Nothing,
}

/// The requested flows, sorted by namespace and name.
pub fn flows<'w>(world: &World<'w>, wanted: &Wanted) -> Vec<Flow<'w>> {
    let mut drafts = draft::Drafts::of_tags(world);
    let alone = drafts.add_configs();
    let loose = follow::add_workloads(&mut drafts);
    let mut flows: Vec<Flow<'w>> = drafts.finish();
    flows.extend(alone.into_iter().map(|config| Flow {
        configs: vec![config],
        ..Flow::empty(Subject::Config(config))
    }));
    flows.extend(loose.into_iter().map(Flow::of_loose));
    flows.retain(|flow| wanted.matches(flow));
    let shown: BTreeSet<&ObjectId> = flows
        .iter()
        .flat_map(|flow| &flow.followers)
        .map(|follower| &follower.workload.record.object)
        .collect();
    // Named workloads are shown even if they follow nothing.
    let named = world.workloads.iter().filter(|workload| {
        !shown.contains(&workload.record.object) && wanted.names_workload(**workload)
    });
    flows.extend(named.map(|workload| {
        Flow::of_loose(Follower {
            workload: *workload,
            how: How::Nothing,
        })
    }));
    flows.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
    flows
}

impl<'w> Flow<'w> {
    const fn empty(subject: Subject<'w>) -> Self {
        Self {
            subject,
            configs: Vec::new(),
            own: None,
            aliases: Vec::new(),
            source: None,
            followers: Vec::new(),
        }
    }

    fn of_loose(follower: Follower<'w>) -> Self {
        let mut flow = Self::empty(Subject::Workload(follower.workload));
        flow.followers.push(follower);
        flow
    }

    /// The namespace of the object that the flow is named after.
    pub(crate) fn namespace(&self) -> &'w str {
        match self.subject {
            Subject::Tag(name) => name.namespace,
            Subject::Config(config) => config.namespace(),
            Subject::Workload(workload) => workload.namespace(),
        }
    }

    /// The namespace whose imports query its image.
    pub(crate) fn importer(&self) -> &'w str {
        self.source
            .map_or_else(|| self.namespace(), |source| source.name.namespace)
    }

    /// The name of the flow: `stream:tag`, or the kind and name of an object.
    pub(crate) fn name(&self) -> String {
        match self.subject {
            Subject::Tag(name) => name.to_string(),
            Subject::Config(config) => format!("buildconfig/{}", config.name()),
            Subject::Workload(workload) => workload.reference(),
        }
    }

    /// The external image of the flow: the image that the tag is imported from, or that is built.
    pub(crate) fn image(&self) -> Option<Image> {
        let imported = self.source.and_then(|place| match place.from() {
            From::Image(text) => Image::of(text, RefRole::Import),
            _ => None,
        });
        imported.or_else(|| {
            self.configs
                .iter()
                .find_map(|config| match config.output() {
                    Output::Image(text) => Image::of(text, RefRole::Push),
                    _ => None,
                })
        })
    }

    fn sort_key(&self) -> (&'w str, u8, String) {
        let rank = match self.subject {
            Subject::Tag(_) => 0,
            Subject::Config(_) => 1,
            Subject::Workload(_) => 2,
        };
        (self.namespace(), rank, self.name())
    }
}

impl<'w> Place<'w> {
    /// A tag by its name, if it exists.
    pub(crate) fn of(world: &World<'w>, name: Name<'w>) -> Option<Self> {
        let stream = world.stream(name.namespace, name.stream)?;
        Some(Self::in_stream(stream, stream.tag(name.tag)?))
    }

    /// A tag of a stream.
    pub(crate) fn in_stream(stream: &'w StreamRecord, tag: &'w TagRecord) -> Self {
        let name = Name {
            namespace: &stream.object.namespace,
            stream: &stream.object.name,
            tag: &tag.name,
        };
        Self { name, stream, tag }
    }

    /// What the tag follows.
    pub(crate) fn from(self) -> From<'w> {
        match &self.tag.from {
            TagOrigin::Pushed => From::Pushed,
            TagOrigin::Image(image) => From::Image(image),
            TagOrigin::Stream { name, .. } if name.contains('@') => From::StreamImage(name),
            TagOrigin::Stream { name, namespace } => {
                // A tag alone is one of the same stream.
                let (stream, tag) = name.split_once(':').unwrap_or((self.name.stream, name));
                From::Tag(Name {
                    namespace: match &**namespace {
                        "" => self.name.namespace,
                        namespace => namespace,
                    },
                    stream,
                    tag,
                })
            }
        }
    }

    /// The images in its history, newest first.
    pub(crate) fn items(self) -> &'w [ShownImage] {
        let history = self.tag.history.as_deref();
        history.map_or(&[], |history| &history.items)
    }

    /// The current image of the tag.
    pub(crate) fn newest(self) -> Option<&'w ShownImage> {
        self.items().first()
    }

    /// The position of a digest in the history; 0 is the current image.
    pub(crate) fn age_of(self, digest: &str) -> Option<usize> {
        self.items().iter().position(|item| *item.digest == *digest)
    }

    /// The generation of spec; an import is due if status has an older one.
    pub(crate) fn generation(self) -> i64 {
        self.tag
            .history
            .as_ref()
            .map_or(0, |history| history.generation)
    }

    /// The condition of a failed import. A successful import removes it.
    pub(crate) fn failure(self) -> Option<Failure<'w>> {
        let failure = self.tag.failure.as_ref()?;
        Some(Failure {
            reason: &failure.reason,
            message: &failure.message,
            generation: self
                .tag
                .history
                .as_ref()
                .map_or(0, |history| history.failed),
            since: failure.since.parse().ok(),
        })
    }
}

impl<'w> How<'w> {
    /// The containers that run the image.
    pub(crate) fn containers(&self) -> Vec<&'w str> {
        match self {
            Self::Trigger(trigger) => trigger.containers.iter().map(|name| &**name).collect(),
            Self::ByName(container) | Self::ByLookup(container) | Self::Pinned(container) => {
                vec![container]
            }
            Self::Malformed(_, container) => container.iter().copied().collect(),
            Self::Nothing => Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
