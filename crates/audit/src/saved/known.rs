//! A finding that a baseline knows.

use serde::{Deserialize, Serialize};

use super::place::SavedPlace;

/// A finding that is known. Source and fingerprint tell which; the rest is for people, and to know
/// whether a report that does not have it would.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KnownFinding {
    /// The section that it was in.
    pub source: String,
    /// The check.
    pub check: String,
    /// What of the check it is.
    pub rule: String,
    /// Where.
    pub place: SavedPlace,
    /// What identifies it over time.
    pub fingerprint: String,
    /// What is so.
    pub message: String,
}

impl KnownFinding {
    /// Where and what, in one line.
    pub fn words(&self) -> String {
        format!("{}: {}", self.place, self.message)
    }
}
