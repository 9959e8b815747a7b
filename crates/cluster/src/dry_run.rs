//! Whether requests change something.

/// Whether something is done, or only tried.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DryRun {
    /// Do it.
    #[default]
    None,
    /// Say what would be done; nothing is sent that could change something.
    Client,
    /// Have the server check everything, admission and quota too, and keep nothing.
    Server,
}

impl DryRun {
    /// What is appended to a line of what was done.
    pub const fn suffix(self) -> &'static str {
        match self {
            Self::None => "",
            Self::Client => " (dry run)",
            Self::Server => " (server dry run)",
        }
    }

    /// What the query of a request gains.
    pub(super) const fn query(self) -> &'static str {
        match self {
            Self::None | Self::Client => "",
            Self::Server => "&dryRun=All",
        }
    }
}
