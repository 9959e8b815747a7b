//! The engine of `oc extreg`: what an image reference means on OpenShift and what a policy injects.
//!
//! No I/O, no async, no clock, no environment. An object is read into a [`object::Subject`], the known
//! state of the cluster into [`facts::Facts`], and [`engine::Engine::evaluate`] returns a
//! [`verdict::Verdict`]: for each place what happens and why, the patch, and the messages for the user.
//! [`decide::Inquiry`] repeats this until all facts are read.

// The macros name this crate in every crate.
extern crate self as extreg_core;

mod count;
pub mod credential;
pub mod decide;
pub mod dns;
pub mod edit;
pub mod engine;
mod enums;
pub mod facts;
pub mod follow;
pub mod image;
pub mod note;
pub mod object;
pub mod policy;
pub mod registry;
pub mod rule;
pub mod verdict;
pub mod work;

pub use count::count;
