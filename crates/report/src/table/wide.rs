//! One row for each finding.

use extreg_audit::finding::{BaselineState, Finding};
use extreg_audit::report::{Report, Section};
use extreg_remedy::Outcome;
use extreg_snapshot::place::Origin;

use super::{Cell, Tone};
use crate::image_name::image_name;

/// A column: its name, and its value for a finding.
struct Column {
    header: &'static str,
    cell: fn(&Section, &Finding) -> Cell,
}

/// The headers and the rows. Empty columns are omitted.
pub(super) fn rows(report: &Report) -> (Vec<&'static str>, Vec<Vec<Cell>>) {
    let columns = columns(report);
    let rows = report
        .findings()
        .map(|(section, finding)| {
            columns
                .iter()
                .map(|column| (column.cell)(section, finding))
                .collect()
        })
        .collect();
    (columns.iter().map(|column| column.header).collect(), rows)
}

fn columns(report: &Report) -> Vec<Column> {
    let has = |is: fn(&Finding) -> bool| report.findings().any(|(_, finding)| is(finding));
    let several = report.sections.len() > 1;
    let baseline = has(|finding| finding.baseline.is_some());
    let files = has(|finding| finding.place.origin != Origin::Cluster);
    let column = |header, cell| Some(Column { header, cell });
    let if_any = |any: bool, column: Option<Column>| column.filter(|_| any);
    [
        column("SEVERITY", |_, finding| {
            Cell::new(finding.severity.into(), finding.severity.as_str())
        }),
        column("CHECK", |_, finding| Cell::plain(finding.check.as_str())),
        column("RULE", |_, finding| Cell::plain(finding.rule)),
        column("STATE", |_, finding| state(finding)),
        if_any(
            baseline,
            column("BASELINE", |_, finding| match finding.baseline {
                Some(BaselineState::New) => Cell::new(Tone::Attention, "new"),
                Some(BaselineState::Unchanged) => Cell::dim("unchanged"),
                None => Cell::none(),
            }),
        ),
        if_any(
            several,
            column("SOURCE", |section, _| Cell::plain(&section.source)),
        ),
        column("NAMESPACE", |_, finding| {
            Cell::or_none(&finding.place.object.namespace)
        }),
        column("OBJECT", |_, finding| {
            Cell::plain(finding.place.object.reference())
        }),
        column("PART", |_, finding| Cell::or_none(&finding.place.part)),
        if_any(
            files,
            column("FILE", |_, finding| Cell::file(&finding.place.origin)),
        ),
        column("IMAGE", |_, finding| match &finding.image {
            Some(image) => Cell::plain(image_name(image, &finding.place)),
            None => Cell::none(),
        }),
        column("FINDING", |_, finding| Cell::plain(&finding.message)),
        column("WHY", |_, finding| Cell::or_none(&finding.why)),
        column("FIX", |_, finding| Cell::or_none(&finding.fix_text())),
    ]
    .into_iter()
    .flatten()
    .collect()
}

fn state(finding: &Finding) -> Cell {
    match (&finding.suppression, finding.outcome) {
        (Some(_), _) => Cell::dim("suppressed"),
        (None, Outcome::Fail) => Cell::plain("open"),
        (None, Outcome::Unknown) => Cell::new(Tone::Attention, "unknown"),
    }
}
