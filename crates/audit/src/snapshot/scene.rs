//! What of a snapshot decides whether a command can be shown.

use super::Snapshot;
use crate::approval::{Answer, answer};
use crate::kind::{Kind, Purpose};
use crate::place::ObjectId;
use crate::remedy::{Scene, Sight};
use crate::snapshot::UseRole;

impl Scene for Snapshot {
    fn object(&self, object: &ObjectId) -> Sight {
        let key = || (object.namespace.clone(), object.name.clone());
        let has = |found: Result<usize, usize>| found.is_ok();
        let is_read = match object.kind {
            Kind::Build | Kind::BuildConfig | Kind::BuildRun | Kind::ShipwrightBuild => {
                has(self.builds.binary_search_by(|of| of.object.cmp(object)))
            }
            Kind::ImageStream => has(self.streams.binary_search_by(|of| of.object.cmp(object))),
            Kind::Secret => self.secrets.contains_key(&key()),
            Kind::ServiceAccount => self.accounts.contains_key(&key()),
            Kind::ImageConfig => {
                matches!(self.cluster.registries.as_ref().known(), Some(Some(_)))
            }
            _ => has(self.workloads.binary_search_by(|of| of.object.cmp(object))),
        };
        if is_read {
            Sight::Read
        } else if self.holds_all(object.kind, &object.namespace) {
            Sight::Absent
        } else {
            Sight::Unread
        }
    }

    fn tag(&self, stream: &ObjectId, tag: &str) -> Sight {
        let found = self.streams.binary_search_by(|of| of.object.cmp(stream));
        match found.ok().and_then(|index| self.streams.get(index)) {
            Some(found) if found.tags.iter().any(|of| *of.name == *tag) => Sight::Read,
            Some(_) => Sight::Absent,
            None => self.object(stream),
        }
    }

    fn is_whole_cluster(&self) -> bool {
        let is_whole = self.coverage.gaps.is_empty() && self.coverage.scope.holds_everything();
        is_whole
            && Kind::ALL
                .into_iter()
                .filter(|kind| kind.api().purpose == Purpose::Usage)
                .all(|kind| self.listed.is_complete(kind, "", &self.coverage))
    }

    fn is_unapproved(&self, image: &str) -> bool {
        match answer(self, image, UseRole::Import) {
            Answer::Means(candidates) => candidates
                .iter()
                .any(|candidate| candidate.blocked || candidate.approved == Some(false)),
            Answer::Internal | Answer::Searched | Answer::Parameter | Answer::Invalid(_) => false,
        }
    }

    fn is_denied(&self, object: &ObjectId) -> bool {
        self.coverage.is_forbidden(object.kind, &object.namespace)
    }
}
