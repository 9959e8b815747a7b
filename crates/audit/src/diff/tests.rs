use std::collections::BTreeSet;

use extreg_remedy::Outcome;
use extreg_snapshot::coverage::{Gap, GapReason, GapSubject};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::Origin;
use extreg_snapshot::testing::{object, place};

use super::{Change, Diff, diff};
use crate::check::CheckId::{Exr001, Exr006, Exr007};
use crate::finding::{Finding, Suppression};
use crate::report::{Report, Section};
use crate::testing::finding;

fn about(name: &str) -> Finding {
    finding(
        Exr001,
        "not-allowed",
        place(&object(Kind::Deployment, "shop", name), "web", "spec"),
    )
}

fn report(findings: Vec<Finding>) -> Report {
    Report {
        version: "1.2.3".to_owned(),
        checks: vec![Exr001, Exr006, Exr007],
        sections: vec![Section {
            source: "prod".to_owned(),
            findings,
            ..Section::default()
        }],
        ..Report::default()
    }
}

fn section(report: &mut Report) -> &mut Section {
    report.sections.first_mut().unwrap()
}

fn compared(old: &Report, new: &Report) -> Diff {
    diff(&crate::testing::saved(old), &crate::testing::saved(new))
}

/// `new cart: reason`.
fn lines(diff: &Diff) -> Vec<String> {
    let line =
        |row: &super::DiffRow| format!("{} {}: {}", row.change.word(), row.place.name, row.reason);
    diff.rows.iter().map(line).collect()
}

fn suppressed(mut finding: Finding) -> Finding {
    finding.suppression = Some(Suppression {
        by: "x.yaml:4".to_owned(),
        reason: "ours".to_owned(),
        expires: "2027-01-31".to_owned(),
    });
    finding
}

fn unknown(mut finding: Finding) -> Finding {
    finding.outcome = Outcome::Unknown;
    finding
}

#[test]
fn each_class_has_its_reason() {
    let old = report(vec![
        about("gone"),
        about("same"),
        unknown(about("was-unknown")),
    ]);
    let mut new = report(vec![about("same"), about("came"), about("was-unknown")]);
    section(&mut new)
        .findings
        .push(suppressed(about("excused")));
    let diff = compared(&old, &new);
    assert_eq!(
        lines(&diff),
        [
            "new came: the earlier report does not have it",
            "new excused: suppressed by x.yaml:4 until 2027-01-31",
            "fixed gone: the later report does not have it",
            "incomparable was-unknown: inconclusive in the earlier report",
            "unchanged same: both reports have it",
        ]
    );
    assert_eq!(Change::ALL.map(|change| diff.count(change)), [2, 1, 1, 1]);
    assert!(diff.differs());
}

#[test]
fn the_reason_for_a_finding_in_both_names_the_change() {
    let cases = [
        (
            about("a"),
            unknown(about("a")),
            "incomparable a: inconclusive in the later report",
        ),
        (
            unknown(about("a")),
            unknown(about("a")),
            "unchanged a: inconclusive in both reports",
        ),
        (
            about("a"),
            suppressed(about("a")),
            "unchanged a: now suppressed by x.yaml:4 until 2027-01-31",
        ),
        (
            suppressed(about("a")),
            about("a"),
            "unchanged a: no longer suppressed by x.yaml:4",
        ),
        (
            suppressed(about("a")),
            suppressed(about("a")),
            "unchanged a: both reports have it",
        ),
    ];
    for (was, is, want) in cases {
        assert_eq!(
            lines(&compared(&report(vec![was]), &report(vec![is]))),
            [want]
        );
    }
}

#[test]
fn an_inconclusive_finding_is_not_a_change() {
    let nothing = report(Vec::new());
    let one = report(vec![unknown(about("a"))]);
    assert_eq!(
        lines(&compared(&nothing, &one)),
        ["incomparable a: inconclusive in the later report"]
    );
    assert_eq!(
        lines(&compared(&one, &nothing)),
        ["incomparable a: inconclusive in the earlier report"]
    );
}

/// If `change` applies to the report without the finding, it is neither new nor fixed.
fn is_incomparable(change: &dyn Fn(&mut Report), reason: &str) {
    let has = report(vec![about("a")]);
    let mut lacks = report(Vec::new());
    change(&mut lacks);
    let say = |word| format!("incomparable a: {}", reason.replace("WHICH", word));
    assert_eq!(lines(&compared(&has, &lacks)), [say("later")]);
    assert_eq!(lines(&compared(&lacks, &has)), [say("earlier")]);
}

#[test]
fn findings_that_were_not_checked_cannot_be_compared() {
    let gap = |kind, namespace: &str| Gap {
        what: GapSubject::List {
            kind,
            namespace: namespace.into(),
        },
        why: GapReason::Forbidden,
        message: String::new(),
    };
    is_incomparable(
        &|report| report.checks = vec![Exr006],
        "the WHICH report did not run EXR001",
    );
    is_incomparable(
        &|report| {
            let gaps = &mut section(report).coverage.gaps;
            gaps.insert(gap(Kind::Deployment, "shop"));
        },
        "in the WHICH report, deployments.apps in shop was not read (forbidden)",
    );
    is_incomparable(
        &|report| {
            let scope = &mut section(report).coverage.scope;
            scope.namespaces = Some(BTreeSet::from(["dev".into()]));
        },
        "in the WHICH report, namespace shop was not selected",
    );
    let mut elsewhere = report(Vec::new());
    let gaps = &mut section(&mut elsewhere).coverage.gaps;
    gaps.insert(gap(Kind::Deployment, "dev"));
    gaps.insert(gap(Kind::Pod, ""));
    let diff = compared(&report(vec![about("a")]), &elsewhere);
    assert_eq!(diff.count(Change::Fixed), 1);
}

#[test]
fn a_file_that_cannot_be_read_hides_its_findings() {
    let in_file = |name, path: &str| {
        let mut finding = about(name);
        finding.place.origin = Origin::File {
            path: path.into(),
            line: 3,
        };
        finding
    };
    let old = report(vec![in_file("a", "a.yaml"), in_file("b", "b.yaml")]);
    let mut new = report(Vec::new());
    section(&mut new).coverage.gaps.insert(Gap {
        what: GapSubject::Document("b.yaml:9".to_owned()),
        why: GapReason::Unreadable,
        message: String::new(),
    });
    let diff = compared(&old, &new);
    assert_eq!(
        lines(&diff),
        [
            "fixed a: the later report does not have it",
            "incomparable b: in the later report, b.yaml:9 was not read (unreadable)",
        ]
    );
}

#[test]
fn another_major_version_cannot_be_compared() {
    let has = report(vec![about("a"), about("b")]);
    let mut later = report(vec![about("b")]);
    later.version = "2.0.0".to_owned();
    assert_eq!(
        lines(&compared(&has, &later)),
        [
            "incomparable a: the earlier report has version 1.2.3, the later report 2.0.0",
            "unchanged b: both reports have it",
        ]
    );
    later.version = "1.9.0".to_owned();
    assert_eq!(compared(&has, &later).count(Change::Fixed), 1);
}

#[test]
fn sections_are_compared_by_name_unless_there_is_one_of_each() {
    let old = report(vec![about("a")]);
    let mut new = report(vec![about("a")]);
    section(&mut new).source = "test".to_owned();
    let renamed = compared(&old, &new);
    assert_eq!(lines(&renamed), ["unchanged a: both reports have it"]);
    assert_eq!(
        renamed.notices,
        ["prod and test are compared as the same source"]
    );
    assert_eq!(renamed.rows.first().unwrap().source, "test");
    let mut both = new.clone();
    both.sections.extend(report(Vec::new()).sections);
    let apart = compared(&old, &both);
    assert_eq!(
        lines(&apart),
        [
            "fixed a: the later report does not have it",
            "incomparable a: the earlier report does not cover test",
        ]
    );
}

#[test]
fn of_two_findings_with_one_fingerprint_the_open_one_counts() {
    let old = report(vec![suppressed(about("a")), about("a")]);
    let new = report(vec![unknown(about("a")), about("a")]);
    assert_eq!(
        lines(&compared(&old, &new)),
        ["unchanged a: both reports have it"]
    );
    assert_eq!(
        lines(&compared(&new, &old)),
        ["unchanged a: both reports have it"]
    );
}

#[test]
fn the_most_severe_come_first() {
    let mut low = about("a");
    low.severity = crate::check::Severity::Low;
    let low_first = report(vec![low, about("b")]);
    let names = |diff: Diff| {
        diff.rows
            .into_iter()
            .map(|row| row.place.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(names(compared(&report(Vec::new()), &low_first)), ["b", "a"]);
}
