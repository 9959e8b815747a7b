//! EXR012: a workload that bypasses the ImageStream of its image.
//!
//! A stream that follows a repository imports it with the namespace's credentials, on its schedule,
//! and notifies triggers of each new digest. A container that names the repository itself gets none of
//! that. Neither does a container whose trigger sets another container, or whose trigger OpenShift
//! ignores ([`extreg_snapshot::trigger`]), which only a controller's log reports.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use extreg_core::image::ImageRef;
use extreg_remedy::{Outcome, Remedy, triggers};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::Place;
use extreg_snapshot::trigger::{ImageTrigger, TriggerFault};
use extreg_snapshot::{ImageUse, Meaning, Snapshot, UseRole, WorkloadRecord};

use super::followers::{Follower, Followers};
use super::following::{Following, can_follow, stopped_by};
use super::found::found;
use super::index::Index;
use super::remedy;
use crate::check::CheckId;
use crate::finding::{Finding, inconclusive};

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
    for workload in own {
        broken(snapshot, &index, workload, findings);
    }
}

/// A container that names the repository of a stream of its namespace.
fn bypass(
    followers: &Followers<'_>,
    usage: &ImageUse,
    workload: &WorkloadRecord,
    following: Following<'_>,
) -> Option<Finding> {
    let reference = ImageRef::parse(&usage.image.written).ok()?;
    // A trigger that sets it, even one that is paused, goes through the stream; a digest was
    // written by such a trigger, or pinned by a user.
    let passed_by = matches!(
        following,
        Following::None | Following::Unusable(_) | Following::Faulty(_)
    );
    if !passed_by || !reference.id().is_empty() {
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
            "container {container} of {} pulls {} and bypasses the ImageStream tag {name}, which follows \
             that repository",
            workload.object.name, image.written
        ),
        why: format!(
            "Schedule, digest and rollout of {name} do not apply to it{}",
            elsewhere(workload, follower, namespace)
        ),
        fix: if can_follow(workload.object.kind) {
            match following {
                Following::Unusable(_) => triggers::unusable_annotation(workload),
                Following::Faulty(trigger) => triggers::correct(workload, trigger),
                _ => triggers::follow(workload, namespace, &name, std::slice::from_ref(container)),
            }
        } else {
            Remedy::instruct(format!(
                "run it from a Deployment with an image trigger on {name} instead of {}",
                workload.object.reference()
            ))
        },
        ..found(CheckId::Exr012, "bypass", usage.place.clone())
    })
}

/// A container of a namespace whose streams could not be listed. Files are assumed to hold all
/// streams that matter.
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
                "cannot determine whether container {} of {} pulls {} and bypasses an ImageStream",
                usage.place.part, object.name, usage.image.written
            ),
            why: inconclusive(format_args!(
                "the ImageStreams of {} were not read",
                object.namespace
            )),
            fix: remedy::inspect(snapshot, &object.namespace),
            ..found(CheckId::Exr012, "bypass", usage.place.clone())
        }
    })
}

/// The containers that a trigger on the same tag sets.
fn elsewhere(workload: &WorkloadRecord, follower: Follower<'_>, namespace: &Arc<str>) -> String {
    let name = follower.name();
    let trigger = workload
        .triggers
        .iter()
        .find(|trigger| trigger.namespace == *namespace && *trigger.tag == *name);
    trigger.map_or_else(String::new, |trigger| {
        format!(
            "; its trigger sets {} instead",
            trigger.containers.join(", ")
        )
    })
}

/// Triggers that OpenShift ignores, each separately; a paused one is skipped.
fn broken(
    snapshot: &Snapshot,
    index: &Index<'_>,
    workload: &WorkloadRecord,
    findings: &mut Vec<Finding>,
) {
    const FIELD: &str = "metadata.annotations[image.openshift.io/triggers]";
    if let Some(unusable) = &workload.unusable_triggers {
        findings.push(Finding {
            message: format!(
                "OpenShift ignores the image triggers of {}: {unusable}",
                workload.object.name
            ),
            why: "They set no container and start no rollout".to_owned(),
            fix: triggers::unusable_annotation(workload),
            ..found(CheckId::Exr012, "broken-trigger", place(workload, FIELD))
        });
    }
    let stopped_by = stopped_by(snapshot, index, workload);
    let is_config = workload.object.kind == Kind::DeploymentConfig;
    for trigger in workload.triggers.iter().filter(|trigger| !trigger.paused) {
        let Some(fault) = trigger.fault else {
            continue;
        };
        let field = if is_config {
            format!("spec.triggers[{}].imageChangeParams", trigger.index)
        } else {
            format!("{FIELD}[{}]", trigger.index)
        };
        findings.push(Finding {
            message: format!(
                "OpenShift ignores the image trigger of {} on {}: {}",
                workload.object.name,
                trigger.tag,
                because(trigger, fault)
            ),
            why: match (is_config, stopped_by == Some(trigger)) {
                (true, _) => {
                    "Until every image trigger is resolved once, the DeploymentConfig never \
                              rolls out"
                        .to_owned()
                }
                (false, true) => {
                    "OpenShift also ignores the other triggers of the annotation".to_owned()
                }
                (false, false) => "Its container is never set; the other triggers work".to_owned(),
            },
            fix: triggers::correct(workload, trigger),
            ..found(
                CheckId::Exr012,
                "broken-trigger",
                Place {
                    part: trigger.tag.clone(),
                    ..place(workload, &field)
                },
            )
        });
    }
}

/// The fault of a trigger, and the faulty value.
fn because(trigger: &ImageTrigger, fault: TriggerFault) -> String {
    match fault {
        TriggerFault::NoTag | TriggerFault::NotATag => fault.to_string(),
        TriggerFault::Stray | TriggerFault::InvalidField | TriggerFault::NoContainer => {
            format!(
                "{fault}: {}",
                if trigger.field.is_empty() {
                    "\"\""
                } else {
                    &trigger.field
                }
            )
        }
    }
}

fn place(workload: &WorkloadRecord, field: &str) -> Place {
    Place {
        object: workload.object.clone(),
        part: Arc::default(),
        field: field.into(),
        origin: workload.origin.clone(),
    }
}
