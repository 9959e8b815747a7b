//! Where a finding or a decision is.

use extreg_audit::report::{Report, Section};
use extreg_snapshot::place::{Origin, Place};

use super::markup::Markup;

/// The object of a row, its part and namespace, its file if wanted, and the source if there are several.
pub(super) fn where_is(
    page: &mut Markup,
    report: &Report,
    section: &Section,
    place: &Place,
    with_file: bool,
) {
    page.raw("<th scope=\"row\">")
        .name(place.object.reference());
    if !place.part.is_empty() {
        page.raw(" <i>").text(&*place.part).raw("</i>");
    }
    if !place.object.namespace.is_empty() {
        page.raw("<br><small>")
            .text(&*place.object.namespace)
            .raw("</small>");
    }
    if with_file && place.origin != Origin::Cluster {
        page.raw("<br><small>")
            .text(place.origin.to_string())
            .raw("</small>");
    }
    if report.sections.len() > 1 {
        page.raw("<br><small>")
            .text(&section.source)
            .raw("</small>");
    }
    page.raw("</th>");
}
