//! The trigger: whether it sets a new image in the workload, and whether it set this one.

use extreg_remedy::triggers;
use extreg_snapshot::{
    ShownImage,
    kind::Kind,
    trigger::{ImageTrigger, TriggerFault, Triggers},
};

use super::{Link, Part, Site, State, fix};
use crate::{
    flow::{Follower, How, Place, Subject},
    image::{short, short_reference},
    name::Name,
    world::{Unread, WORKLOADS, Workload},
};

/// OpenShift sets the image of a workload within seconds; after this many seconds it will not.
const SOON: i64 = 120;

/// The link of a flow that no workload follows.
pub(super) fn none(site: &Site<'_, '_>) -> Link {
    let namespace = site.flow.namespace();
    let unread = WORKLOADS
        .into_iter()
        .filter_map(|kind| Some((kind, site.world.unread(kind, namespace)?)))
        .find(|(_, why)| *why != Unread::NotServed);
    if let Some((kind, why)) = unread {
        return of(State::Unknown, super::site::unread(kind, why));
    }
    of(
        State::None,
        format!("no workload of {namespace} follows it"),
    )
}

/// The link.
pub(super) fn link(site: &Site<'_, '_>, follower: &Follower<'_>) -> Link {
    let workload = follower.workload;
    let tag = match site.flow.subject {
        Subject::Tag(name) => Some(name),
        Subject::Config(_) | Subject::Workload(_) => None,
    };
    match (&follower.how, tag) {
        (How::Trigger(trigger), Some(tag)) => by_trigger(site, workload, trigger, tag),
        (How::ByName(container), Some(tag)) => not_following(
            workload,
            tag,
            container,
            "names its image directly and does not follow",
        )
        .why("ByName"),
        (How::ByLookup(container), Some(tag)) => not_following(
            workload,
            tag,
            container,
            "is resolved only when the object is written and does not follow",
        )
        .why("ByLookup"),
        (How::Pinned(container), Some(tag)) => not_following(
            workload,
            tag,
            container,
            "names a digest and does not follow",
        )
        .why("Pinned"),
        (How::Malformed(why, _), _) => {
            let (text, remedy) = fix::unusable(workload, why);
            of(State::Broken, text).why("MalformedTrigger").fix(remedy)
        }
        _ => of(
            State::Broken,
            format!("{} follows no ImageStream tag", workload.reference()),
        )
        .why("NoTrigger")
        .fix(fix::describe(workload.object.clone())),
    }
}

fn by_trigger(
    site: &Site<'_, '_>,
    workload: Workload<'_>,
    trigger: &ImageTrigger,
    tag: Name<'_>,
) -> Link {
    let from = tag.seen_from(workload.namespace());
    let reference = workload.reference();
    let correct = |trigger| triggers::correct(workload.record, trigger);
    // A paused trigger is not checked.
    if let Some(fault) = trigger.fault.filter(|_| !trigger.paused) {
        let reason = match fault {
            TriggerFault::NoContainer => "WrongContainer",
            _ => "MalformedTrigger",
        };
        let text = format!(
            "{reference} should follow {from}, but {}",
            because(trigger, fault)
        );
        return of(State::Broken, text).why(reason).fix(correct(trigger));
    }
    if let Some(by) = stopped_by(site, workload).filter(|_| !trigger.paused) {
        let text = format!(
            "{reference} should follow {from}, but OpenShift applies none of its triggers because of the one for {}: {}",
            by.tag,
            by.fault.map(|fault| because(by, fault)).unwrap_or_default()
        );
        return of(State::Broken, text)
            .why("WrongContainer")
            .fix(correct(by));
    }
    let containers = trigger.containers.join(", ");
    let what = if trigger.containers.len() == 1 && workload.containers.len() == 1 {
        reference
    } else {
        format!("{reference}, container {containers}")
    };
    let newest = site.flow.own.and_then(Place::newest);
    let has_it = newest.is_none_or(|item| {
        let mut set = trigger.containers.iter();
        set.all(|name| {
            workload
                .container(name)
                .is_some_and(|c| shows(&c.image, item))
        })
    });
    let note = if workload.rollout.has_config_change {
        ""
    } else {
        "; without a ConfigChange trigger only a new image rolls out"
    };
    if trigger.paused {
        let state = if has_it { State::Ok } else { State::Broken };
        let remedy = triggers::resume(workload.record, trigger);
        return of(state, format!("{what} follows {from}, but is paused{note}"))
            .why("Paused")
            .fix(remedy);
    }
    if has_it {
        return of(State::Ok, format!("{what} follows {from}{note}"));
    }
    let since = newest.and_then(|item| item.created);
    let state = if site.is_older(since, SOON) {
        State::Broken
    } else {
        State::Waiting
    };
    let wanted = newest.map_or(String::new(), |item| short(&item.digest));
    of(
        state,
        format!("{what} follows {from}, but was not set to {wanted}{note}"),
    )
    .why("NotTriggered")
    .at(since)
    .fix(fix::describe(workload.object.clone()))
}

/// The invalid trigger of the same annotation because of which OpenShift applies none of them.
fn stopped_by<'w>(site: &Site<'_, '_>, workload: Workload<'w>) -> Option<&'w ImageTrigger> {
    if workload.object.kind == Kind::DeploymentConfig {
        return None;
    }
    Triggers::stopped_by(&workload.record.triggers, |trigger| {
        trigger.stream_tag().is_some_and(|(stream, tag)| {
            let stream = site.world.stream(&trigger.namespace, stream);
            let tag = stream.and_then(|stream| stream.tag(tag));
            let history = tag.and_then(|tag| tag.history.as_ref());
            history.is_some_and(|history| !history.items.is_empty())
        })
    })
}

/// The fault of a trigger, and its field.
fn because(trigger: &ImageTrigger, fault: TriggerFault) -> String {
    match fault {
        TriggerFault::NoTag | TriggerFault::NotATag => fault.to_string(),
        TriggerFault::Stray | TriggerFault::InvalidField | TriggerFault::NoContainer => {
            format!("{fault}: {:?}", &*trigger.field)
        }
    }
}

fn not_following(workload: Workload<'_>, tag: Name<'_>, container: &str, how: &str) -> Link {
    let image = workload
        .container(container)
        .map_or("", |container| &container.image);
    let image = short_reference(image);
    let reference = workload.reference();
    of(State::Broken, format!("{reference} {how} {tag}: {image}")).fix(fix::follow_tag(
        workload,
        tag,
        &[container],
    ))
}

/// Whether a container has the image of a tag: the trigger writes the pull specification by digest, of
/// this registry or of the integrated one.
fn shows(image: &str, item: &ShownImage) -> bool {
    if item.digest.is_empty() {
        *image == *item.pull_spec
    } else {
        image.ends_with(&format!("@{}", item.digest))
    }
}

fn of(state: State, message: impl Into<String>) -> Link {
    Link::new(Part::Trigger, state, message)
}
