//! What of a snapshot decides whether a command can be shown.

use extreg_snapshot::Snapshot;
use extreg_snapshot::kind::{Kind, Purpose};
use extreg_snapshot::place::ObjectId;

use super::{Scene, Sight};

/// A snapshot, as what decides whether a command can be shown.
#[derive(Clone, Copy)]
pub struct SnapshotScene<'a> {
    snapshot: &'a Snapshot,
    is_unapproved: &'a dyn Fn(&str) -> bool,
}

impl<'a> SnapshotScene<'a> {
    /// Of a snapshot, and which images are known to be of a registry that is not approved.
    pub const fn new(snapshot: &'a Snapshot, is_unapproved: &'a dyn Fn(&str) -> bool) -> Self {
        Self {
            snapshot,
            is_unapproved,
        }
    }
}

impl Scene for SnapshotScene<'_> {
    fn object(&self, object: &ObjectId) -> Sight {
        let key = || (object.namespace.clone(), object.name.clone());
        let has = |found: Result<usize, usize>| found.is_ok();
        let is_read = match object.kind {
            Kind::Build | Kind::BuildConfig | Kind::BuildRun | Kind::ShipwrightBuild => has(self
                .snapshot
                .builds
                .binary_search_by(|of| of.object.cmp(object))),
            Kind::ImageStream => has(self
                .snapshot
                .streams
                .binary_search_by(|of| of.object.cmp(object))),
            Kind::Secret => self.snapshot.secrets.contains_key(&key()),
            Kind::ServiceAccount => self.snapshot.accounts.contains_key(&key()),
            Kind::ImageConfig => {
                matches!(
                    self.snapshot.cluster.registries.as_ref().known(),
                    Some(Some(_))
                )
            }
            _ => has(self
                .snapshot
                .workloads
                .binary_search_by(|of| of.object.cmp(object))),
        };
        if is_read {
            Sight::Read
        } else if self.snapshot.holds_all(object.kind, &object.namespace) {
            Sight::Absent
        } else {
            Sight::Unread
        }
    }

    fn tag(&self, stream: &ObjectId, tag: &str) -> Sight {
        let found = self
            .snapshot
            .streams
            .binary_search_by(|of| of.object.cmp(stream));
        match found
            .ok()
            .and_then(|index| self.snapshot.streams.get(index))
        {
            Some(found) if found.tags.iter().any(|of| *of.name == *tag) => Sight::Read,
            Some(_) => Sight::Absent,
            None => self.object(stream),
        }
    }

    fn is_whole_cluster(&self) -> bool {
        let is_whole = self.snapshot.coverage.gaps.is_empty()
            && self.snapshot.coverage.scope.holds_everything();
        is_whole
            && Kind::ALL
                .into_iter()
                .filter(|kind| kind.api().purpose == Purpose::Usage)
                .all(|kind| {
                    self.snapshot
                        .listed
                        .is_complete(kind, "", &self.snapshot.coverage)
                })
    }

    fn is_unapproved(&self, image: &str) -> bool {
        (self.is_unapproved)(image)
    }

    fn is_denied(&self, object: &ObjectId) -> bool {
        self.snapshot
            .coverage
            .is_forbidden(object.kind, &object.namespace)
    }
}
