//! From objects to a [`crate::snapshot::Snapshot`], wherever they come from.
//!
//! Objects are read one by one, in any order and on any number of threads, by partial views that are
//! borrowed from their JSON; what is kept of each is a small record. What depends on other objects
//! waits for [`Reader::finish`]: which registry a name means, what owns what, and what the webhook
//! would do, which [`extreg_core::engine`] is asked.
//!
//! An image is what a field holds that is there to hold one. Nothing that only looks like an image,
//! such as a string in a ConfigMap, is taken for one.

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
