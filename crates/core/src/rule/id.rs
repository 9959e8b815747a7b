//! The rule identifiers.

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RuleId {
    /// A build that pulls its base from the policy's registry has the policy's pull secret.
    PullSecret,
    /// A build that pushes to the policy's registry has the policy's push secret.
    PushSecret,
    /// A tag that follows an image of the policy's registry is imported on schedule.
    ScheduledImport,
}

impl RuleId {
    /// All rules, in the order in which they are applied.
    pub const ALL: [Self; 3] = [Self::PushSecret, Self::PullSecret, Self::ScheduledImport];

    /// The rule in one word, as metrics have it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PullSecret => "pull_secret",
            Self::PushSecret => "push_secret",
            Self::ScheduledImport => "scheduled",
        }
    }

    /// A one-line description of the rule.
    pub fn title(self) -> &'static str {
        match self {
            Self::PullSecret => "Builds pull their base image with a credential",
            Self::PushSecret => "Builds push with a credential",
            Self::ScheduledImport => "Tags of external images are imported on schedule",
        }
    }
}
