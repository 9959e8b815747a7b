//! Following builds for as long as this replica holds the Lease.

use std::time::Duration;

use extreg_core::follow::Pushed;
use futures::stream::{BoxStream, FuturesUnordered};
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture};
use jiff::{SignedDuration, Timestamp};
use kube::Client;
use kube::api::Api;
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt as _, watcher as watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

use super::build::Watched;
use super::event::Events;
use super::limit::Limiter;
use super::memory::Memory;
use super::queue::{Item, Queue, pause};
use super::work::{Done, Worker};
use super::{FollowBuilds, Pace};
use crate::cluster::{self, Lease};
use crate::facts::Health;
use crate::metrics::{FollowMetrics, FollowOutcome, SourceState};

/// Builds worked on at once.
const AT_ONCE: usize = 4;
/// Builds of one page of a list.
const PAGE: u32 = 100;
/// The API server sends only these (openshift-apiserver `build/v1/conversion.go`,
/// `buildFieldSelectorKeyConversionFunc`). One that does not know the field answers 400.
const COMPLETE: &str = "status=Complete";
/// What the replica before this one may have had in hand, and by how much clocks may differ.
const SLACK: SignedDuration = SignedDuration::from_mins(10);
/// Nobody wants the builds of last month imported when following is switched on again.
const FARTHEST: SignedDuration = SignedDuration::from_hours(24);

/// Leads whenever it can, for ever.
pub(super) async fn lead(follow: FollowBuilds) {
    let FollowBuilds {
        client,
        namespace,
        replica,
        selected,
        pace,
        metrics,
    } = follow;
    let mut lease = Lease::of_follower(client.clone(), &namespace, &replica);
    let worker = Worker {
        events: Events::new(client.clone(), replica),
        client,
        memory: Memory::default(),
        metrics: metrics.clone(),
        selected,
    };
    let mut ticks = interval(pace.look);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        if !lease.is_held().await {
            continue;
        }
        let since = since(lease.inherited(), Timestamp::now());
        tracing::info!(%since, "following builds");
        metrics.leader(true);
        let term = Term::new(worker.clone(), pace, since);
        tokio::select! {
            () = Box::pin(term.run()) => {}
            () = lost(&mut lease, pace.look) => {}
        }
        tracing::info!("not following builds any more: the Lease is lost");
        metrics.leader(false);
        metrics.queue(0);
        metrics.state(SourceState::Off);
    }
}

/// Ends when the Lease is not held any more.
async fn lost(lease: &mut Lease, look: Duration) {
    while lease.is_held().await {
        sleep(look).await;
    }
}

/// Builds that were completed earlier are none of this replica's.
fn since(inherited: Option<Timestamp>, now: Timestamp) -> Timestamp {
    let Some(before) = inherited else {
        return now;
    };
    let before = before.min(now).checked_sub(SLACK).unwrap_or(now);
    let farthest = now.checked_sub(FARTHEST).unwrap_or(now);
    before.max(farthest)
}

/// From getting the Lease to losing it.
struct Term {
    worker: Worker,
    pace: Pace,
    since: Timestamp,
    metrics: FollowMetrics,
    builds: BoxStream<'static, watcher::Result<Event<Watched>>>,
    selects: bool,
    health: Health,
    /// A list is coming in: of several builds of one image the newest is waited for.
    listing: bool,
    queue: Queue,
    /// Something had no place in the queue.
    overflowed: bool,
    limiter: Limiter,
    running: FuturesUnordered<BoxFuture<'static, Done>>,
}

impl Term {
    fn new(worker: Worker, pace: Pace, since: Timestamp) -> Self {
        Self {
            metrics: worker.metrics.clone(),
            builds: builds(&worker.client, true),
            worker,
            pace,
            since,
            selects: true,
            health: Health::default(),
            listing: true,
            queue: Queue::default(),
            overflowed: false,
            limiter: Limiter::default(),
            running: FuturesUnordered::new(),
        }
    }

    async fn run(mut self) {
        let mut ticks = interval(self.pace.look);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.begin();
            self.metrics.queue(self.queue.len());
            let due = self.queue.next_due();
            let due = due.filter(|_| self.may_begin());
            tokio::select! {
                Some(event) = self.builds.next() => self.hear(event),
                Some(done) = self.running.next() => self.finish(done),
                () = sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => {}
                _ = ticks.tick() => {}
            }
            self.metrics
                .state(self.health.report(std::time::Instant::now()).state);
            if self.overflowed && self.queue.len() == 0 {
                self.overflowed = false;
                self.builds = builds(&self.worker.client, self.selects);
            }
        }
    }

    fn hear(&mut self, event: watcher::Result<Event<Watched>>) {
        match event {
            Ok(Event::Init) => self.listing = true,
            // A list heals what a watch has missed.
            Ok(Event::InitApply(build)) => self.consider(build),
            Ok(Event::InitDone) => {
                self.listing = false;
                self.health.complete();
            }
            Ok(Event::Apply(build)) => {
                self.health.alive();
                self.consider(build);
            }
            Ok(Event::Delete(_)) => self.health.alive(),
            Err(error) if self.selects && is_unknown_field(&error) => {
                self.selects = false;
                self.builds = builds(&self.worker.client, false);
            }
            // The resource version is too old: a new list follows at once.
            Err(watcher::Error::WatchError(status)) if status.code == 410 => {}
            Err(error) => {
                let (state, message) = cluster::explain(&error);
                self.listing = false;
                self.health
                    .failed(state, message, std::time::Instant::now());
            }
        }
    }

    /// Puts a build into the queue, if there is anything to follow.
    fn consider(&mut self, build: Watched) {
        let (namespace, name) = (build.namespace().to_owned(), build.name().to_owned());
        let uid = build.uid().to_owned();
        let Ok(pushed) = Pushed::of(&build.into_build()) else {
            return;
        };
        let Ok(completed) = pushed.completed.parse::<Timestamp>() else {
            return;
        };
        if completed < self.since || self.worker.memory.is_through(&uid, &pushed.digest) {
            return;
        }
        let item = Item {
            namespace,
            build: name,
            uid,
            pushed,
            completed,
            tries: 0,
        };
        self.wait(item, Instant::now());
    }

    fn wait(&mut self, item: Item, due: Instant) {
        if !self.queue.push(item, due) {
            self.overflowed = true;
            self.metrics.outcome(FollowOutcome::Dropped);
        }
    }

    /// Begins what is due, as far as it may.
    fn begin(&mut self) {
        let now = Instant::now();
        while self.may_begin()
            && let Some(item) = self.queue.take(now)
        {
            let ready = self.limiter.ready(&item.namespace, now);
            if self
                .worker
                .memory
                .is_through(&item.uid, &item.pushed.digest)
            {
                self.queue.done(&item.key());
            } else if ready > now {
                self.queue.done(&item.key());
                self.wait(item, ready);
            } else {
                self.running.push(self.worker.clone().work(item).boxed());
            }
        }
    }

    fn may_begin(&self) -> bool {
        !self.listing && self.running.len() < AT_ONCE
    }

    fn finish(&mut self, done: Done) {
        let Done {
            mut item,
            imports,
            again,
        } = done;
        let now = Instant::now();
        self.queue.done(&item.key());
        self.limiter.charge(&item.namespace, imports.max(1), now);
        item.tries += 1;
        match again {
            Some(least) if item.tries < self.pace.tries => {
                let (first, longest) = (self.pace.first_pause, self.pace.longest_pause);
                let pause = pause(item.tries, first, longest).max(least);
                self.wait(item, now + pause);
            }
            again => {
                if again.is_some() {
                    self.metrics.outcome(FollowOutcome::GivenUp);
                    let Item {
                        namespace, build, ..
                    } = &item;
                    tracing::warn!(namespace, build, "build is not followed any more");
                }
                self.worker.memory.through(&item.uid, &item.pushed.digest);
            }
        }
    }
}

fn builds(client: &Client, selects: bool) -> BoxStream<'static, watcher::Result<Event<Watched>>> {
    let config = watcher::Config::default().page_size(PAGE);
    let config = if selects {
        config.fields(COMPLETE)
    } else {
        config
    };
    watch(Api::<Watched>::all(client.clone()), config)
        .default_backoff()
        .boxed()
}

fn is_unknown_field(error: &watcher::Error) -> bool {
    matches!(
        error,
        watcher::Error::InitialListFailed(kube::Error::Api(status)) if status.code == 400
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replica_goes_on_where_the_last_one_stopped() {
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
