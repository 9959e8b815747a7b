//! The trigger: whether a workload is told of a new image, and was told of this one.

use super::{Link, Mend, Part, Site, State};
use crate::commands::status::{
    flow::{Follower, How, Name, Subject},
    image::short,
    read::{Fault, Item, Trigger, Workload, WorkloadKind},
    world::{Gap, Listed},
};

/// OpenShift sets the image of a workload within seconds; after so many it does not.
const SOON: i64 = 120;

/// The link, of a flow that nothing follows.
pub(super) fn nobody(site: &Site<'_>) -> Link {
    let namespace = site.flow.namespace();
    let gaps = Listed::all().filter(|what| matches!(what, Listed::Workloads(_)));
    let gap = gaps
        .filter_map(|what| Some((what, site.world.unseen.why(what, namespace)?)))
        .find(|(_, gap)| **gap != Gap::NotServed);
    if let Some((what, gap)) = gap {
        return of(State::Unknown, super::site::unseen(what, gap));
    }
    of(
        State::None,
        format!("no workload of {namespace} follows it"),
    )
}

/// The link.
pub(super) fn link(site: &Site<'_>, follower: &Follower<'_>) -> Link {
    let workload = follower.workload;
    let tag = match site.flow.subject {
        Subject::Tag(name) => Some(name),
        Subject::Config(_) | Subject::Workload(_) => None,
    };
    match (&follower.how, tag) {
        (How::Trigger(trigger), Some(tag)) => by_trigger(site, workload, trigger, tag),
        (How::ByName(container), Some(tag)) => not_following(
            site,
            workload,
            tag,
            container,
            "names its image itself and does not follow",
        )
        .why("ByName"),
        (How::ByLookup(container), Some(tag)) => not_following(
            site,
            workload,
            tag,
            container,
            "is looked up when the object is written and does not follow",
        )
        .why("ByLookup"),
        (How::Pinned(container), Some(tag)) => not_following(
            site,
            workload,
            tag,
            container,
            "names a digest and does not follow",
        )
        .why("Pinned"),
        (How::Malformed(why, container), tag) => {
            let link = of(
                State::Broken,
                format!("the annotation of {} {why}", workload.reference()),
            )
            .why("MalformedTrigger");
            let container = container.or_else(|| only_container(workload));
            match (tag, container) {
                (Some(tag), Some(container)) => {
                    link.mend(site.mend.triggers(workload, tag, &[container]))
                }
                _ => link.mend(
                    site.mend
                        .describe(&workload.namespace, &workload.reference()),
                ),
            }
        }
        _ => of(
            State::Broken,
            format!("{} follows no ImageStream tag", workload.reference()),
        )
        .why("NoTrigger")
        .mend(
            site.mend
                .describe(&workload.namespace, &workload.reference()),
        ),
    }
}

fn by_trigger(site: &Site<'_>, workload: &Workload, trigger: &Trigger, tag: Name<'_>) -> Link {
    let from = tag.seen_from(&workload.namespace);
    let reference = workload.reference();
    if let Some(fault) = &trigger.fault {
        let (reason, why) = match fault {
            Fault::Container(why) => ("WrongContainer", why.clone()),
            Fault::Field(why) => ("MalformedTrigger", why.clone()),
            Fault::Other(why) => (
                "MalformedTrigger",
                format!("another trigger spoils it: {why}"),
            ),
        };
        return of(
            State::Broken,
            format!("{reference} is to follow {from}, but {why}"),
        )
        .why(reason)
        .mend(mend(site, workload, tag, &trigger.containers));
    }
    let containers = trigger.containers.join(", ");
    let what = if trigger.containers.len() == 1 && workload.containers.len() == 1 {
        reference
    } else {
        format!("{reference}, container {containers}")
    };
    let newest = site.flow.own.and_then(|own| own.tag.newest());
    let has_it = newest.is_none_or(|item| {
        let mut set = trigger.containers.iter();
        set.all(|name| {
            workload
                .container(name)
                .is_some_and(|c| shows(&c.image, item))
        })
    });
    let note = if workload.follows_itself {
        ""
    } else {
        "; without a ConfigChange trigger only a new image rolls out"
    };
    if trigger.paused {
        let state = if has_it { State::Ok } else { State::Broken };
        return of(state, format!("{what} follows {from}, but is paused{note}"))
            .why("Paused")
            .mend(Mend::unpause_triggers(workload));
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
    .mend(mend(site, workload, tag, &trigger.containers))
}

fn not_following(
    site: &Site<'_>,
    workload: &Workload,
    tag: Name<'_>,
    container: &str,
    how: &str,
) -> Link {
    let image = workload
        .container(container)
        .map_or_else(String::new, |container| container.image.clone());
    let image = match image.split_once('@') {
        Some((name, digest)) => format!("{name}@{}", short(digest)),
        None => image,
    };
    let reference = workload.reference();
    of(State::Broken, format!("{reference} {how} {tag}: {image}")).mend(mend(
        site,
        workload,
        tag,
        &[container.to_owned()],
    ))
}

/// What has the containers follow the tag.
fn mend(site: &Site<'_>, workload: &Workload, tag: Name<'_>, containers: &[String]) -> String {
    let mut containers: Vec<&str> = containers.iter().map(String::as_str).collect();
    if containers.is_empty() {
        containers.extend(only_container(workload));
    }
    if workload.kind == WorkloadKind::DeploymentConfig {
        Mend::config_trigger(workload, tag, &containers)
    } else {
        site.mend.triggers(workload, tag, &containers)
    }
}

/// The first container that is not run before the others.
fn only_container(workload: &Workload) -> Option<&str> {
    let mut main = workload.containers.iter().filter(|c| !c.is_init);
    main.next().map(|container| container.name.as_str())
}

/// Whether the image of a container is what a tag shows: the trigger writes its pull specification, of
/// this registry or of the integrated one, by digest.
fn shows(image: &str, item: &Item) -> bool {
    if item.digest.is_empty() {
        image == item.pull_spec
    } else {
        image.ends_with(&format!("@{}", item.digest))
    }
}

fn of(state: State, message: impl Into<String>) -> Link {
    Link::new(Part::Trigger, state, message)
}
