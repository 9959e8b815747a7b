//! Findings and saved reports for tests.

#[cfg(test)]
pub(crate) mod world;

use extreg_remedy::{Caller, Outcome, Remedy};
use extreg_snapshot::place::Place;

use crate::check::CheckId;
use crate::finding::Finding;
use crate::report::{Report, Section};
use crate::saved::{
    SavedCheck, SavedCoverage, SavedFinding, SavedPlace, SavedReport, SavedSection,
    SavedSuppression,
};

/// An open finding about that place, with the check's default severity.
pub fn finding(check: CheckId, rule: &'static str, place: Place) -> Finding {
    Finding {
        check,
        rule,
        severity: check.severity(),
        outcome: Outcome::Fail,
        place,
        image: None,
        message: format!("{check} {rule}"),
        why: "why".to_owned(),
        fix: Remedy::instruct("oc fix"),
        invocation: Caller::Oc.into(),
        suppression: None,
        baseline: None,
    }
}

/// A report as it is read back from the document that it was written to.
pub fn saved(report: &Report) -> SavedReport {
    let section = |section: &Section| SavedSection {
        source: section.source.clone(),
        coverage: SavedCoverage::of(&section.coverage),
        findings: section.findings.iter().map(saved_finding).collect(),
    };
    let checks = report.checks.iter().map(|check| SavedCheck {
        id: check.to_string(),
    });
    SavedReport {
        generated: report.generated.clone(),
        version: report.version.clone(),
        checks: checks.collect(),
        sections: report.sections.iter().map(section).collect(),
    }
}

/// A finding as it is read back.
pub fn saved_finding(finding: &Finding) -> SavedFinding {
    let suppression = finding.suppression.as_ref();
    SavedFinding {
        fingerprint: finding.fingerprint(),
        check: finding.check.to_string(),
        rule: finding.rule.to_owned(),
        severity: finding.severity,
        outcome: finding.outcome,
        place: SavedPlace::of(&finding.place),
        message: finding.message.clone(),
        suppression: suppression.map(|said| SavedSuppression {
            by: said.by.clone(),
            expires: said.expires.clone(),
        }),
    }
}
