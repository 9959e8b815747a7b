//! One page that an auditor reads, filters and prints: complete without scripts, and it loads
//! nothing. The only script filters and sorts its content, and the page's
//! Content-Security-Policy allows no other.

mod checks;
mod coverage;
mod findings;
mod header;
mod inventory;
mod markup;
mod picture;
mod place;
mod webhook;

use extreg_audit::report::Report;

use self::markup::Markup;

const STYLE: &str = include_str!("html/page.css");
const SCRIPT: &str = include_str!("html/page.js");

/// The active content of the page: this style and this script, by the SHA-256 of their text.
const SECURITY_POLICY: &str = "default-src 'none'; \
    style-src 'sha256-VcUECP4v+N0QcN49rS+0S7ThKLHFYtG0T6JGjWB854M='; \
    script-src 'sha256-olDUtqc/EZcm+c4WZzjcgh4erwUIxetxy/rgsf6zvcc='; \
    base-uri 'none'; form-action 'none'";

/// The report as a page.
pub fn html(report: &Report) -> String {
    let mut page = Markup::default();
    page.raw("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n")
        .raw("<meta http-equiv=\"Content-Security-Policy\" content=\"")
        .raw(SECURITY_POLICY)
        .raw("\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n")
        .raw("<meta name=\"color-scheme\" content=\"light dark\">\n")
        .raw("<meta name=\"referrer\" content=\"no-referrer\">\n<title>")
        .text(header::title(report))
        .raw("</title>\n<style>")
        .raw(STYLE)
        .raw("</style>\n</head>\n<body>\n")
        .raw("<a class=\"skip\" href=\"#findings\">Skip to the findings</a>\n");
    header::write(&mut page, report);
    picture::write(&mut page, report);
    page.raw("<main>\n");
    checks::overview(&mut page, report);
    coverage::write(&mut page, report);
    findings::open(&mut page, report);
    findings::suppressed(&mut page, report);
    findings::unknown(&mut page, report);
    webhook::opt_outs(&mut page, report);
    webhook::injections(&mut page, report);
    inventory::write(&mut page, report);
    findings::fixed(&mut page, report);
    checks::controls(&mut page, report);
    page.raw("</main>\n<footer><p>Created by oc extreg ")
        .text(&report.version)
        .raw(" on ")
        .text(&report.generated)
        .raw(". This page loads nothing and sends nothing.</p></footer>\n<script>")
        .raw(SCRIPT)
        .raw("</script>\n</body>\n</html>\n");
    page.finish()
}
