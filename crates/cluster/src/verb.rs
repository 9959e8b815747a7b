//! What was done to an object.

use std::fmt;

/// What was done to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// It is new.
    Created,
    /// It is another than before.
    Configured,
    /// It is gone.
    Deleted,
    /// It is another than before: an entry of it was added.
    Linked,
    /// It is as it was.
    Unchanged,
    /// It is another than before: an entry of it was taken away.
    Unlinked,
}

impl Verb {
    /// Whether something was written.
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
