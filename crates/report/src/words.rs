//! Counts and reasons as text.

pub(super) use extreg_core::count;
use extreg_snapshot::coverage::GapReason;

/// Why an object could not be read, for people.
pub(super) const fn reason(why: GapReason) -> &'static str {
    match why {
        GapReason::Elided => "omitted from the source",
        GapReason::Failed => "failed",
        GapReason::Forbidden => "forbidden",
        GapReason::NotCollected => "not part of the source",
        GapReason::Unreadable => "unreadable",
    }
}
