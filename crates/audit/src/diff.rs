//! Compares two saved reports, finding by finding: new, fixed, unchanged, and findings that
//! cannot be compared.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use extreg_core::vocabulary;
use extreg_remedy::Outcome;
use serde::Serialize;

use crate::check::Severity;
use crate::saved::{SavedCoverage, SavedFinding, SavedPlace, SavedReport};

vocabulary! {
    /// How a finding changed from one report to a later one.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
    #[serde(rename_all = "camelCase")]
    pub enum Change {
        /// The later one has it; the earlier one checked and did not find it.
        New => "new",
        /// The earlier one has it; the later one checked and did not find it.
        Fixed => "fixed",
        /// One of them did not check it, or was inconclusive.
        Incomparable => "incomparable",
        /// Both have it.
        Unchanged => "unchanged",
    }
    /// Its word.
    pub fn word;
}

/// A finding in one or both of two reports.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DiffRow {
    /// How it changed.
    pub change: Change,
    /// Its severity, in the later report that has it.
    pub severity: Severity,
    /// The check.
    pub check: String,
    /// The kind of finding.
    pub rule: String,
    /// Its section.
    pub source: String,
    /// Its place.
    pub place: SavedPlace,
    /// Its message.
    pub message: String,
    /// Its fingerprint, which identifies it over time.
    pub fingerprint: String,
    /// Whether an exception applies to it, in the later report that has it.
    pub suppressed: bool,
    /// The reason for the class, as a fragment.
    pub reason: String,
}

/// Two reports compared.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Diff {
    /// New, fixed, incomparable, then unchanged ones; in each class the most severe first.
    pub rows: Vec<DiffRow>,
    /// What else the reader should know, each in one line.
    pub notices: Vec<String>,
}

impl Diff {
    /// How many rows are in that class.
    pub fn count(&self, change: Change) -> usize {
        self.rows.iter().filter(|row| row.change == change).count()
    }

    /// Whether the two can differ: a finding is new, fixed, or cannot be
    /// compared.
    pub fn differs(&self) -> bool {
        self.rows.iter().any(|row| row.change != Change::Unchanged)
    }
}

/// Compares an earlier report with a later one. Findings are the same if they have the same fingerprint in
/// a section of the same name; the name is ignored if both reports have one section.
pub fn diff(old: &SavedReport, new: &SavedReport) -> Diff {
    let mut notices = Vec::new();
    let alone = match (&*old.sections, &*new.sections) {
        ([old], [new]) => {
            if old.source != new.source {
                notices.push(format!(
                    "{} and {} are compared as the same source",
                    old.source, new.source
                ));
            }
            true
        }
        _ => false,
    };
    let earlier = Side::of("earlier", old, alone);
    let later = Side::of("later", new, alone);
    let mut rows: Vec<_> = later
        .findings
        .iter()
        .map(|(key, is)| match earlier.findings.get(key) {
            Some(was) => is.row(both(was.finding, is.finding)),
            None => is.row(one(Change::New, key.0, is.finding, &later, &earlier)),
        })
        .chain(earlier.findings.iter().filter_map(|(key, was)| {
            let gone = !later.findings.contains_key(key);
            gone.then(|| was.row(one(Change::Fixed, key.0, was.finding, &earlier, &later)))
        }))
        .collect();
    rows.sort_by(|a, b| order(a).cmp(&order(b)));
    Diff { rows, notices }
}

/// Section and fingerprint.
type Key<'a> = (&'a str, &'a str);

/// One of the two reports.
struct Side<'a> {
    word: &'static str,
    report: &'a SavedReport,
    coverage: BTreeMap<&'a str, Vec<&'a SavedCoverage>>,
    /// Of several with one fingerprint, the one that counts most.
    findings: BTreeMap<Key<'a>, Found<'a>>,
}

/// A finding and its section.
struct Found<'a> {
    source: &'a str,
    finding: &'a SavedFinding,
}

impl<'a> Side<'a> {
    /// `alone`: the names of sections are ignored.
    fn of(word: &'static str, report: &'a SavedReport, alone: bool) -> Self {
        let mut side = Self {
            word,
            report,
            coverage: BTreeMap::new(),
            findings: BTreeMap::new(),
        };
        for section in &report.sections {
            let source = if alone { "" } else { &*section.source };
            let coverage = side.coverage.entry(source).or_default();
            coverage.push(&section.coverage);
            for finding in &section.findings {
                let key = (source, &*finding.fingerprint);
                let source = &*section.source;
                let kept = side
                    .findings
                    .entry(key)
                    .or_insert(Found { source, finding });
                if weight(finding) > weight(kept.finding) {
                    kept.finding = finding;
                }
            }
        }
        side
    }

    /// Why this side may have missed the finding, if it may have.
    fn doubt(&self, finding: &SavedFinding, source: &str) -> Option<String> {
        let Self { word, .. } = self;
        if !self.report.has_run(&finding.check) {
            return Some(format!("the {word} report did not run {}", finding.check));
        }
        let Some(coverage) = self.coverage.get(source) else {
            return Some(format!("the {word} report does not cover {source}"));
        };
        let mut spots = coverage
            .iter()
            .filter_map(|of| of.blind_spot(&finding.place));
        spots
            .next()
            .map(|spot| format!("in the {word} report, {spot}"))
    }
}

const fn weight(finding: &SavedFinding) -> (bool, bool) {
    (finding.is_open(), matches!(finding.outcome, Outcome::Fail))
}

/// How a finding that both have changed.
fn both(was: &SavedFinding, is: &SavedFinding) -> (Change, String) {
    let change = match (was.outcome, is.outcome) {
        (Outcome::Fail, Outcome::Fail) | (Outcome::Unknown, Outcome::Unknown) => Change::Unchanged,
        (Outcome::Fail, Outcome::Unknown) | (Outcome::Unknown, Outcome::Fail) => {
            Change::Incomparable
        }
    };
    let reason = match (was.outcome, is.outcome, &was.suppression, &is.suppression) {
        (Outcome::Fail, Outcome::Unknown, ..) => "inconclusive in the later report".to_owned(),
        (Outcome::Unknown, Outcome::Fail, ..) => "inconclusive in the earlier report".to_owned(),
        (_, _, None, Some(said)) => format!("now suppressed by {} until {}", said.by, said.expires),
        (_, _, Some(said), None) => format!("no longer suppressed by {}", said.by),
        (Outcome::Unknown, Outcome::Unknown, ..) => "inconclusive in both reports".to_owned(),
        (Outcome::Fail, Outcome::Fail, ..) => "both reports have it".to_owned(),
    };
    (change, reason)
}

/// How a finding that only one has changed; `change` applies if the reports can be compared.
fn one(
    change: Change,
    source: &str,
    finding: &SavedFinding,
    has: &Side<'_>,
    other: &Side<'_>,
) -> (Change, String) {
    if finding.outcome == Outcome::Unknown {
        let reason = format!("inconclusive in the {} report", has.word);
        return (Change::Incomparable, reason);
    }
    let versions = (&*has.report.version, &*other.report.version);
    if major(versions.0) != major(versions.1) {
        let reason = format!(
            "the {} report has version {}, the {} report {}",
            has.word, versions.0, other.word, versions.1
        );
        return (Change::Incomparable, reason);
    }
    if let Some(doubt) = other.doubt(finding, source) {
        return (Change::Incomparable, doubt);
    }
    let reason = match &finding.suppression {
        Some(said) => format!("suppressed by {} until {}", said.by, said.expires),
        None => format!("the {} report does not have it", other.word),
    };
    (change, reason)
}

/// The part of a version that must be equal for a comparison.
fn major(version: &str) -> &str {
    version.split('.').next().unwrap_or_default()
}

impl Found<'_> {
    fn row(&self, (change, reason): (Change, String)) -> DiffRow {
        let finding = self.finding;
        DiffRow {
            change,
            severity: finding.severity,
            check: finding.check.clone(),
            rule: finding.rule.clone(),
            source: self.source.to_owned(),
            place: finding.place.clone(),
            message: finding.message.clone(),
            fingerprint: finding.fingerprint.clone(),
            suppressed: finding.suppression.is_some(),
            reason,
        }
    }
}

fn order(row: &DiffRow) -> impl Ord + '_ {
    (
        row.change,
        Reverse(row.severity),
        &row.check,
        &row.rule,
        &row.source,
        &row.place,
        &row.fingerprint,
    )
}

#[cfg(test)]
mod tests;
