//! Follows an image from its build to its pods, link by link, and finds the first broken link in a
//! [`Snapshot`](extreg_snapshot::Snapshot).
//!
//! [`flows`] groups what belongs together, a [`Plan`] lists what else is needed to judge it, and a
//! [`Report`] is the result for each link. This crate does no I/O and does not read the clock.

mod fetched;
mod flow;
mod image;
mod links;
mod name;
mod plan;
mod report;
#[cfg(test)]
mod testing;
mod tree;
mod world;

pub use self::{
    fetched::{Fetched, InRegistry},
    flow::{Flow, Wanted, flows},
    image::{Image, short},
    links::{Fix, Link, Part, State},
    plan::{Plan, streams_elsewhere},
    report::{FlowReport, Report, ReportOptions},
    tree::Node,
    world::{KINDS, World},
};
