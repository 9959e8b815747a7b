use std::collections::BTreeSet;
use std::sync::Arc;

use extreg_snapshot::Annotation;
use extreg_snapshot::coverage::{Gap, GapReason, GapSubject};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::ObjectId;
use extreg_snapshot::testing::{object, place};
use jiff::civil::{Date, date};

use super::{Limits, suppress};
use crate::check::CheckId::{Exr001, Exr006, Exr007};
use crate::exceptions::Exceptions;
use crate::finding::Finding;
use crate::report::{Report, Section};
use crate::testing::finding;

const TODAY: Date = date(2026, 11, 20);

fn cart() -> ObjectId {
    object(Kind::Deployment, "shop", "cart")
}

/// EXR001 and EXR007 of the container `web` of a Deployment, EXR007 of its container `init`.
fn report() -> Report {
    let of = |check, part| finding(check, "rule", place(&cart(), part, "spec"));
    Report {
        checks: vec![Exr001, Exr007],
        sections: vec![Section {
            source: "prod".to_owned(),
            findings: vec![of(Exr001, "web"), of(Exr007, "init"), of(Exr007, "web")],
            ..Section::default()
        }],
        ..Report::default()
    }
}

fn exceptions(entries: &[&str]) -> Exceptions {
    let entries = entries.join("}\n- {");
    let head = "apiVersion: extreg.io/v1alpha1\nkind: Exceptions\nexceptions:\n";
    Exceptions::parse("x.yaml", &format!("{head}- {{{entries}}}\n")).unwrap()
}

fn annotate(section: &mut Section, object: ObjectId, part: Option<&str>, value: &str) {
    let key = match part {
        Some(part) => format!("extreg.io/ignore-checks.{part}"),
        None => "extreg.io/ignore-checks".to_owned(),
    };
    section
        .annotations
        .entry(object)
        .or_default()
        .push(Annotation {
            part: part.map(Arc::from),
            key: key.into(),
            value: value.into(),
        });
}

/// The suppression of each finding and its expiry date.
fn by(report: &Report) -> Vec<String> {
    let words = |finding: &Finding| match &finding.suppression {
        Some(said) => format!("{} {}: {}", said.by, said.expires, said.reason),
        None => String::new(),
    };
    report
        .findings()
        .map(|(_, finding)| words(finding))
        .collect()
}

fn lines(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

const NONE: [&str; 0] = [];

#[test]
fn exception_suppresses_matching_findings_and_removes_none() {
    let mut report = report();
    let list = exceptions(&["check: EXR007, part: w*, reason: ours, expires: 2027-01-31"]);
    suppress(&mut report, &list, Limits::default(), TODAY);
    assert_eq!(by(&report), ["", "", "x.yaml:4 2027-01-31: ours"]);
    assert_eq!(lines(&report.notices), NONE);
    assert_eq!(lines(&report.unused_exceptions), NONE);
    assert_eq!(report.summary().suppressed, 1);
}

#[test]
fn an_annotation_applies_to_its_object_or_one_of_its_containers() {
    let mut report = report();
    let section = report.sections.first_mut().unwrap();
    annotate(
        section,
        cart(),
        Some("init"),
        "EXR007 until 2027-01-31: ours",
    );
    annotate(section, cart(), None, "EXR001 until 2027-02-28: theirs");
    annotate(
        section,
        cart(),
        Some("gone"),
        "EXR007 until 2027-01-31: ours",
    );
    let other = object(Kind::Deployment, "shop", "other");
    annotate(section, other, None, "EXR007 until 2027-01-31: gone");
    suppress(
        &mut report,
        &Exceptions::default(),
        Limits::default(),
        TODAY,
    );
    let want = [
        "annotation 2027-02-28: theirs",
        "annotation 2027-01-31: ours",
        "",
    ];
    assert_eq!(by(&report), want);
    assert_eq!(
        lines(&report.unused_exceptions),
        [
            "deployment.apps/cart in shop: annotation for EXR007 of gone suppresses nothing: remove it",
            "deployment.apps/other in shop: annotation for EXR007 suppresses nothing: remove it"
        ]
    );
}

#[test]
fn limits_bound_what_annotations_and_exceptions_suppress() {
    let annotated = || {
        let mut report = report();
        let section = report.sections.first_mut().unwrap();
        annotate(section, cart(), None, "EXR001 until 9999-12-31: for ever");
        report
    };
    let list = exceptions(&["check: EXR007, part: web, reason: ours, expires: 2027-02-18"]);
    let ours = "x.yaml:4 2027-02-18: ours";
    for (limits, want, notices) in [
        (
            Limits {
                annotations: false,
                ..Limits::default()
            },
            ["", "", ours],
            &["1 annotation suppresses nothing (--no-annotation-exceptions)"][..],
        ),
        (
            Limits {
                latest: date(2027, 2, 18),
                ..Limits::default()
            },
            ["", "", ours],
            &[
                "deployment.apps/cart in shop: annotation for EXR001 lasts until 9999-12-31, longer \
                 than 2027-02-18 (--max-exception-days), and suppresses nothing",
            ],
        ),
        (
            Limits {
                latest: date(2027, 2, 17),
                annotations: false,
            },
            ["", "", ""],
            &[
                "x.yaml:4: exception for EXR007 lasts until 2027-02-18, longer than 2027-02-17 \
                 (--max-exception-days), and suppresses nothing",
                "1 annotation suppresses nothing (--no-annotation-exceptions)",
            ],
        ),
        (
            Limits::default(),
            ["annotation 9999-12-31: for ever", "", ours],
            &[],
        ),
    ] {
        let mut report = annotated();
        suppress(&mut report, &list, limits, TODAY);
        assert_eq!(by(&report), want, "{limits:?}");
        assert_eq!(lines(&report.notices), notices, "{limits:?}");
        assert_eq!(lines(&report.unused_exceptions), NONE, "{limits:?}");
    }
}

#[test]
fn an_annotation_without_reason_or_date_gives_a_notice() {
    let mut report = report();
    let section = report.sections.first_mut().unwrap();
    annotate(
        section,
        cart(),
        None,
        "EXR007; EXR001 until 2027-01-31: ours",
    );
    annotate(section, cart(), Some("web"), "true");
    suppress(
        &mut report,
        &Exceptions::default(),
        Limits::default(),
        TODAY,
    );
    assert_eq!(by(&report), ["annotation 2027-01-31: ours", "", ""]);
    assert_eq!(
        lines(&report.notices),
        [
            "deployment.apps/cart in shop: annotation extreg.io/ignore-checks suppresses nothing: \
             EXR007: no reason; explain why the finding is accepted",
            "deployment.apps/cart in shop: annotation extreg.io/ignore-checks.web suppresses \
             nothing: unknown check \"true\": the checks are EXR001 to EXR015",
        ]
    );
}

#[test]
fn a_pod_templates_annotation_is_reported_once() {
    let mut report = report();
    let section = report.sections.first_mut().unwrap();
    let pod = object(Kind::Pod, "shop", "cart-5d9c7b8f6d-x2x4z");
    section.owners.insert(pod.clone(), cart());
    annotate(
        section,
        pod.clone(),
        None,
        "EXR007 until 2027-01-31: ours; EXR001",
    );
    suppress(
        &mut report,
        &Exceptions::default(),
        Limits::default(),
        TODAY,
    );
    assert_eq!(lines(&report.notices), NONE);
    assert_eq!(lines(&report.unused_exceptions), NONE);
    // A finding about the pod itself is suppressed nevertheless.
    let section = report.sections.first_mut().unwrap();
    section.findings = vec![finding(Exr007, "rule", place(&pod, "", "spec"))];
    suppress(
        &mut report,
        &Exceptions::default(),
        Limits::default(),
        TODAY,
    );
    assert_eq!(by(&report), ["annotation 2027-01-31: ours"]);
}

#[test]
fn an_expired_exception_suppresses_nothing_and_is_reported() {
    let mut report = report();
    let list = exceptions(&[
        "check: EXR007, reason: ours, expires: 2026-11-19",
        "check: EXR001, name: gone, reason: ours, expires: 2026-11-19",
        "check: EXR001, reason: ours, expires: 2026-11-20",
    ]);
    suppress(&mut report, &list, Limits::default(), TODAY);
    assert_eq!(by(&report), ["x.yaml:6 2026-11-20: ours", "", ""]);
    assert_eq!(
        lines(&report.notices),
        [
            "x.yaml:4: exception for EXR007 expired on 2026-11-19 and suppresses nothing: fix the \
             2 findings that it was for, or set a later expiry date",
            "x.yaml:5: exception for EXR001 expired on 2026-11-19: remove it",
            "x.yaml:6: exception for EXR001 expires at the end of today: 1 finding counts again \
             after 2026-11-20",
        ]
    );
    assert_eq!(lines(&report.unused_exceptions), NONE);
}

#[test]
fn the_longest_one_counts_and_the_other_is_used_too() {
    let mut report = report();
    let list = exceptions(&[
        "check: EXR007, reason: short, expires: 2026-11-21",
        "check: EXR007, part: web, reason: long, expires: 2027-01-31",
    ]);
    let section = report.sections.first_mut().unwrap();
    annotate(
        section,
        cart(),
        Some("web"),
        "EXR007 until 2027-01-31: as long",
    );
    suppress(&mut report, &list, Limits::default(), TODAY);
    let want = [
        "",
        "x.yaml:4 2026-11-21: short",
        "x.yaml:5 2027-01-31: long",
    ];
    assert_eq!(by(&report), want);
    assert_eq!(
        lines(&report.notices),
        [
            "x.yaml:4: exception for EXR007 expires tomorrow: 1 finding counts again after 2026-11-21"
        ]
    );
    assert_eq!(lines(&report.unused_exceptions), NONE);
}

#[test]
fn an_exception_is_unused_only_if_that_is_certain() {
    let unused = "check: EXR007, namespace: dev, kind: ImageStream, reason: ours, \
                  expires: 2027-01-31";
    let list = exceptions(&[unused]);
    let gap = |kind, namespace: &str| Gap {
        what: GapSubject::List {
            kind,
            namespace: namespace.into(),
        },
        why: GapReason::Forbidden,
        message: String::new(),
    };
    let told = |change: &dyn Fn(&mut Section)| {
        let mut report = report();
        change(report.sections.first_mut().unwrap());
        suppress(&mut report, &list, Limits::default(), TODAY);
        (report.unused_exceptions.len(), report.notices)
    };
    let sure = (1, Vec::new());
    assert_eq!(told(&|_| {}), sure);
    // A gap in another namespace.
    assert_eq!(
        told(&|s| s.coverage.gaps = BTreeSet::from([gap(Kind::Pod, "dev")])),
        sure
    );
    assert_eq!(
        told(&|s| s.coverage.gaps = BTreeSet::from([gap(Kind::ImageStream, "prod")])),
        sure
    );
    assert_eq!(
        told(&|s| s.coverage.scope.namespaces = Some(BTreeSet::from(["dev".into()]))),
        sure
    );
    let doubt = |why: &str| {
        let line = "x.yaml:4: exception for EXR007: cannot determine whether it is still needed: ";
        (0, vec![format!("{line}{why}")])
    };
    for namespace in ["dev", ""] {
        let gap = gap(Kind::ImageStream, namespace);
        let words = gap.words();
        assert_eq!(
            told(&|s| s.coverage.gaps = BTreeSet::from([gap.clone()])),
            doubt(&words)
        );
    }
    let elsewhere = doubt("the audit was limited to some namespaces or objects");
    assert_eq!(
        told(&|s| s.coverage.scope.namespaces = Some(BTreeSet::from(["prod".into()]))),
        elsewhere
    );
    assert_eq!(
        told(&|s| s.coverage.scope.selector = "app=web".to_owned()),
        elsewhere
    );
}

#[test]
fn without_its_check_the_use_of_an_exception_is_unknown() {
    let mut report = report();
    let list = exceptions(&[
        "check: EXR006, reason: ours, expires: 2027-01-31",
        "checks: [EXR001, EXR006], name: gone, reason: ours, expires: 2027-01-31",
        "checks: [EXR001, EXR007], name: gone, reason: ours, expires: 2027-01-31",
    ]);
    let section = report.sections.first_mut().unwrap();
    annotate(section, cart(), None, "EXR006 until 2027-01-31: ours");
    assert!(!report.checks.contains(&Exr006));
    suppress(&mut report, &list, Limits::default(), TODAY);
    assert_eq!(
        lines(&report.notices),
        [
            "deployment.apps/cart in shop: annotation for EXR006 and 2 more: cannot determine whether \
             still needed: not all of their checks ran"
        ]
    );
    assert_eq!(
        lines(&report.unused_exceptions),
        ["x.yaml:6: exception for EXR001, EXR007 suppresses nothing: remove it"]
    );
}

#[test]
fn an_exception_is_used_if_it_is_in_one_of_several_clusters() {
    let mut report = report();
    let mut other = report.sections.first().unwrap().clone();
    other.source = "test".to_owned();
    other.findings.clear();
    annotate(&mut other, cart(), None, "EXR001 until 2027-01-31: ours");
    report.sections.push(other);
    let list = exceptions(&["check: EXR007, reason: ours, expires: 2027-01-31"]);
    suppress(&mut report, &list, Limits::default(), TODAY);
    assert_eq!(
        lines(&report.unused_exceptions),
        ["test: deployment.apps/cart in shop: annotation for EXR001 suppresses nothing: remove it"]
    );
    assert_eq!(by(&report)[0], "");
}
