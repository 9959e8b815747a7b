//! The whole way of an image, link by link, with the first one that is broken: a question that is
//! asked of a [`Snapshot`](extreg_snapshot::Snapshot).
//!
//! [`flows`] finds what belongs together, a [`Plan`] says what else is needed to judge it, and a
//! [`Report`] is what each link came to. Nothing here does I/O or knows the time.

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
