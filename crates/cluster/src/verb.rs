//! The operation on an object.

use std::fmt;

/// The operation on an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Created.
    Created,
    /// Changed.
    Configured,
    /// Deleted.
    Deleted,
    /// Changed: an entry was added.
    Linked,
    /// Unchanged.
    Unchanged,
    /// Changed: an entry was removed.
    Unlinked,
}

impl Verb {
    /// Whether the object was written.
    pub const fn is_change(self) -> bool {
        !matches!(self, Self::Unchanged)
    }
}

impl fmt::Display for Verb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Configured => "configured",
            Self::Created => "created",
            Self::Deleted => "deleted",
            Self::Linked => "linked",
            Self::Unchanged => "unchanged",
            Self::Unlinked => "unlinked",
        })
    }
}
