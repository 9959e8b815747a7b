//! The builds that wait to be followed: limited in total and for each namespace, only the newest build of an
//! image, each with its due time, and the namespaces in turn.
//!
//! A tenant decides how many builds complete in a namespace, so no namespace can take the places or
//! the workers of another: if the queue is full, the namespace with the most builds loses its
//! oldest build.
//!
//! By hand, because kube-runtime's `Controller` has no such limits. Measured with 20,000 Builds of 3 KiB, 8 workers and
//! 20 ms for each Build: its store takes 96 MiB, and a build behind 2,000 builds of another namespace waits 1.2 s.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::time::Duration;

use extreg_core::follow::Pushed;
use jiff::Timestamp;
use tokio::time::Instant;

/// The number of builds that can wait. One needs some hundred bytes.
const MOST: usize = 1024;
/// The number in one namespace.
const MOST_OF_ONE: usize = 256;
/// The number in one namespace that can wait for a retry.
const RETRIES_OF_ONE: usize = 32;
/// A build to follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) namespace: String,
    pub(super) build: String,
    pub(super) uid: String,
    pub(super) pushed: Pushed,
    pub(super) completed: Timestamp,
    /// The number of tries so far.
    pub(super) tries: u32,
}

/// The waiting builds, and the namespaces that a worker handles.
#[derive(Debug, Default)]
pub(super) struct Queue {
    lanes: BTreeMap<String, Lane>,
    waiting: usize,
    /// The namespace that was last in turn.
    last: String,
}

/// One namespace. Its keys are images as builds write them.
#[derive(Debug, Default)]
struct Lane {
    waiting: BTreeMap<String, (Instant, Item)>,
    /// A worker handles one of its builds. There is never a second one: the rate of imports does not allow more,
    /// and a registry that never answers blocks only this worker.
    runs: bool,
}

impl Queue {
    /// Adds a build that is due at `due`. It replaces an older build of the same image;
    /// it is ignored if a newer one waits. Returns the build that lost its place, if any.
    pub(super) fn push(&mut self, item: Item, due: Instant) -> Option<Item> {
        let lane = self.lanes.entry(item.namespace.clone()).or_default();
        let waits = lane.waiting.get(&item.pushed.name);
        match waits {
            Some((_, other)) if other.completed > item.completed => return None,
            // The same build keeps its number of tries.
            Some((_, other)) if other.uid == item.uid && item.tries == 0 => return None,
            Some(_) => {}
            None => self.waiting += 1,
        }
        let namespace = item.namespace.clone();
        lane.waiting.insert(item.pushed.name.clone(), (due, item));
        if lane.waiting.len() > MOST_OF_ONE {
            self.evict(&namespace)
        } else if self.waiting > MOST {
            // Of two with equally many, the namespace that wants more.
            let greediest = self
                .lanes
                .iter()
                .max_by_key(|(name, lane)| (lane.waiting.len(), **name == namespace));
            let greediest = greediest.map(|(name, _)| name.clone())?;
            self.evict(&greediest)
        } else {
            None
        }
    }

    /// Takes a due build of the next namespace in turn for which `may` returns true. Until
    /// [`Queue::done`] no other build of the namespace is taken.
    pub(super) fn take(&mut self, now: Instant, may: impl Fn(&str) -> bool) -> Option<Item> {
        let last = Bound::Excluded(self.last.as_str());
        let after = self.lanes.range::<str, _>((last, Bound::Unbounded));
        let until = Bound::Included(self.last.as_str());
        let before = self.lanes.range::<str, _>((Bound::Unbounded, until));
        let (namespace, image) = after.chain(before).find_map(|(namespace, lane)| {
            let (due, image) = lane.next()?;
            (due <= now && may(namespace)).then(|| (namespace.clone(), image.to_owned()))
        })?;
        let lane = self.lanes.get_mut(&namespace)?;
        let (_, item) = lane.waiting.remove(&image)?;
        lane.runs = true;
        self.waiting -= 1;
        self.last = namespace;
        Some(item)
    }

    /// When the next build can be taken, if each namespace is not ready before a time; `None` for
    /// never.
    pub(super) fn next_due(&self, ready: impl Fn(&str) -> Option<Instant>) -> Option<Instant> {
        let lanes = self.lanes.iter();
        let due = lanes.filter_map(|(name, lane)| Some(lane.next()?.0.max(ready(name)?)));
        due.min()
    }

    /// The worker for the build of a namespace is done.
    pub(super) fn done(&mut self, namespace: &str) {
        if let Some(lane) = self.lanes.get_mut(namespace) {
            lane.runs = false;
        }
        self.sweep(namespace);
    }

    /// Whether a namespace can have one more build wait for a retry.
    pub(super) fn may_retry(&self, namespace: &str) -> bool {
        let lane = self.lanes.get(namespace);
        let waiting = lane.into_iter().flat_map(|lane| lane.waiting.values());
        waiting.filter(|(_, item)| item.tries > 0).count() < RETRIES_OF_ONE
    }

    /// The number of waiting builds.
    pub(super) fn len(&self) -> usize {
        self.waiting
    }

    /// Whether a build that a namespace lost can be added again.
    pub(super) fn has_place(&self, namespace: &str) -> bool {
        self.waiting <= MOST / 2 && self.len_of(namespace) == 0
    }

    fn len_of(&self, namespace: &str) -> usize {
        self.lanes
            .get(namespace)
            .map_or(0, |lane| lane.waiting.len())
    }

    fn evict(&mut self, namespace: &str) -> Option<Item> {
        let lane = self.lanes.get_mut(namespace)?;
        let oldest = lane
            .waiting
            .iter()
            .min_by_key(|(_, (_, item))| item.completed);
        let oldest = oldest.map(|(image, _)| image.clone())?;
        let (_, item) = lane.waiting.remove(&oldest)?;
        self.waiting -= 1;
        self.sweep(namespace);
        Some(item)
    }

    fn sweep(&mut self, namespace: &str) {
        let lane = self.lanes.get(namespace);
        if lane.is_some_and(|lane| lane.waiting.is_empty() && !lane.runs) {
            self.lanes.remove(namespace);
        }
    }
}

impl Lane {
    /// The build to take next, and when.
    fn next(&self) -> Option<(Instant, &str)> {
        let free = (!self.runs).then(|| self.waiting.iter())?;
        let first = free.min_by_key(|(_, (due, item))| (*due, item.completed));
        first.map(|(image, (due, _))| (*due, image.as_str()))
    }
}

/// The pause after a number of tries: twice as long each time, up to a maximum.
pub(super) fn pause(tries: u32, first: Duration, longest: Duration) -> Duration {
    let times = 2_u32.saturating_pow(tries.saturating_sub(1));
    first.saturating_mul(times).min(longest)
}

#[cfg(test)]
mod tests {
    use extreg_core::follow::{Build, BuildSpec, BuildStatus};
    use serde_json::json;

    use super::*;

    fn item_of(namespace: &str, image: &str, uid: &str, second: u32) -> Item {
        let to = json!({"output": {"to": {"kind": "DockerImage", "name": image}}});
        let completed = "2026-11-24T12:00:00Z".parse::<Timestamp>().unwrap();
        let completed = completed + Duration::from_secs(second.into());
        let status = json!({
            "phase": "Complete", "completionTimestamp": completed.to_string(),
            "output": {"to": {"imageDigest": format!("sha256:{}", "ab".repeat(32))}},
        });
        let build = Build {
            spec: serde_json::from_value::<BuildSpec>(to).unwrap(),
            status: serde_json::from_value::<BuildStatus>(status).unwrap(),
            ..Build::default()
        };
        Item {
            namespace: namespace.to_owned(),
            build: format!("build-{uid}"),
            uid: uid.to_owned(),
            pushed: Pushed::of(&build).unwrap(),
            completed,
            tries: 0,
        }
    }

    fn item(image: &str, uid: &str, second: u32) -> Item {
        item_of("snow", image, uid, second)
    }

    fn take(queue: &mut Queue, now: Instant) -> Option<Item> {
        queue.take(now, |_| true)
    }

    #[test]
    fn the_newest_build_of_an_image_is_taken_once() {
        let now = Instant::now();
        let mut queue = Queue::default();
        queue.push(item("a/b", "new", 2), now);
        queue.push(item("a/b", "old", 1), now);
        queue.push(item("a/b", "new", 2), now);
        assert_eq!(queue.len(), 1);
        let taken = take(&mut queue, now).unwrap();
        assert_eq!(taken.uid, "new");

        // While a worker handles it, the next one waits.
        queue.push(item("a/b", "next", 3), now);
        assert_eq!(take(&mut queue, now), None);
        queue.done("snow");
        assert_eq!(take(&mut queue, now).unwrap().uid, "next");
        assert_eq!(queue.len(), 0);
    }

    #[test]
    fn retries_wait_for_their_time() {
        let now = Instant::now();
        let later = now + Duration::from_secs(5);
        let mut queue = Queue::default();
        let again = Item {
            tries: 1,
            ..item("a/b", "x", 1)
        };
        queue.push(again, later);
        // Added again in between: it keeps its pause. A newer build does not wait.
        queue.push(item("a/b", "x", 1), now);
        assert_eq!(take(&mut queue, now), None);
        assert_eq!(queue.next_due(|_| Some(now)), Some(later));
        let ready = later + Duration::from_secs(1);
        assert_eq!(queue.next_due(|_| Some(ready)), Some(ready));
        assert_eq!(queue.next_due(|_| None), None);
        queue.push(item("a/b", "y", 2), now);
        assert_eq!(queue.take(now, |_| false), None);
        assert_eq!(take(&mut queue, now).unwrap().uid, "y");
    }

    #[test]
    fn namespaces_take_turns_and_have_one_worker_each() {
        let now = Instant::now();
        let mut queue = Queue::default();
        for number in 0..5 {
            queue.push(item_of("a", &format!("a/b{number}"), "x", number), now);
        }
        for namespace in ["b", "c"] {
            queue.push(item_of(namespace, "a/b", "x", 9), now);
        }
        let taken: Vec<Item> = std::iter::from_fn(|| take(&mut queue, now)).collect();
        let order: Vec<&str> = taken.iter().map(|item| item.namespace.as_str()).collect();
        assert_eq!(order, ["a", "b", "c"]);
        queue.done("a");
        assert_eq!(take(&mut queue, now).unwrap().namespace, "a");
    }

    #[test]
    fn a_namespace_has_its_places_and_loses_its_oldest() {
        let now = Instant::now();
        let mut queue = Queue::default();
        let most = u32::try_from(MOST_OF_ONE).unwrap();
        for number in 0..most {
            let item = item(&format!("a/b{number}"), "x", number + 1);
            assert_eq!(queue.push(item, now), None);
        }
        let evicted = queue.push(item("a/more", "x", 999), now).unwrap();
        assert_eq!(evicted.pushed.name, "a/b0");
        // Older than all waiting builds: it gets no place.
        let evicted = queue.push(item("a/old", "x", 0), now).unwrap();
        assert_eq!(evicted.pushed.name, "a/old");
        // A newer build of a waiting image needs no other place.
        assert_eq!(queue.push(item("a/b7", "y", 999), now), None);
        assert_eq!(queue.len(), MOST_OF_ONE);
    }

    #[test]
    fn the_largest_namespace_loses_a_build() {
        let now = Instant::now();
        let mut queue = Queue::default();
        for namespace in ["a", "b", "c", "d"] {
            for number in 0..256 {
                queue.push(
                    item_of(namespace, &format!("a/b{number}"), "x", number),
                    now,
                );
            }
        }
        assert_eq!(queue.len(), MOST);
        for number in 0..10 {
            let small = item_of("quiet", &format!("a/b{number}"), "x", 0);
            let evicted = queue.push(small, now).unwrap();
            assert_ne!(evicted.namespace, "quiet");
        }
        assert_eq!((queue.len(), queue.len_of("quiet")), (MOST, 10));
        // A namespace that wants more than the rest loses a build of its own.
        for number in 256..300 {
            let more = item_of("a", &format!("a/b{number}"), "x", number);
            queue.push(more, now);
        }
        assert!(queue.len_of("a") <= queue.len_of("d") + 1);
        assert_eq!((queue.len(), queue.len_of("quiet")), (MOST, 10));
    }

    #[test]
    fn retries_of_a_namespace_are_limited() {
        let now = Instant::now();
        let mut queue = Queue::default();
        for number in 0..RETRIES_OF_ONE {
            assert!(queue.may_retry("snow"));
            let again = Item {
                tries: 1,
                ..item(&format!("a/b{number}"), "x", 1)
            };
            queue.push(again, now);
            queue.push(item(&format!("a/new{number}"), "x", 1), now);
        }
        assert!(!queue.may_retry("snow"));
        assert!(queue.may_retry("other"));
    }

    #[test]
    fn finished_builds_are_removed() {
        let now = Instant::now();
        let mut queue = Queue::default();
        for number in 0..3 {
            queue.push(item_of(&format!("n{number}"), "a/b", "x", 1), now);
        }
        while let Some(item) = take(&mut queue, now) {
            queue.done(&item.namespace);
        }
        assert!(queue.lanes.is_empty());
    }

    #[test]
    fn pauses_grow_up_to_the_longest() {
        let (first, longest) = (Duration::from_secs(1), Duration::from_mins(5));
        let pauses = [1, 2, 3, 8, 9, 10, 64, u32::MAX].map(|tries| pause(tries, first, longest));
        assert_eq!(
            pauses.map(|pause| pause.as_secs()),
            [1, 2, 4, 128, 256, 300, 300, 300]
        );
    }
}
