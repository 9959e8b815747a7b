//! An image as a field names it.

use std::sync::Arc;

/// An image as a field names it, and what that means.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ImageName {
    /// As written.
    pub written: Arc<str>,
    /// The registry's host; empty where it cannot be told (a short name of a workload, a
    /// parameter).
    pub registry: Arc<str>,
    /// The repository in the registry, with `library/` where that is meant; empty where it cannot
    /// be told.
    pub repository: Arc<str>,
    /// The digest that is named or runs; empty where none is known.
    pub digest: Arc<str>,
}
