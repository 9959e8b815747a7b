//! The state of a finding, in the words of all formats.

use extreg_audit::finding::Finding;

/// The state of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum State {
    /// It counts.
    Open,
    /// An exception applies.
    Suppressed,
    /// Inconclusive: a relevant object could not be read.
    Unknown,
}

impl State {
    #[cfg(test)]
    pub(super) const ALL: [Self; 3] = [Self::Open, Self::Suppressed, Self::Unknown];

    /// As the summary of the report counts it.
    pub(super) const fn from_finding(finding: &Finding) -> Self {
        match (&finding.suppression, finding.is_open()) {
            (Some(_), _) => Self::Suppressed,
            (None, true) => Self::Open,
            (None, false) => Self::Unknown,
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Suppressed => "suppressed",
            Self::Unknown => "unknown",
        }
    }
}
