//! The rollout: whether the workload is made of what it is set to.

use serde_json::json;

use super::{Link, Part, Site, State};
use crate::commands::status::{
    flow::Follower,
    read::{Workload, WorkloadKind},
};

/// The link, when it is known what became of the pods.
pub(super) fn link(site: &Site<'_>, follower: &Follower<'_>, pods: &Link) -> Link {
    let workload = follower.workload;
    match workload.kind {
        WorkloadKind::CronJob => cron_job(site, workload),
        _ => replicas(site, workload, pods),
    }
}

fn replicas(site: &Site<'_>, workload: &Workload, pods: &Link) -> Link {
    let Workload {
        updated,
        available,
        total,
        ..
    } = *workload;
    let wanted = workload.wanted.unwrap_or_default();
    let reference = workload.reference();
    let is_done =
        workload.is_observed && updated >= wanted && available >= wanted && total <= updated;
    let stuck = workload
        .condition("Progressing")
        .filter(|c| c.status == "False");
    if workload.paused {
        let state = if is_done { State::Ok } else { State::Broken };
        return of(state, format!("{reference} is paused: nothing rolls out"))
            .why("Paused")
            .mend(site.mend.rollout("resume", workload));
    }
    let has_no_image = workload
        .containers
        .iter()
        .any(|c| c.image.trim().is_empty());
    if has_no_image {
        return of(State::Waiting, format!("{reference} has no image yet")).why("NoImage");
    }
    // One of the version before stays there when the new one has none.
    let failure = workload
        .condition("ReplicaFailure")
        .filter(|c| c.status == "True");
    if let Some(failure) = failure.filter(|_| updated < wanted) {
        return of(
            State::Broken,
            format!("no pods can be made: {}", failure.message),
        )
        .why(&failure.reason)
        .at(failure.changed)
        .mend(site.mend.describe(&workload.namespace, "resourcequota"));
    }
    if let Some(stuck) = stuck.filter(|_| !is_done) {
        let tells = pods.state == State::Broken || pods.reason == "Unschedulable";
        let because = if tells { &pods.message } else { &stuck.message };
        let mend = pods
            .mend
            .clone()
            .unwrap_or_else(|| site.mend.logs(&workload.namespace, &reference));
        return of(State::Broken, format!("it does not get on: {because}"))
            .why(&stuck.reason)
            .at(stuck.changed)
            .mend(mend);
    }
    let has_no_version =
        workload.kind == WorkloadKind::DeploymentConfig && workload.latest_version == 0;
    if has_no_version {
        return of(
            State::Waiting,
            format!("{reference} has not been rolled out yet"),
        )
        .why("NotRolledOut")
        .mend(site.mend.rollout("latest", workload));
    }
    if wanted == 0 {
        return of(State::None, format!("{reference} is scaled to 0")).why("ScaledToZero");
    }
    let progress = workload.condition("Progressing");
    let since = progress.and_then(|condition| condition.updated.or(condition.changed));
    if is_done {
        let version = match workload.latest_version {
            0 => String::new(),
            version => format!(", version {version}"),
        };
        return of(State::Ok, format!("{updated} of {wanted} updated{version}")).at(since);
    }
    if workload.on_delete && updated < wanted {
        let patch = json!({"spec": {"updateStrategy": {"type": "RollingUpdate"}}});
        return of(
            State::Broken,
            format!("{updated} of {wanted} updated: pods are replaced only when they are deleted"),
        )
        .why("OnDelete")
        .mend(site.mend.patch(&workload.namespace, &reference, &patch));
    }
    let old = match total.saturating_sub(updated) {
        0 => String::new(),
        old => format!(", {old} old"),
    };
    of(
        State::Waiting,
        format!("{updated} of {wanted} updated, {available} available{old}"),
    )
    .at(since)
}

fn cron_job(site: &Site<'_>, workload: &Workload) -> Link {
    if workload.paused {
        let patch = json!({"spec": {"suspend": false}});
        let reference = workload.reference();
        return of(State::Broken, format!("{reference} is suspended"))
            .why("Suspended")
            .mend(site.mend.patch(&workload.namespace, &reference, &patch));
    }
    of(State::Ok, "its next job has it").at(workload.last_run)
}

fn of(state: State, message: impl Into<String>) -> Link {
    Link::new(Part::Rollout, state, message)
}
