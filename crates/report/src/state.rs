//! Where a finding stands, in the words that all formats use.

use extreg_audit::finding::Finding;

/// Where a finding stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum State {
    /// It counts.
    Open,
    /// Somebody said that it is all right.
    Suppressed,
    /// What decides could not be looked at.
    Unknown,
}

impl State {
    #[cfg(test)]
    pub(super) const ALL: [Self; 3] = [Self::Open, Self::Suppressed, Self::Unknown];

    /// As the report's own summary counts it.
    pub(super) const fn of(finding: &Finding) -> Self {
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
