//! Whether an image trigger keeps a container up to date, and if not, the reason.

use std::sync::Arc;

use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::{ObjectId, Origin};
use extreg_snapshot::trigger::{ImageTrigger, Triggers, Unusable};
use extreg_snapshot::{Snapshot, StreamRecord, WorkloadRecord};

use super::index::Index;

/// How a container follows a tag of an ImageStream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Following<'a> {
    /// A trigger sets its image whenever the tag changes; or will, once a build has pushed the tag.
    Works,
    /// A trigger would, but it is unknown whether its tag exists.
    Unseen(&'a ImageTrigger),
    /// A trigger would, but is paused.
    Paused(&'a ImageTrigger),
    /// A trigger would, but its tag does not exist and no build writes it.
    NoTag(&'a ImageTrigger),
    /// It has a trigger, but OpenShift ignores it.
    Faulty(&'a ImageTrigger),
    /// A trigger would, but because of this other one OpenShift ignores the annotation.
    Stopped(&'a ImageTrigger),
    /// OpenShift cannot use the annotation at all.
    Unusable(&'a Unusable),
    /// No trigger sets it.
    None,
}

impl<'a> Following<'a> {
    /// How a container of a workload follows a tag; the best of several triggers.
    pub(super) fn of(
        snapshot: &Snapshot,
        index: &Index<'_>,
        workload: &'a WorkloadRecord,
        container: &str,
    ) -> Self {
        if let Some(unusable) = &workload.unusable_triggers {
            return Self::Unusable(unusable);
        }
        let stopped_by = stopped_by(snapshot, index, workload);
        workload
            .triggers
            .iter()
            .filter(|trigger| trigger.containers.iter().any(|name| **name == *container))
            .map(|trigger| match (stopped_by, trigger.fault) {
                (_, Some(_)) => Self::Faulty(trigger),
                (Some(by), None) => Self::Stopped(by),
                (None, None) => Self::trigger(snapshot, index, trigger),
            })
            .min_by_key(Self::rank)
            .unwrap_or(Self::None)
    }

    fn trigger(snapshot: &Snapshot, index: &Index<'_>, trigger: &'a ImageTrigger) -> Self {
        if trigger.paused {
            return Self::Paused(trigger);
        }
        let Some((_, tag)) = trigger.stream_tag() else {
            return Self::Faulty(trigger);
        };
        if index.is_written(trigger) {
            return Self::Works;
        }
        match stream_of(index, trigger) {
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
            Self::Stopped(_) => 4,
            Self::Faulty(_) => 5,
            Self::Unusable(_) => 6,
            Self::None => 7,
        }
    }
}

/// The trigger of an annotation whose container does not exist, which makes OpenShift ignore the
/// other triggers; it does so only while the tag of that one has an image.
pub(super) fn stopped_by<'a>(
    snapshot: &Snapshot,
    index: &Index<'_>,
    workload: &'a WorkloadRecord,
) -> Option<&'a ImageTrigger> {
    if workload.object.kind == Kind::DeploymentConfig {
        return None;
    }
    Triggers::stopped_by(&workload.triggers, |trigger| {
        let Some((_, tag)) = trigger.stream_tag() else {
            return false;
        };
        match stream_of(index, trigger) {
            Some(stream) => stream.tags.iter().any(|of| {
                let is_shown = !of.digest.is_empty() || of.reference;
                // Files have no status.
                *of.name == *tag && (is_shown || stream.origin != Origin::Cluster)
            }),
            None => !snapshot.holds_all(Kind::ImageStream, &trigger.namespace),
        }
    })
}

/// The stream of a trigger, if it was read.
pub(super) fn stream_of<'s>(index: &Index<'s>, trigger: &ImageTrigger) -> Option<&'s StreamRecord> {
    let object = ObjectId {
        namespace: trigger.namespace.clone(),
        kind: Kind::ImageStream,
        name: trigger.stream().into(),
    };
    index.streams.get(&object).copied()
}

/// Whether OpenShift supports image triggers on a kind (library-go `pkg/image/trigger`).
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

/// A tag as a workload of a namespace names it: with its namespace if that differs.
pub(super) fn tag_in(trigger: &ImageTrigger, namespace: &Arc<str>) -> String {
    if trigger.namespace == *namespace {
        trigger.tag.to_string()
    } else {
        format!("{}/{}", trigger.namespace, trigger.tag)
    }
}
