//! The whole way of an image, link by link, with the first one that is broken.
//!
//! Objects are `read` into small records, put together by their graph into a [`Flow`], and judged
//! `links` by link, without asking anybody. Nothing here does I/O or knows the time.

mod flow;
mod image;
mod links;
mod read;
mod report;
#[cfg(test)]
mod testing;
mod tree;
mod world;

pub use self::{
    flow::{Flow, Wanted, flows},
    image::{Image, short},
    links::{Fix, Link, Part, Site, State},
    read::{From, Output, Stream, WorkloadKind},
    report::{FlowReport, Report},
    tree::Node,
    world::{Gap, InRegistry, Listed, World},
};
