//! The workloads that run the image of a tag, and how they get it.

use extreg_core::registry::RefRole;
use extreg_snapshot::{ContainerRecord, trigger::TriggerFault};

use super::{Follower, How, draft::Drafts};
use crate::{
    image::{Image, Inside},
    name::Name,
    world::Workload,
};

/// Adds every workload to the flows that it follows. Returns workloads with an unusable annotation and an
/// unknown tag.
pub(super) fn add_workloads<'w>(drafts: &mut Drafts<'_, 'w>) -> Vec<Follower<'w>> {
    let world = drafts.world;
    let mut loose = Vec::new();
    for workload in world.workloads.iter().copied() {
        let record = workload.record;
        if let Some(why) = &record.unusable_triggers {
            let by_image = record
                .containers
                .iter()
                .find_map(|container| Some((by_image(drafts, workload, container)?.0, container)));
            let found = match by_image {
                Some((name, container)) => Some((name, Some(&*container.name))),
                None => by_own_name(drafts, workload).map(|name| (name, None)),
            };
            let follower = |container| Follower {
                workload,
                how: How::Malformed(why, container),
            };
            match found {
                Some((name, container)) => drafts.follow(name, follower(container)),
                None => loose.push(follower(None)),
            }
            continue;
        }
        let mut set: Vec<&str> = Vec::new();
        let mut named: Vec<Name<'w>> = Vec::new();
        let list = record.triggers.iter();
        // A trigger without a tag belongs to no flow.
        for trigger in list.filter(|trigger| trigger.fault != Some(TriggerFault::NotATag)) {
            let (stream, tag) = trigger
                .stream_tag()
                .unwrap_or_else(|| (trigger.stream(), "latest"));
            let name = Name {
                namespace: &trigger.namespace,
                stream,
                tag,
            };
            set.extend(trigger.containers.iter().map(|name| &**name));
            named.push(name);
            let how = How::Trigger(trigger);
            drafts.follow(name, Follower { workload, how });
        }
        add_by_image(drafts, workload, |name, container| {
            !named.contains(&name) && !set.contains(&container)
        });
    }
    loose
}

fn add_by_image<'w>(
    drafts: &mut Drafts<'_, 'w>,
    workload: Workload<'w>,
    is_open: impl Fn(Name<'w>, &str) -> bool,
) {
    for container in &workload.record.containers {
        if let Some((name, how)) = by_image(drafts, workload, container)
            && is_open(name, &container.name)
        {
            drafts.follow(name, Follower { workload, how });
        }
    }
}

/// The tag whose image a container names, in the workload's own namespace.
fn by_image<'w>(
    drafts: &Drafts<'_, 'w>,
    workload: Workload<'w>,
    container: &'w ContainerRecord,
) -> Option<(Name<'w>, How<'w>)> {
    let (text, own) = (&*container.image, workload.namespace());
    if text.trim().is_empty() {
        return None;
    }
    let name = &*container.name;
    if let Some(inside) = Inside::of(text) {
        let tag = drafts.tags_in(&inside.namespace).find(|at| {
            let shows = drafts
                .place(*at)
                .is_some_and(|p| p.age_of(&inside.digest).is_some());
            at.stream == inside.stream
                && if inside.digest.is_empty() {
                    at.tag == inside.tag
                } else {
                    shows
                }
        })?;
        let how = if inside.digest.is_empty() {
            How::ByName(name)
        } else {
            How::Pinned(name)
        };
        return Some((tag, how));
    }
    let (stream, tag) = text.split_once(':').unwrap_or((text, "latest"));
    let by_lookup = drafts.tags_in(own).find(|at| {
        let looks = |is: super::Place<'_>| is.stream.looks_up || workload.resolves_names;
        at.stream == stream && at.tag == tag && drafts.place(*at).is_some_and(looks)
    });
    if let Some(at) = by_lookup {
        return Some((at, How::ByLookup(name)));
    }
    let image = Image::of(text, RefRole::WorkloadPull)?;
    if !image.is_pinned() {
        let tags = drafts.tags_of(&image.to_string(), own);
        let mut here = tags.into_iter().filter(|at| at.namespace == own);
        return here.next().map(|at| (at, How::ByName(name)));
    }
    let pinned = drafts.tags_in(own).find(|at| {
        let shown = drafts
            .place(*at)
            .is_some_and(|p| p.age_of(&image.digest).is_some());
        shown
            && drafts
                .image_of(*at)
                .is_some_and(|from| from.is_beside(&image))
    });
    pinned.map(|at| (at, How::Pinned(name)))
}

/// The tag of the stream with the name of the workload, as `setup` and `oc new-app` create it.
fn by_own_name<'w>(drafts: &Drafts<'_, 'w>, workload: Workload<'w>) -> Option<Name<'w>> {
    let tags: Vec<Name<'w>> = drafts
        .tags_in(workload.namespace())
        .filter(|at| at.stream == workload.name())
        .collect();
    match tags.as_slice() {
        [only] => Some(*only),
        many => many.iter().copied().find(|at| at.tag == "latest"),
    }
}
