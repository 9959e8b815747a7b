//! The places for incomplete bodies. They are shared: when they are taken, the
//! connection with the most of them gives one up for a connection with fewer.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use tokio::sync::Notify;

use super::connections::{Arriving, Connection, QUIET};

/// The places.
#[derive(Debug)]
pub(super) struct Arrivals {
    places: Mutex<HashMap<u64, Arc<Progress>>>,
    capacity: usize,
    next: AtomicU64,
}

/// One place. It is free again when this is dropped.
#[derive(Debug)]
pub(super) struct Arrival<'a> {
    arrivals: &'a Arrivals,
    number: u64,
    progress: Arc<Progress>,
    arriving: Arriving,
}

#[derive(Debug)]
struct Progress {
    /// The connection's number.
    connection: u64,
    /// The last sign of life.
    heard: Mutex<Instant>,
    bytes: AtomicUsize,
    given_up: Notify,
}

impl Arrivals {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            places: Mutex::default(),
            capacity,
            next: AtomicU64::new(0),
        }
    }

    /// A place for a body of that connection; `None` if bodies with an equal claim have all.
    pub(super) fn enter(&self, connection: &Arc<Connection>) -> Option<Arrival<'_>> {
        let mut places = lock(&self.places);
        if places.len() >= self.capacity {
            let number = most_dispensable(&places, connection.id())?;
            if let Some(progress) = places.remove(&number) {
                progress.given_up.notify_one();
            }
        }
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let progress = Arc::new(Progress {
            connection: connection.id(),
            heard: Mutex::new(Instant::now()),
            bytes: AtomicUsize::new(0),
            given_up: Notify::new(),
        });
        places.insert(number, Arc::clone(&progress));
        Some(Arrival {
            arrivals: self,
            number,
            progress,
            arriving: connection.arriving(),
        })
    }

    /// Frees memory: gives up the largest body that has received no data lately. Returns
    /// whether there was one.
    pub(super) fn relieve(&self) -> bool {
        let places = lock(&self.places);
        let largest = silent(&places)
            .map(|(_, progress)| progress)
            .filter(|progress| progress.bytes.load(Ordering::Relaxed) > 0)
            .max_by_key(|progress| progress.bytes.load(Ordering::Relaxed));
        if let Some(progress) = largest {
            progress.given_up.notify_one();
        }
        largest.is_some()
    }
}

/// The place that is given up for a newcomer: the most silent one of the connection with most
/// places, if the newcomer has fewer; else the most silent one of all, if it has been silent long enough.
fn most_dispensable(places: &HashMap<u64, Arc<Progress>>, newcomer: u64) -> Option<u64> {
    let mut counts: HashMap<u64, usize> = HashMap::new();
    for progress in places.values() {
        *counts.entry(progress.connection).or_default() += 1;
    }
    let own = counts.get(&newcomer).copied().unwrap_or_default();
    let (greediest, most) = counts.into_iter().max_by_key(|(_, count)| *count)?;
    let heard = |(_, progress): &(&u64, &Arc<Progress>)| *lock(&progress.heard);
    let victim = if most > own + 1 {
        places
            .iter()
            .filter(|(_, progress)| progress.connection == greediest)
            .min_by_key(heard)
    } else {
        silent(places).min_by_key(heard)
    };
    victim.map(|(number, _)| *number)
}

fn silent(
    places: &HashMap<u64, Arc<Progress>>,
) -> impl Iterator<Item = (&u64, &Arc<Progress>)> + '_ {
    places
        .iter()
        .filter(|(_, progress)| lock(&progress.heard).elapsed() >= QUIET)
}

impl Arrival<'_> {
    /// More of the body has arrived; `bytes` of it are now in memory.
    pub(super) fn progressed(&self, bytes: usize) {
        *lock(&self.progress.heard) = Instant::now();
        self.progress.bytes.store(bytes, Ordering::Relaxed);
        self.arriving.progressed();
    }

    /// Returns when other bodies need the place or the memory.
    pub(super) async fn given_up(&self) {
        self.progress.given_up.notified().await;
    }
}

impl Drop for Arrival<'_> {
    fn drop(&mut self) {
        lock(&self.arrivals.places).remove(&self.number);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
