//! Every check that ran with its counts, and the controls that the checks give evidence for.

use std::collections::BTreeMap;

use extreg_audit::check::CheckId;
use extreg_audit::control::{Benchmark, Relation};
use extreg_audit::report::Report;
use extreg_remedy::Outcome;

use super::header::class;
use super::markup::Markup;

/// Findings of a check.
#[derive(Clone, Copy, Default)]
struct Counts {
    open: usize,
    unknown: usize,
    suppressed: usize,
}

/// Every check that ran, with its counts.
pub(super) fn overview(page: &mut Markup, report: &Report) {
    let counts = counts(report);
    page.raw(
        "<section id=\"checks\"><h2>Checks</h2>\n<table class=\"cards checks\"><thead><tr>\
         <th scope=\"col\">Check</th><th scope=\"col\">Title</th>\
         <th scope=\"col\">Severity</th><th scope=\"col\" class=\"n\">Open</th>\
         <th scope=\"col\" class=\"n\">Unknown</th><th scope=\"col\" class=\"n\">Suppressed</th>\
         </tr></thead><tbody>\n",
    );
    for check in &report.checks {
        let of = counts.get(check).copied().unwrap_or_default();
        page.raw("<tr><th scope=\"row\">");
        name(page, *check, of.open > 0);
        page.raw("</th><td>")
            .text(check.title())
            .raw("</td><td><span class=\"chip ")
            .raw(class(check.severity()))
            .raw("\">")
            .raw(check.severity().as_str())
            .raw("</span></td>");
        for number in [of.open, of.unknown, of.suppressed] {
            page.raw(if number == 0 {
                "<td class=\"n zero\">"
            } else {
                "<td class=\"n\">"
            })
            .number(number)
            .raw("</td>");
        }
        page.raw("</tr>\n");
    }
    page.raw("</tbody></table>\n");
    let left: Vec<&str> = CheckId::ALL
        .into_iter()
        .filter(|check| !report.checks.contains(check))
        .map(CheckId::as_str)
        .collect();
    if !left.is_empty() {
        page.raw("<p class=\"aside\">Not run: ")
            .text(left.join(", "))
            .raw(".</p>\n");
    }
    page.raw("</section>\n");
}

/// The controls of all checks that ran, by benchmark.
pub(super) fn controls(page: &mut Markup, report: &Report) {
    let counts = counts(report);
    page.raw(
        "<section id=\"controls\"><h2>Controls</h2>\n<p>The controls that the checks give evidence for. Open \
         findings are evidence against a control; no findings do not prove that it is met. If the control \
         does not name what the check inspects, the check only supports it.</p>\n\
         <table class=\"cards controls\"><thead><tr><th scope=\"col\">Control</th>\
         <th scope=\"col\">Checks</th><th scope=\"col\" class=\"n\">Open</th>\
         <th scope=\"col\" class=\"n\">Unknown</th></tr></thead>\n",
    );
    for benchmark in Benchmark::ALL {
        let mut by_id: BTreeMap<&str, Vec<(CheckId, Relation)>> = BTreeMap::new();
        for check in &report.checks {
            for control in check.controls() {
                if control.benchmark == benchmark {
                    let checks = by_id.entry(control.id).or_default();
                    checks.push((*check, control.relation));
                }
            }
        }
        if by_id.is_empty() {
            continue;
        }
        page.raw("<tbody><tr class=\"group\"><th scope=\"rowgroup\" colspan=\"4\">")
            .text(benchmark.to_string())
            .raw("</th></tr>\n");
        for (id, checks) in by_id {
            control(page, id, &checks, &counts);
        }
        page.raw("</tbody>\n");
    }
    page.raw("</table></section>\n");
}

fn control(
    page: &mut Markup,
    id: &str,
    checks: &[(CheckId, Relation)],
    counts: &BTreeMap<CheckId, Counts>,
) {
    page.raw("<tr><th scope=\"row\">").text(id).raw("</th><td>");
    let (mut open, mut unknown) = (0, 0);
    for (at, (check, relation)) in checks.iter().enumerate() {
        let of = counts.get(check).copied().unwrap_or_default();
        open += of.open;
        unknown += of.unknown;
        page.raw(if at == 0 { "" } else { ", " });
        name(page, *check, of.open > 0);
        if *relation == Relation::Supports {
            page.raw(" <small>supports</small>");
        }
    }
    for number in [open, unknown] {
        page.raw(if number == 0 {
            "</td><td class=\"n zero\">"
        } else {
            "</td><td class=\"n\">"
        })
        .number(number);
    }
    page.raw("</td></tr>\n");
}

/// The name of a check, linked if it has findings.
fn name(page: &mut Markup, check: CheckId, linked: bool) {
    if linked {
        page.raw("<a href=\"#")
            .raw(check.as_str())
            .raw("\">")
            .raw(check.as_str())
            .raw("</a>");
    } else {
        page.raw(check.as_str());
    }
}

fn counts(report: &Report) -> BTreeMap<CheckId, Counts> {
    let mut counts: BTreeMap<CheckId, Counts> = BTreeMap::new();
    for (_, finding) in report.findings() {
        let of = counts.entry(finding.check).or_default();
        match (&finding.suppression, finding.outcome) {
            (Some(_), _) => of.suppressed += 1,
            (None, Outcome::Fail) => of.open += 1,
            (None, Outcome::Unknown) => of.unknown += 1,
        }
    }
    counts
}
