//! The command line `oc extreg`, also run as `kubectl extreg`.
//!
//! Four layers, each of which knows only the next: arguments ([`cli`]) are resolved into settings
//! (one struct a command, in its own file), a command acts on them ([`commands`]), and what it has
//! to say goes through the [`printer`], the only way to stdout and stderr. Talking to a cluster is
//! [`api`]'s, asking a registry [`registry`]'s, and what is special about ImageStreams is `stream`'s;
//! how a run ends is decided in [`exit`] and [`error`] alone.

pub mod api;
pub mod caller;
pub mod cli;
mod closest;
pub mod commands;
pub mod complete;
pub mod context;
mod deadline;
pub mod defaults;
pub mod error;
pub mod exit;
mod fanout;
mod file;
pub mod input;
mod installed;
pub mod printer;
pub mod registry;
mod run;
mod stream;
mod users;

pub use run::main;
