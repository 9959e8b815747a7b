//! Texts of one line that several formats share.

use extreg_audit::check::CheckId;
use extreg_audit::finding::{BaselineState, Finding, Suppression};
use extreg_audit::report::{Report, Section};
use extreg_audit::saved::KnownFinding;
use extreg_snapshot::coverage::Gap;
use extreg_snapshot::place::{Origin, Place};
use extreg_snapshot::{Injection, InjectionOutcome, SourceKind};
use jiff::Timestamp;

use super::state::State;

/// `deployment.apps/cart in shop, web`, and the file if it was read from one.
pub(super) fn place(place: &Place) -> String {
    let mut text = place.object.to_string();
    if !place.part.is_empty() {
        text = format!("{text}, {}", place.part);
    }
    match &place.origin {
        Origin::Cluster => text,
        origin @ Origin::File { .. } => format!("{text} ({origin})"),
    }
}

/// `secrets in shop: not permitted: …`.
pub(super) fn gap(gap: &Gap) -> String {
    match &*gap.message {
        "" => gap.words(),
        message => format!("{}: {message}", gap.words()),
    }
}

/// `until 2027-01-31, by exceptions.yaml:12: …`.
pub(super) fn suppression(suppression: &Suppression) -> String {
    format!(
        "until {}, by {}: {}",
        suppression.expires, suppression.by, suppression.reason
    )
}

pub(super) const fn baseline(state: BaselineState) -> &'static str {
    match state {
        BaselineState::New => "new",
        BaselineState::Unchanged => "unchanged",
    }
}

pub(super) const fn outcome(outcome: InjectionOutcome) -> &'static str {
    match outcome {
        InjectionOutcome::Sets => "sets",
        InjectionOutcome::WouldSet => "wouldSet",
        InjectionOutcome::Keeps(_) => "keeps",
    }
}

/// The controls of a check as text: `CIS OpenShift 1.9.0 5.5.1`.
pub(super) fn controls(check: CheckId) -> Vec<String> {
    check.controls().iter().map(ToString::to_string).collect()
}

/// Whether everything that was requested was read. False for an empty section.
pub(super) fn is_complete(section: &Section) -> bool {
    section.percent() == 100
}

/// The text for a report without sources, or a source without objects.
pub(super) const NOTHING_READ: &str = "No objects were read: this is not a clean result";

/// `coverage 85 % (objects read: 120, gaps: 2)`.
pub(super) fn coverage(section: &Section) -> String {
    let coverage = &section.coverage;
    format!(
        "coverage {} % (objects read: {}, gaps: {})",
        section.percent(),
        coverage.objects(),
        coverage.gaps.len()
    )
}

/// The checks that ran on this source and have no finding, not even a suppressed or unknown one.
pub(super) fn silent_checks<'a>(
    report: &'a Report,
    section: &'a Section,
) -> impl Iterator<Item = CheckId> + 'a {
    report.checks.iter().copied().filter(|check| {
        let is_asked = section.kind != SourceKind::Files || !check.is_of_cluster();
        let mut findings = section.findings.iter();
        is_asked && findings.all(|finding| finding.check != *check)
    })
}

/// The webhook's decision about a place, in its own words, with its warnings.
pub(super) fn injection(injection: &Injection) -> String {
    let mut text = String::from(&*injection.words);
    for warning in &injection.warnings {
        text = format!("{text}; {warning}");
    }
    text
}

/// The time when the report was created, if it is in RFC 3339.
pub(super) fn timestamp(report: &Report) -> Option<Timestamp> {
    report.generated.parse().ok()
}

/// A finding in one line.
pub(super) fn finding(finding: &Finding) -> String {
    let suppressed = match &finding.suppression {
        Some(said) => format!(" ({})", suppression(said)),
        None => String::new(),
    };
    format!(
        "{} {} {} {}: {} in {}. {} Fix: {} More: {}{suppressed}",
        finding.check,
        finding.severity,
        State::from_finding(finding).word(),
        finding.fingerprint(),
        finding.message,
        place(&finding.place),
        finding.why,
        finding.fix_text(),
        finding.check.docs()
    )
}

/// A finding of the baseline, in one line.
pub(super) fn fixed(known: &KnownFinding) -> String {
    format!("{} {} {}", known.check, known.fingerprint, known.words())
}
