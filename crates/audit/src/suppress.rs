//! Applies exceptions. A suppressed finding remains in the report, with its exception.

mod claim;
mod doubt;
mod notices;
mod waiver;

use std::collections::BTreeMap;

use extreg_snapshot::place::ObjectId;
use jiff::civil::Date;

use self::claim::Claim;
use self::notices::Notices;
use self::waiver::Waiver;
use crate::exceptions::{Exceptions, Standing};
use crate::finding::Suppression;
use crate::report::{Report, Section};

/// [`Suppression::by`] of what an annotation suppresses.
pub const ANNOTATION: &str = "annotation";

/// What can suppress a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Whether annotations can: every user who can edit an object can write one.
    pub annotations: bool,
    /// The latest expiry date; an exception that lasts longer suppresses nothing.
    pub latest: Date,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            annotations: true,
            latest: Date::MAX,
        }
    }
}

/// Suppresses the findings that an exception or an annotation of the object applies to, and notes in the
/// report which of those expired, expire soon, are invalid, are beyond the limits or suppress nothing.
///
/// Of several for one finding, the one that lasts longest counts. An expired one
/// suppresses nothing. To show everything, do not call this.
pub fn suppress(report: &mut Report, exceptions: &Exceptions, limits: Limits, today: Date) {
    let mut notices = Notices::new(today, limits);
    let mut listed: Vec<Waiver> = exceptions.entries.iter().map(Waiver::listed).collect();
    let several = report.sections.len() > 1;
    for section in &mut report.sections {
        let source = if several { &*section.source } else { "" };
        let mut claims = claim::read(section, source, &mut notices);
        if !limits.annotations {
            notices.set_aside(claims.len());
            claims.clear();
        }
        let all = (exceptions, &mut *listed);
        apply(section, all, &mut claims, limits, today);
        for claim in &claims {
            // A pod has the annotations of its template: one notice is enough.
            if !section.owners.contains_key(&claim.object) {
                notices.account(
                    &claim.waiver,
                    doubt::of_claim(claim, section, &report.checks),
                );
            }
        }
    }
    for (exception, waiver) in exceptions.entries.iter().zip(&listed) {
        notices.account(waiver, doubt::of_exception(exception, report));
    }
    notices.close(report);
}

fn apply(
    section: &mut Section,
    (exceptions, listed): (&Exceptions, &mut [Waiver]),
    claims: &mut [Claim],
    limits: Limits,
    today: Date,
) {
    let mut of_object: BTreeMap<ObjectId, Vec<&mut Claim>> = BTreeMap::new();
    for claim in claims {
        let object = claim.object.clone();
        of_object.entry(object).or_default().push(claim);
    }
    for finding in &mut section.findings {
        let by_list = exceptions.entries.iter().zip(&mut *listed);
        let by_list = by_list.filter(|(exception, _)| exception.covers(finding));
        let by_object = of_object
            .get_mut(&finding.place.object)
            .into_iter()
            .flatten();
        let by_object = by_object.filter(|claim| claim.covers(finding));
        let waivers = by_list
            .map(|(_, waiver)| waiver)
            .chain(by_object.map(|claim| &mut claim.waiver));
        finding.suppression = decide(waivers.collect(), limits, today);
    }
}

/// Chooses what suppresses a finding, of all that apply to it. Each records its use.
fn decide(mut waivers: Vec<&mut Waiver>, limits: Limits, today: Date) -> Option<Suppression> {
    for waiver in &mut waivers {
        waiver.covers += 1;
    }
    let longest = waivers
        .iter_mut()
        .filter(|waiver| waiver.term.expires() <= limits.latest)
        .filter(|waiver| waiver.term.standing(today) != Standing::Expired)
        .reduce(|best, next| {
            if next.term.expires() > best.term.expires() {
                next
            } else {
                best
            }
        });
    if let Some(waiver) = longest {
        waiver.carries += 1;
        return Some(waiver.suppression());
    }
    for waiver in waivers {
        waiver.lost += 1;
    }
    None
}

#[cfg(test)]
mod tests;
