//! The audit: which images come from which registries, under whose credentials, against policy and
//! benchmark.
//!
//! Three steps, none of which does I/O or knows the time: a reader turns objects into a
//! [`snapshot::Snapshot`], wherever they come from; [`judge`] asks every check of it and gives a
//! [`report::Report`]; a format renders that. What the webhook would do to an object is asked of
//! the same engine, [`extreg_core::engine`], in the same words.

pub mod check;
pub mod coverage;
pub mod finding;
pub mod judge;
pub mod kind;
pub mod place;
pub mod read;
pub mod report;
pub mod snapshot;
#[cfg(test)]
#[expect(dead_code, reason = "the checks use what they need of it")]
mod testing;
