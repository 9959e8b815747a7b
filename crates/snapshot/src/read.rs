//! From objects to a [`crate::snapshot::Snapshot`], from any source.
//!
//! Objects are read one by one, in any order and on any number of threads, by partial views that are
//! borrowed from their JSON; a small record of each is kept. Results that depend on other objects
//! wait for [`Reader::finish`]: which registry a name means, which object owns which, and the webhook's
//! decisions, from [`extreg_core::engine`].
//!
//! Only fields that are defined to contain an image are read as images. A string that only looks like one,
//! such as in a ConfigMap, is not.

mod build;
mod configuration;
mod credential;
mod dockerfile;
mod error;
mod facts;
mod finish;
mod injection;
mod intern;
mod item;
mod meaning;
mod namespace;
mod policy;
mod progress;
mod reader;
mod shipwright;
mod sorted;
mod stream;
mod suppression;
mod task;
mod user_info;
mod view;
mod webhook;
mod workload;

pub use self::error::Unreadable;
pub use self::reader::{Detail, ReadOptions, Reader, SecretValues};
