//! Something that suppresses findings, and what became of it.

use crate::exceptions::{Exception, Term};
use crate::finding::Suppression;

/// An exception or a statement of an annotation, and what became of it in this report.
#[derive(Debug)]
pub(super) struct Waiver {
    /// What it is, to tell it from others in a line.
    pub(super) label: String,
    /// [`Suppression::by`].
    by: String,
    pub(super) term: Term,
    /// The findings that it is for.
    pub(super) covers: usize,
    /// Those that it suppresses, as no other one lasts longer.
    pub(super) carries: usize,
    /// Those that nothing suppresses, as it has expired.
    pub(super) lost: usize,
}

impl Waiver {
    /// That of a file.
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
