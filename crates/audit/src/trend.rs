//! Saved reports over time: how many findings there were, and what came and went.

use std::collections::BTreeMap;

use extreg_remedy::Outcome;
use jiff::Timestamp;
use serde::Serialize;

use crate::check::Severity;
use crate::diff::{Change, Diff, DiffRow, diff};
use crate::saved::{SavedFinding, SavedReport};

/// One report of several.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TrendPoint {
    /// Its file.
    pub name: String,
    /// When it was made, RFC 3339 as it says.
    pub generated: String,
    /// The names of its sections, sorted.
    pub sources: Vec<String>,
    /// Open findings by severity, with those that have none.
    #[serde(serialize_with = "by_word")]
    pub open: BTreeMap<Severity, usize>,
    /// Open findings by check, with those that were asked and found none.
    pub checks: BTreeMap<String, usize>,
    /// Findings that somebody said are all right.
    pub suppressed: usize,
    /// Places where what decides could not be looked at.
    pub unknown: usize,
    /// What could not be looked at.
    pub gaps: usize,
    /// What came and went since the last one before it that is about the same; none for the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
}

/// What came and went since an earlier report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Since {
    /// The file of that report.
    pub name: String,
    /// Findings that are new and open.
    pub new: Vec<DiffRow>,
    /// Findings that were open and are fixed.
    pub fixed: Vec<DiffRow>,
    /// How many cannot be compared.
    pub incomparable: usize,
}

/// Why a report has no place in time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{name}: generated is {generated:?}, which is no moment like 2026-11-20T10:00:00Z; leave the \
     file out"
)]
pub struct NoMoment {
    /// Its file.
    pub name: String,
    /// What it says.
    pub generated: String,
}

/// Sorts reports by when they were made, and compares each with the last one before it that is
/// about the same sources, so that reports of several clusters may lie in one folder.
pub fn trend(reports: Vec<(String, SavedReport)>) -> Result<Vec<TrendPoint>, NoMoment> {
    let mut timed = Vec::new();
    for (name, report) in reports {
        match report.generated.parse::<Timestamp>() {
            Ok(moment) => timed.push((moment, name, report)),
            Err(_) => {
                return Err(NoMoment {
                    name,
                    generated: report.generated,
                });
            }
        }
    }
    timed.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let mut last: BTreeMap<Vec<String>, (&str, &SavedReport)> = BTreeMap::new();
    let mut points = Vec::new();
    for (_, name, report) in &timed {
        let mut point = point(name, report);
        let before = last.insert(point.sources.clone(), (name, report));
        point.since = before.map(|(name, before)| since(name, diff(before, report)));
        points.push(point);
    }
    Ok(points)
}

fn point(name: &str, report: &SavedReport) -> TrendPoint {
    let mut sources: Vec<_> = report
        .sections
        .iter()
        .map(|section| section.source.clone())
        .collect();
    sources.sort();
    let mut point = TrendPoint {
        name: name.to_owned(),
        generated: report.generated.clone(),
        sources,
        open: Severity::ALL.map(|severity| (severity, 0)).into(),
        checks: report
            .checks
            .iter()
            .map(|check| (check.id.clone(), 0))
            .collect(),
        suppressed: 0,
        unknown: 0,
        gaps: report
            .sections
            .iter()
            .map(|section| section.coverage.gaps.len())
            .sum(),
        since: None,
    };
    for finding in report.sections.iter().flat_map(|section| &section.findings) {
        point.count(finding);
    }
    point
}

impl TrendPoint {
    /// Counts a finding as a report's own summary does.
    fn count(&mut self, finding: &SavedFinding) {
        match (&finding.suppression, finding.outcome) {
            (Some(_), _) => self.suppressed += 1,
            (None, Outcome::Unknown) => self.unknown += 1,
            (None, Outcome::Fail) => {
                *self.open.entry(finding.severity).or_default() += 1;
                *self.checks.entry(finding.check.clone()).or_default() += 1;
            }
        }
    }
}

fn since(name: &str, diff: Diff) -> Since {
    let incomparable = diff.count(Change::Incomparable);
    let open = diff.rows.into_iter().filter(|row| !row.suppressed);
    let (new, others): (Vec<_>, Vec<_>) = open.partition(|row| row.change == Change::New);
    Since {
        name: name.to_owned(),
        new,
        fixed: others
            .into_iter()
            .filter(|row| row.change == Change::Fixed)
            .collect(),
        incomparable,
    }
}

fn by_word<S: serde::Serializer>(
    counts: &BTreeMap<Severity, usize>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_map(
        counts
            .iter()
            .map(|(severity, count)| (severity.as_str(), count)),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::CheckId::{self, Exr001, Exr004, Exr007};
    use crate::finding::Finding;
    use crate::report::{Report, Section};
    use crate::testing::finding;
    use extreg_snapshot::kind::Kind;
    use extreg_snapshot::testing::{object, place};

    fn about(check: CheckId, name: &str) -> Finding {
        let object = object(Kind::Deployment, "shop", name);
        finding(check, "rule", place(&object, "web", "spec"))
    }

    fn saved(generated: &str, source: &str, findings: Vec<Finding>) -> (String, SavedReport) {
        let report = Report {
            generated: generated.to_owned(),
            version: "0.1.0".to_owned(),
            checks: vec![Exr001, Exr004, Exr007],
            sections: vec![Section {
                source: source.to_owned(),
                findings,
                ..Section::default()
            }],
            ..Report::default()
        };
        let name = format!("{source}-{}.json", generated.get(..10).unwrap_or("x"));
        (name, crate::testing::saved(&report))
    }

    #[test]
    fn points_are_sorted_by_time_and_compared_within_their_source() {
        let points = trend(vec![
            saved(
                "2026-11-03T10:00:00Z",
                "prod",
                vec![about(Exr001, "b"), about(Exr004, "c")],
            ),
            // Earlier in UTC than the text looks.
            saved(
                "2026-11-02T01:00:00+05:00",
                "prod",
                vec![about(Exr001, "a"), about(Exr001, "b")],
            ),
            saved("2026-11-01T22:00:00Z", "test", vec![about(Exr007, "x")]),
            saved("2026-11-04T10:00:00Z", "test", vec![]),
        ])
        .unwrap();
        let names = |rows: &[DiffRow]| {
            rows.iter()
                .map(|row| row.place.name.clone())
                .collect::<Vec<_>>()
                .join(",")
        };
        let line = |point: &TrendPoint| match &point.since {
            None => point.name.clone(),
            Some(since) => format!(
                "{} after {}: +{} -{}",
                point.name,
                since.name,
                names(&since.new),
                names(&since.fixed)
            ),
        };
        assert_eq!(
            points.iter().map(line).collect::<Vec<_>>(),
            [
                "prod-2026-11-02.json",
                "test-2026-11-01.json",
                "prod-2026-11-03.json after prod-2026-11-02.json: +c -a",
                "test-2026-11-04.json after test-2026-11-01.json: + -x",
            ]
        );
    }

    #[test]
    fn a_point_counts_as_the_reports_summary_does() {
        let mut unknown = about(Exr001, "u");
        unknown.outcome = Outcome::Unknown;
        let (name, report) = saved(
            "2026-11-03T10:00:00Z",
            "prod",
            vec![
                about(Exr004, "c"),
                about(Exr001, "a"),
                about(Exr001, "b"),
                unknown,
            ],
        );
        let point = trend(vec![(name, report)]).unwrap().remove(0);
        assert_eq!((point.unknown, point.suppressed, point.gaps), (1, 0, 0));
        let json = serde_json::to_value(&point).unwrap();
        assert_eq!(
            json["open"],
            serde_json::json!({"info": 0, "low": 0, "medium": 0, "high": 2, "critical": 1})
        );
        assert_eq!(
            json["checks"],
            serde_json::json!({"EXR001": 2, "EXR004": 1, "EXR007": 0})
        );
    }

    #[test]
    fn a_report_of_no_time_is_named() {
        let error = trend(vec![saved("yesterday!", "prod", vec![])]).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("prod-yesterday!.json: generated is \"yesterday!\""),
            "{error}"
        );
    }
}
