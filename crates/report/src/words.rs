//! Counts and reasons as text.

use extreg_snapshot::coverage::GapReason;

/// `1 pod`, `37 pods`.
pub(super) fn count(number: usize, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_singular_has_no_s() {
        assert_eq!(count(0, "pod"), "0 pods");
        assert_eq!(count(1, "pod"), "1 pod");
        assert_eq!(count(2, "pod"), "2 pods");
    }
}
