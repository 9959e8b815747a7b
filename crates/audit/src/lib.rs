//! The audit: which images come from which registries, under whose credentials, against policy and
//! benchmark.
//!
//! Three steps, none of which does I/O or knows the time: a reader turns objects into a
//! [`snapshot::Snapshot`], wherever they come from; [`judge`] asks every check of it and gives a
//! [`report::Report`]; a format renders that. What the webhook would do to an object is asked of
//! the same engine, [`extreg_core::engine`], in the same words.
//!
//! Between judging and rendering, [`suppress`] applies what people said is all right and
//! [`baseline`] tells what is new; [`verdict`] is how the run ends, whatever the format. [`diff`] and
//! [`trend`] compare what was [`saved`]; [`inventory`] lists images and judges nothing.

pub mod approval;
pub mod baseline;
pub mod budget;
pub mod check;
pub mod control;
pub mod diff;
pub mod exceptions;
pub mod explain;
pub mod finding;
pub mod format;
pub mod inert;
pub mod inventory;
pub mod judge;
#[cfg(test)]
mod properties;
pub mod report;
pub mod saved;
pub mod suppress;
#[cfg(test)]
mod testing;
pub mod trend;
pub mod verdict;
#[cfg(test)]
mod world;
