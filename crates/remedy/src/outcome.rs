//! Whether a finding is so.

/// Whether a finding is so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It is so.
    Fail,
    /// What decides could not be looked at: neither passed nor failed.
    Unknown,
}
