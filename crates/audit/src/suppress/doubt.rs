//! Whether it can be told that something suppresses nothing: what was not asked and what was not
//! seen may have been what it is for.

use extreg_snapshot::coverage::{Coverage, Gap, GapSubject};

use super::claim::Claim;
use crate::check::CheckId;
use crate::exceptions::Exception;
use crate::report::{Report, Section};

/// Why it cannot be told.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// A check of it was not asked.
    NotAsked,
    /// Something that it may be for was not looked at: what that is.
    NotSeen(String),
}

/// Of an exception, over all sections.
pub(super) fn of_exception(exception: &Exception, report: &Report) -> Option<Doubt> {
    if !exception
        .checks()
        .iter()
        .all(|check| report.checks.contains(check))
    {
        return Some(Doubt::NotAsked);
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

/// Of an annotation: its object was read.
pub(super) fn of_claim(claim: &Claim, section: &Section, asked: &[CheckId]) -> Option<Doubt> {
    if !asked.contains(&claim.check) {
        return Some(Doubt::NotAsked);
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
    Some("not all namespaces and objects were asked for".to_owned())
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
        // Where a fact is missing the finding is there and its outcome unknown.
        GapSubject::Fact(_) => false,
    }
}
