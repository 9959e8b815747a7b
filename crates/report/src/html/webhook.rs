//! Opt-outs, and what the webhook would do.

use std::collections::BTreeMap;

use extreg_audit::report::{Report, Section};
use extreg_snapshot::{Injection, InjectionOutcome};

use super::coverage::or_dash;
use super::markup::Markup;
use super::place::where_is;

pub(super) fn opt_outs(page: &mut Markup, report: &Report) {
    page.raw("<section id=\"opt-outs\"><h2>Opt-outs</h2>\n");
    if report.sections.iter().all(|of| of.opt_outs.is_empty()) {
        page.raw("<p>No opt-outs.</p></section>\n");
        return;
    }
    page.raw(
        "<p>The webhook does not change these objects.</p>\n\
         <table class=\"cards outs\"><thead><tr><th scope=\"col\">Where</th>\
         <th scope=\"col\">By</th></tr></thead><tbody>\n",
    );
    for section in &report.sections {
        for out in &section.opt_outs {
            page.raw("<tr>");
            where_is(page, report, section, &out.place, true);
            page.raw("<td><code>")
                .raw(out.by)
                .raw("</code></td></tr>\n");
        }
    }
    page.raw("</tbody></table></section>\n");
}

/// Changes and warnings of the webhook one by one; decisions without a change or warning only with
/// their number and reason.
pub(super) fn injections(page: &mut Markup, report: &Report) {
    let mut told = Vec::new();
    let mut kept: BTreeMap<&str, usize> = BTreeMap::new();
    for section in &report.sections {
        for injection in &section.injections {
            if is_listed(injection) {
                told.push((section, injection));
            } else {
                *kept.entry(&injection.words).or_default() += 1;
            }
        }
    }
    page.raw("<section id=\"webhook\"><h2>What the webhook would do</h2>\n");
    if told.is_empty() && kept.is_empty() {
        page.raw("<p>Nothing: the webhook would change no object.</p></section>\n");
        return;
    }
    page.raw("<p>Its decision for each object if it were created now.</p>\n");
    if !told.is_empty() {
        page.raw(
            "<table class=\"cards injections\"><thead><tr><th scope=\"col\">Where</th>\
             <th scope=\"col\">Image</th><th scope=\"col\">Policy</th>\
             <th scope=\"col\">Decision</th></tr></thead><tbody>\n",
        );
        for (section, injection) in told {
            row(page, report, section, injection);
        }
        page.raw("</tbody></table>\n");
    }
    if !kept.is_empty() {
        page.raw("<ul class=\"kinds\">\n");
        for (words, number) in kept {
            page.raw("<li><b>")
                .number(number)
                .raw("</b> ")
                .text(words)
                .raw("</li>\n");
        }
        page.raw("</ul>\n");
    }
    page.raw("</section>\n");
}

fn is_listed(injection: &Injection) -> bool {
    !matches!(injection.outcome, InjectionOutcome::Keeps(_)) || !injection.warnings.is_empty()
}

fn row(page: &mut Markup, report: &Report, section: &Section, injection: &Injection) {
    page.raw("<tr>");
    where_is(page, report, section, &injection.place, true);
    page.raw("<td><code>")
        .name(&*injection.image)
        .raw("</code></td><td>")
        .text(or_dash(injection.policy.as_deref().unwrap_or_default()))
        .raw("</td><td>");
    let (class, word) = match injection.outcome {
        InjectionOutcome::Sets => ("good", "sets"),
        InjectionOutcome::WouldSet => ("low", "would set"),
        InjectionOutcome::Keeps(_) => ("info", "keeps"),
    };
    page.raw("<span class=\"chip ")
        .raw(class)
        .raw("\">")
        .raw(word)
        .raw("</span> ")
        .text(&injection.words);
    for warning in &injection.warnings {
        page.raw("<br><small class=\"warning\">Warning: ")
            .text(warning)
            .raw("</small>");
    }
    page.raw("</td></tr>\n");
}
