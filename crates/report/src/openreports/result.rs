//! Findings and other notices as results.

use std::collections::BTreeMap;

use extreg_audit::check::Severity;
use extreg_audit::finding::Finding;
use extreg_audit::report::{Report, Section};
use extreg_snapshot::OptOut;
use extreg_snapshot::coverage::Gap;
use extreg_snapshot::place::{Origin, Place};

use super::model::{Outcome, ReportResult, Resource, Timestamp};
use crate::phrases;
use crate::state::State;

/// The maximum length of a text, in bytes: a registry can answer with a page.
const LONGEST: usize = 8 << 10;

const CATEGORY: &str = "Registry usage";

pub(super) fn of(report: &Report, finding: &Finding) -> ReportResult {
    let (result, scored) = match (State::from_finding(finding), finding.severity) {
        (State::Suppressed, _) => (Outcome::Skip, false),
        (State::Unknown, _) => (Outcome::Error, false),
        (State::Open, Severity::Info) => (Outcome::Warn, false),
        (State::Open, _) => (Outcome::Fail, true),
    };
    ReportResult {
        policy: finding.check.as_str(),
        rule: finding.rule,
        severity: Some(finding.severity.as_str()),
        result,
        scored,
        resources: vec![resource(&finding.place)],
        message: clip(&finding.message),
        properties: properties(finding),
        ..base(report)
    }
}

pub(super) fn gap(report: &Report, gap: &Gap) -> ReportResult {
    ReportResult {
        policy: "coverage",
        rule: gap.why.word(),
        result: Outcome::Error,
        message: clip(&format!("Not read: {}", phrases::gap(gap))),
        ..base(report)
    }
}

pub(super) fn opt_out(report: &Report, opt_out: &OptOut) -> ReportResult {
    ReportResult {
        policy: "opt-out",
        result: Outcome::Skip,
        resources: vec![resource(&opt_out.place)],
        message: clip(&format!("Opted out by {}", opt_out.by)),
        ..base(report)
    }
}

/// The results of checks that found nothing: they pass only if everything was read.
pub(super) fn of_checks(report: &Report, section: &Section) -> Vec<ReportResult> {
    let mut results = Vec::new();
    if section.coverage.objects() == 0 {
        results.push(nothing_read(report));
    }
    if phrases::is_complete(section) {
        let silent = phrases::silent_checks(report, section);
        results.extend(silent.map(|check| ReportResult {
            policy: check.as_str(),
            severity: Some(check.severity().as_str()),
            result: Outcome::Pass,
            scored: true,
            message: format!("Nothing found: {}", check.title()),
            ..base(report)
        }));
    }
    results
}

/// The results without a section.
pub(super) fn of_the_report(report: &Report) -> Vec<ReportResult> {
    let mut results = Vec::new();
    if report.sections.is_empty() {
        results.push(nothing_read(report));
    }
    for exception in &report.unused_exceptions {
        results.push(ReportResult {
            policy: "exceptions",
            rule: "unused",
            result: Outcome::Warn,
            message: clip(&format!("An exception suppresses nothing: {exception}")),
            ..base(report)
        });
    }
    for notice in &report.notices {
        results.push(ReportResult {
            policy: "notice",
            result: Outcome::Warn,
            message: clip(notice),
            ..base(report)
        });
    }
    for known in &report.fixed {
        results.push(ReportResult {
            policy: "baseline",
            rule: "fixed",
            result: Outcome::Pass,
            message: clip(&format!("No longer found: {}", phrases::fixed(known))),
            properties: BTreeMap::from([("fingerprint", known.fingerprint.clone())]),
            ..base(report)
        });
    }
    results
}

fn nothing_read(report: &Report) -> ReportResult {
    ReportResult {
        policy: "coverage",
        rule: "nothing-read",
        result: Outcome::Error,
        message: phrases::NOTHING_READ.to_owned(),
        ..base(report)
    }
}

/// The common part of all results.
fn base(report: &Report) -> ReportResult {
    ReportResult {
        policy: "",
        rule: "",
        category: CATEGORY,
        severity: None,
        timestamp: phrases::timestamp(report).map(|at| Timestamp {
            seconds: at.as_second(),
            nanos: at.subsec_nanosecond(),
        }),
        result: Outcome::Error,
        scored: false,
        resources: Vec::new(),
        message: String::new(),
        properties: BTreeMap::new(),
    }
}

fn resource(place: &Place) -> Resource {
    let api = place.object.kind.api();
    Resource {
        api_version: api.api_version(),
        kind: api.kind,
        namespace: clip(&place.object.namespace),
        name: clip(&place.object.name),
        field_path: clip(&place.field),
    }
}

fn properties(finding: &Finding) -> BTreeMap<&'static str, String> {
    let file = match &finding.place.origin {
        Origin::Cluster => String::new(),
        origin @ Origin::File { .. } => origin.to_string(),
    };
    let fix = finding.rendered_fix();
    let mut properties = BTreeMap::from([
        ("fingerprint", finding.fingerprint()),
        ("container", finding.place.part.to_string()),
        ("file", file),
        ("why", finding.why.clone()),
        ("fixCommand", fix.command.unwrap_or_default()),
        ("fixInspect", fix.inspect.unwrap_or_default()),
        ("fixInstruction", fix.instruction.unwrap_or_default()),
        ("docs", finding.check.docs()),
        ("controls", phrases::controls(finding.check).join("; ")),
        (
            "baseline",
            finding
                .baseline
                .map(phrases::baseline)
                .unwrap_or_default()
                .to_owned(),
        ),
    ]);
    if let Some(image) = &finding.image {
        properties.insert("image", image.written.to_string());
        properties.insert("registry", image.registry.to_string());
        properties.insert("digest", image.digest.to_string());
    }
    if let Some(said) = &finding.suppression {
        properties.insert("suppressedBy", said.by.clone());
        properties.insert("suppressionReason", said.reason.clone());
        properties.insert("suppressionExpires", said.expires.clone());
    }
    properties.retain(|_, value| !value.is_empty());
    for value in properties.values_mut() {
        *value = clip(value);
    }
    properties
}

fn clip(text: &str) -> String {
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let mut clipped = String::with_capacity(LONGEST + 16);
    for c in text.chars() {
        if clipped.len() + c.len_utf8() > LONGEST {
            break;
        }
        clipped.push(c);
    }
    clipped + " … (cut)"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_and_marked() {
        let page = "ü".repeat(LONGEST);
        let clipped = clip(&page);
        assert_eq!(clipped.len(), LONGEST + " … (cut)".len());
        assert!(clipped.ends_with("ü … (cut)"));
        assert_eq!(clip("short"), "short");
    }
}
