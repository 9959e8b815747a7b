//! One row for each open finding, and one line for each cause of inconclusive results.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use extreg_audit::check::{CheckId, Severity};
use extreg_audit::finding::Finding;
use extreg_audit::report::{Report, Section};
use extreg_remedy::Outcome;
use extreg_snapshot::SourceKind;
use extreg_snapshot::coverage::{Gap, GapReason, GapSubject};
use extreg_snapshot::kind::{Kind, Purpose};
use extreg_snapshot::place::Place;

use super::{Cell, Line, Tone};
use crate::words::{count, reason};

/// This many causes, and namespaces of a gap, are listed; the rest is counted.
const MAX_CAUSES: usize = 10;
const MAX_NAMESPACES: usize = 4;

/// The headers and the rows: grouped by check, the check with the worst finding first.
pub(super) fn rows(report: &Report) -> (Vec<&'static str>, Vec<Vec<Cell>>) {
    let has_sources = report.sections.len() > 1;
    let is_files = |section: &Section| section.kind == SourceKind::Files;
    let has_files = report.sections.iter().any(is_files);
    let mut open: Vec<(&Section, &Finding)> = report
        .findings()
        .filter(|(_, finding)| finding.is_open())
        .collect();
    let mut worst: BTreeMap<CheckId, Severity> = BTreeMap::new();
    for (_, finding) in &open {
        let severity = worst.entry(finding.check).or_insert(finding.severity);
        *severity = finding.severity.max(*severity);
    }
    open.sort_by_key(|(_, finding)| {
        let of_check = worst.get(&finding.check).copied();
        (Reverse(of_check), finding.check, Reverse(finding.severity))
    });
    let mut headers = vec!["SEVERITY", "CHECK"];
    if has_sources {
        headers.push("SOURCE");
    }
    headers.push(if has_files { "FILE" } else { "NAMESPACE" });
    headers.extend(["OBJECT", "FINDING"]);
    let rows = open.into_iter().map(|(section, finding)| {
        let mut row = vec![
            Cell::new(finding.severity.into(), finding.severity.as_str()),
            Cell::plain(finding.check.as_str()),
        ];
        if has_sources {
            row.push(Cell::plain(&section.source));
        }
        row.push(if has_files {
            Cell::file(&finding.place.origin)
        } else {
            Cell::or_none(&finding.place.object.namespace)
        });
        row.push(Cell::plain(object(&finding.place)));
        row.push(Cell::plain(&finding.message));
        row
    });
    let rows = rows.collect();
    (headers, rows)
}

/// Inconclusive results, one line for each cause, with the command that would decide it.
pub(super) fn inconclusive(report: &Report) -> Vec<Line> {
    let mut causes: BTreeMap<(String, String), (usize, BTreeSet<CheckId>)> = BTreeMap::new();
    let mut total = 0_usize;
    for (_, finding) in report.findings() {
        if finding.outcome != Outcome::Unknown || finding.suppression.is_some() {
            continue;
        }
        let cause = finding.cause().unwrap_or(&finding.message).to_owned();
        let (results, checks) = causes.entry((cause, finding.fix_text())).or_default();
        *results += 1;
        checks.insert(finding.check);
        total += 1;
    }
    if causes.is_empty() {
        return Vec::new();
    }
    let mut causes: Vec<_> = causes.into_iter().collect();
    causes.sort_by_key(|(_, (results, _))| Reverse(*results));
    let hidden = causes.len().saturating_sub(MAX_CAUSES);
    let title = format!("Inconclusive: {}", count(total, "result"));
    let mut lines = vec![vec![Cell::new(Tone::Attention, title)]];
    for ((cause, fix), (results, checks)) in causes.into_iter().take(MAX_CAUSES) {
        let checks: Vec<&str> = checks.iter().map(|check| check.as_str()).collect();
        let is_undecidable = fix.starts_with("inconclusive:");
        let mut line = vec![
            Cell::plain(format!("  {results:>3}  {}  ", checks.join(","))),
            Cell::plain(cause),
        ];
        if !fix.is_empty() && !is_undecidable {
            line.push(Cell::dim("; to decide: "));
            line.push(Cell::new(Tone::Command, fix));
        }
        lines.push(line);
    }
    if hidden > 0 {
        let more = count(hidden, "more cause");
        lines.push(vec![Cell::dim(format!("       {more}: --details"))]);
    }
    lines
}

/// What was not read, one line for each reason.
pub(super) fn gaps(report: &Report) -> Vec<Line> {
    let mut reasons: BTreeMap<GapReason, BTreeMap<String, BTreeSet<&str>>> = BTreeMap::new();
    let gaps = report
        .sections
        .iter()
        .flat_map(|section| &section.coverage.gaps);
    for Gap { what, why, .. } in gaps {
        let (what, namespace) = match what {
            GapSubject::List { kind, namespace } => (kind.api().resource(), &**namespace),
            GapSubject::Document(what) | GapSubject::Fact(what) => (what.clone(), ""),
        };
        let subjects = reasons.entry(*why).or_default();
        let namespaces = subjects.entry(what).or_default();
        if !namespace.is_empty() {
            namespaces.insert(namespace);
        }
    }
    let lines = reasons.into_iter().map(|(why, subjects)| {
        let subjects: Vec<String> = subjects
            .into_iter()
            .map(|(what, namespaces)| match namespaces.len() {
                0 => what,
                _ => format!("{what} in {}", some(&namespaces)),
            })
            .collect();
        vec![
            Cell::new(Tone::Attention, format!("Not read, {}: ", reason(why))),
            Cell::plain(subjects.join("; ")),
        ]
    });
    lines.collect()
}

/// `data, legacy, and 3 more`.
fn some(names: &BTreeSet<&str>) -> String {
    let shown: Vec<&str> = names.iter().copied().take(MAX_NAMESPACES).collect();
    match names.len() - shown.len() {
        0 => shown.join(", "),
        more => format!("{}, and {more} more", shown.join(", ")),
    }
}

/// `imagestream/cart:latest`, `deployment/cart (web)`; the cluster's image configuration has the start of its group,
/// because another kind has the same name.
fn object(place: &Place) -> String {
    let api = place.object.kind.api();
    let mut text = api.kind.to_lowercase();
    if place.object.kind == Kind::ImageConfig {
        text.push_str(".config");
    }
    text = format!("{text}/{}", place.object.name);
    match (&*place.part, place.object.kind) {
        (tag, Kind::ImageStream) if !tag.is_empty() => format!("{text}:{tag}"),
        (container, kind) if !container.is_empty() && kind.purpose() == Purpose::Usage => {
            format!("{text} ({container})")
        }
        _ => text,
    }
}
