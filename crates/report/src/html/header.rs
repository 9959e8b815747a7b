//! What was audited, when, and the result.

use extreg_audit::check::Severity;
use extreg_audit::finding::BaselineState;
use extreg_audit::report::{Report, Summary};

use super::markup::Markup;
use crate::words::count;

/// The title of the page.
pub(super) fn title(report: &Report) -> String {
    let sources: Vec<&str> = report
        .sections
        .iter()
        .map(|section| section.source.as_str())
        .collect();
    format!("Registry audit of {}", sources.join(", "))
}

pub(super) fn write(page: &mut Markup, report: &Report) {
    let summary = report.summary();
    page.raw("<header>\n<p class=\"kind\">Registry audit</p>\n<h1>");
    for (at, section) in report.sections.iter().enumerate() {
        page.raw(if at == 0 { "" } else { ", " })
            .text(&section.source);
    }
    page.raw("</h1>\n");
    facts(page, report, &summary);
    verdict(page, report, &summary);
    tiles(page, &summary);
    remarks(page, report);
    contents(page, report, &summary);
    page.raw("</header>\n");
}

fn facts(page: &mut Markup, report: &Report, summary: &Summary) {
    page.raw("<dl class=\"facts\">\n<div><dt>Created</dt><dd><time datetime=\"")
        .text(&report.generated)
        .raw("\">")
        .text(&report.generated)
        .raw("</time></dd></div>\n<div><dt>By</dt><dd>oc extreg ")
        .text(&report.version)
        .raw("</dd></div>\n<div><dt>Read</dt><dd>")
        .text(count(summary.objects, "object"))
        .raw(", ")
        .text(count(summary.uses, "image field"))
        .raw("</dd></div>\n<div><dt>Run</dt><dd>")
        .text(count(report.checks.len(), "check"))
        .raw("</dd></div>\n</dl>\n");
}

/// One sentence; good only if everything was read and nothing is open.
fn verdict(page: &mut Markup, report: &Report, summary: &Summary) {
    let open: usize = summary.open.values().sum();
    page.raw("<p class=\"verdict ");
    if summary.objects == 0 {
        page.raw("critical\"><strong>No objects were read.</strong> This is not a clean result.");
    } else if let Some(worst) = report.worst() {
        page.raw(class(worst))
            .raw("\"><strong>")
            .text(count(open, "open finding"))
            .raw("</strong>, the most severe ")
            .text(worst.as_str())
            .raw(".");
    } else if summary.gaps > 0 || summary.unknown > 0 {
        page.raw("medium\"><strong>No open findings</strong> in the objects that could be read.");
    } else {
        page.raw("good\"><strong>No open findings.</strong>");
    }
    if summary.objects > 0 && summary.gaps > 0 {
        page.raw(" <a href=\"#coverage\">")
            .text(count(summary.gaps, "gap"))
            .raw("</a>: the result is incomplete.");
    }
    let new = report
        .findings()
        .filter(|(_, finding)| finding.is_open() && finding.baseline == Some(BaselineState::New))
        .count();
    if new > 0 {
        page.raw(" ").number(new).raw(" new since the baseline.");
    }
    page.raw("</p>\n");
}

fn tiles(page: &mut Markup, summary: &Summary) {
    page.raw("<ul class=\"tiles\">\n");
    for severity in Severity::ALL.into_iter().rev() {
        let number = summary.open.get(&severity).copied().unwrap_or_default();
        tile(page, class(severity), number, "", severity.as_str());
    }
    tile(page, "unknown", summary.unknown, "", "unknown");
    tile(page, "suppressed", summary.suppressed, "", "suppressed");
    let complete = if summary.gaps == 0 { "good" } else { "medium" };
    tile(page, complete, summary.coverage, "%", "coverage");
    page.raw("</ul>\n");
}

fn tile(
    page: &mut Markup,
    class: &'static str,
    number: usize,
    unit: &'static str,
    what: &'static str,
) {
    page.raw("<li class=\"")
        .raw(class)
        .raw(if number == 0 { " none\"><b>" } else { "\"><b>" })
        .number(number)
        .raw(unit)
        .raw("</b> <span>")
        .raw(what)
        .raw("</span></li>\n");
}

fn remarks(page: &mut Markup, report: &Report) {
    for (title, lines) in [
        ("Notices", &report.notices),
        (
            "Exceptions that suppressed nothing",
            &report.unused_exceptions,
        ),
    ] {
        if lines.is_empty() {
            continue;
        }
        page.raw("<section class=\"remarks\"><h2>")
            .raw(title)
            .raw("</h2><ul>\n");
        for line in lines {
            page.raw("<li>").text(line).raw("</li>\n");
        }
        page.raw("</ul></section>\n");
    }
}

fn contents(page: &mut Markup, report: &Report, summary: &Summary) {
    let open: usize = summary.open.values().sum();
    let opt_outs: usize = report.sections.iter().map(|of| of.opt_outs.len()).sum();
    let injections: usize = report.sections.iter().map(|of| of.injections.len()).sum();
    page.raw("<nav aria-label=\"Contents\"><ul>\n");
    for (target, title, number) in [
        ("#checks", "Checks", Some(report.checks.len())),
        ("#coverage", "Coverage", None),
        ("#findings", "Findings", Some(open)),
        ("#suppressed", "Suppressed", Some(summary.suppressed)),
        ("#unknown", "Unknown", Some(summary.unknown)),
        ("#opt-outs", "Opt-outs", Some(opt_outs)),
        ("#webhook", "Webhook", Some(injections)),
        ("#inventory", "Inventory", None),
        ("#controls", "Controls", None),
    ] {
        page.raw("<li><a href=\"")
            .raw(target)
            .raw("\">")
            .raw(title)
            .raw("</a>");
        if let Some(number) = number {
            page.raw(" <small>").number(number).raw("</small>");
        }
        page.raw("</li>\n");
    }
    page.raw("</ul></nav>\n");
}

/// The class of a severity.
pub(super) const fn class(severity: Severity) -> &'static str {
    severity.as_str()
}
