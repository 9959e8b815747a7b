//! What a run has to say besides its results.

use extreg_audit::report::{Report, Section};

use super::RESULTS_OF_A_RUN;
use super::model::{Descriptor, Notification, NotificationRule};
use super::text::{identifier, message};
use crate::phrases;

/// How many runs GitHub takes of one file.
const RUNS_OF_A_FILE: usize = 20;

const GAP: &str = "coverage-gap";
const NOTHING: &str = "nothing-read";
const UNUSED: &str = "unused-exception";
const NOTICE: &str = "other-notice";
const FIXED: &str = "no-longer-found";
const OPT_OUT: &str = "opt-out";
const SPLIT: &str = "run-split";

/// Which run of a section it is.
#[derive(Clone, Copy)]
pub(super) struct Part {
    /// Its number, from 1.
    pub(super) number: usize,
    /// How many the section has.
    pub(super) parts: usize,
    /// Whether it is the first of the report, which says what is of no section.
    pub(super) first: bool,
    /// How many results the section has.
    pub(super) all: usize,
}

impl Part {
    /// The only one.
    pub(super) const fn only() -> Self {
        Self {
            number: 1,
            parts: 1,
            first: true,
            all: 0,
        }
    }
}

/// Every kind of notification, and what it means.
const MEANINGS: [(&str, &str); 7] = [
    (GAP, "Something could not be looked at."),
    (NOTHING, "Nothing was looked at."),
    (UNUSED, "An exception suppresses nothing."),
    (NOTICE, "What else the reader should know."),
    (FIXED, "What the baseline had is no longer found."),
    (OPT_OUT, "Something opted out of the webhook."),
    (
        SPLIT,
        "The report is larger than code scanning takes at once.",
    ),
];

pub(super) fn descriptors() -> Vec<NotificationRule> {
    MEANINGS
        .iter()
        .map(|(id, meaning)| NotificationRule {
            id,
            name: identifier(id),
            short_description: message(meaning),
            full_description: message(meaning),
            help: message(meaning),
        })
        .collect()
}

pub(super) fn of(report: &Report, section: &Section, part: Part) -> Vec<Notification> {
    let mut said = Vec::new();
    if part.parts > 1 {
        let text = format!(
            "Run {} of {}: {} results are more than the {RESULTS_OF_A_RUN} that a run may have",
            part.number, part.parts, part.all
        );
        said.push(notification(SPLIT, "note", &text));
    }
    if section.coverage.objects() == 0 {
        said.push(notification(NOTHING, "error", phrases::NOTHING_READ));
    }
    for gap in &section.coverage.gaps {
        let text = format!("Not looked at: {}", phrases::gap(gap));
        said.push(notification(GAP, "error", &text));
    }
    for opt_out in &section.opt_outs {
        let text = format!(
            "Opted out by {}: {}",
            opt_out.by,
            phrases::place(&opt_out.place)
        );
        said.push(notification(OPT_OUT, "note", &text));
    }
    if part.first {
        of_the_report(report, &mut said);
    }
    said
}

fn of_the_report(report: &Report, said: &mut Vec<Notification>) {
    if report.sections.len() > RUNS_OF_A_FILE {
        let text = format!("GitHub reads no more than {RUNS_OF_A_FILE} runs of a file");
        said.push(notification(SPLIT, "warning", &text));
    }
    for exception in &report.unused_exceptions {
        let text = format!("An exception suppresses nothing: {exception}");
        said.push(notification(UNUSED, "warning", &text));
    }
    for notice in &report.notices {
        said.push(notification(NOTICE, "note", notice));
    }
    for known in &report.fixed {
        let text = format!("No longer found: {}", phrases::fixed(known));
        said.push(notification(FIXED, "note", &text));
    }
}

fn notification(id: &'static str, level: &'static str, text: &str) -> Notification {
    Notification {
        descriptor: Descriptor { id },
        level,
        message: message(text),
    }
}
