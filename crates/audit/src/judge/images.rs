//! What several checks need to know about an image.

use std::sync::Arc;

use extreg_core::facts::Known;
use extreg_core::image::ImageRef;
use extreg_core::policy::Selection;
use extreg_core::registry::{RefRole, RegistryHost, Resolution, resolve};
use extreg_snapshot::Snapshot;
use extreg_snapshot::place::ImageName;

/// An image of one registry outside the cluster.
#[derive(Clone, Copy, Debug)]
pub(super) struct External<'a> {
    pub(super) written: &'a str,
    pub(super) host: RegistryHost<'a>,
    pub(super) image: ImageRef<'a>,
}

impl<'a> External<'a> {
    /// The image of a field, if the field names one of exactly one registry outside the cluster.
    pub(super) fn of(written: &'a str, role: RefRole, snapshot: &Snapshot) -> Option<Self> {
        match resolve(written, role, &snapshot.cluster.internal) {
            Resolution::Certain(host, image) => Some(Self {
                written,
                host,
                image,
            }),
            _ => None,
        }
    }

    pub(super) fn has_digest(&self) -> bool {
        !self.image.id().is_empty()
    }

    pub(super) fn name(&self) -> ImageName {
        ImageName {
            written: self.written.into(),
            registry: self.host.as_str().into(),
            repository: self.image.repository_path().into(),
            digest: self.image.id().into(),
        }
    }
}

/// The policy for a repository of a registry in a namespace.
pub(super) fn policy<'s>(
    snapshot: &'s Snapshot,
    namespace: &Arc<str>,
    host: RegistryHost<'_>,
    repository: &str,
) -> Selection<'s> {
    let labels = match snapshot.namespaces.get(namespace) {
        Some(record) => Known::Known(&record.labels),
        None => Known::Unknown,
    };
    snapshot.policies.select(host, repository, labels)
}
