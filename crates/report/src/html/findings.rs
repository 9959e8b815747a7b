//! Findings: open ones by check, suppressed ones, and inconclusive ones.

use extreg_audit::check::CheckId;
use extreg_audit::control::Relation;
use extreg_audit::finding::{BaselineState, Finding, Suppression};
use extreg_audit::report::{Report, Section};
use extreg_remedy::Outcome;
use extreg_snapshot::place::Origin;

use super::coverage::or_dash;
use super::header::class;
use super::markup::Markup;
use super::place::where_is;
use crate::image_name::image_name;
use crate::words::count;

type Found<'a> = (&'a Section, &'a Finding);

/// The open findings, by check.
pub(super) fn open(page: &mut Markup, report: &Report) {
    let open = select(report, Finding::is_open);
    page.raw("<section id=\"findings\"><h2>Findings</h2>\n")
        .raw(FILTER);
    if open.is_empty() {
        page.raw("<p>No open findings.</p>\n");
    }
    for (check, found) in by_check(&open) {
        page.raw("<section class=\"check\" id=\"")
            .raw(check.as_str())
            .raw("\">\n");
        about(page, check, found.len());
        page.raw(
            "<table class=\"cards found\"><thead><tr><th scope=\"col\">Severity</th>\
             <th scope=\"col\">Where</th><th scope=\"col\">Image</th><th scope=\"col\">Finding</th>\
             </tr></thead>",
        );
        rows(page, report, check, &found, None);
        page.raw("</table></section>\n");
    }
    page.raw("</section>\n");
}

/// The inconclusive findings.
pub(super) fn unknown(page: &mut Markup, report: &Report) {
    let unknown = select(report, |finding| {
        finding.suppression.is_none() && finding.outcome == Outcome::Unknown
    });
    page.raw("<section id=\"unknown\"><h2>Unknown</h2>\n");
    if unknown.is_empty() {
        page.raw("<p>No check was inconclusive.</p></section>\n");
        return;
    }
    page.raw(
        "<p>Inconclusive: relevant objects could not be read.</p>\n\
         <table class=\"cards found all\"><thead><tr><th scope=\"col\">Severity if it fails</th>\
         <th scope=\"col\">Check</th><th scope=\"col\">Where</th><th scope=\"col\">Image</th>\
         <th scope=\"col\">Finding</th></tr></thead>",
    );
    for (check, found) in by_check(&unknown) {
        rows(page, report, check, &found, Some(Extra::Check));
    }
    page.raw("</table></section>\n");
}

/// The suppressed findings, with exception and expiry date.
pub(super) fn suppressed(page: &mut Markup, report: &Report) {
    let suppressed = select(report, |finding| finding.suppression.is_some());
    page.raw("<section id=\"suppressed\"><h2>Suppressed</h2>\n");
    if suppressed.is_empty() {
        page.raw("<p>No exception applies.</p></section>\n");
        return;
    }
    page.raw(
        "<p>Exceptions apply to these, each with a reason and an expiry date.</p>\n\
         <table class=\"cards found all waived\"><thead><tr><th scope=\"col\">Severity</th>\
         <th scope=\"col\">Check</th><th scope=\"col\">Where</th><th scope=\"col\">Image</th>\
         <th scope=\"col\">Finding</th><th scope=\"col\">Reason and expiry</th></tr></thead>",
    );
    for (check, found) in by_check(&suppressed) {
        rows(page, report, check, &found, Some(Extra::Suppression));
    }
    page.raw("</table></section>\n");
}

/// The findings of the baseline that no longer exist.
pub(super) fn fixed(page: &mut Markup, report: &Report) {
    if report.fixed.is_empty() {
        return;
    }
    page.raw("<section id=\"fixed\"><h2>Fixed since the baseline</h2>\n<ul>\n");
    for known in &report.fixed {
        page.raw("<li>")
            .text(known.words())
            .raw(" <small>")
            .text(&known.fingerprint)
            .raw("</small></li>\n");
    }
    page.raw("</ul></section>\n");
}

/// Shown by the script, because it needs the script.
const FILTER: &str = include_str!("filter.html");

/// The columns of a table beyond the common four.
#[derive(Clone, Copy)]
enum Extra {
    /// The check.
    Check,
    /// The check, and the exception that applies.
    Suppression,
}

fn select(report: &Report, is: impl Fn(&Finding) -> bool) -> Vec<Found<'_>> {
    report
        .findings()
        .filter(|(_, finding)| is(finding))
        .collect()
}

/// In the order of the checks; for each check, in the order of the report.
fn by_check<'a>(found: &[Found<'a>]) -> Vec<(CheckId, Vec<Found<'a>>)> {
    let mut groups: Vec<(CheckId, Vec<Found<'a>>)> = CheckId::ALL
        .into_iter()
        .map(|check| {
            let of = found.iter().filter(|(_, finding)| finding.check == check);
            (check, of.copied().collect())
        })
        .collect();
    groups.retain(|(_, found)| !found.is_empty());
    groups
}

/// The title of a check, its controls, and where to read more.
fn about(page: &mut Markup, check: CheckId, number: usize) {
    page.raw("<h3>")
        .raw(check.as_str())
        .raw(" <span>")
        .text(check.title())
        .raw("</span> <small>")
        .text(count(number, "finding"))
        .raw("</small></h3>\n<p>")
        .text(check.summary())
        .raw("</p>\n<dl class=\"about\"><div><dt>Controls</dt><dd>");
    controls(page, check);
    page.raw("</dd></div><div><dt>Read more</dt><dd><code>")
        .text(check.explain_command())
        .raw("</code>, ")
        .text(check.page_path())
        .raw("</dd></div></dl>\n");
}

/// `CIS OpenShift 1.9.0 5.5.1; NIST SP 800-53 Rev. 4 CM-7(5), CM-11`.
fn controls(page: &mut Markup, check: CheckId) {
    let mut last = None;
    for control in check.controls() {
        if last == Some(control.benchmark) {
            page.raw(", ");
        } else {
            page.raw(if last.is_none() { "" } else { "; " })
                .text(control.benchmark.to_string())
                .raw(" ");
            last = Some(control.benchmark);
        }
        page.raw("<b>").raw(control.id).raw("</b>");
        if control.relation == Relation::Supports {
            page.raw(" (supports)");
        }
    }
    if last.is_none() {
        page.raw("none");
    }
}

fn rows(
    page: &mut Markup,
    report: &Report,
    check: CheckId,
    found: &[Found<'_>],
    extra: Option<Extra>,
) {
    page.raw("<tbody data-c=\"")
        .raw(check.as_str())
        .raw("\">\n");
    for (section, finding) in found {
        row(page, report, section, finding, extra);
    }
    page.raw("</tbody>");
}

fn row(
    page: &mut Markup,
    report: &Report,
    section: &Section,
    finding: &Finding,
    extra: Option<Extra>,
) {
    let severity = class(finding.severity);
    let place = &finding.place;
    page.raw("<tr data-s=\"")
        .raw(severity)
        .raw("\" data-n=\"")
        .text(&*place.object.namespace)
        .raw("\"><td><span class=\"chip ")
        .raw(severity)
        .raw("\">")
        .raw(severity)
        .raw("</span>");
    if finding.baseline == Some(BaselineState::New) {
        page.raw(" <span class=\"chip new\">new</span>");
    }
    if extra.is_some() {
        page.raw("</td><td>").raw(finding.check.as_str());
    }
    page.raw("</td>");
    where_is(page, report, section, place, false);
    match &finding.image {
        Some(image) => page
            .raw("<td><code>")
            .name(image_name(image, place))
            .raw("</code>"),
        None => page.raw("<td class=\"none\">–"),
    };
    page.raw("</td><td>");
    details(page, finding);
    if let (Some(Extra::Suppression), Some(suppression)) = (extra, &finding.suppression) {
        page.raw("</td><td>");
        reason(page, suppression);
    }
    page.raw("</td></tr>\n");
}

/// The message, and below it all other fields, collapsed.
fn details(page: &mut Markup, finding: &Finding) {
    let place = &finding.place;
    page.raw("<details><summary>")
        .text(&finding.message)
        .raw("</summary><dl><dt>Why</dt><dd>")
        .text(or_dash(&finding.why))
        .raw("</dd><dt>Fix</dt><dd><code class=\"fix\">")
        .text(or_dash(&finding.fix_text()))
        .raw("</code></dd>");
    if !place.field.is_empty() {
        page.raw("<dt>Field</dt><dd><code>")
            .text(&*place.field)
            .raw("</code></dd>");
    }
    if let Some(image) = &finding.image
        && image_name(image, place) != *image.written
    {
        page.raw("<dt>Written</dt><dd><code>")
            .text(&*image.written)
            .raw("</code></dd>");
    }
    if let Origin::File { .. } = place.origin {
        page.raw("<dt>File</dt><dd><code>")
            .text(place.origin.to_string())
            .raw("</code></dd>");
    }
    page.raw("<dt>Rule</dt><dd>")
        .raw(finding.check.as_str())
        .raw(" ")
        .raw(finding.rule)
        .raw(" <small>")
        .text(finding.fingerprint())
        .raw("</small></dd></dl></details>");
}

fn reason(page: &mut Markup, suppression: &Suppression) {
    page.text(&suppression.reason)
        .raw("<br><small>until ")
        .text(&suppression.expires)
        .raw(", by ")
        .text(&suppression.by)
        .raw("</small>");
}
