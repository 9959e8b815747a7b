//! The pods: which image really runs.

use std::collections::BTreeSet;

use extreg_core::registry::RefRole;
use extreg_remedy::{Inspection, Remedy, RolloutStep};
use extreg_snapshot::kind::Kind;
use jiff::Timestamp;

use super::{Link, Part, Site, State, credential, fix};
use crate::{
    flow::Follower,
    image::{Image, short},
    read::{Pod, Running, WorkloadKind},
    world::Listed,
};

/// What a container that cannot have its image waits for (Kubernetes `pkg/kubelet/images/types.go`).
const NO_IMAGE: [&str; 5] = [
    "ErrImagePull",
    "ErrImageNeverPull",
    "ImagePullBackOff",
    "InvalidImageName",
    "RegistryUnavailable",
];
/// What a container that is on its way waits for.
const ON_ITS_WAY: [&str; 3] = ["", "ContainerCreating", "PodInitializing"];

/// The link.
pub(super) fn link(site: &Site<'_>, follower: &Follower<'_>) -> Link {
    let workload = follower.workload;
    if let Some(gap) = site.world.unseen.why(Listed::Pods, &workload.namespace) {
        return of(State::Unknown, super::site::unseen(Listed::Pods, gap));
    }
    let pods = site.world.pods_of(workload);
    let live: Vec<&Pod> = pods.into_iter().filter(|pod| !pod.has_ended).collect();
    if live.is_empty() {
        return match (workload.kind, workload.wanted) {
            (WorkloadKind::CronJob, _) => of(State::None, "no job runs now"),
            (_, Some(0)) => of(State::None, "no pods are asked for"),
            _ => of(State::Waiting, "there are no pods yet").why("NoPods"),
        };
    }
    let mut followed = follower.how.containers();
    if followed.is_empty() {
        followed.extend(workload.containers.iter().map(|c| c.name.as_str()));
    }
    let running = |pod: &'_ Pod| -> Vec<Running> {
        let all = pod.containers.iter();
        all.filter(|c| followed.contains(&c.name.as_str()))
            .cloned()
            .collect()
    };
    for pod in &live {
        let waiting = running(pod)
            .into_iter()
            .find_map(|c| Some((c.name, c.waiting?)));
        if let Some((container, (reason, message))) = waiting
            && !ON_ITS_WAY.contains(&reason.as_str())
        {
            return stopped(site, follower, pod, &container, &reason, &message);
        }
    }
    let unschedulable = live
        .iter()
        .find_map(|pod| Some((pod, pod.unschedulable.as_ref()?)));
    if let Some((pod, why)) = unschedulable {
        let name = &pod.name;
        return of(State::Waiting, format!("no node takes {name}: {why}"))
            .why("Unschedulable")
            .at(pod.created)
            .fix(describe(pod));
    }
    digests(site, follower, &live, &running)
}

/// The link, when it is known how the rollout goes: pods of the version before run until it is done.
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
    site: &Site<'_>,
    follower: &Follower<'_>,
    pod: &Pod,
    container: &str,
    reason: &str,
    message: &str,
) -> Link {
    let workload = follower.workload;
    let name = &pod.name;
    if !NO_IMAGE.contains(&reason) {
        let said = if message.is_empty() {
            String::new()
        } else {
            format!(": {message}")
        };
        let remedy = if reason == "CrashLoopBackOff" {
            Remedy::Inspect(Inspection::Logs {
                of: fix::object(Kind::Pod, &pod.namespace, name),
                previous: Some(container.into()),
            })
        } else {
            describe(pod)
        };
        return of(State::Broken, format!("{name} waits: {reason}{said}"))
            .why(reason)
            .at(pod.created)
            .fix(remedy);
    }
    let image = workload
        .container(container)
        .map_or("", |container| container.image.as_str());
    let who = credential::pull(site, workload, image);
    let lower = message.to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    let (reason, why, remedy) = if says(&["toomanyrequests", "too many requests", "rate limit"]) {
        let why = format!("the registry's pull limit is used up; {}", who.text);
        let host = Image::of(image, RefRole::WorkloadPull).map(|image| image.host);
        let limit = host.map(|host| {
            Remedy::Inspect(Inspection::RateLimit {
                namespace: pod.namespace.as_str().into(),
                registry: host.into(),
            })
        });
        let remedy = if who.has_login { limit } else { who.fix };
        ("TooManyRequests", why, remedy)
    } else if says(&[
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
    } else if says(&["manifest unknown", "not found"]) {
        let import = site.flow.source.map(|place| fix::import(place.name, false));
        (
            "NotFound",
            "the registry no longer has it".to_owned(),
            // What is imported then is what the build pushes.
            import.filter(|_| site.building().is_none()),
        )
    } else {
        (reason, message.to_owned(), None)
    };
    let remedy = remedy.unwrap_or_else(|| describe(pod));
    of(
        State::Broken,
        format!("{name} cannot pull {}: {why}", shortened(image)),
    )
    .why(reason)
    .at(pod.created)
    .fix(remedy)
}

fn digests(
    site: &Site<'_>,
    follower: &Follower<'_>,
    live: &[&Pod],
    running: &dyn Fn(&Pod) -> Vec<Running>,
) -> Link {
    let workload = follower.workload;
    let tag = site.flow.own.map(|own| own.tag);
    let newest = tag
        .and_then(|tag| tag.newest())
        .map_or("", |item| item.digest.as_str());
    let all: Vec<Running> = live.iter().flat_map(|pod| running(pod)).collect();
    let since: Option<Timestamp> = all.iter().filter_map(|c| c.started).max();
    let shown: BTreeSet<&str> = all.iter().map(|c| c.digest.as_str()).collect();
    let count = live.len();
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
            of(State::Waiting, format!("{count} being started")).why("Starting")
        } else {
            of(State::Unknown, "the nodes do not say which digest runs").why("NoDigest")
        };
    }
    if newest.is_empty() {
        return of(
            State::Unknown,
            format!("{what}; there is no tag to compare with"),
        )
        .why("NoDigest")
        .at(since);
    }
    let others: Vec<&str> = shown
        .iter()
        .copied()
        .filter(|digest| !digest.is_empty() && *digest != newest)
        .collect();
    if others.is_empty() {
        return of(State::Ok, what).at(since);
    }
    let ages = others.iter().filter_map(|digest| tag?.age_of(digest)).max();
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
        // A list of manifests is kept under its own digest, and a node may tell that of its platform.
        None if tag.is_some_and(|tag| tag.preserves) => of(
            State::Unknown,
            format!(
                "{what}; the tag's {} may be a list that it is of",
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

fn describe(pod: &Pod) -> Remedy {
    fix::describe(fix::object(Kind::Pod, &pod.namespace, &pod.name))
}

fn shortened(image: &str) -> String {
    match image.split_once('@') {
        Some((name, digest)) => format!("{name}@{}", short(digest)),
        None => image.to_owned(),
    }
}

fn of(state: State, message: impl Into<String>) -> Link {
    Link::new(Part::Pods, state, message)
}
