//! The rules as tables: an object, what is known of the cluster, what comes of it.

mod confirmed;
mod dropped;
mod limits;
mod order;
mod patches;
mod properties;
mod pull_secret;
mod push_secret;
mod scheduled_import;
mod traps;
mod world;
