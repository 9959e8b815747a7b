//! The audit: which images come from which registries, under whose credentials, against policy and
//! benchmark.
//!
//! Nothing here does I/O or knows the time: [`judge`] asks every check of a
//! [`Snapshot`](extreg_snapshot::Snapshot) and gives a [`report::Report`]; the crate `extreg-report` renders it.
//!
//! Between judging and rendering, [`suppress`] applies exceptions and [`baseline`] tells what is new;
//! [`verdict`] is how the run ends, whatever the format. [`diff`] compares what was [`saved`];
//! [`inventory`] lists images and judges nothing.

pub mod approval;
pub mod baseline;
pub mod budget;
pub mod check;
pub mod control;
pub mod diff;
pub mod exceptions;
pub mod explain;
pub mod finding;
pub mod inventory;
pub mod judge;
#[cfg(test)]
mod properties;
pub mod report;
pub mod saved;
pub mod suppress;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod verdict;
#[cfg(test)]
mod world;
