//! Tags, their sources, and the builds that write them.

use std::collections::BTreeMap;

use extreg_core::registry::RefRole;
use extreg_snapshot::TagOrigin;

use super::{Flow, Follower, From, Place, Subject};
use crate::{
    image::Image,
    name::Name,
    world::{Build, Output, World},
};

/// The maximum number of aliases, which also ends cycles.
const LONGEST_CHAIN: usize = 8;

/// Unfinished flows.
pub(super) struct Drafts<'a, 'w> {
    pub(super) world: &'a World<'w>,
    tags: BTreeMap<Name<'w>, Draft<'w>>,
    by_namespace: BTreeMap<&'w str, Vec<Name<'w>>>,
    /// Tags by the image that they are imported from.
    by_image: BTreeMap<Image, Vec<Name<'w>>>,
    /// Aliases by the tag at their end.
    by_end: BTreeMap<Name<'w>, Vec<Name<'w>>>,
}

#[derive(Default)]
struct Draft<'w> {
    configs: Vec<Build<'w>>,
    followers: Vec<Follower<'w>>,
}

impl<'a, 'w> Drafts<'a, 'w> {
    /// A flow for every tag that follows something, except tags that OpenShift manages, of which
    /// every cluster has hundreds.
    pub(super) fn of_tags(world: &'a World<'w>) -> Self {
        let mut drafts = Self {
            world,
            tags: BTreeMap::new(),
            by_namespace: BTreeMap::new(),
            by_image: BTreeMap::new(),
            by_end: BTreeMap::new(),
        };
        for stream in &world.snapshot.streams {
            for tag in &stream.tags {
                let name = Place::in_stream(stream, tag).name;
                if !stream.managed && tag.from != TagOrigin::Pushed {
                    drafts.at(name);
                }
                if let Some(end) = drafts.chain(name).last() {
                    drafts.by_end.entry(*end).or_default().push(name);
                }
                if let Some(image) = drafts.image_of(name) {
                    drafts.by_image.entry(image).or_default().push(name);
                }
            }
        }
        drafts
    }

    /// Adds the BuildConfigs that write the tags. Returns BuildConfigs whose image no tag follows.
    pub(super) fn add_configs(&mut self) -> Vec<Build<'w>> {
        let mut alone = Vec::new();
        let world = self.world;
        for config in &world.configs {
            let tags = match config.output() {
                Output::None => continue,
                Output::Image(text) => self.tags_of(text, config.namespace()),
                Output::Tag(to) => {
                    let aliases = self.by_end.get(&to);
                    let mut tags = aliases.cloned().unwrap_or_default();
                    tags.push(to);
                    tags
                }
            };
            if tags.is_empty() {
                alone.push(*config);
            }
            for tag in tags {
                self.at(tag).configs.push(*config);
            }
        }
        alone
    }

    /// Adds a workload to the flow of a tag, which does not have to exist.
    pub(super) fn follow(&mut self, tag: Name<'w>, follower: Follower<'w>) {
        self.at(tag).followers.push(follower);
    }

    /// The tags of a namespace that follow an image; if none does, those of other namespaces.
    pub(super) fn tags_of(&self, text: &str, namespace: &str) -> Vec<Name<'w>> {
        let image = Image::of(text, RefRole::Push).filter(|image| !image.is_pinned());
        let tags = image.and_then(|image| self.by_image.get(&image));
        let tags = tags.map_or(&[][..], Vec::as_slice);
        let here: Vec<Name<'w>> = tags
            .iter()
            .copied()
            .filter(|name| name.namespace == namespace)
            .collect();
        if here.is_empty() { tags.to_vec() } else { here }
    }

    /// The tags of a namespace, sorted by name.
    pub(super) fn tags_in(&self, namespace: &str) -> impl Iterator<Item = Name<'w>> {
        let tags = self.by_namespace.get(namespace);
        tags.map_or(&[][..], Vec::as_slice).iter().copied()
    }

    /// The tag, if it exists.
    pub(super) fn place(&self, name: Name<'w>) -> Option<Place<'w>> {
        Place::of(self.world, name)
    }

    fn at(&mut self, name: Name<'w>) -> &mut Draft<'w> {
        if !self.tags.contains_key(&name) {
            let tags = self.by_namespace.entry(name.namespace).or_default();
            tags.push(name);
        }
        self.tags.entry(name).or_default()
    }

    /// The flows.
    pub(super) fn finish(mut self) -> Vec<Flow<'w>> {
        let drafts = std::mem::take(&mut self.tags);
        drafts
            .into_iter()
            .map(|(name, draft)| {
                let aliases = self.chain(name);
                Flow {
                    subject: Subject::Tag(name),
                    configs: draft.configs,
                    own: self.place(name),
                    source: self.place(aliases.last().copied().unwrap_or(name)),
                    aliases,
                    followers: draft.followers,
                }
            })
            .collect()
    }

    /// The external image of a tag or of its last alias.
    pub(super) fn image_of(&self, name: Name<'w>) -> Option<Image> {
        let source = self.chain(name).last().copied().unwrap_or(name);
        match self.place(source)?.from() {
            From::Image(text) => Image::of(text, RefRole::Import),
            _ => None,
        }
    }

    /// The chain of tags that a tag is an alias of, in order.
    pub(super) fn chain(&self, name: Name<'w>) -> Vec<Name<'w>> {
        let mut chain = Vec::new();
        let mut at = name;
        while let Some(place) = self.place(at) {
            let From::Tag(next) = place.from() else {
                break;
            };
            at = next;
            if chain.len() == LONGEST_CHAIN || at == name {
                break;
            }
            chain.push(at);
        }
        chain
    }
}
