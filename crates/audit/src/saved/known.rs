//! A known finding of a baseline.

use serde::{Deserialize, Serialize};

use super::place::SavedPlace;

/// A known finding. Source and fingerprint identify it; the rest is for people, and to decide
/// whether a report could have found it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct KnownFinding {
    /// Its section.
    pub source: String,
    /// The check.
    pub check: String,
    /// The kind of finding.
    pub rule: String,
    /// Its place.
    pub place: SavedPlace,
    /// Its fingerprint, which identifies it over time.
    pub fingerprint: String,
    /// Its message.
    pub message: String,
}

impl KnownFinding {
    /// Place and message in one line.
    pub fn words(&self) -> String {
        format!("{}: {}", self.place, self.message)
    }
}
