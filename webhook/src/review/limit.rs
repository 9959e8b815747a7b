//! Reads on demand, limited for each namespace.
//!
//! A review can make the webhook read an object of the cluster. Without a limit, a client could trigger
//! reads as fast as connections allow, and one namespace could use up the reads of all. After the
//! limit, objects are not read, and their facts are unknown.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use extreg_core::facts::{Known, SecretFact, StreamRead};
use extreg_core::policy::Labels;
use extreg_core::verdict::StreamKey;

use super::Lookup;
use crate::facts::FactStore;
use crate::metrics::LookupOutcome;

/// The burst of reads for a namespace; an `oc apply` of many tags needs one for each.
const BURST: u32 = 100;
/// One more read is allowed after this.
const REFILL: Duration = Duration::from_millis(50);
/// The maximum number of namespaces with their own bucket.
const MOST: usize = 4096;
/// The bucket of all namespaces that are not known to exist.
const UNLISTED: &str = "";

/// A [`Lookup`] with limits.
pub(super) struct Limited {
    lookup: Box<dyn Lookup>,
    facts: Arc<FactStore>,
    buckets: Buckets,
}

impl Limited {
    pub(super) fn new(lookup: Box<dyn Lookup>, facts: Arc<FactStore>) -> Self {
        Self {
            lookup,
            facts,
            buckets: Buckets::default(),
        }
    }

    /// The stream of the request's namespace.
    pub(super) async fn stream(&self, key: &StreamKey) -> StreamRead {
        if !self.allows(&key.namespace) {
            return StreamRead::Failed;
        }
        let read = self.lookup.stream(key).await;
        self.count(!matches!(read, StreamRead::Failed));
        read
    }

    pub(super) async fn secret(&self, namespace: &str, name: &str) -> Known<Option<SecretFact>> {
        if !self.allows(namespace) {
            return Known::Unknown;
        }
        let read = self.lookup.secret(namespace, name).await;
        self.count(!matches!(read, Known::Unknown));
        read
    }

    pub(super) async fn labels(&self, namespace: &str) -> Known<Labels> {
        if !self.allows(namespace) {
            return Known::Unknown;
        }
        let read = self.lookup.labels(namespace).await;
        self.count(!matches!(read, Known::Unknown));
        read
    }

    fn allows(&self, namespace: &str) -> bool {
        // Names that nothing has are without number.
        let bucket = match self.facts.namespaces.get(namespace) {
            Known::Known(None) => UNLISTED,
            Known::Known(Some(_)) | Known::Unknown => namespace,
        };
        let allowed = self.buckets.take(bucket, Instant::now());
        if !allowed {
            self.facts.metrics().lookup(LookupOutcome::Limited);
        }
        allowed
    }

    fn count(&self, is_answered: bool) {
        self.facts.metrics().lookup(if is_answered {
            LookupOutcome::Answered
        } else {
            LookupOutcome::Failed
        });
    }
}

#[derive(Debug, Default)]
struct Buckets(Mutex<HashMap<Box<str>, Bucket>>);

#[derive(Clone, Copy, Debug)]
struct Bucket {
    left: u32,
    /// When `left` was right.
    at: Instant,
}

impl Buckets {
    /// Takes one read of a namespace, if it has one left.
    fn take(&self, namespace: &str, now: Instant) -> bool {
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bucket) = buckets.get_mut(namespace) {
            return bucket.take(now);
        }
        if buckets.len() >= MOST {
            // One that is full again is like none.
            buckets.retain(|_, bucket| !bucket.is_full(now));
        }
        let name = if buckets.len() >= MOST {
            UNLISTED
        } else {
            namespace
        };
        let full = Bucket {
            left: BURST,
            at: now,
        };
        buckets.entry(name.into()).or_insert(full).take(now)
    }
}

impl Bucket {
    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at);
        let more = passed.as_nanos() / REFILL.as_nanos();
        let more = u32::try_from(more).unwrap_or(u32::MAX);
        self.left = self.left.saturating_add(more).min(BURST);
        // What has passed of the next one counts for it.
        self.at = match REFILL
            .checked_mul(more)
            .and_then(|time| self.at.checked_add(time))
        {
            Some(at) if self.left < BURST => at,
            _ => now,
        };
    }

    fn take(&mut self, now: Instant) -> bool {
        self.refill(now);
        let allowed = self.left > 0;
        self.left = self.left.saturating_sub(1);
        allowed
    }

    fn is_full(mut self, now: Instant) -> bool {
        self.refill(now);
        self.left == BURST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(buckets: &Buckets, namespace: &str, at: Instant, count: u32) -> u32 {
        let all = (0..count).filter(|_| buckets.take(namespace, at));
        u32::try_from(all.count()).unwrap()
    }

    #[test]
    fn each_namespace_has_a_bucket_that_refills() {
        let (buckets, start) = (Buckets::default(), Instant::now());
        assert_eq!(taken(&buckets, "a", start, BURST + 50), BURST);
        assert_eq!(taken(&buckets, "b", start, 10), 10);
        let soon = start + REFILL * 3 + REFILL / 2;
        assert_eq!(taken(&buckets, "a", soon, 50), 3);
        // Half of the next one has passed.
        assert_eq!(taken(&buckets, "a", start + REFILL * 4, 50), 1);
        let late = start + REFILL * (BURST * 10);
        assert_eq!(taken(&buckets, "a", late, BURST + 50), BURST);
        // A clock that stops or moves back adds nothing.
        assert_eq!(taken(&buckets, "a", start, 50), 0);
    }

    #[test]
    fn many_namespaces_do_not_use_more_memory_or_reads() {
        let (buckets, start) = (Buckets::default(), Instant::now());
        for number in 0..MOST {
            assert!(buckets.take(&number.to_string(), start));
        }
        let others = (0..MOST).filter(|number| buckets.take(&format!("x{number}"), start));
        assert_eq!(others.count(), usize::try_from(BURST).unwrap());
        assert!(buckets.0.lock().unwrap().len() <= MOST + 1);
        // Unused buckets are removed.
        assert!(buckets.take("new", start + REFILL * 2));
        assert!(buckets.0.lock().unwrap().len() < 10);
    }
}
