//! Whether requests change objects.

/// Whether to apply changes or do a dry run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DryRun {
    /// Apply the changes.
    #[default]
    None,
    /// Show the changes; sends no request that could change an object.
    Client,
    /// Submit to the server without persisting, with admission and quota.
    Server,
}

impl DryRun {
    /// The suffix of an output line about a change.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Client => " (dry run)",
            Self::Server => " (server dry run)",
        }
    }

    /// The addition to the query of a request.
    pub(super) const fn query(self) -> &'static str {
        match self {
            Self::None | Self::Client => "",
            Self::Server => "&dryRun=All",
        }
    }
}
