//! Flows, found by the graph of objects: one ImageStream tag with what writes and what follows it.

mod draft;
mod follow;
mod wanted;

use std::collections::BTreeSet;

use extreg_core::registry::RefRole;
use extreg_snapshot::trigger::{ImageTrigger, Unusable};

pub use self::wanted::Wanted;
use super::{
    image::Image,
    read::{BuildConfig, From, Output, Stream, Tag, Workload},
    world::{WorkloadKey, World, key_of},
};

/// The way of an image.
#[derive(Clone, Debug)]
pub struct Flow<'w> {
    /// What it is named after.
    pub subject: Subject<'w>,
    /// BuildConfigs that write the image.
    pub configs: Vec<&'w BuildConfig>,
    /// The tag, if it is there.
    pub own: Option<Place<'w>>,
    /// The tags that it is an alias of, the last of which is imported.
    pub aliases: Vec<Name<'w>>,
    /// The tag that is imported: its own, or the last alias's. None if it is not there.
    pub source: Option<Place<'w>>,
    /// What runs it.
    pub followers: Vec<Follower<'w>>,
}

/// What a flow is named after.
#[derive(Clone, Copy, Debug)]
pub enum Subject<'w> {
    /// A tag of an ImageStream, there or not.
    Tag(Name<'w>),
    /// A BuildConfig whose image no tag follows.
    Config(&'w BuildConfig),
    /// A workload that follows no tag.
    Workload(&'w Workload),
}

/// A tag of an ImageStream by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Name<'w> {
    pub namespace: &'w str,
    pub stream: &'w str,
    pub tag: &'w str,
}

/// A tag of an ImageStream as it is.
#[derive(Clone, Copy, Debug)]
pub struct Place<'w> {
    pub name: Name<'w>,
    pub stream: &'w Stream,
    pub tag: &'w Tag,
}

/// A workload that runs the image, and how it comes to.
#[derive(Clone, Debug)]
pub struct Follower<'w> {
    pub workload: &'w Workload,
    pub how: How<'w>,
}

/// How a workload comes to run the image of a tag.
#[derive(Clone, Debug)]
pub enum How<'w> {
    /// By a trigger, right or wrong.
    Trigger(&'w ImageTrigger),
    /// A container names the image that the tag comes from.
    ByName(&'w str),
    /// A container names the tag, which is looked up when the object is written.
    ByLookup(&'w str),
    /// A container names an image that the tag has shown, by digest.
    Pinned(&'w str),
    /// OpenShift cannot use the annotation with its triggers; and the container, as far as is known.
    Malformed(&'w Unusable, Option<&'w str>),
    /// Nothing that is known.
    Nothing,
}

/// The flows that are wanted, sorted by namespace and name.
pub fn flows<'w>(world: &'w World, wanted: &Wanted) -> Vec<Flow<'w>> {
    let mut drafts = draft::Drafts::of_tags(world);
    let alone = drafts.add_configs();
    let loose = follow::add_workloads(&mut drafts);
    let mut flows: Vec<Flow<'w>> = drafts.finish();
    flows.extend(alone.into_iter().map(|config| Flow {
        configs: vec![config],
        ..Flow::empty(Subject::Config(config))
    }));
    flows.extend(loose.into_iter().map(Flow::of_loose));
    flows.retain(|flow| wanted.takes(flow));
    let shown: BTreeSet<WorkloadKey> = flows
        .iter()
        .flat_map(|flow| &flow.followers)
        .map(|follower| key_of(follower.workload))
        .collect();
    // Somebody asks for it by name: then it is told that it follows nothing.
    let named = world
        .workloads
        .iter()
        .filter(|(key, workload)| !shown.contains(*key) && wanted.names_workload(workload));
    flows.extend(named.map(|(_, workload)| {
        Flow::of_loose(Follower {
            workload,
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

    /// The namespace of what it is named after.
    pub fn namespace(&self) -> &'w str {
        match self.subject {
            Subject::Tag(name) => name.namespace,
            Subject::Config(config) => &config.namespace,
            Subject::Workload(workload) => &workload.namespace,
        }
    }

    /// What it is called: `stream:tag`, or the kind and name of an object.
    pub fn name(&self) -> String {
        match self.subject {
            Subject::Tag(name) => name.to_string(),
            Subject::Config(config) => format!("buildconfig/{}", config.name),
            Subject::Workload(workload) => workload.reference(),
        }
    }

    /// The image outside the cluster that it is about: what the tag is imported from, or what is built.
    pub fn image(&self) -> Option<Image> {
        let imported = self.source.and_then(|place| match &place.tag.from {
            From::Image(text) => Image::of(text, RefRole::Import),
            _ => None,
        });
        imported.or_else(|| {
            self.configs.iter().find_map(|config| match &config.output {
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

impl std::fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.stream, self.tag)
    }
}

impl Name<'_> {
    /// As seen from a namespace: with its own where that is another.
    pub fn seen_from(&self, namespace: &str) -> String {
        if self.namespace == namespace {
            self.to_string()
        } else {
            format!("{}/{self}", self.namespace)
        }
    }
}

impl<'w> How<'w> {
    /// The containers that run the image.
    pub fn containers(&self) -> Vec<&'w str> {
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
