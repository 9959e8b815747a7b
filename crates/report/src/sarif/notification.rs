//! The notifications of a run.

use extreg_audit::report::{Report, Section};

use super::RESULTS_OF_A_RUN;
use super::model::{Descriptor, Notification, NotificationRule};
use super::text::{identifier, message};
use crate::phrases;

/// The maximum number of runs per file that GitHub accepts.
const RUNS_OF_A_FILE: usize = 20;

const GAP: &str = "coverage-gap";
const NOTHING: &str = "nothing-read";
const UNUSED: &str = "unused-exception";
const NOTICE: &str = "other-notice";
const FIXED: &str = "no-longer-found";
const OPT_OUT: &str = "opt-out";
const SPLIT: &str = "run-split";

/// The part of a section that a run holds.
#[derive(Clone, Copy)]
pub(super) struct Part {
    /// Its number, from 1.
    pub(super) number: usize,
    /// The number of parts of the section.
    pub(super) parts: usize,
    /// Whether it is the first of the report, which holds the notifications without a section.
    pub(super) first: bool,
    /// The number of results of the section.
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

/// Every kind of notification, and its meaning.
const MEANINGS: [(&str, &str); 7] = [
    (GAP, "An object could not be read."),
    (NOTHING, "No objects were read."),
    (UNUSED, "An exception suppresses nothing."),
    (NOTICE, "Another notice."),
    (FIXED, "A finding of the baseline no longer exists."),
    (OPT_OUT, "An object opted out of the webhook."),
    (SPLIT, "The report exceeds a limit of code scanning."),
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
    let mut notifications = Vec::new();
    if part.parts > 1 {
        let text = format!(
            "Run {} of {}: {} results exceed the limit of {RESULTS_OF_A_RUN} per run",
            part.number, part.parts, part.all
        );
        notifications.push(notification(SPLIT, "note", &text));
    }
    if section.coverage.objects() == 0 {
        notifications.push(notification(NOTHING, "error", phrases::NOTHING_READ));
    }
    for gap in &section.coverage.gaps {
        let text = format!("Not read: {}", phrases::gap(gap));
        notifications.push(notification(GAP, "error", &text));
    }
    for opt_out in &section.opt_outs {
        let text = format!(
            "Opted out by {}: {}",
            opt_out.by,
            phrases::place(&opt_out.place)
        );
        notifications.push(notification(OPT_OUT, "note", &text));
    }
    if part.first {
        of_the_report(report, &mut notifications);
    }
    notifications
}

fn of_the_report(report: &Report, notifications: &mut Vec<Notification>) {
    if report.sections.len() > RUNS_OF_A_FILE {
        let text = format!("GitHub reads at most {RUNS_OF_A_FILE} runs per file");
        notifications.push(notification(SPLIT, "warning", &text));
    }
    for exception in &report.unused_exceptions {
        let text = format!("An exception suppresses nothing: {exception}");
        notifications.push(notification(UNUSED, "warning", &text));
    }
    for notice in &report.notices {
        notifications.push(notification(NOTICE, "note", notice));
    }
    for known in &report.fixed {
        let text = format!("No longer found: {}", phrases::fixed(known));
        notifications.push(notification(FIXED, "note", &text));
    }
}

fn notification(id: &'static str, level: &'static str, text: &str) -> Notification {
    Notification {
        descriptor: Descriptor { id },
        level,
        message: message(text),
    }
}
