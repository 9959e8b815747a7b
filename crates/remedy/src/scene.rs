//! The part of a snapshot that decides whether a command can be shown.

use extreg_snapshot::Snapshot;
use extreg_snapshot::kind::{Kind, Purpose};
use extreg_snapshot::place::ObjectId;

use super::{Scene, Sight};

/// A snapshot that decides whether a command can be shown.
#[derive(Clone, Copy)]
pub struct SnapshotScene<'a> {
    snapshot: &'a Snapshot,
    is_unapproved: &'a dyn Fn(&str) -> bool,
}

impl<'a> SnapshotScene<'a> {
    /// From a snapshot, and a function for images known to come from a registry that is not approved.
    pub const fn new(snapshot: &'a Snapshot, is_unapproved: &'a dyn Fn(&str) -> bool) -> Self {
        Self {
            snapshot,
            is_unapproved,
        }
    }
}

impl Scene for SnapshotScene<'_> {
    fn object(&self, object: &ObjectId) -> Sight {
        let snapshot = self.snapshot;
        let key = || (object.namespace.clone(), object.name.clone());
        let is_read = match object.kind {
            Kind::Build | Kind::BuildConfig | Kind::BuildRun | Kind::ShipwrightBuild => {
                let found = snapshot.builds.binary_search_by(|of| of.object.cmp(object));
                found.is_ok()
            }
            Kind::ImageStream => snapshot.stream(&object.namespace, &object.name).is_some(),
            Kind::Secret => snapshot.secrets.contains_key(&key()),
            Kind::ServiceAccount => snapshot.accounts.contains_key(&key()),
            Kind::ImageConfig => {
                let registries = snapshot.cluster.registries.as_ref();
                matches!(registries.known(), Some(Some(_)))
            }
            _ => {
                let found = snapshot
                    .workloads
                    .binary_search_by(|of| of.object.cmp(object));
                found.is_ok()
            }
        };
        if is_read {
            Sight::Read
        } else if snapshot.holds_all(object.kind, &object.namespace) {
            Sight::Absent
        } else {
            Sight::Unread
        }
    }

    fn tag(&self, stream: &ObjectId, tag: &str) -> Sight {
        match self.snapshot.stream(&stream.namespace, &stream.name) {
            Some(found) if found.tags.iter().any(|of| *of.name == *tag) => Sight::Read,
            Some(_) => Sight::Absent,
            None => self.object(stream),
        }
    }

    fn is_whole_cluster(&self) -> bool {
        let Snapshot {
            coverage, listed, ..
        } = self.snapshot;
        let mut kinds = Kind::ALL
            .into_iter()
            .filter(|kind| kind.purpose() == Purpose::Usage);
        coverage.gaps.is_empty()
            && coverage.scope.holds_everything()
            && kinds.all(|kind| listed.is_complete(kind, "", coverage))
    }

    fn is_unapproved(&self, image: &str) -> bool {
        (self.is_unapproved)(image)
    }

    fn is_denied(&self, object: &ObjectId) -> bool {
        let coverage = &self.snapshot.coverage;
        coverage.is_forbidden(object.kind, &object.namespace)
    }
}
