//! What stands around the rows: title, counts, gaps and what to do next.

use extreg_audit::finding::BaselineState;
use extreg_audit::report::{Report, Summary};
use extreg_snapshot::coverage::GapReason;

use super::{Cell, Line, Tone};
use crate::phrases::place;
use crate::words::{count, reason};

/// As many opt-outs are named; the rest is counted.
const MOST_OPT_OUTS: usize = 10;

pub(super) fn title(report: &Report) -> Line {
    let sources: Vec<&str> = report
        .sections
        .iter()
        .map(|section| section.source.as_str())
        .collect();
    vec![
        Cell::plain("Audit of "),
        Cell::strong(sources.join(", ")),
        Cell::dim(format!(", {}", report.generated)),
    ]
}

pub(super) fn summary(report: &Report) -> Vec<Line> {
    let summary = report.summary();
    let mut lines = vec![verdict(&summary)];
    let beside: Vec<String> = [
        (summary.unknown, "inconclusive"),
        (summary.suppressed, "suppressed"),
    ]
    .into_iter()
    .filter(|(number, _)| *number > 0)
    .map(|(number, what)| format!("{number} {what}"))
    .collect();
    if !beside.is_empty() {
        lines.push(vec![Cell::plain(beside.join(", "))]);
    }
    lines.extend(baseline(report));
    lines.push(vec![Cell::dim(format!(
        "{} with {} read, coverage {}%",
        count(summary.objects, "object"),
        count(summary.uses, "image field"),
        summary.coverage
    ))]);
    lines
}

/// What else the reader should know.
pub(super) fn notes(report: &Report) -> Vec<Line> {
    let mut lines = opt_outs(report);
    for (name, texts) in [
        ("Unused exception: ", &report.unused_exceptions),
        ("Notice: ", &report.notices),
    ] {
        for text in texts {
            lines.push(vec![Cell::new(Tone::Attention, name), Cell::plain(text)]);
        }
    }
    lines
}

/// What users opted out, a line each: it is not judged, so that it is shown.
fn opt_outs(report: &Report) -> Vec<Line> {
    let all: Vec<_> = report
        .sections
        .iter()
        .flat_map(|section| &section.opt_outs)
        .collect();
    let mut lines: Vec<Line> = all
        .iter()
        .take(MOST_OPT_OUTS)
        .map(|out| {
            vec![
                Cell::new(Tone::Attention, "Opted out: "),
                Cell::plain(place(&out.place)),
                Cell::dim(format!(" by {}", out.by)),
            ]
        })
        .collect();
    if let Some(more) = all.len().checked_sub(MOST_OPT_OUTS + 1) {
        let more = count(more + 1, "more object");
        lines.push(vec![Cell::new(
            Tone::Attention,
            format!("Opted out: {more}"),
        )]);
    }
    lines
}

/// Good only if objects were read and none is missing.
fn verdict(summary: &Summary) -> Line {
    let open: usize = summary.open.values().sum();
    if summary.objects == 0 {
        return vec![Cell::new(Tone::Bad, "Nothing was read")];
    }
    if open == 0 {
        let tone = if summary.gaps == 0 && summary.unknown == 0 {
            Tone::Good
        } else {
            Tone::Attention
        };
        return vec![Cell::new(tone, "No open findings")];
    }
    let mut line = vec![Cell::strong(count(open, "open finding")), Cell::plain(": ")];
    for (at, (severity, number)) in summary.open.iter().rev().enumerate() {
        if at > 0 {
            line.push(Cell::plain(", "));
        }
        line.push(Cell::new(
            Tone::from(*severity),
            format!("{number} {severity}"),
        ));
    }
    line
}

fn baseline(report: &Report) -> Option<Line> {
    let mut compared = false;
    let mut new = 0;
    for (_, finding) in report.findings().filter(|(_, finding)| finding.is_open()) {
        compared |= finding.baseline.is_some();
        new += usize::from(finding.baseline == Some(BaselineState::New));
    }
    (compared || !report.fixed.is_empty()).then(|| {
        vec![Cell::plain(format!(
            "Against the baseline: {new} new, {} fixed",
            report.fixed.len()
        ))]
    })
}

pub(super) fn gaps(report: &Report) -> Vec<Line> {
    let several = report.sections.len() > 1;
    let mut lines = Vec::new();
    for section in &report.sections {
        for gap in &section.coverage.gaps {
            let mut line = vec![Cell::new(Tone::Attention, format!("{}: ", reason(gap.why)))];
            if several {
                line.push(Cell::dim(format!("{}: ", section.source)));
            }
            line.push(Cell::plain(gap.what.to_string()));
            if !gap.message.is_empty() {
                line.push(Cell::dim(format!(" ({})", gap.message)));
            }
            lines.push(line);
        }
    }
    if !lines.is_empty() {
        let head = Cell::new(
            Tone::Attention,
            format!("Not read: {}", count(lines.len(), "gap")),
        );
        lines.insert(0, vec![head]);
    }
    lines
}

pub(super) fn next(report: &Report) -> Vec<String> {
    let mut next = Vec::new();
    let forbidden = report
        .sections
        .iter()
        .flat_map(|section| &section.coverage.gaps)
        .any(|gap| gap.why == GapReason::Forbidden);
    if forbidden {
        next.push("oc extreg audit rbac --export".to_owned());
    }
    // The findings of each section are in order; the worst of all is the first of some section.
    let worst = report
        .findings()
        .filter(|(_, finding)| finding.is_open())
        .map(|(_, finding)| (std::cmp::Reverse(finding.severity), finding.check))
        .min();
    if let Some((_, check)) = worst {
        next.push(check.explain_command());
    }
    next
}
