//! Whether an exception is certainly unused: it can be for a check that did not run, or for an object that was
//! not read.

use extreg_snapshot::coverage::{Coverage, Gap, GapSubject};

use super::claim::Claim;
use crate::check::CheckId;
use crate::exceptions::Exception;
use crate::report::{Report, Section};

/// Why this is unknown.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// One of its checks did not run.
    NotRun,
    /// An object that it can apply to was not read: its description.
    NotSeen(String),
}

/// For an exception, over all sections.
pub(super) fn of_exception(exception: &Exception, report: &Report) -> Option<Doubt> {
    if !exception
        .checks()
        .iter()
        .all(|check| report.checks.contains(check))
    {
        return Some(Doubt::NotRun);
    }
    report.sections.iter().find_map(|section| {
        let coverage = &section.coverage;
        out_of_scope(exception, coverage)
            .or_else(|| {
                coverage
                    .gaps
                    .iter()
                    .find(|gap| hides(gap, exception))
                    .map(Gap::words)
            })
            .map(Doubt::NotSeen)
    })
}

/// For an annotation: its object was read.
pub(super) fn of_claim(claim: &Claim, section: &Section, asked: &[CheckId]) -> Option<Doubt> {
    if !asked.contains(&claim.check) {
        return Some(Doubt::NotRun);
    }
    let gaps = &section.coverage.gaps;
    gaps.iter()
        .find(|gap| match &gap.what {
            GapSubject::List { namespace, .. } => {
                namespace.is_empty() || *namespace == claim.object.namespace
            }
            GapSubject::Document(_) | GapSubject::Fact(_) => false,
        })
        .map(|gap| Doubt::NotSeen(gap.words()))
}

fn out_of_scope(exception: &Exception, coverage: &Coverage) -> Option<String> {
    let scope = &coverage.scope;
    let all = scope.namespaces.is_none() && scope.selector.is_empty();
    let only = exception.namespace().and_then(|glob| glob.literal());
    if all || only.is_some_and(|namespace| scope.holds(namespace)) {
        return None;
    }
    Some("the audit was limited to some namespaces or objects".to_owned())
}

fn hides(gap: &Gap, exception: &Exception) -> bool {
    match &gap.what {
        GapSubject::List { kind, namespace } => {
            exception.kinds().contains(kind)
                && (namespace.is_empty()
                    || exception
                        .namespace()
                        .is_none_or(|glob| glob.matches(namespace)))
        }
        GapSubject::Document(_) => true,
        // If a fact is missing, the finding exists and is inconclusive.
        GapSubject::Fact(_) => false,
    }
}
