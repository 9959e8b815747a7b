//! Which fields are judged.

use std::collections::BTreeSet;

use extreg_snapshot::place::ObjectId;
use extreg_snapshot::trigger::ImageTrigger;
use extreg_snapshot::{ImageUse, Meaning, Snapshot, UseRole};

use crate::approval::{Allowance, List, Target, targets};

/// The fields that findings are about: no copy of an owner's field, and nothing of a stream that the
/// samples operator or the ClusterVersion owns, whose tags are not the user's to change
/// (ComplianceAsCode, rule `imagestream_sets_schedule`).
pub(crate) fn judged(snapshot: &Snapshot) -> impl Iterator<Item = &ImageUse> {
    let managed: BTreeSet<&ObjectId> = snapshot
        .streams
        .iter()
        .filter(|stream| stream.managed)
        .map(|stream| &stream.object)
        .collect();
    snapshot
        .uses
        .iter()
        .filter(move |used| !used.owned && !managed.contains(&used.place.object))
}

/// Whether a field can mean a registry outside the cluster.
pub(crate) const fn is_external(used: &ImageUse) -> bool {
    matches!(used.meaning, Meaning::External | Meaning::Searched)
}

/// The trigger that sets a container's image, if it exists and is not paused.
pub(crate) fn trigger_of<'a>(snapshot: &'a Snapshot, used: &ImageUse) -> Option<&'a ImageTrigger> {
    let object = &used.place.object;
    let first = snapshot
        .workloads
        .partition_point(|workload| workload.object < *object);
    snapshot
        .workloads
        .iter()
        .skip(first)
        .take_while(|workload| workload.object == *object)
        .flat_map(|workload| &workload.triggers)
        .find(|trigger| {
            let works = !trigger.paused && trigger.fault.is_none();
            works && trigger.containers.contains(&used.place.part)
        })
}

/// The registries that fields of these roles certainly name, with Docker Hub under one name; if the user
/// gives a list, only registries of approved images.
pub(crate) fn registries_in_use(snapshot: &Snapshot, roles: &[UseRole]) -> BTreeSet<String> {
    let allowance = Allowance::of(snapshot);
    let is_wanted = |target: &Target| match allowance.list {
        List::Given(_) => allowance.approves(target) == Some(true),
        List::Cluster(_) | List::Absent | List::Unknown => true,
    };
    snapshot
        .uses
        .iter()
        .filter(|used| used.meaning == Meaning::External && roles.contains(&used.role))
        .filter_map(|used| targets(used, &snapshot.cluster).known())
        .flatten()
        .filter(is_wanted)
        .map(|target| target.registry().to_owned())
        .filter(|host| !host.is_empty())
        .collect()
}
