//! The two programs that `oc extreg` runs in a cluster: the mutating admission webhook and, apart
//! from it, the importer, which follows builds.
//!
//! A request goes through [`server`] (TLS, limits, deadline), is read by [`wire`], decided by
//! [`review`] with the engine of `extreg-core` on the [`facts`] in memory, which [`cluster`] keeps up
//! to date, and answered by [`wire`] again; [`metrics`] counts what happened. [`args`] and [`settings`]
//! are the command line, and [`run`] puts it all together. [`importer`] is the same for [`follow`].

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
