//! A finding, before its words.

use extreg_remedy::Remedy;
use extreg_snapshot::place::Place;

use super::support::Draft;
use crate::check::CheckId;
use crate::finding::Finding;

/// A finding of a check at a place; image, words and remedy are for the check to add.
pub(super) fn found(check: CheckId, rule: &'static str, place: Place) -> Finding {
    Draft {
        check,
        rule,
        message: String::new(),
        why: String::new(),
        fix: Remedy::default(),
    }
    .at(place)
}
