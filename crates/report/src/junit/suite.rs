//! A report as suites and cases.

use std::collections::BTreeMap;
use std::sync::Arc;

use extreg_audit::check::CheckId;
use extreg_audit::finding::Finding;
use extreg_audit::report::{Report, Section};
use extreg_audit::verdict::{Gate, Ruling, Verdict, verdict};
use extreg_snapshot::coverage::GapReason;
use extreg_snapshot::place::ObjectId;

use crate::phrases;
use crate::state::State;

/// A namespace of a source, or a source.
#[derive(Default)]
pub(super) struct Suite {
    pub(super) name: String,
    pub(super) properties: Vec<(&'static str, String)>,
    pub(super) cases: Vec<Case>,
    /// Additional output, one line each.
    pub(super) lines: Vec<String>,
}

/// A check of an object.
pub(super) struct Case {
    pub(super) name: String,
    pub(super) class: String,
    pub(super) outcome: Outcome,
}

pub(super) enum Outcome {
    /// With additional output; can be empty.
    Passed(String),
    Failure(Details),
    Error(Details),
    Skipped(Details),
}

pub(super) struct Details {
    /// One word.
    pub(super) kind: &'static str,
    pub(super) message: String,
    pub(super) body: String,
}

impl Suite {
    pub(super) fn tests(&self) -> usize {
        self.cases.len()
    }

    pub(super) fn failures(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Failure(_)))
    }

    pub(super) fn errors(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Error(_)))
    }

    pub(super) fn skipped(&self) -> usize {
        self.count(|outcome| matches!(outcome, Outcome::Skipped(_)))
    }

    fn count(&self, of: fn(&Outcome) -> bool) -> usize {
        self.cases.iter().filter(|case| of(&case.outcome)).count()
    }
}

pub(super) fn of(report: &Report, gate: Gate) -> Vec<Suite> {
    let mut suites = Vec::new();
    for section in &report.sections {
        of_section(report, gate, section, &mut suites);
    }
    let unused = report.unused_exceptions.iter();
    let notices = report.notices.iter();
    let fixed = report.fixed.iter();
    let lines: Vec<_> = unused
        .map(|line| format!("An exception suppresses nothing: {line}"))
        .chain(notices.map(|line| format!("Notice: {line}")))
        .chain(fixed.map(|known| format!("No longer found: {}", phrases::fixed(known))))
        .collect();
    let nothing = report.sections.is_empty().then(|| nothing_read(gate));
    if nothing.is_some() || !lines.is_empty() {
        suites.push(Suite {
            name: "extreg".to_owned(),
            cases: nothing.into_iter().collect(),
            lines,
            ..Suite::default()
        });
    }
    suites
}

fn of_section(report: &Report, gate: Gate, section: &Section, suites: &mut Vec<Suite>) {
    let mut source = Suite {
        name: section.source.clone(),
        properties: vec![
            ("version", report.version.clone()),
            ("objects", section.coverage.objects().to_string()),
            ("coveragePercent", section.percent().to_string()),
        ],
        ..Suite::default()
    };
    let ruling = of_one(section, gate);
    if section.coverage.objects() == 0 || ruling.verdict == Verdict::Empty {
        source.cases.push(nothing_read(gate));
    }
    source.cases.extend(gaps(section));
    if ruling.verdict == Verdict::Incomplete {
        source.cases.push(too_little(&ruling));
    }
    let silent = phrases::silent_checks(report, section);
    source
        .cases
        .extend(silent.map(|check| silent_case(section, check)));
    let opt_outs = section.opt_outs.iter();
    source.lines.extend(
        opt_outs.map(|out| format!("Opted out by {}: {}", out.by, phrases::place(&out.place))),
    );

    let mut namespaces: BTreeMap<Arc<str>, Vec<Case>> = BTreeMap::new();
    for ((check, object, state), findings) in grouped(section) {
        namespaces
            .entry(object.namespace.clone())
            .or_default()
            .extend(case(check, object, state, gate, &findings));
    }
    let of_cluster = namespaces.remove("").unwrap_or_default();
    source.cases.extend(of_cluster);
    suites.push(source);
    suites.extend(namespaces.into_iter().map(|(namespace, cases)| Suite {
        name: format!("{}/{namespace}", section.source),
        cases,
        ..Suite::default()
    }));
}

type Groups<'a> = BTreeMap<(CheckId, &'a ObjectId, State), Vec<&'a Finding>>;

fn grouped(section: &Section) -> Groups<'_> {
    let mut groups = Groups::new();
    for finding in &section.findings {
        groups
            .entry((
                finding.check,
                &finding.place.object,
                State::from_finding(finding),
            ))
            .or_default()
            .push(finding);
    }
    groups
}

/// The findings of one check about one object, the most severe first.
fn case(
    check: CheckId,
    object: &ObjectId,
    state: State,
    gate: Gate,
    findings: &[&Finding],
) -> Option<Case> {
    let failing = findings.iter().find(|finding| gate.fails(finding));
    let first = failing.or(findings.first())?;
    let more = match findings.len() {
        1 => String::new(),
        all => format!(" (and {} more)", all - 1),
    };
    let suffix = match state {
        State::Open => "",
        State::Suppressed => " (suppressed)",
        State::Unknown => " (inconclusive)",
    };
    let bodies: Vec<_> = findings.iter().map(|finding| body(finding)).collect();
    let details = |kind, message: &str| Details {
        kind,
        message: format!("{message}{more}"),
        body: bodies.join("\n\n"),
    };
    let outcome = match (state, &first.suppression) {
        (State::Suppressed, Some(by)) => {
            Outcome::Skipped(details("suppressed", &phrases::suppression(by)))
        }
        (State::Unknown, _) => Outcome::Skipped(details("inconclusive", &first.message)),
        _ if failing.is_some() => {
            Outcome::Failure(details(first.severity.as_str(), &first.message))
        }
        _ => Outcome::Passed(bodies.join("\n\n")),
    };
    Some(Case {
        name: format!("{check} {}{suffix}", object.reference()),
        class: match &*object.namespace {
            "" => format!("extreg.{check}"),
            namespace => format!("extreg.{check}.{namespace}"),
        },
        outcome,
    })
}

fn body(finding: &Finding) -> String {
    let field = match &*finding.place.field {
        "" => String::new(),
        field => format!("\nField: {field}"),
    };
    let image = match &finding.image {
        Some(image) => format!("\nImage: {}", image.written),
        None => String::new(),
    };
    let suppression = match &finding.suppression {
        Some(suppression) => format!("\nSuppressed: {}", phrases::suppression(suppression)),
        None => String::new(),
    };
    format!(
        "{}\nWhere: {}{field}{image}\nWhy: {}\nFix: {}\nMore: {}\nFingerprint: {}{suppression}",
        finding.message,
        phrases::place(&finding.place),
        finding.why,
        finding.fix_text(),
        finding.check.docs(),
        finding.fingerprint()
    )
}

fn gaps(section: &Section) -> impl Iterator<Item = Case> + '_ {
    section.coverage.gaps.iter().map(|gap| Case {
        name: format!("coverage of {}", gap.what),
        class: "extreg.coverage".to_owned(),
        outcome: {
            let details = Details {
                kind: gap.why.word(),
                message: phrases::gap(gap),
                body: format!("Not checked: {}", phrases::gap(gap)),
            };
            if is_error(gap.why) {
                Outcome::Error(details)
            } else {
                Outcome::Skipped(details)
            }
        },
    })
}

/// Whether an error occurred, rather than a missing permission.
pub(super) const fn is_error(why: GapReason) -> bool {
    matches!(why, GapReason::Failed | GapReason::Unreadable)
}

/// The result of a source alone.
fn of_one(section: &Section, gate: Gate) -> Ruling {
    let mut report = Report::default();
    report.sections.push(Section {
        source: section.source.clone(),
        coverage: section.coverage.clone(),
        ..Section::default()
    });
    verdict(&report, gate)
}

fn too_little(ruling: &Ruling) -> Case {
    Case {
        name: "coverage".to_owned(),
        class: "extreg.coverage".to_owned(),
        outcome: Outcome::Error(Details {
            kind: "incomplete",
            message: ruling.sentence.clone(),
            body: ruling.sentence.clone(),
        }),
    }
}

fn silent_case(section: &Section, check: CheckId) -> Case {
    Case {
        name: format!("{check} {}", check.title()),
        class: format!("extreg.{check}"),
        outcome: if phrases::is_complete(section) {
            Outcome::Passed(String::new())
        } else {
            let message = format!("nothing found in {}", phrases::coverage(section));
            Outcome::Skipped(Details {
                kind: "incomplete",
                body: message.clone(),
                message,
            })
        },
    }
}

fn nothing_read(gate: Gate) -> Case {
    let message = phrases::NOTHING_READ.to_owned();
    let details = Details {
        kind: "nothingRead",
        body: message.clone(),
        message,
    };
    Case {
        name: "objects".to_owned(),
        class: "extreg.coverage".to_owned(),
        outcome: if gate.allow_empty {
            Outcome::Skipped(details)
        } else {
            Outcome::Error(details)
        },
    }
}
