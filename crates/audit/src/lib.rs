//! The audit: which images come from which registries, with which credentials, compared to policy and
//! benchmark.
//!
//! Nothing here does I/O or reads the clock: [`judge`] runs every check on a
//! [`Snapshot`](extreg_snapshot::Snapshot) and returns a [`report::Report`]; the crate `extreg-report` renders it.
//!
//! Between judging and rendering, [`suppress`] applies exceptions and [`baseline`] marks new findings;
//! [`verdict`] decides the exit code, in every format. [`diff`] compares [`saved`] reports;
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
mod properties_test;
pub mod report;
pub mod saved;
pub mod suppress;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod verdict;
