//! Flags that several commands share, each declared once.

mod dry_run;
mod duration;
mod endpoint;
mod global;
mod output;

pub(crate) use self::{dry_run::joined, output::OutputArgs};
pub use self::{
    dry_run::{DryRun, DryRunArgs},
    duration::{Timeout, parse_timeout},
    endpoint::EndpointArgs,
    global::{ConnectionArgs, GlobalArgs},
};
