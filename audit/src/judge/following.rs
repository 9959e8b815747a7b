//! Whether an image trigger keeps a container up to date, and if not, why not.

use std::sync::Arc;

use super::index::Index;
use crate::kind::Kind;
use crate::place::ObjectId;
use crate::snapshot::{ImageTrigger, Snapshot, WorkloadRecord};

/// How a container follows a tag of an ImageStream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Following<'a> {
    /// A trigger sets its image whenever the tag changes.
    Works,
    /// A trigger would, and whether its tag is there was not read.
    Unseen(&'a ImageTrigger),
    /// A trigger would, but is paused.
    Paused(&'a ImageTrigger),
    /// A trigger would, but its tag is not there.
    NoTag(&'a ImageTrigger),
    /// OpenShift ignores the whole annotation, for this reason.
    Broken(&'a str),
    /// No trigger sets it.
    None,
}

impl<'a> Following<'a> {
    /// How a container of a workload follows; the best of several triggers.
    pub(super) fn of(
        snapshot: &Snapshot,
        index: &Index<'_>,
        workload: &'a WorkloadRecord,
        container: &str,
    ) -> Self {
        let best = workload
            .triggers
            .iter()
            .filter(|trigger| trigger.containers.iter().any(|name| **name == *container))
            .map(|trigger| Self::trigger(snapshot, index, trigger))
            .min_by_key(Self::rank);
        match (best, &workload.broken_triggers) {
            (Some(best), _) => best,
            (None, Some(reason)) => Self::Broken(reason),
            (None, None) => Self::None,
        }
    }

    fn trigger(snapshot: &Snapshot, index: &Index<'_>, trigger: &'a ImageTrigger) -> Self {
        if trigger.paused {
            return Self::Paused(trigger);
        }
        let (stream, tag) = trigger.tag.split_once(':').unwrap_or((&trigger.tag, ""));
        let object = ObjectId {
            namespace: trigger.namespace.clone(),
            kind: Kind::ImageStream,
            name: stream.into(),
        };
        match index.streams.get(&object) {
            Some(stream) if stream.tags.iter().any(|of| *of.name == *tag) => Self::Works,
            None if !snapshot.holds_all(Kind::ImageStream, &trigger.namespace) => {
                Self::Unseen(trigger)
            }
            Some(_) | None => Self::NoTag(trigger),
        }
    }

    const fn rank(&self) -> u8 {
        match self {
            Self::Works => 0,
            Self::Unseen(_) => 1,
            Self::Paused(_) => 2,
            Self::NoTag(_) => 3,
            Self::Broken(_) => 4,
            Self::None => 5,
        }
    }
}

/// Whether OpenShift fills image triggers of a kind (library-go `pkg/image/trigger`).
pub(super) const fn can_follow(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::CronJob
            | Kind::DaemonSet
            | Kind::Deployment
            | Kind::DeploymentConfig
            | Kind::StatefulSet
    )
}

/// A tag as a workload of a namespace names it: with the namespace where that is another.
pub(super) fn tag_in(trigger: &ImageTrigger, namespace: &Arc<str>) -> String {
    if trigger.namespace == *namespace {
        trigger.tag.to_string()
    } else {
        format!("{}/{}", trigger.namespace, trigger.tag)
    }
}
