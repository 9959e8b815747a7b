//! Properties of all findings: strategies for the property tests of this crate, and what does not change a
//! fingerprint.

use std::collections::BTreeSet;
use std::sync::Arc;

use extreg_remedy::{Caller, Outcome, Remedy};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::{ImageName, ObjectId, Origin, Place};
use extreg_snapshot::testing::{object, place};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

use jiff::civil::date;

use crate::baseline::Baseline;
use crate::check::{CheckId, Severity};
use crate::diff::{Change, diff};
use crate::exceptions::{Exception, ExceptionEntry, Exceptions};
use crate::finding::{BaselineState, Finding};
use crate::report::{Report, Section, sort_key};
use crate::suppress::{Limits, suppress};
use crate::testing::finding;

/// Few, so that findings often share one.
const CHECKS: [CheckId; 3] = [CheckId::Exr001, CheckId::Exr007, CheckId::Exr011];
const RULES: [&str; 3] = ["not-allowed", "mutable", "anonymous"];

/// No seed file: a failure prints its minimal case.
pub(crate) fn config() -> ProptestConfig {
    ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    }
}

fn word(words: &'static [&'static str]) -> impl Strategy<Value = Arc<str>> {
    select(words).prop_map(Arc::from)
}

fn any_object() -> impl Strategy<Value = ObjectId> {
    let kinds = select(&[
        Kind::Build,
        Kind::ShipwrightBuild,
        Kind::Deployment,
        Kind::ImageStream,
        Kind::Pod,
    ]);
    (word(&["", "dev", "prod"]), kinds, word(&["web", "web-2"])).prop_map(
        |(namespace, kind, name)| ObjectId {
            namespace,
            kind,
            name,
        },
    )
}

fn any_origin() -> impl Strategy<Value = Origin> {
    prop_oneof![
        Just(Origin::Cluster),
        (word(&["a.yaml", "b/c.yaml"]), 1..99_usize)
            .prop_map(|(path, line)| Origin::File { path, line }),
    ]
}

fn any_image() -> impl Strategy<Value = ImageName> {
    let registries = word(&["docker.io", "docker.io.evil.com", "quay.io"]);
    let repositories = word(&["library/nginx", "acme/app"]);
    let digests = word(&["", "sha256:aa", "sha256:bb"]);
    (registries, repositories, "[a-z0-9]{1,3}", digests).prop_map(
        |(registry, repository, tag, digest)| ImageName {
            written: format!("{registry}/{repository}:{tag}").into(),
            registry,
            repository,
            digest,
        },
    )
}

fn any_place() -> impl Strategy<Value = Place> {
    (any_object(), word(&["", "web", "init"]), any_origin()).prop_map(|(object, part, origin)| {
        Place {
            object,
            part,
            field: "spec".into(),
            origin,
        }
    })
}

/// Any finding, from few words so that findings often share them.
pub(crate) fn any_finding() -> impl Strategy<Value = Finding> {
    (
        select(&CHECKS),
        select(&RULES),
        select(&Severity::ALL),
        prop_oneof![3 => Just(Outcome::Fail), 1 => Just(Outcome::Unknown)],
        any_place(),
        option::of(any_image()),
        "[a-z ]{1,12}",
    )
        .prop_map(
            |(check, rule, severity, outcome, place, image, message)| Finding {
                check,
                rule,
                severity,
                outcome,
                place,
                image,
                message,
                why: "why".to_owned(),
                fix: Remedy::instruct("oc fix"),
                invocation: Caller::Oc.into(),
                suppression: None,
                baseline: None,
            },
        )
}

/// A report of one to three sections for which all checks ran and all lists were read.
pub(crate) fn any_report() -> impl Strategy<Value = Report> {
    vec(vec(any_finding(), 0..12), 1..4).prop_map(|sections| Report {
        generated: "2026-11-20T10:00:00Z".to_owned(),
        version: "1.2.3".to_owned(),
        checks: CheckId::ALL.to_vec(),
        sections: sections
            .into_iter()
            .zip(["one", "two", "three"])
            .map(|(mut findings, source)| {
                findings.sort_by(|a, b| sort_key(a).cmp(&sort_key(b)));
                findings.dedup();
                Section {
                    source: source.to_owned(),
                    findings,
                    ..Section::default()
                }
            })
            .collect(),
        ..Report::default()
    })
}

/// An exception for one check, that may narrow it further.
fn any_exception() -> impl Strategy<Value = Exception> {
    (
        select(&CHECKS),
        option::of(select(&["dev", "d*", "*"])),
        option::of(select(&["web", "*-2"])),
        option::of(select(&["docker.io/**", "quay.io/acme/app"])),
        select(&["2026-11-19", "2026-11-25", "2027-11-25"]),
    )
        .prop_map(|(check, namespace, name, image, expires)| {
            let entry = ExceptionEntry {
                check: Some(check.to_string()),
                namespace: namespace.map(str::to_owned),
                name: name.map(str::to_owned),
                image: image.map(str::to_owned),
                reason: Some("ours".to_owned()),
                expires: Some(expires.to_owned()),
                ..ExceptionEntry::default()
            };
            Exception::parse("x.yaml:1".to_owned(), &entry).unwrap()
        })
}

/// The parts of a fingerprint.
fn identity(finding: &Finding) -> impl PartialEq + '_ {
    let image = finding.image.as_ref();
    (
        finding.check,
        finding.rule,
        &finding.place.object,
        &finding.place.part,
        image.map_or("", |image| &image.registry),
        image.map_or("", |image| &image.repository),
    )
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_fingerprint_survives_irrelevant_changes(
        finding in any_finding(),
        other in any_finding(),
        tag in "[a-z0-9]{1,8}",
    ) {
        let mut later = finding.clone();
        // The file moved, or the container has another index.
        later.place.origin = other.place.origin;
        later.place.field = "spec.template.spec.containers[7].image".into();
        // The tag was bumped, and another digest runs.
        if let Some(image) = &mut later.image {
            image.written = format!("{}/{}:{tag}", image.registry, image.repository).into();
            image.digest = format!("sha256:{tag}").into();
        }
        // Another version has other texts and another severity.
        later.severity = other.severity;
        later.outcome = other.outcome;
        later.message = other.message;
        later.why = other.why;
        later.fix = Remedy::instruct(tag);
        prop_assert_eq!(finding.fingerprint(), later.fingerprint());
    }

    #[test]
    fn another_identity_has_another_fingerprint(
        a in any_finding(),
        other in any_finding(),
        change in 0..6_usize,
    ) {
        let mut b = a.clone();
        match change {
            0 => b.check = other.check,
            1 => b.rule = other.rule,
            2 => b.place.object.kind = other.place.object.kind,
            3 => b.place.object.namespace = other.place.object.namespace,
            4 => b.place.part = other.place.part,
            _ => b.image = other.image,
        }
        let same = identity(&a) == identity(&b);
        prop_assert_eq!(same, a.fingerprint() == b.fingerprint());
    }

    #[test]
    fn suppression_hides_no_finding_of_another_check_and_keeps_the_order(
        before in any_report(),
        exception in any_exception(),
    ) {
        let check = exception.checks().first().copied();
        let entries = vec![exception];
        let mut after = before.clone();
        suppress(&mut after, &Exceptions { entries }, Limits::default(), date(2026, 11, 20));
        prop_assert_eq!(before.findings().count(), after.findings().count());
        for ((_, was), (_, is)) in before.findings().zip(after.findings()) {
            prop_assert!(is.suppression.is_none() || Some(is.check) == check);
            let bare = Finding { suppression: None, ..is.clone() };
            prop_assert_eq!(was, &bare);
        }
    }

    #[test]
    fn the_order_of_exceptions_makes_no_difference_to_what_counts(
        report in any_report(),
        entries in vec(any_exception(), 0..8),
    ) {
        let open = |entries: Vec<Exception>| {
            let mut report = report.clone();
            suppress(&mut report, &Exceptions { entries }, Limits::default(), date(2026, 11, 20));
            let until = |finding: &Finding| finding.suppression.clone().map(|said| said.expires);
            report.findings().map(|(_, finding)| until(finding)).collect::<Vec<_>>()
        };
        let reversed = entries.iter().rev().cloned().collect();
        prop_assert_eq!(open(entries), open(reversed));
    }

    #[test]
    fn report_equals_its_own_baseline(
        mut report in any_report(),
    ) {
        let baseline = Baseline::of(&report);
        baseline.compare(&mut report);
        for (_, finding) in report.findings().filter(|(_, finding)| finding.is_open()) {
            prop_assert_eq!(finding.baseline, Some(BaselineState::Unchanged));
        }
        prop_assert_eq!(&report.fixed, &[]);
        prop_assert_eq!(Baseline::of(&report), baseline);
    }

    #[test]
    fn a_report_does_not_differ_from_itself(report in any_report()) {
        let saved = crate::testing::saved(&report);
        let diff = diff(&saved, &saved);
        prop_assert!(diff.rows.iter().all(|row| row.change == Change::Unchanged));
        prop_assert!(!diff.differs() && diff.notices.is_empty());
        let in_section = |section: &Section| {
            let findings = section.findings.iter().map(Finding::fingerprint);
            findings.collect::<BTreeSet<_>>().len()
        };
        let want: usize = report.sections.iter().map(in_section).sum();
        prop_assert_eq!(diff.rows.len(), want);
    }

    #[test]
    fn in_reverse_new_findings_are_fixed(a in any_report(), mut b in any_report()) {
        // They are about the same clusters.
        b.sections.truncate(a.sections.len());
        let (a, b) = (crate::testing::saved(&a), crate::testing::saved(&b));
        let (there, back) = (diff(&a, &b), diff(&b, &a));
        for (change, mirrored) in [
            (Change::New, Change::Fixed),
            (Change::Fixed, Change::New),
            (Change::Incomparable, Change::Incomparable),
            (Change::Unchanged, Change::Unchanged),
        ] {
            prop_assert_eq!(there.count(change), back.count(mirrored));
        }
    }
}

#[test]
fn builds_of_openshift_and_shipwright_are_different() {
    let finding = |kind| {
        let place = place(&object(kind, "shop", "app"), "", "spec");
        finding(CheckId::Exr011, "outside-policy", place)
    };
    assert_ne!(
        finding(Kind::Build).fingerprint(),
        finding(Kind::ShipwrightBuild).fingerprint()
    );
}
