//! Findings of the checks in a cluster that a test builds.

pub(crate) use extreg_snapshot::testing::{HUB, World, names};

use extreg_remedy::{Caller, Outcome};

use crate::check::CheckId;
use crate::finding::Finding;
use crate::judge::{Options, judge};

/// 20 November 2026, 12:00 UTC.
pub(crate) const NOW: i64 = 1_795_176_000;

/// Runs a check on a cluster.
pub(crate) trait RunCheck {
    /// The findings.
    fn judge(self, check: CheckId) -> Vec<Finding>;
    /// Each finding as `rule outcome place part`.
    fn lines(self, check: CheckId) -> Vec<String>;
}

impl RunCheck for World {
    fn judge(self, check: CheckId) -> Vec<Finding> {
        let options = Options {
            checks: [check].into(),
            caller: Caller::Oc,
            now: NOW,
        };
        judge(self.0, &options).findings
    }

    fn lines(self, check: CheckId) -> Vec<String> {
        self.judge(check).iter().map(line).collect()
    }
}

/// A finding as `rule place part`, with a `?` if it is inconclusive.
pub(crate) fn line(finding: &Finding) -> String {
    let doubt = if finding.outcome == Outcome::Unknown {
        "?"
    } else {
        ""
    };
    let place = &finding.place;
    let part = if place.part.is_empty() {
        String::new()
    } else {
        format!(" {}", place.part)
    };
    format!("{}{doubt} {}{part}", finding.rule, place.object.reference())
}
