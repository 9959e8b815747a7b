//! The mutating admission webhook of `oc extreg`.
//!
//! A request goes through [`server`] (TLS, limits, deadline), is read by [`wire`], decided by
//! [`review`] with the engine of `extreg-core` on the [`facts`] in memory, which [`cluster`] keeps up
//! to date, and answered by [`wire`] again; [`metrics`] counts what happened. [`follow`] works beside
//! it and shares nothing with it. [`args`] and [`settings`] say what was asked for on the command line, and [`run`] puts it all together.

pub mod args;
pub mod cluster;
pub mod facts;
pub mod follow;
pub mod logging;
pub mod metrics;
pub mod review;
pub mod reviewer;
pub mod run;
pub mod server;
pub mod settings;
pub mod wire;
