//! The rules as tables: an object, the known state of the cluster, the result.

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
