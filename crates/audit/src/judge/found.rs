//! A finding without its texts.

use extreg_remedy::Remedy;
use extreg_snapshot::place::Place;

use super::support::Draft;
use crate::check::CheckId;
use crate::finding::Finding;

/// A finding of a check at a place; the check adds image, texts and remedy.
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
