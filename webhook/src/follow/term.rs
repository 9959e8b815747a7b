//! One term, from getting the Lease to losing it: arriving builds, and their processing.

use std::collections::BTreeSet;

use futures::stream::{BoxStream, FuturesUnordered};
use futures::{FutureExt as _, StreamExt as _, future::BoxFuture};
use jiff::{SignedDuration, Timestamp};
use kube::Client;
use kube::api::Api;
use kube::runtime::watcher::{self, Event};
use kube::runtime::{WatchStreamExt as _, watcher as watch};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::build::{Watched, reducing};
use super::limit::Limiter;
use super::queue::{Item, Queue, pause};
use super::work::{Done, Next, Worker};
use super::{Pace, Progress};
use crate::cluster;
use crate::facts::Health;
use crate::metrics::FollowOutcome;

/// The time that the previous replica may have needed for its last builds, plus clock differences.
pub(super) const SLACK: SignedDuration = SignedDuration::from_mins(10);
/// Concurrent builds.
const MAX_RUNNING: usize = 16;
/// Concurrent builds of namespaces whose last import timed out: a registry that never answers leaves
/// the other workers to the remaining namespaces.
const MAX_SLOW_RUNNING: usize = 4;
/// The number of namespaces remembered as slow.
const MOST_SLOW: usize = 1024;
/// Builds of one page of a list, which is reduced while it arrives.
const PAGE: u32 = 100;
/// The API server sends only these (openshift-apiserver `build/v1/conversion.go`,
/// `buildFieldSelectorKeyConversionFunc`). One that does not know the field answers 400.
const COMPLETE: &str = "status=Complete";

pub(super) struct Term {
    worker: Worker,
    pace: Pace,
    since: Timestamp,
    progress: Progress,
    /// For builds alone: its lists are reduced, and it records the sign of life of their health.
    client: Client,
    builds: BoxStream<'static, watcher::Result<Event<Watched>>>,
    selects: bool,
    health: Health,
    listing: Listing,
    listed_at: Instant,
    queue: Queue,
    /// Namespaces with builds that did not fit into the queue.
    overflowed: BTreeSet<String>,
    looks: Limiter,
    slow: BTreeSet<String>,
    slow_running: usize,
    running: FuturesUnordered<BoxFuture<'static, Done>>,
}

/// Whether a list is in progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Listing {
    /// In progress since this time; the newest build of each image is waited for.
    Since(Timestamp),
    /// Done: builds that completed some time before this time were seen.
    Seen(Timestamp),
    /// It failed, or its builds have been followed.
    No,
}

impl Term {
    pub(super) fn new(worker: Worker, pace: Pace, since: Timestamp, progress: Progress) -> Self {
        let health = Health::default();
        let client = reducing(&cluster::with_pulse(worker.client.clone(), health.pulse()));
        Self {
            worker,
            pace,
            since,
            progress,
            builds: builds(&client, true),
            client,
            selects: true,
            health,
            listing: Listing::Since(Timestamp::now()),
            listed_at: Instant::now(),
            queue: Queue::default(),
            overflowed: BTreeSet::new(),
            looks: Limiter::of_processed_builds(),
            slow: BTreeSet::new(),
            slow_running: 0,
            running: FuturesUnordered::new(),
        }
    }

    pub(super) async fn run(mut self) {
        let mut ticks = interval(self.pace.look);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            self.begin();
            let now = Instant::now();
            let due = self.next_due(now);
            tokio::select! {
                Some(event) = self.builds.next() => self.hear(event),
                Some(done) = self.running.next() => self.finish(done),
                () = sleep_until(due.unwrap_or(now)), if due.is_some() => {}
                _ = ticks.tick() => {}
            }
            let health = self.health.report(Instant::now());
            self.progress.report(health, self.queue.len());
            self.catch_up();
        }
    }

    fn hear(&mut self, event: watcher::Result<Event<Watched>>) {
        match event {
            Ok(Event::Init) => {
                self.listing = Listing::Since(Timestamp::now());
                self.listed_at = Instant::now();
            }
            // A list recovers what a watch has missed.
            Ok(Event::InitApply(build)) => self.consider(&build),
            Ok(Event::InitDone) => {
                if let Listing::Since(began) = self.listing {
                    self.listing = Listing::Seen(began);
                }
                self.health.complete(Instant::now());
            }
            Ok(Event::Apply(build)) => {
                self.health.alive(Instant::now());
                self.consider(&build);
            }
            Ok(Event::Delete(_)) => self.health.alive(Instant::now()),
            Err(error) if self.selects && is_unknown_field(&error) => {
                self.selects = false;
                self.builds = builds(&self.client, false);
            }
            // The resource version is too old: a new list follows immediately.
            Err(watcher::Error::WatchError(status)) if status.code == 410 => {}
            Err(error) => {
                let (state, message) = cluster::explain(&error);
                self.listing = Listing::No;
                self.health.failed(state, message, Instant::now());
            }
        }
    }

    /// Puts a build into the queue if it can be followed.
    fn consider(&mut self, build: &Watched) {
        let Some(pushed) = build.pushed() else {
            return;
        };
        let Ok(completed) = pushed.completed.parse::<Timestamp>() else {
            return;
        };
        let memory = &self.worker.memory;
        if completed < self.since || memory.is_through(build.uid(), &pushed.digest) {
            return;
        }
        let item = Item {
            namespace: build.namespace().to_owned(),
            build: build.name().to_owned(),
            uid: build.uid().to_owned(),
            pushed,
            completed,
            tries: 0,
        };
        self.wait(item, Instant::now());
    }

    fn wait(&mut self, item: Item, due: Instant) {
        if let Some(evicted) = self.queue.push(item, due) {
            self.overflowed.insert(evicted.namespace);
            self.worker.metrics.outcome(FollowOutcome::Dropped);
        }
    }

    /// Starts due builds within the limits.
    fn begin(&mut self) {
        let now = Instant::now();
        while self.has_worker() {
            let (looks, slow) = (&self.looks, &self.slow);
            let may_be_slow = self.slow_running < MAX_SLOW_RUNNING;
            let taken = self.queue.take(now, |namespace| {
                looks.ready(namespace, now) <= now && (may_be_slow || !slow.contains(namespace))
            });
            let Some(item) = taken else {
                break;
            };
            let Item { uid, pushed, .. } = &item;
            if self.worker.memory.is_through(uid, &pushed.digest) {
                self.queue.done(&item.namespace);
                continue;
            }
            // It was ready a moment ago.
            let _ = self.looks.take(&item.namespace, now);
            let is_slow = self.slow.contains(&item.namespace);
            self.slow_running += usize::from(is_slow);
            let worker = self.worker.clone();
            let work = async move {
                let done = worker.work(item).await;
                Done { is_slow, ..done }
            };
            self.running.push(work.boxed());
        }
    }

    /// When the next waiting build can start, if any is allowed.
    fn next_due(&self, now: Instant) -> Option<Instant> {
        let may_be_slow = self.slow_running < MAX_SLOW_RUNNING;
        let ready = |namespace: &str| {
            let may = may_be_slow || !self.slow.contains(namespace);
            may.then(|| self.looks.ready(namespace, now))
        };
        self.has_worker().then(|| self.queue.next_due(ready))?
    }

    fn has_worker(&self) -> bool {
        !matches!(self.listing, Listing::Since(_)) && self.running.len() < MAX_RUNNING
    }

    fn finish(&mut self, done: Done) {
        let Done {
            mut item,
            next,
            answered,
            is_slow,
        } = done;
        let now = Instant::now();
        self.queue.done(&item.namespace);
        self.slow_running = self.slow_running.saturating_sub(usize::from(is_slow));
        match answered {
            Some(true) => {
                self.slow.remove(&item.namespace);
            }
            Some(false) => {
                if self.slow.len() >= MOST_SLOW {
                    self.slow.clear();
                }
                self.slow.insert(item.namespace.clone());
            }
            None => {}
        }
        match next {
            Next::Later(pause) => self.wait(item, now + pause),
            Next::Again(least) => {
                item.tries += 1;
                if item.tries < self.pace.tries && self.queue.may_retry(&item.namespace) {
                    let (first, longest) = (self.pace.first_pause, self.pace.longest_pause);
                    let pause = pause(item.tries, first, longest).max(least);
                    self.wait(item, now + pause);
                } else {
                    self.worker.metrics.outcome(FollowOutcome::GivenUp);
                    let Item {
                        namespace, build, ..
                    } = &item;
                    tracing::warn!(namespace, build, "giving up on the build");
                    self.through(&item);
                }
            }
            Next::Through => self.through(&item),
        }
    }

    fn through(&self, item: &Item) {
        self.worker.memory.through(&item.uid, &item.pushed.digest);
    }

    /// Lists again when there is space for builds that did not fit; forgets builds that later lists can omit.
    fn catch_up(&mut self) {
        let is_idle = self.queue.len() == 0 && self.running.is_empty();
        if let (Listing::Seen(began), true) = (self.listing, is_idle && self.overflowed.is_empty())
        {
            self.since = self.since.max(began.checked_sub(SLACK).unwrap_or(began));
            self.listing = Listing::No;
        }
        let queue = &self.queue;
        if self.overflowed.iter().any(|name| queue.has_place(name))
            && !matches!(self.listing, Listing::Since(_))
            && self.listed_at.elapsed() >= self.pace.between_lists
        {
            self.overflowed.clear();
            self.listing = Listing::Since(Timestamp::now());
            self.listed_at = Instant::now();
            self.builds = builds(&self.client, self.selects);
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
mod tests;
