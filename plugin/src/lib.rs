//! The command line `oc extreg`, also run as `kubectl extreg`.
//!
//! Four layers, each of which depends only on the next: arguments ([`args`], [`cli`]) are resolved into settings (one
//! struct per command, in its file), a command uses them ([`commands`]), and its output goes through the
//! [`Printer`](extreg_terminal::Printer), the only way to stdout and stderr. [`extreg_cluster`] handles requests to a
//! cluster, [`extreg_registry`] those to a registry, and `stream` what is special about ImageStreams;
//! [`Exit`](extreg_terminal::Exit) and [`error`] alone decide how a run ends.

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
