//! What waits to be followed: bounded, the newest build of an image only, each at its time.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use extreg_core::follow::Pushed;
use jiff::Timestamp;
use tokio::time::Instant;

/// Builds that can wait. One is some hundred bytes.
const MOST: usize = 1024;

/// An image that was pushed in a namespace, as the build wrote it.
pub(super) type Key = (String, String);

/// A build to follow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Item {
    pub(super) namespace: String,
    pub(super) build: String,
    pub(super) uid: String,
    pub(super) pushed: Pushed,
    pub(super) completed: Timestamp,
    /// How often it was tried.
    pub(super) tries: u32,
}

impl Item {
    pub(super) fn key(&self) -> Key {
        (self.namespace.clone(), self.pushed.name.clone())
    }
}

/// The waiting builds, and which images are being looked at.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: BTreeMap<Key, (Instant, Item)>,
    running: BTreeSet<Key>,
}

impl Queue {
    /// Adds a build, to be taken from `due` on. An older one of the same image gives way to it;
    /// it gives way to a newer one. Answers false if there is no room.
    pub(super) fn push(&mut self, item: Item, due: Instant) -> bool {
        let key = item.key();
        match self.waiting.get(&key) {
            Some((_, other)) if other.completed > item.completed => return true,
            // The same again keeps its place in the order of tries.
            Some((_, other)) if other.uid == item.uid && item.tries == 0 => return true,
            None if self.waiting.len() >= MOST => return false,
            Some(_) | None => {}
        }
        self.waiting.insert(key, (due, item));
        true
    }

    /// Takes a build whose time has come; of several the one that waits longest. Until
    /// [`Queue::done`] no other of its image is taken.
    pub(super) fn take(&mut self, now: Instant) -> Option<Item> {
        let (key, due) = self.next()?;
        if due > now {
            return None;
        }
        let (_, item) = self.waiting.remove(&key)?;
        self.running.insert(key);
        Some(item)
    }

    /// The next one's time.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.next().map(|(_, due)| due)
    }

    /// An image is not looked at any more.
    pub(super) fn done(&mut self, key: &Key) {
        self.running.remove(key);
    }

    /// How many wait.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    fn next(&self) -> Option<(Key, Instant)> {
        let free = self
            .waiting
            .iter()
            .filter(|(key, _)| !self.running.contains(*key));
        let (key, (due, _)) = free.min_by_key(|(_, (due, _))| *due)?;
        Some((key.clone(), *due))
    }
}

/// The pause after so many tries: twice as long each time, up to a longest.
pub(super) fn pause(tries: u32, first: Duration, longest: Duration) -> Duration {
    let times = 2_u32.saturating_pow(tries.saturating_sub(1));
    first.saturating_mul(times).min(longest)
}

#[cfg(test)]
mod tests {
    use extreg_core::follow::{Build, BuildSpec, BuildStatus};
    use serde_json::json;

    use super::*;

    fn item(image: &str, uid: &str, second: u8) -> Item {
        let to = json!({"output": {"to": {"kind": "DockerImage", "name": image}}});
        let completed = format!("2026-11-24T12:00:{second:02}Z");
        let status = json!({
            "phase": "Complete", "completionTimestamp": completed,
            "output": {"to": {"imageDigest": format!("sha256:{}", "ab".repeat(32))}},
        });
        let build = Build {
            spec: serde_json::from_value::<BuildSpec>(to).unwrap(),
            status: serde_json::from_value::<BuildStatus>(status).unwrap(),
            ..Build::default()
        };
        Item {
            namespace: "snow".to_owned(),
            build: format!("build-{uid}"),
            uid: uid.to_owned(),
            pushed: Pushed::of(&build).unwrap(),
            completed: completed.parse().unwrap(),
            tries: 0,
        }
    }

    #[test]
    fn the_newest_build_of_an_image_is_taken_once() {
        let now = Instant::now();
        let mut queue = Queue::default();
        assert!(queue.push(item("a/b", "new", 2), now));
        assert!(queue.push(item("a/b", "old", 1), now));
        assert!(queue.push(item("a/b", "new", 2), now));
        assert_eq!(queue.len(), 1);
        let taken = queue.take(now).unwrap();
        assert_eq!(taken.uid, "new");

        // While it is looked at, the next of its image waits, and others do not.
        assert!(queue.push(item("a/b", "next", 3), now));
        assert!(queue.push(item("a/c", "other", 1), now));
        assert_eq!(queue.take(now).unwrap().uid, "other");
        assert_eq!((queue.take(now), queue.next_due()), (None, None));
        queue.done(&taken.key());
        assert_eq!(queue.take(now).unwrap().uid, "next");
    }

    #[test]
    fn nothing_is_taken_before_its_time() {
        let now = Instant::now();
        let later = now + Duration::from_secs(5);
        let mut queue = Queue::default();
        let again = Item {
            tries: 1,
            ..item("a/b", "x", 1)
        };
        queue.push(again, later);
        // Seen once more in between: it keeps its pause. A newer build does not wait.
        queue.push(item("a/b", "x", 1), now);
        assert_eq!((queue.take(now), queue.next_due()), (None, Some(later)));
        queue.push(item("a/b", "y", 2), now);
        assert_eq!(queue.take(now).unwrap().uid, "y");
    }

    #[test]
    fn there_is_room_for_so_many() {
        let now = Instant::now();
        let mut queue = Queue::default();
        for number in 0..MOST {
            assert!(queue.push(item(&format!("a/b{number}"), "x", 1), now));
        }
        assert!(!queue.push(item("a/more", "x", 1), now));
        assert!(queue.push(item("a/b0", "y", 2), now));
        assert_eq!(queue.len(), MOST);
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
