//! Findings as results.

use extreg_audit::check::CheckId;
use extreg_audit::finding::Finding;
use extreg_audit::report::Section;
use extreg_audit::saved::KnownFinding;
use extreg_remedy::Outcome;

use super::location;
use super::model::{Fingerprints, ResultOf, ResultProperties, Suppression, SuppressionProperties};
use super::rule::level;
use super::taxonomy::Taxonomies;
use super::text::message;
use crate::phrases;
use crate::state::State;

pub(super) fn of<'a>(
    section: &'a Section,
    finding: &'a Finding,
    fingerprint: String,
) -> ResultOf<'a> {
    let text = format!(
        "{}. In {}. {} Fix: {}",
        finding.message,
        phrases::place(&finding.place),
        finding.why,
        finding.fix_text()
    );
    let (kind, level) = match finding.outcome {
        Outcome::Fail => ("fail", level(finding.severity)),
        // "open" means that the rule was evaluated without enough information (2.1.0, section 3.27.9); only
        // failed results have a level.
        Outcome::Unknown => ("open", "none"),
    };
    let said = finding.suppression.iter();
    ResultOf {
        check: Some(finding.check),
        rule_id: Some(finding.check.as_str()),
        rule_index: None,
        kind,
        level,
        message: message(&text),
        locations: vec![location::of(&section.source, &finding.place)],
        partial_fingerprints: Fingerprints {
            primary_location_line_hash: fingerprint,
        },
        suppressions: said
            .map(|said| Suppression {
                kind: if said.by == "annotation" {
                    "inSource"
                } else {
                    "external"
                },
                status: "accepted",
                justification: &said.reason,
                properties: SuppressionProperties {
                    by: &said.by,
                    expires: &said.expires,
                },
            })
            .collect(),
        baseline_state: finding.baseline.map(phrases::baseline),
        taxa: Vec::new(),
        properties: Some(ResultProperties {
            rule: finding.rule,
            severity: finding.severity.as_str(),
            state: State::from_finding(finding).word(),
            field: &finding.place.field,
            image: finding.image.as_ref().map(|image| &*image.written),
            why: &finding.why,
            fix: finding.rendered_fix(),
            docs: finding.check.docs(),
        }),
    }
}

/// A finding of the baseline that this audit does not have.
pub(super) fn absent(known: &KnownFinding) -> ResultOf<'_> {
    ResultOf {
        check: known.check.parse().ok(),
        rule_id: Some(&known.check),
        rule_index: None,
        kind: "pass",
        level: "none",
        message: message(&known.words()),
        locations: vec![location::gone(known)],
        partial_fingerprints: Fingerprints {
            primary_location_line_hash: format!("{}:1", known.fingerprint),
        },
        suppressions: Vec::new(),
        baseline_state: Some("absent"),
        taxa: Vec::new(),
        properties: None,
    }
}

impl ResultOf<'_> {
    /// Refers to the rule and the controls of its run.
    pub(super) fn refer(&mut self, rules: &[CheckId], taxonomies: &Taxonomies) {
        if let Some(check) = self.check {
            self.rule_index = rules.iter().position(|rule| *rule == check);
            self.taxa = taxonomies.taxa(check);
        }
    }
}
