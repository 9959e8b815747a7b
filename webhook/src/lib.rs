//! The two programs that `oc extreg` runs in a cluster: the mutating admission webhook and
//! the separate importer, which follows builds.
//!
//! A request goes through [`server`] (TLS, limits, deadline), is parsed by [`wire`], decided by
//! [`review`] with the engine of `extreg-core` on the [`facts`] in memory, which [`cluster`] keeps up
//! to date, and answered by [`wire`]; [`metrics`] counts the results. [`args`] and [`settings`]
//! are the command line, and [`run`] connects the parts. [`importer`] is the same for [`follow`].

pub mod args;
pub mod cluster;
pub mod facts;
pub mod follow;
pub mod importer;
pub mod logging;
pub mod metrics;
pub mod reserved;
pub mod review;
pub mod reviewer;
pub mod run;
pub mod server;
pub mod settings;
mod thin;
pub mod wire;
