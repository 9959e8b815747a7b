//! The rules: one file each, a closed set, no trait objects.

mod guard;
pub(crate) mod id;
mod pull_secret;
mod push_secret;
mod scheduled_import;
mod tag_schedule;

use crate::facts::Facts;
use crate::object::Subject;
use crate::verdict::Verdict;
use crate::work::Work;

pub use guard::{IMPORT_CONTROLLER, SYSTEM_API_SERVER, is_system_namespace};
pub use id::RuleId;

impl RuleId {
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
