//! The rollout: whether the workload runs its current template.

use extreg_remedy::{Action, Inspection, Remedy, RolloutStep};
use extreg_snapshot::{Rollout, kind::Kind};

use super::{Link, Part, State, fix};
use crate::{flow::Follower, world::Workload};

/// The link; depends on the link of the pods.
pub(super) fn link(follower: &Follower<'_>, pods: &Link) -> Link {
    let workload = follower.workload;
    match workload.object.kind {
        Kind::CronJob => cron_job(workload),
        _ => replicas(workload, pods),
    }
}

fn replicas(workload: Workload<'_>, pods: &Link) -> Link {
    let rollout = workload.rollout;
    let Rollout {
        updated,
        available,
        total,
        latest_version,
        ..
    } = *rollout;
    let wanted = rollout.wanted.unwrap_or_default();
    let reference = workload.reference();
    let is_done =
        rollout.is_observed && updated >= wanted && available >= wanted && total <= updated;
    let progress = rollout.progressing.as_ref();
    let stuck = progress.filter(|condition| &*condition.status == "False");
    if rollout.paused {
        let state = if is_done { State::Ok } else { State::Broken };
        return of(state, format!("{reference} is paused: nothing rolls out"))
            .why("Paused")
            .fix(fix::rollout(workload, RolloutStep::Resume));
    }
    let has_no_image = workload
        .containers
        .iter()
        .any(|c| c.image.trim().is_empty());
    if has_no_image {
        return of(State::Waiting, format!("{reference} has no image yet")).why("NoImage");
    }
    // A condition of the previous version remains if the new version has none.
    let failing = rollout.failing.as_ref();
    let failure = failing.filter(|condition| &*condition.status == "True");
    if let Some(failure) = failure.filter(|_| updated < wanted) {
        return of(
            State::Broken,
            format!("cannot create pods: {}", failure.message),
        )
        .why(&failure.reason)
        .at(failure.changed)
        .fix(Remedy::Inspect(Inspection::Quota {
            namespace: workload.namespace().into(),
        }));
    }
    if let Some(stuck) = stuck.filter(|_| !is_done) {
        let is_pod_problem = pods.state == State::Broken || pods.reason == "Unschedulable";
        let because = if is_pod_problem {
            pods.message.as_str()
        } else {
            &stuck.message
        };
        let remedy = match &pods.fix {
            Some(fix) => fix.remedy.clone(),
            None => fix::logs(workload.object.clone()),
        };
        return of(
            State::Broken,
            format!("the rollout does not progress: {because}"),
        )
        .why(&stuck.reason)
        .at(stuck.changed)
        .fix(remedy);
    }
    let has_no_version = workload.object.kind == Kind::DeploymentConfig && latest_version == 0;
    if has_no_version {
        return of(
            State::Waiting,
            format!("{reference} has not been rolled out yet"),
        )
        .why("NotRolledOut")
        .fix(fix::rollout(workload, RolloutStep::Latest));
    }
    if wanted == 0 {
        return of(State::None, format!("{reference} is scaled to 0")).why("ScaledToZero");
    }
    let since = progress.and_then(|condition| condition.updated.or(condition.changed));
    if is_done {
        let version = match latest_version {
            0 => String::new(),
            version => format!(", version {version}"),
        };
        return of(State::Ok, format!("{updated} of {wanted} updated{version}")).at(since);
    }
    if rollout.on_delete && updated < wanted {
        return of(
            State::Broken,
            format!("{updated} of {wanted} updated: pods are replaced only when they are deleted"),
        )
        .why("OnDelete")
        .fix(Remedy::run(Action::RollingUpdate {
            workload: workload.object.clone(),
        }));
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

fn cron_job(workload: Workload<'_>) -> Link {
    if workload.rollout.paused {
        let reference = workload.reference();
        return of(State::Broken, format!("{reference} is suspended"))
            .why("Suspended")
            .fix(Remedy::run(Action::ResumeCronJob {
                workload: workload.object.clone(),
            }));
    }
    of(State::Ok, "its next job uses the image").at(workload.rollout.last_run)
}

fn of(state: State, message: impl Into<String>) -> Link {
    Link::new(Part::Rollout, state, message)
}
