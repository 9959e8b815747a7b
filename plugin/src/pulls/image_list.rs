//! Whether an image is a list, from its headers: the cost of an import depends on it.

use std::collections::{BTreeMap, BTreeSet};

use extreg_core::registry::{InternalRegistry, RefRole, Resolution, resolve};
use extreg_registry::{Client, Login, RegistryError};
use extreg_snapshot::{Snapshot, TagOrigin, TagRecord};
use futures::{StreamExt as _, stream};

use crate::context::Context;

/// The maximum number of images to query, to keep the check cheap.
const MOST: usize = 200;
const IN_FLIGHT: usize = 4;

/// A query of a registry.
#[derive(Clone, Copy)]
pub(crate) struct PlatformQuery<'a> {
    pub(crate) client: &'a Client,
    pub(crate) registry: &'a str,
    pub(crate) login: &'a Login,
}

/// A repository, and a tag in it.
type Image = (String, String);

impl PlatformQuery<'_> {
    /// Determines for every scheduled tag whether its image is a list, if the registry answers. Otherwise it remains
    /// unknown.
    pub(crate) async fn narrow(self, snapshot: &mut Snapshot, context: &Context) {
        let internal = snapshot.cluster.internal.clone();
        let of = |tag: &TagRecord| self.image(tag, &internal);
        let tags = snapshot.streams.iter().flat_map(|stream| &stream.tags);
        let images: BTreeSet<Image> = tags.filter_map(of).collect();
        if images.len() > MOST {
            context.printer.note(format!(
                "only the first {MOST} of {} images are queried",
                images.len()
            ));
        }
        let lists = self.query(images.into_iter().take(MOST), context).await;
        let streams = snapshot.streams.iter_mut();
        for tag in streams.flat_map(|stream| &mut stream.tags) {
            let is_list = of(tag).and_then(|image| lists.get(&image));
            tag.platforms = match is_list {
                Some(false) => Some(1),
                // One image of a list of two or more is fetched, whatever their number.
                Some(true) if !tag.preserves_original => Some(2),
                _ => tag.platforms,
            };
        }
    }

    async fn query(
        self,
        images: impl Iterator<Item = Image>,
        context: &Context,
    ) -> BTreeMap<Image, bool> {
        let requests = images.map(|(repository, reference)| async move {
            let head = self
                .client
                .head(self.registry, &repository, &reference, self.login)
                .await;
            ((repository, reference), head)
        });
        let mut answers = stream::iter(requests).buffer_unordered(IN_FLIGHT);
        let mut lists = BTreeMap::new();
        while let Some((image, head)) = answers.next().await {
            let is_list = match head {
                Ok(head) => head.is_list(),
                // Private or deleted; the next one may be readable.
                Err(
                    RegistryError::Unauthorized | RegistryError::Denied | RegistryError::NotFound,
                ) => None,
                Err(error) => {
                    context.printer.note(format!(
                        "not known for all images whether they are lists: {}: {error}",
                        self.registry
                    ));
                    break;
                }
            };
            if let Some(is_list) = is_list {
                lists.insert(image, is_list);
            }
            context.printer.status(&format!(
                "queried {} of {} images",
                self.registry,
                lists.len()
            ));
        }
        context.printer.clear_status();
        lists
    }

    /// The image of a scheduled tag of this registry, if it is unknown whether it is a list.
    fn image(self, tag: &TagRecord, internal: &InternalRegistry) -> Option<Image> {
        let TagOrigin::Image(written) = &tag.from else {
            return None;
        };
        if !tag.scheduled || tag.reference || tag.platforms.is_some() {
            return None;
        }
        let Resolution::Certain(host, image) = resolve(written, RefRole::Import, internal) else {
            return None;
        };
        let reference = match (image.id(), image.tag()) {
            ("", "") => "latest",
            ("", tag) => tag,
            (digest, _) => digest,
        };
        let is_ours = host.as_str() == self.registry;
        is_ours.then(|| (image.repository_path().into_owned(), reference.to_owned()))
    }
}
