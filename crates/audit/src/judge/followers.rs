//! The ImageStream tags that follow a repository.

use std::collections::BTreeMap;
use std::sync::Arc;

use extreg_core::registry::{RefRole, RegistryHost};
use extreg_snapshot::{Snapshot, StreamRecord, TagOrigin, TagRecord};

use super::images::External;

/// Namespace, registry and repository.
type Repository = (Arc<str>, Arc<str>, Arc<str>);

/// The tags that import an image, by namespace and repository.
pub(super) struct Followers<'a>(BTreeMap<Repository, Vec<Follower<'a>>>);

/// A tag that imports an image.
#[derive(Clone, Copy)]
pub(super) struct Follower<'a> {
    pub(super) stream: &'a StreamRecord,
    pub(super) tag: &'a TagRecord,
    /// The tag of the image.
    of: &'a str,
}

impl<'a> Followers<'a> {
    pub(super) fn of(snapshot: &'a Snapshot) -> Self {
        let mut followers: BTreeMap<Repository, Vec<Follower<'a>>> = BTreeMap::new();
        for stream in &snapshot.streams {
            for tag in stream.tags.iter().filter(|tag| !tag.reference) {
                let TagOrigin::Image(written) = &tag.from else {
                    continue;
                };
                let Some(image) = External::of(written, RefRole::Import, snapshot) else {
                    continue;
                };
                let name = image.name();
                followers
                    .entry((
                        stream.object.namespace.clone(),
                        name.registry,
                        name.repository,
                    ))
                    .or_default()
                    .push(Follower {
                        stream,
                        tag,
                        of: image.image.with_defaults().tag(),
                    });
            }
        }
        for found in followers.values_mut() {
            found.sort_by_key(|follower| (&follower.stream.object, &follower.tag.name));
        }
        Self(followers)
    }

    /// The tag of a namespace that follows a repository: the one that follows that very tag of it,
    /// else the first.
    pub(super) fn find(
        &self,
        namespace: &Arc<str>,
        registry: &str,
        repository: &Arc<str>,
        tag: &str,
    ) -> Option<Follower<'a>> {
        let registry = RegistryHost::of(registry).as_str().into();
        let key = (namespace.clone(), registry, repository.clone());
        let found = self.0.get(&key)?;
        let same = found.iter().find(|follower| follower.of == tag);
        same.or_else(|| found.first()).copied()
    }
}

impl Follower<'_> {
    /// `stream:tag`.
    pub(super) fn name(&self) -> String {
        format!("{}:{}", self.stream.object.name, self.tag.name)
    }

    /// Whether it follows that tag of its repository.
    pub(super) fn follows(&self, tag: &str) -> bool {
        self.of == tag
    }
}
