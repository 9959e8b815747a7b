//! What was read, and what could not be read.

use extreg_audit::report::{Report, Section};
use extreg_snapshot::coverage::{Coverage, GapReason};

use super::markup::Markup;
use crate::words::{count, reason};

pub(super) fn write(page: &mut Markup, report: &Report) {
    page.raw("<section id=\"coverage\"><h2>Coverage</h2>\n");
    for section in &report.sections {
        of_section(page, report, section);
    }
    page.raw("</section>\n");
}

fn of_section(page: &mut Markup, report: &Report, section: &Section) {
    let coverage = &section.coverage;
    if report.sections.len() > 1 {
        page.raw("<h3>").text(&section.source).raw("</h3>\n");
    }
    page.raw("<p>")
        .text(count(coverage.objects(), "object"))
        .raw(" of ")
        .text(count(coverage.read.len(), "kind"))
        .raw(" read, ")
        .number(section.percent())
        .raw("% of the requested objects.");
    if coverage.gaps.is_empty() {
        page.raw(" No gaps.");
    }
    page.raw("</p>\n");
    gaps(page, coverage);
    read(page, coverage);
}

fn gaps(page: &mut Markup, coverage: &Coverage) {
    if coverage.gaps.is_empty() {
        return;
    }
    page.raw(
        "<table class=\"cards gaps\"><caption>Not read: the audit has no result for these\
         </caption><thead><tr><th scope=\"col\">What</th><th scope=\"col\">Reason</th>\
         <th scope=\"col\">Message</th></tr></thead><tbody>\n",
    );
    for gap in &coverage.gaps {
        page.raw("<tr><th scope=\"row\"><code>")
            .text(gap.what.to_string())
            .raw("</code></th><td><span class=\"chip medium\">")
            .raw(reason(gap.why))
            .raw("</span></td><td>")
            .text(or_dash(&gap.message))
            .raw("</td></tr>\n");
    }
    page.raw("</tbody></table>\n");
    if coverage
        .gaps
        .iter()
        .any(|gap| gap.why == GapReason::Forbidden)
    {
        page.raw(
            "<p>To get a ClusterRole that permits reading these: \
             <code>oc extreg audit rbac --export</code></p>\n",
        );
    }
}

fn read(page: &mut Markup, coverage: &Coverage) {
    page.raw("<ul class=\"kinds\">\n");
    for (kind, number) in &coverage.read {
        page.raw("<li><b>")
            .number(*number)
            .raw("</b> ")
            .text(kind.api().resource())
            .raw("</li>\n");
    }
    page.raw("</ul>\n");
    if !coverage.not_served.is_empty() {
        let kinds: Vec<String> = coverage
            .not_served
            .iter()
            .map(|kind| kind.api().resource())
            .collect();
        page.raw("<p class=\"aside\">Not served by this cluster: ")
            .text(kinds.join(", "))
            .raw(".</p>\n");
    }
    if !coverage.others.is_empty() {
        let kinds: Vec<String> = coverage
            .others
            .iter()
            .map(|(kind, number)| format!("{kind} ({number})"))
            .collect();
        page.raw("<p class=\"aside\">Kinds without image fields, not read: ")
            .text(kinds.join(", "))
            .raw(".</p>\n");
    }
}

/// Marks an empty cell.
pub(super) const fn or_dash(text: &str) -> &str {
    if text.is_empty() { "–" } else { text }
}
