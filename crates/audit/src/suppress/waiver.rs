//! An exception or annotation, and its use.

use crate::exceptions::{Exception, Term};
use crate::finding::Suppression;

/// An exception or a statement of an annotation, and its use in this report.
#[derive(Debug)]
pub(super) struct Waiver {
    /// A label that identifies it in a line.
    pub(super) label: String,
    /// [`Suppression::by`].
    by: String,
    pub(super) term: Term,
    /// The findings that it applies to.
    pub(super) covers: usize,
    /// Those that it suppresses, because no other one lasts longer.
    pub(super) carries: usize,
    /// Those that nothing suppresses, because it has expired.
    pub(super) lost: usize,
}

impl Waiver {
    /// From an exception of a file.
    pub(super) fn listed(exception: &Exception) -> Self {
        Self::new(
            exception.to_string(),
            exception.place().to_owned(),
            exception.term().clone(),
        )
    }

    pub(super) fn new(label: String, by: String, term: Term) -> Self {
        Self {
            label,
            by,
            term,
            covers: 0,
            carries: 0,
            lost: 0,
        }
    }

    pub(super) fn suppression(&self) -> Suppression {
        Suppression {
            by: self.by.clone(),
            reason: self.term.reason().to_owned(),
            expires: self.term.expires().to_string(),
        }
    }
}
