use std::collections::BTreeSet;

use extreg_remedy::Outcome;
use extreg_snapshot::coverage::{Gap, GapReason, GapSubject};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::testing::{object, place};

use super::{Gate, Ruling, Verdict, verdict};
use crate::check::CheckId::Exr001;
use crate::check::Severity::{self, Critical, High, Info, Low, Medium};
use crate::finding::{BaselineState, Finding, Suppression};
use crate::report::{Report, Section};
use crate::testing::finding;

fn of(severity: Severity) -> Finding {
    let object = object(Kind::Deployment, "shop", "cart");
    Finding {
        severity,
        ..finding(Exr001, "rule", place(&object, "web", "spec"))
    }
}

fn section(findings: Vec<Finding>) -> Section {
    let mut section = Section {
        source: "prod".to_owned(),
        findings,
        ..Section::default()
    };
    section.coverage.count(Kind::Deployment);
    section
}

fn report(findings: Vec<Finding>) -> Report {
    Report {
        sections: vec![section(findings)],
        ..Report::default()
    }
}

fn gap() -> Gap {
    Gap {
        what: GapSubject::List {
            kind: Kind::Secret,
            namespace: "".into(),
        },
        why: GapReason::Forbidden,
        message: String::new(),
    }
}

fn ruling(report: &Report, gate: Gate) -> (Verdict, String) {
    let Ruling { verdict, sentence } = verdict(report, gate);
    (verdict, sentence)
}

/// Every gate with every kind of report, by the precedence of the exit codes: 4 before 3 before
/// 0.
#[test]
fn every_gate_with_every_report() {
    let kinds = [(false, false), (false, true), (true, false), (true, true)];
    let worst = [
        None,
        Some(Info),
        Some(Low),
        Some(Medium),
        Some(High),
        Some(Critical),
    ];
    let coverages = [None, Some(0), Some(50), Some(51), Some(100)];
    let mut seen = [0_usize; 4];
    for (is_empty, has_gap) in kinds {
        for found in worst {
            for is_known in [None, Some(false), Some(true)] {
                let mut report = report(Vec::new());
                let section = report.sections.first_mut().unwrap();
                if is_empty {
                    section.coverage.read.clear();
                }
                if has_gap {
                    section.coverage.gaps.insert(gap());
                }
                section.findings.extend(found.map(of));
                for finding in &mut section.findings {
                    finding.baseline = is_known.map(|known| {
                        if known {
                            BaselineState::Unchanged
                        } else {
                            BaselineState::New
                        }
                    });
                }
                for fail_on in worst {
                    for require_coverage in coverages {
                        for (allow_empty, fail_on_new) in kinds {
                            let gate = Gate {
                                fail_on,
                                fail_on_new,
                                require_coverage,
                                allow_empty,
                            };
                            // One list read, one not: half; none read, one not: nothing.
                            let covered = match (has_gap, is_empty) {
                                (false, _) => 100,
                                (true, false) => 50,
                                (true, true) => 0,
                            };
                            let least = fail_on.or(fail_on_new.then_some(Info));
                            let fails = found.zip(least).is_some_and(|(is, least)| is >= least);
                            let want = if is_empty && !allow_empty {
                                Verdict::Empty
                            } else if require_coverage.is_some_and(|least| covered < least) {
                                Verdict::Incomplete
                            } else if fails && is_known != Some(true) {
                                Verdict::Findings
                            } else {
                                Verdict::Passed
                            };
                            let (verdict, sentence) = ruling(&report, gate);
                            assert_eq!(verdict, want, "{report:?} {gate:?}");
                            assert!(verdict == Verdict::Passed || !sentence.is_empty());
                            seen[want as usize] += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(seen.iter().all(|count| *count > 100), "{seen:?}");
}

#[test]
fn the_default_reports_and_names_the_flag() {
    assert_eq!(
        ruling(&report(vec![of(High), of(Low), of(High)]), Gate::default()),
        (
            Verdict::Passed,
            "3 findings; use --fail-on SEVERITY to exit with code 3".to_owned()
        )
    );
    assert_eq!(
        ruling(&report(Vec::new()), Gate::default()),
        (Verdict::Passed, String::new())
    );
}

#[test]
fn findings_of_that_severity_or_higher_fail() {
    let gate = |severity| Gate {
        fail_on: Some(severity),
        ..Gate::default()
    };
    let report = report(vec![of(Critical), of(Medium)]);
    assert_eq!(
        ruling(&report, gate(High)),
        (
            Verdict::Findings,
            "1 finding (1 critical): not allowed by --fail-on high".to_owned()
        )
    );
}

#[test]
fn suppressed_and_inconclusive_findings_do_not_count() {
    let mut excused = of(Critical);
    excused.suppression = Some(Suppression {
        by: "annotation".to_owned(),
        reason: "ours".to_owned(),
        expires: "2027-01-31".to_owned(),
    });
    let mut unknown = of(Critical);
    unknown.outcome = Outcome::Unknown;
    let gate = Gate {
        fail_on: Some(Info),
        fail_on_new: true,
        ..Gate::default()
    };
    let quiet = (Verdict::Passed, String::new());
    assert_eq!(ruling(&report(vec![excused, unknown]), gate), quiet);
}

#[test]
fn with_a_baseline_only_new_findings_fail() {
    let mut known = of(Critical);
    known.baseline = Some(BaselineState::Unchanged);
    let mut new = of(Low);
    new.baseline = Some(BaselineState::New);
    let report = report(vec![known, new]);
    let high = Gate {
        fail_on: Some(High),
        ..Gate::default()
    };
    assert_eq!(ruling(&report, high).0, Verdict::Passed);
    let any = Gate {
        fail_on_new: true,
        ..Gate::default()
    };
    assert_eq!(
        ruling(&report, any),
        (
            Verdict::Findings,
            "1 finding (1 low) not in the baseline: not allowed by --fail-on-new".to_owned()
        )
    );
    let both = Gate {
        fail_on: Some(High),
        ..any
    };
    assert_eq!(ruling(&report, both).0, Verdict::Passed);
}

#[test]
fn the_section_with_the_lowest_coverage_decides() {
    let mut report = report(Vec::new());
    let mut other = section(Vec::new());
    other.source = "test".to_owned();
    other.coverage.gaps.insert(gap());
    report.sections.push(other);
    let gate = Gate {
        require_coverage: Some(100),
        ..Gate::default()
    };
    assert_eq!(
        ruling(&report, gate),
        (
            Verdict::Incomplete,
            "coverage of test is 50 %, lower than --require-coverage 100: it has 1 gap and 0 inconclusive checks"
                .to_owned()
        )
    );
}

#[test]
fn a_section_without_objects_does_not_pass() {
    let empty = |sentence: &str| (Verdict::Empty, sentence.to_owned());
    let nothing = "no objects were read, so the audit proves nothing; --allow-empty accepts this";
    assert_eq!(ruling(&Report::default(), Gate::default()), empty(nothing));
    let mut report = report(Vec::new());
    report.sections.push(Section {
        source: "test".to_owned(),
        ..Section::default()
    });
    let in_test = nothing.replace("read,", "read in test,");
    assert_eq!(ruling(&report, Gate::default()), empty(&in_test));
}

#[test]
fn nonexistent_namespace_is_empty() {
    let mut report = report(Vec::new());
    let coverage = &mut report.sections.first_mut().unwrap().coverage;
    coverage.read.clear();
    coverage.count(Kind::ImageConfig);
    assert_eq!(ruling(&report, Gate::default()).0, Verdict::Passed);
    let coverage = &mut report.sections.first_mut().unwrap().coverage;
    coverage.scope.namespaces = Some(BTreeSet::from(["typo".into()]));
    assert_eq!(ruling(&report, Gate::default()).0, Verdict::Empty);
}
