//! The way of an image from its build to its pods, link by link, with the first broken link: a query of a
//! [`Snapshot`](extreg_snapshot::Snapshot).
//!
//! [`flows`] groups what belongs together, a [`Plan`] lists what else is needed to judge it, and a
//! [`Report`] is the result for each link. Nothing here does I/O or knows the time.

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
    report::{Asked, FlowReport, Report},
    tree::Node,
    world::{KINDS, World},
};
