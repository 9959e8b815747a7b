//! The facts about the cluster, in memory. Admission reads them and never waits for them.
//!
//! Each source can be forbidden, down or not configured; its facts are then unknown and the engine
//! decides without them.

mod health;
mod policies;
mod policy_file;
mod store;
mod table;

pub(crate) use health::Pulse;
pub use health::{Health, SourceHealth};
pub use policies::{Policies, PolicyRecord};
pub use policy_file::{PolicyFile, PolicyFileError};
pub use store::FactStore;
pub use table::Table;
