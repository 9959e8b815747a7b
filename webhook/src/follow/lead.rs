//! Following builds while this replica holds the Lease.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::time::{MissedTickBehavior, interval, sleep};

use super::event::Events;
use super::memory::Memory;
use super::term::{SLACK, Term};
use super::work::Worker;
use super::{FollowBuilds, Progress};
use crate::cluster::Lease;

/// Old builds must not be imported when following is enabled again.
const FARTHEST: SignedDuration = SignedDuration::from_hours(24);

/// Leads whenever it can, until stopped.
pub(super) async fn lead(follow: FollowBuilds) {
    let FollowBuilds {
        client,
        namespace,
        replica,
        selected,
        pace,
        progress,
        stop,
    } = follow;
    let mut lease = Lease::of_follower(client.clone(), &namespace, &replica);
    let events = Events::new(client.clone(), replica);
    let metrics = progress.metrics().clone();
    let worker = Worker::new(client, events, Memory::default(), metrics, selected);
    let mut ticks = interval(pace.look);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.cancelled() => break,
        }
        let is_held = lease.is_held().await;
        progress.turn(lease.was_answered());
        if !is_held {
            continue;
        }
        let since = since(lease.inherited(), Timestamp::now());
        tracing::info!(%since, "following builds");
        progress.lead();
        let term = Term::new(worker.clone(), pace, since, progress.clone());
        tokio::select! {
            () = Box::pin(term.run()) => {}
            () = lost(&mut lease, pace.look, &progress) => {
                tracing::info!("stopped following builds: lost the Lease");
            }
            () = stop.cancelled() => {}
        }
        progress.rest();
    }
    lease.release().await;
}

/// Ends when this replica no longer holds the Lease.
async fn lost(lease: &mut Lease, look: Duration, progress: &Progress) {
    while lease.is_held().await {
        progress.answered(lease.was_answered());
        sleep(look).await;
    }
}

/// Builds that completed earlier are not this replica's.
fn since(inherited: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let Some(before) = inherited else {
        return now;
    };
    let before = before.min(now).checked_sub(SLACK).unwrap_or(now);
    let farthest = now.checked_sub(FARTHEST).unwrap_or(now);
    before.max(farthest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_continues_where_the_last_one_stopped() {
        let at = |time: &str| time.parse::<Timestamp>().unwrap();
        let now = at("2026-11-24T12:00:00Z");
        for (inherited, wanted) in [
            (None, "2026-11-24T12:00:00Z"),
            (Some("2026-11-24T11:59:45Z"), "2026-11-24T11:49:45Z"),
            // Its clock was ahead.
            (Some("2026-11-24T12:03:00Z"), "2026-11-24T11:50:00Z"),
            (Some("2026-10-01T00:00:00Z"), "2026-11-23T12:00:00Z"),
        ] {
            assert_eq!(since(inherited.map(at), now), at(wanted), "{inherited:?}");
        }
    }
}
