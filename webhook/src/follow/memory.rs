//! Completed imports and builds, as many as fit.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use extreg_core::follow::ImportHistory;

/// Entries of each kind. One is some hundred bytes.
const MOST: usize = 2048;

/// Shared memory of imports and of completed builds. It is lost with the replica, which causes
/// one more import of each tag that shows another digest than was pushed.
#[derive(Clone, Debug, Default)]
pub(super) struct Memory(Arc<Mutex<Inner>>);

#[derive(Debug, Default)]
struct Inner {
    imports: Ring<(String, String, String)>,
    builds: Ring<(String, String)>,
}

#[derive(Debug)]
struct Ring<T> {
    all: BTreeSet<T>,
    order: VecDeque<T>,
}

impl<T> Default for Ring<T> {
    fn default() -> Self {
        Self {
            all: BTreeSet::new(),
            order: VecDeque::new(),
        }
    }
}

impl<T: Clone + Ord> Ring<T> {
    fn add(&mut self, entry: T) {
        if !self.all.insert(entry.clone()) {
            return;
        }
        self.order.push_back(entry);
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.all.remove(&oldest);
        }
    }
}

impl Memory {
    /// A tag of the stream of this uid was imported for a digest.
    pub(super) fn imported(&self, stream: &str, tag: &str, digest: &str) {
        let entry = (stream.to_owned(), tag.to_owned(), digest.to_owned());
        self.inner().imports.add(entry);
    }

    /// Everything for a build is done.
    pub(super) fn is_through(&self, build: &str, digest: &str) -> bool {
        let entry = (build.to_owned(), digest.to_owned());
        self.inner().builds.all.contains(&entry)
    }

    /// Records that everything for a build is done.
    pub(super) fn through(&self, build: &str, digest: &str) {
        self.inner()
            .builds
            .add((build.to_owned(), digest.to_owned()));
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ImportHistory for Memory {
    fn was_imported(&self, stream: &str, tag: &str, digest: &str) -> bool {
        let entry = (stream.to_owned(), tag.to_owned(), digest.to_owned());
        self.inner().imports.all.contains(&entry)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_first() {
        let memory = Memory::default();
        for number in 0..=MOST {
            memory.imported("u", &number.to_string(), "d");
            memory.imported("u", &number.to_string(), "d");
        }
        assert!(!memory.was_imported("u", "0", "d"));
        assert!(memory.was_imported("u", "1", "d"));
        assert!(memory.was_imported("u", &MOST.to_string(), "d"));
        assert!(!memory.was_imported("v", "1", "d") && !memory.was_imported("u", "1", "e"));
        assert!(!memory.is_through("b", "d"));
        memory.through("b", "d");
        assert!(memory.is_through("b", "d"));
    }
}
