//! EXR012: a workload that goes past the ImageStream which is there for its image.
//!
//! A stream that follows a repository imports it with the namespace's credentials, on its schedule,
//! and tells triggers of each new digest. A container that names the repository itself has none of
//! that. Nor has one whose trigger fills another container, or whose triggers OpenShift does not
//! understand: it ignores them, often all of an annotation for one entry (library-go
//! `pkg/image/trigger/annotations.go`), and says so nowhere but in a controller's log.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use extreg_core::image::ImageRef;

use super::followers::{Follower, Followers};
use super::following::{Following, can_follow};
use super::found::found;
use super::index::Index;
use super::remedy;
use crate::check::CheckId;
use crate::finding::{Finding, Outcome, Place};
use crate::kind::Kind;
use crate::snapshot::{ImageUse, Meaning, Snapshot, UseRole, WorkloadRecord};

pub(super) fn check(snapshot: &Snapshot, findings: &mut Vec<Finding>) {
    let index = Index::of(snapshot);
    let followers = Followers::of(snapshot);
    for usage in &snapshot.uses {
        let runs = usage.role == UseRole::Run && usage.meaning == Meaning::External;
        if let Some(workload) = index.workloads.get(&usage.place.object)
            && runs
            && !usage.owned
        {
            let following = Following::of(snapshot, &index, workload, &usage.place.part);
            findings.extend(
                bypass(&followers, usage, workload, following)
                    .or_else(|| unread(snapshot, usage, following)),
            );
        }
    }
    let own = snapshot.workloads.iter().filter(|w| !index.is_made(w));
    findings.extend(own.filter_map(broken));
}

/// A container that names the repository of a stream of its namespace.
fn bypass(
    followers: &Followers<'_>,
    usage: &ImageUse,
    workload: &WorkloadRecord,
    following: Following<'_>,
) -> Option<Finding> {
    let reference = ImageRef::parse(&usage.image.written).ok()?;
    // A trigger that sets it, even one that is paused, is the way through the stream; a digest is
    // what such a trigger leaves behind, or somebody's own pin.
    if !matches!(following, Following::None | Following::Broken(_)) || !reference.id().is_empty() {
        return None;
    }
    let namespace = &usage.place.object.namespace;
    let (image, container) = (&usage.image, &usage.place.part);
    let follower = followers.find(
        namespace,
        &image.registry,
        &image.repository,
        reference.with_defaults().tag(),
    )?;
    let name = follower.name();
    Some(Finding {
        image: Some(image.clone()),
        message: format!(
            "container {container} of {} pulls {} past the ImageStream tag {name}, which follows \
             that repository",
            workload.object.name, image.written
        ),
        why: format!(
            "The schedule, the digest and the rollout that {name} brings do not reach it{}",
            elsewhere(workload, follower, namespace)
        ),
        fix: if can_follow(workload.object.kind) {
            remedy::trigger(&workload.object, &name, container)
        } else {
            format!(
                "run it from a Deployment with an image trigger on {name}, in place of {}",
                workload.object.reference()
            )
        },
        ..found(CheckId::Exr012, "bypass", usage.place.clone())
    })
}

/// A container of a namespace whose streams could not be listed. Of files nobody was asked for what
/// they do not hold.
fn unread(snapshot: &Snapshot, usage: &ImageUse, following: Following<'_>) -> Option<Finding> {
    let object = &usage.place.object;
    let tagged = ImageRef::parse(&usage.image.written).is_ok_and(|image| image.id().is_empty());
    let refused = snapshot
        .coverage
        .is_partial(Kind::ImageStream, &object.namespace);
    (refused && tagged && following == Following::None && can_follow(object.kind)).then(|| {
        Finding {
            outcome: Outcome::Unknown,
            image: Some(usage.image.clone()),
            message: format!(
                "whether container {} of {} pulls {} past an ImageStream is not known",
                usage.place.part, object.name, usage.image.written
            ),
            why: format!(
                "Neither pass nor fail: the ImageStreams of {} were not read",
                object.namespace
            ),
            fix: remedy::look(snapshot, &object.namespace),
            ..found(CheckId::Exr012, "bypass", usage.place.clone())
        }
    })
}

/// The containers that a trigger on the same tag does set.
fn elsewhere(workload: &WorkloadRecord, follower: Follower<'_>, namespace: &Arc<str>) -> String {
    let name = follower.name();
    let trigger = workload
        .triggers
        .iter()
        .find(|trigger| trigger.namespace == *namespace && *trigger.tag == *name);
    trigger.map_or_else(String::new, |trigger| {
        format!(
            "; the trigger on it sets {} instead",
            trigger.containers.join(", ")
        )
    })
}

fn broken(workload: &WorkloadRecord) -> Option<Finding> {
    const FIELD: &str = "metadata.annotations[image.openshift.io/triggers]";
    let reason = workload.broken_triggers.as_ref()?;
    let object = &workload.object;
    let (what, why, fix) = if workload.triggers.is_empty() {
        (
            "the image triggers",
            "No container is set by them and nothing is rolled out. Without the annotation, oc set \
             triggers writes one that works",
            remedy::remove_triggers(object),
        )
    } else {
        (
            "an image trigger",
            "What it was meant to set is never set; the others work",
            format!("correct it in {FIELD} of {object}"),
        )
    };
    Some(Finding {
        message: format!("OpenShift ignores {what} of {}: {reason}", object.name),
        why: why.to_owned(),
        fix,
        ..found(CheckId::Exr012, "broken-trigger", place(workload, FIELD))
    })
}

fn place(workload: &WorkloadRecord, field: &str) -> Place {
    Place {
        object: workload.object.clone(),
        part: Arc::default(),
        field: field.into(),
        origin: workload.origin.clone(),
    }
}
