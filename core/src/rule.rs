//! The rules: one file each, a closed set, no trait objects.

mod guard;
mod pull_secret;
mod push_secret;
mod scheduled_import;
mod tag_schedule;

use crate::facts::Facts;
use crate::object::Subject;
use crate::verdict::Verdict;
use crate::work::Work;

pub use guard::{IMPORT_CONTROLLER, SYSTEM_API_SERVER, is_system_namespace};

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
    /// All rules, in the order in which they are asked.
    pub const ALL: [Self; 3] = [Self::PushSecret, Self::PullSecret, Self::ScheduledImport];

    /// One line that says what the rule is for.
    pub fn title(self) -> &'static str {
        match self {
            Self::PullSecret => "Builds pull their base image with a credential",
            Self::PushSecret => "Builds push with a credential",
            Self::ScheduledImport => "Tags of external images are imported on schedule",
        }
    }

    pub(crate) fn evaluate<'a>(
        self,
        subject: &'a Subject<'_>,
        facts: &'a Facts<'_>,
        verdict: &mut Verdict<'a>,
    ) {
        let mut work = Work::new(facts);
        match self {
            Self::PullSecret => pull_secret::evaluate(subject, facts, &mut work, verdict),
            Self::PushSecret => push_secret::evaluate(subject, facts, &mut work, verdict),
            Self::ScheduledImport => scheduled_import::evaluate(subject, facts, &mut work, verdict),
        }
        verdict.steps = verdict.steps.saturating_add(work.steps());
    }
}
