//! Whether a check failed.

/// The outcome of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// The check failed.
    Fail,
    /// Inconclusive: a relevant object could not be read.
    Unknown,
}
