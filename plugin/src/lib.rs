//! The command line `oc extreg`, also run as `kubectl extreg`.
//!
//! Four layers, each of which knows only the next: arguments ([`args`], [`cli`]) are resolved into settings
//! (one struct a command, in its own file), a command acts on them ([`commands`]), and what it has
//! to say goes through the [`Printer`](extreg_terminal::Printer), the only way to stdout and stderr. Talking to a cluster is
//! [`extreg_cluster`]'s, asking a registry [`extreg_registry`]'s, and what is special about ImageStreams is `stream`'s;
//! how a run ends is decided by [`Exit`](extreg_terminal::Exit) and [`error`] alone.

mod application;
pub mod args;
mod checklist;
pub mod cli;
mod closest;
mod collect;
pub mod commands;
pub mod complete;
pub mod context;
mod credential;
mod deadline;
pub mod defaults;
mod diagnosis;
mod difference;
mod engine;
pub mod error;
mod fanout;
mod installation;
mod names;
pub mod print;
mod project;
mod pulls;
mod run;
mod skipped;
mod stream;
mod target;
mod users;
mod verdict;

pub use run::main;
