//! The rules as tables: an object, what is known of the cluster, what comes of it.

mod properties;
mod pull_secret;
mod push_secret;
mod scheduled_import;
mod traps;
mod world;
