//! What the webhook knows of the cluster, in memory. Admission reads it and never waits for it.
//!
//! Each source may be forbidden, down or not asked for; its facts are then unknown and the engine
//! decides without them.

mod health;
mod policies;
mod policy_file;
mod store;
mod table;

pub use health::{Health, SourceHealth};
pub use policies::{Policies, PolicyRecord};
pub use policy_file::{PolicyFile, PolicyFileError};
pub use store::FactStore;
pub use table::Table;
