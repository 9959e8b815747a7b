//! Facts of one kind by name, from a watch.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

use extreg_core::facts::Known;
use tokio::time::Instant;

use super::health::{Health, Pulse, SourceHealth};
use crate::metrics::SourceState;

/// Facts by name. Reading takes a short lock, which is never held while waiting.
#[derive(Debug)]
pub struct Table<V>(RwLock<Inner<V>>);

#[derive(Debug)]
struct Inner<V> {
    rows: HashMap<Box<str>, Arc<V>>,
    /// The rows of a list so far; they replace the rows when the list is complete.
    arriving: HashMap<Box<str>, Arc<V>>,
    health: Health,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self(RwLock::new(Inner {
            rows: HashMap::new(),
            arriving: HashMap::new(),
            health: Health::default(),
        }))
    }
}

impl<V> Table<V> {
    /// The fact of that name: known, known to be missing, or unknown.
    pub fn get(&self, name: &str) -> Known<Option<Arc<V>>> {
        let inner = self.read();
        if inner.health.is_known(Instant::now()) {
            Known::Known(inner.rows.get(name).cloned())
        } else {
            Known::Unknown
        }
    }

    /// Whether these facts can be trusted.
    pub fn is_known(&self) -> bool {
        self.read().health.is_known(Instant::now())
    }

    /// All facts, by name.
    pub fn rows(&self) -> Vec<Arc<V>> {
        let inner = self.read();
        let mut rows: Vec<_> = inner.rows.iter().collect();
        rows.sort_by_key(|(name, _)| *name);
        rows.into_iter().map(|(_, row)| Arc::clone(row)).collect()
    }

    /// The number of facts.
    pub fn len(&self) -> usize {
        self.read().rows.len()
    }

    /// Whether the table is empty.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The state of the source of these facts.
    pub fn report(&self) -> SourceHealth {
        self.read().health.report(Instant::now())
    }

    /// The state of the source, if it is read on demand.
    pub fn report_on_demand(&self) -> SourceHealth {
        self.read().health.report_on_demand(Instant::now())
    }

    /// The time since the last sign of life of the source.
    pub fn age(&self) -> Duration {
        self.read().health.age(Instant::now())
    }

    /// The sign of life that the connection to the source records.
    pub(crate) fn pulse(&self) -> Pulse {
        self.read().health.pulse()
    }

    /// A list starts.
    pub fn begin(&self) {
        self.write().arriving = HashMap::new();
    }

    /// A list contains a fact.
    pub fn arrive(&self, name: &str, value: V) {
        self.write().arriving.insert(name.into(), Arc::new(value));
    }

    /// A list is complete.
    pub fn finish(&self) {
        let mut inner = self.write();
        inner.rows = std::mem::take(&mut inner.arriving);
        inner.health.complete(Instant::now());
    }

    /// A fact is new or has changed.
    pub fn set(&self, name: &str, value: V) {
        let mut inner = self.write();
        inner.rows.insert(name.into(), Arc::new(value));
        inner.health.alive(Instant::now());
    }

    /// A fact was deleted.
    pub fn remove(&self, name: &str) {
        let mut inner = self.write();
        inner.rows.remove(name);
        inner.health.alive(Instant::now());
    }

    /// The source failed.
    pub fn failed(&self, state: SourceState, message: String) {
        self.write().health.failed(state, message, Instant::now());
    }

    // If another task panicked while it held the lock, the facts are outdated at worst.
    fn read(&self) -> RwLockReadGuard<'_, Inner<V>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Inner<V>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(table: &Table<u8>, name: &str) -> Known<Option<u8>> {
        match table.get(name) {
            Known::Known(value) => Known::Known(value.map(|value| *value)),
            Known::Unknown => Known::Unknown,
        }
    }

    #[test]
    fn facts_are_unknown_before_a_complete_list() {
        let table = Table::default();
        assert_eq!(get(&table, "a"), Known::Unknown);
        table.begin();
        table.arrive("a", 1);
        assert_eq!(get(&table, "a"), Known::Unknown);
        table.finish();
        assert_eq!(get(&table, "a"), Known::Known(Some(1)));
        assert_eq!(get(&table, "b"), Known::Known(None));
    }

    #[test]
    fn a_new_list_replaces_the_old_one_when_it_is_whole() {
        let table = Table::default();
        table.begin();
        table.arrive("a", 1);
        table.finish();
        table.set("b", 2);
        table.begin();
        table.arrive("b", 3);
        assert_eq!(get(&table, "a"), Known::Known(Some(1)));
        table.finish();
        assert_eq!(get(&table, "a"), Known::Known(None));
        assert_eq!(get(&table, "b"), Known::Known(Some(3)));
        table.remove("b");
        assert_eq!(get(&table, "b"), Known::Known(None));
    }

    #[test]
    fn a_refused_list_is_unknown() {
        let table = Table::<u8>::default();
        table.failed(SourceState::Forbidden, "no".to_owned());
        assert_eq!(get(&table, "a"), Known::Unknown);
        assert_eq!(table.report().state, SourceState::Forbidden);
    }
}
