//! The pods: which image they run.

use std::collections::BTreeSet;
use std::sync::Arc;

use extreg_core::registry::RefRole;
use extreg_remedy::{Inspection, Remedy, RolloutStep};
use extreg_snapshot::{RunningContainer, kind::Kind};
use jiff::Timestamp;

use super::{Link, Part, Site, State, credential, fix};
use crate::{
    flow::{Follower, Place},
    image::{Image, short, short_reference},
    world::{Pod, World},
};

/// The waiting reasons of a container without its image (Kubernetes `pkg/kubelet/images/types.go`).
const NO_IMAGE: [&str; 5] = [
    "ErrImagePull",
    "ErrImageNeverPull",
    "ImagePullBackOff",
    "InvalidImageName",
    "RegistryUnavailable",
];
/// The waiting reasons of a container that starts.
const STARTING: [&str; 3] = ["", "ContainerCreating", "PodInitializing"];

/// The link.
pub(super) fn link(site: &Site<'_, '_>, follower: &Follower<'_>) -> Link {
    let workload = follower.workload;
    if let Some(why) = site.world.unread(Kind::Pod, workload.namespace()) {
        return of(State::Unknown, super::site::unread(Kind::Pod, why));
    }
    let live: Vec<Pod<'_>> = live(site.world, follower).collect();
    if live.is_empty() {
        return match (workload.object.kind, workload.rollout.wanted) {
            (Kind::CronJob, _) => of(State::None, "no job runs now"),
            (_, Some(0)) => of(State::None, "no pods are requested"),
            _ => of(State::Waiting, "no pods exist yet").why("NoPods"),
        };
    }
    let mut followed = follower.how.containers();
    if followed.is_empty() {
        followed.extend(workload.record.containers.iter().map(|c| &*c.name));
    }
    for pod in &live {
        let waiting = running(*pod, &followed).find_map(|c| Some((&c.name, c.waiting.as_ref()?)));
        if let Some((container, (reason, message))) = waiting
            && !STARTING.contains(&&**reason)
        {
            return stopped(site, follower, *pod, container, reason, message);
        }
    }
    let unschedulable = live
        .iter()
        .find_map(|pod| Some((*pod, pod.run.unschedulable.as_ref()?)));
    if let Some((pod, why)) = unschedulable {
        let name = &pod.object.name;
        return of(State::Waiting, format!("cannot schedule {name}: {why}"))
            .why("Unschedulable")
            .at(pod.run.created)
            .fix(describe(pod));
    }
    let all: Vec<&RunningContainer> = live
        .iter()
        .flat_map(|pod| running(*pod, &followed))
        .collect();
    digests(site, follower, live.len(), &all)
}

/// The containers of a pod that run the image.
fn running<'w>(pod: Pod<'w>, followed: &[&str]) -> impl Iterator<Item = &'w RunningContainer> {
    let all = pod.run.containers.iter();
    all.filter(|container| followed.contains(&&*container.name))
}

/// Whether a registry refused the image of a pod, so that its credential matters.
pub(super) fn are_refused(world: &World<'_>, follower: &Follower<'_>) -> bool {
    let waits = |container: &RunningContainer| {
        let reason = container.waiting.as_ref().map(|(reason, _)| &**reason);
        matches!(reason, Some("ErrImagePull" | "ImagePullBackOff"))
    };
    live(world, follower).any(|pod| pod.run.containers.iter().any(waits))
}

fn live<'w>(world: &World<'w>, follower: &Follower<'w>) -> impl Iterator<Item = Pod<'w>> {
    let pods = world.pods_of(follower.workload).iter().copied();
    pods.filter(|pod| !pod.run.has_ended)
}

/// Adjusts the link to the rollout: pods of the previous version run until the rollout is done.
pub(super) fn after(pods: Link, rollout: &Link) -> Link {
    let is_old = matches!(pods.reason.as_str(), "Older" | "Other");
    if is_old && matches!(rollout.state, State::Waiting | State::Broken) {
        Link {
            state: State::Waiting,
            fix: None,
            ..pods
        }
    } else {
        pods
    }
}

fn stopped(
    site: &Site<'_, '_>,
    follower: &Follower<'_>,
    pod: Pod<'_>,
    container: &str,
    reason: &str,
    message: &str,
) -> Link {
    let workload = follower.workload;
    let name = &pod.object.name;
    if !NO_IMAGE.contains(&reason) {
        let detail = if message.is_empty() {
            String::new()
        } else {
            format!(": {message}")
        };
        let remedy = if reason == "CrashLoopBackOff" {
            Remedy::Inspect(Inspection::Logs {
                of: pod.object.clone(),
                previous: Some(container.into()),
            })
        } else {
            describe(pod)
        };
        return of(State::Broken, format!("{name} waits: {reason}{detail}"))
            .why(reason)
            .at(pod.run.created)
            .fix(remedy);
    }
    let image = workload
        .container(container)
        .map_or("", |container| &container.image);
    let who = credential::pull(site, workload, image);
    let lower = message.to_lowercase();
    let mentions = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let (reason, why, remedy) = if mentions(&["toomanyrequests", "too many requests", "rate limit"])
    {
        let why = format!("the registry's pull limit is used up; {}", who.text);
        let host = Image::of(image, RefRole::WorkloadPull).map(|image| image.host);
        let limit = host.map(|host| {
            Remedy::Inspect(Inspection::RateLimit {
                namespace: Arc::clone(&pod.object.namespace),
                registry: host.into(),
            })
        });
        let remedy = if who.has_login { limit } else { who.fix };
        ("TooManyRequests", why, remedy)
    } else if mentions(&[
        "unauthorized",
        "authentication required",
        "access denied",
        "denied:",
    ]) {
        (
            "Unauthorized",
            format!("the registry refuses it; {}", who.text),
            who.fix,
        )
    } else if mentions(&["manifest unknown", "not found"]) {
        let import = site.flow.source.map(|place| fix::import(place.name, false));
        (
            "NotFound",
            "the registry no longer has it".to_owned(),
            // Otherwise wait for the image that the build pushes.
            import.filter(|_| site.building().is_none()),
        )
    } else {
        (reason, message.to_owned(), None)
    };
    let remedy = remedy.unwrap_or_else(|| describe(pod));
    of(
        State::Broken,
        format!("{name} cannot pull {}: {why}", short_reference(image)),
    )
    .why(reason)
    .at(pod.run.created)
    .fix(remedy)
}

fn digests(
    site: &Site<'_, '_>,
    follower: &Follower<'_>,
    count: usize,
    all: &[&RunningContainer],
) -> Link {
    let workload = follower.workload;
    let tag = site.flow.own;
    let newest = tag.and_then(Place::newest).map_or("", |item| &item.digest);
    let since: Option<Timestamp> = all.iter().filter_map(|c| c.started).max();
    let shown: BTreeSet<&str> = all.iter().map(|c| &*c.digest).collect();
    let run = if count == 1 { "runs" } else { "run" };
    let names: Vec<String> = shown
        .iter()
        .filter(|d| !d.is_empty())
        .map(|d| short(d))
        .collect();
    let what = format!("{count} {run} {}", names.join(" and "));
    if shown.iter().all(|digest| digest.is_empty()) {
        let not_yet = all.iter().any(|c| c.waiting.is_some()) || all.is_empty();
        return if not_yet {
            of(State::Waiting, format!("{count} starting")).why("Starting")
        } else {
            of(State::Unknown, "the nodes do not report which digest runs").why("NoDigest")
        };
    }
    if newest.is_empty() {
        return of(State::Unknown, format!("{what}; no tag to compare with"))
            .why("NoDigest")
            .at(since);
    }
    let other_digests: Vec<&str> = shown
        .iter()
        .copied()
        .filter(|digest| !digest.is_empty() && *digest != newest)
        .collect();
    if other_digests.is_empty() {
        return of(State::Ok, what).at(since);
    }
    let ages = other_digests
        .iter()
        .filter_map(|digest| tag?.age_of(digest))
        .max();
    let restart = fix::rollout(workload, RolloutStep::Restart);
    match ages {
        Some(age) => {
            let images = if age == 1 { "image" } else { "images" };
            of(
                State::Broken,
                format!("{what}: {age} {images} behind the tag"),
            )
            .why("Older")
            .fix(restart)
        }
        // A manifest list has its own digest, and a node can report the digest of its platform.
        None if tag.is_some_and(|own| own.tag.preserves_original) => of(
            State::Unknown,
            format!(
                "{what}; the tag's {} may be a list that contains it",
                short(newest)
            ),
        )
        .why("PerhapsOfList"),
        None => of(
            State::Broken,
            format!("{what}, not the tag's {}", short(newest)),
        )
        .why("Other")
        .fix(restart),
    }
    .at(since)
}

fn describe(pod: Pod<'_>) -> Remedy {
    fix::describe(pod.object.clone())
}

fn of(state: State, message: impl Into<String>) -> Link {
    Link::new(Part::Pods, state, message)
}
