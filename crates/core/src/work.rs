//! The work of one decision, counted and limited for each object.

use crate::facts::Facts;
use crate::policy::{Search, Selection};
use crate::registry::RegistryHost;

/// The most steps that one rule takes for one object: some milliseconds. A step is about the work of comparing a
/// repository with one glob; an object with ten thousand tags and ten policies remains far below the limit.
///
/// Places beyond the limit are unchanged, with a note. The steps of an object do not depend on anything that
/// our patch changes, so that a second run stops at the same place.
pub const MAX_STEPS: u32 = 300_000;

/// The steps for one place besides finding its policy.
const PLACE: u32 = 8;
/// Bytes of a reference that are read in one step.
const BYTES: usize = 64;

/// The work of one rule on one object.
#[derive(Debug)]
pub(crate) struct Work<'a> {
    search: Search<'a>,
}

/// The work limit is reached.
#[derive(Debug)]
pub(crate) struct Exhausted;

impl<'a> Work<'a> {
    pub(crate) fn new(facts: &'a Facts<'_>) -> Self {
        Self {
            search: facts.policies.search(facts.namespace.labels()),
        }
    }

    /// Steps taken so far.
    pub(crate) fn steps(&self) -> u32 {
        self.search.steps()
    }

    /// Takes steps; an error if fewer remain.
    pub(crate) fn spend(&mut self, steps: u32) -> Result<(), Exhausted> {
        let left = (MAX_STEPS + 1).saturating_sub(self.search.steps());
        self.search.spend(steps.min(left));
        if self.search.steps() > MAX_STEPS {
            Err(Exhausted)
        } else {
            Ok(())
        }
    }

    /// Takes steps for each of many items.
    pub(crate) fn spend_on(&mut self, count: usize, steps: u32) -> Result<(), Exhausted> {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.spend(count.saturating_mul(steps))
    }

    /// Begins with a place that holds a reference of this many bytes.
    pub(crate) fn place(&mut self, bytes: usize) -> Result<(), Exhausted> {
        self.spend(PLACE)?;
        self.spend_on(bytes / BYTES, 1)
    }

    /// The policy for a repository.
    pub(crate) fn select(
        &mut self,
        registry: RegistryHost<'_>,
        repository: &str,
    ) -> Result<Selection<'a>, Exhausted> {
        self.search
            .select(registry, repository, MAX_STEPS)
            .ok_or(Exhausted)
    }
}
