//! Checks as rules.

use std::collections::BTreeSet;

use extreg_audit::check::{CheckId, Severity};
use extreg_audit::report::Report;

use super::model::{Configuration, Help, Relationship, Rule, RuleProperties};
use super::taxonomy::Taxonomies;
use super::text::{identifier, markdown, message};
use crate::phrases;

/// The maximum number of tags per rule that GitHub keeps.
const TAGS: usize = 10;

/// The checks that ran, and any other check that has findings.
pub(super) fn of(report: &Report) -> Vec<CheckId> {
    let mut checks: BTreeSet<_> = report.checks.iter().copied().collect();
    checks.extend(report.findings().map(|(_, finding)| finding.check));
    checks.into_iter().collect()
}

pub(super) fn descriptor(check: CheckId, taxonomies: &Taxonomies) -> Rule {
    let (title, docs) = (check.title(), check.docs());
    let full = match phrases::controls(check) {
        controls if controls.is_empty() => check.summary().to_owned(),
        controls => format!("{} Evidence for {}.", check.summary(), controls.join(", ")),
    };
    let help = format!("{full} Each result has its fix. More: {docs}");
    Rule {
        id: check.as_str(),
        name: identifier(title),
        short_description: message(title),
        full_description: message(&full),
        help: Help {
            text: message(&help).text,
            markdown: markdown(check.page()),
        },
        help_uri: docs,
        default_configuration: Configuration {
            level: level(check.severity()),
        },
        properties: RuleProperties {
            precision: "high",
            problem_severity: match check.severity() {
                Severity::Critical | Severity::High => "error",
                Severity::Medium => "warning",
                Severity::Low | Severity::Info => "recommendation",
            },
            security_severity: security_severity(check.severity()),
            tags: tags(check),
        },
        relationships: taxonomies
            .taxa(check)
            .into_iter()
            .map(|target| Relationship {
                target,
                kinds: ["relevant"],
            })
            .collect(),
    }
}

pub(super) const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical | Severity::High => "error",
        Severity::Medium => "warning",
        Severity::Low | Severity::Info => "note",
    }
}

/// The middle of GitHub's range for that severity; none for information.
const fn security_severity(severity: Severity) -> Option<&'static str> {
    match severity {
        Severity::Critical => Some("9.5"),
        Severity::High => Some("8.0"),
        Severity::Medium => Some("5.5"),
        Severity::Low => Some("2.0"),
        Severity::Info => None,
    }
}

fn tags(check: CheckId) -> Vec<String> {
    let own = ["security", "openshift", "registry"].map(str::to_owned);
    let controls = check.controls().iter();
    let controls = controls.map(|control| format!("{}/{}", control.benchmark.word(), control.id));
    own.into_iter().chain(controls).take(TAGS).collect()
}
