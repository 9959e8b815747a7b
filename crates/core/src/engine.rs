//! The decision: pure, deterministic, the same for the webhook, the check and the audit.

use crate::facts::Facts;
use crate::object::Subject;
use crate::rule::RuleId;
use crate::verdict::Verdict;

/// The rules, applied in a fixed order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Engine;

impl Engine {
    /// Decides about one object.
    ///
    /// A verdict with [`Verdict::needs_stream`] is not final: it lacks the places that depend on that
    /// ImageStream. Read the stream and evaluate again with
    /// [`crate::facts::StreamRead::Present`], `Absent` or `Failed`; that verdict needs nothing.
    pub fn evaluate<'a>(self, subject: &'a Subject<'_>, facts: &'a Facts<'_>) -> Verdict<'a> {
        let mut verdict = Verdict::default();
        for rule in RuleId::ALL {
            rule.evaluate(subject, facts, &mut verdict);
        }
        verdict
    }
}
