//! The memory that bodies and answers use together, from the first byte of a request until the
//! last byte of its answer has been sent.
//!
//! It has two parts, so that a few large objects cannot block the many small ones: the first 64
//! KiB of each come from a separate part.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

const UNIT: usize = 1024;
/// The amount taken from the part for small requests. A usual review is a tenth of it.
const SMALL: usize = 64 * 1024;

/// The memory.
#[derive(Debug)]
pub(super) struct Budget {
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

/// The memory of one request, returned when this is dropped.
#[derive(Debug, Default)]
pub(super) struct Share {
    small: Option<OwnedSemaphorePermit>,
    large: Option<OwnedSemaphorePermit>,
}

impl Budget {
    /// `bytes` in total, a quarter of it for small requests.
    pub(super) fn new(bytes: usize) -> Self {
        let part = |bytes: usize| {
            let units = (bytes / UNIT).clamp(1, Semaphore::MAX_PERMITS);
            Arc::new(Semaphore::new(units))
        };
        Self {
            small: part(bytes / 4),
            large: part(bytes - bytes / 4),
        }
    }

    /// Makes `share` cover exactly `bytes`; returns whether that much is available. If not, it keeps
    /// its current amount.
    pub(super) fn try_cover(&self, share: &mut Share, bytes: usize) -> bool {
        let small = bytes.min(SMALL);
        let before = units_of(share.large.as_ref()).saturating_mul(UNIT);
        if !resize(&self.large, &mut share.large, bytes - small) {
            return false;
        }
        let covered = resize(&self.small, &mut share.small, small);
        if !covered {
            resize(&self.large, &mut share.large, before);
        }
        covered
    }
}

fn resize(part: &Arc<Semaphore>, held: &mut Option<OwnedSemaphorePermit>, bytes: usize) -> bool {
    let wanted = bytes.div_ceil(UNIT);
    let has = units_of(held.as_ref());
    if wanted <= has {
        // Dropped, and so returned.
        let _excess = held.as_mut().and_then(|held| held.split(has - wanted));
        return true;
    }
    let Ok(missing) = u32::try_from(wanted - has) else {
        return false;
    };
    let Ok(more) = Arc::clone(part).try_acquire_many_owned(missing) else {
        return false;
    };
    match held {
        Some(held) => held.merge(more),
        None => *held = Some(more),
    }
    true
}

fn units_of(held: Option<&OwnedSemaphorePermit>) -> usize {
    held.map_or(0, OwnedSemaphorePermit::num_permits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KIB: usize = 1024;

    #[test]
    fn large_ones_leave_room_for_small_ones() {
        let budget = Budget::new(1024 * KIB);
        let mut large = Share::default();
        assert!(!budget.try_cover(&mut large, 900 * KIB));
        assert!(budget.try_cover(&mut large, 800 * KIB));
        let mut other = Share::default();
        assert!(!budget.try_cover(&mut other, 100 * KIB));
        let mut small: Vec<Share> = (0..19).map(|_| Share::default()).collect();
        for share in &mut small {
            assert!(budget.try_cover(share, 7 * KIB));
        }
    }

    #[test]
    fn memory_grows_shrinks_and_returns() {
        let budget = Budget::new(1024 * KIB);
        let free = || {
            (
                budget.small.available_permits(),
                budget.large.available_permits(),
            )
        };
        let all = free();
        let mut share = Share::default();
        for (bytes, small, large) in [
            (1, 1, 0),
            (KIB + 1, 2, 0),
            (64 * KIB, 64, 0),
            (65 * KIB, 64, 1),
            (500 * KIB, 64, 436),
            (70 * KIB, 64, 6),
            (0, 0, 0),
            (10 * KIB, 10, 0),
        ] {
            assert!(budget.try_cover(&mut share, bytes), "{bytes}");
            assert_eq!(free(), (all.0 - small, all.1 - large), "{bytes}");
        }
        drop(share);
        assert_eq!(free(), all);
    }
}
