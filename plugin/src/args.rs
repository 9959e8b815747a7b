//! Flags that several commands share, each declared once.

mod dry_run;
mod duration;
mod endpoint;
mod global;
mod output;

pub use self::{
    dry_run::DryRunArgs,
    duration::{Timeout, parse_timeout},
    endpoint::EndpointArgs,
    global::{CONNECTION, ConnectionArgs, GlobalArgs},
};
pub(crate) use self::{dry_run::joined, output::OutputArgs};
