//! The verdict: the meaning of a report for the exit code, in every output format.

use extreg_audit::{
    report::Report,
    verdict::{Gate, Ruling, Verdict, verdict},
};
use extreg_snapshot::coverage::GapReason;
use extreg_terminal::Exit;

use crate::context::Context;

/// The message for a report, and the exit of the run: as the gate determines; 1 if a list failed, or a document cannot
/// be read and no worse result exists, since the job was not completed.
pub(crate) fn ruling(report: &Report, gate: Gate) -> (Ruling, Exit) {
    let ruling = verdict(report, gate);
    let exit = match ruling.verdict {
        Verdict::Passed => Exit::Done,
        Verdict::Findings => Exit::No,
        Verdict::Incomplete | Verdict::Empty => Exit::Incomplete,
    };
    let mut gaps = report
        .sections
        .iter()
        .flat_map(|section| &section.coverage.gaps);
    let broke = gaps.any(|gap| match gap.why {
        GapReason::Failed => true,
        // Findings outrank a file that cannot be read.
        GapReason::Unreadable => exit != Exit::No,
        GapReason::Elided | GapReason::Forbidden | GapReason::NotCollected => false,
    });
    let exit = if broke { exit.and(Exit::Failed) } else { exit };
    (ruling, exit)
}

/// The exit and the message of a read-only run.
pub(crate) fn reading(report: &Report, allow_empty: bool, context: &Context) -> Exit {
    let gate = Gate {
        allow_empty,
        ..Gate::default()
    };
    let (ruling, exit) = ruling(report, gate);
    if !ruling.sentence.is_empty() {
        context.printer.note(ruling.sentence.as_str());
    }
    exit
}

#[cfg(test)]
mod tests {
    use extreg_audit::{
        check::{CheckId, Severity},
        finding::{BaselineState, Finding, Suppression},
        report::Section,
    };
    use extreg_remedy::{Caller, Outcome, Remedy};
    use extreg_snapshot::{
        coverage::{Gap, GapSubject},
        kind::Kind,
        place::{ObjectId, Origin, Place},
    };

    use super::*;

    fn finding(severity: Severity, outcome: Outcome) -> Finding {
        Finding {
            check: CheckId::Exr001,
            rule: "not-allowed",
            severity,
            outcome,
            place: Place {
                object: ObjectId {
                    namespace: "shop".into(),
                    kind: Kind::Pod,
                    name: "a".into(),
                },
                part: "".into(),
                field: "".into(),
                origin: Origin::Cluster,
            },
            image: None,
            message: "m".to_owned(),
            why: "w".to_owned(),
            fix: Remedy::instruct("f"),
            invocation: Caller::Oc.into(),
            suppression: None,
            baseline: None,
        }
    }

    /// A report of a pod with these findings, and with gaps for these reasons.
    fn report(findings: Vec<Finding>, gaps: &[GapReason]) -> Report {
        let mut section = Section {
            findings,
            ..Section::default()
        };
        section.coverage.count(Kind::Pod);
        section.coverage.gaps = gaps
            .iter()
            .map(|why| Gap {
                what: GapSubject::Fact("secrets".to_owned()),
                why: *why,
                message: String::new(),
            })
            .collect();
        Report {
            sections: vec![section],
            ..Report::default()
        }
    }

    #[test]
    fn the_matrix() {
        let none = Gate::default();
        let at = |severity| Gate {
            fail_on: Some(severity),
            ..none
        };
        let covered = |percent| Gate {
            require_coverage: Some(percent),
            ..none
        };
        let new = Gate {
            fail_on_new: true,
            ..none
        };
        let allowed = Gate {
            allow_empty: true,
            ..none
        };
        let strict = Gate {
            require_coverage: Some(100),
            ..at(Severity::High)
        };
        let high = || vec![finding(Severity::High, Outcome::Fail)];
        let known = |state| {
            let mut finding = finding(Severity::High, Outcome::Fail);
            finding.baseline = Some(state);
            vec![finding]
        };
        let mut waived = finding(Severity::Critical, Outcome::Fail);
        waived.suppression = Some(Suppression {
            by: "x".to_owned(),
            reason: "r".to_owned(),
            expires: "2027-01-01".to_owned(),
        });
        let unknown = vec![finding(Severity::Critical, Outcome::Unknown)];
        let empty = || Report {
            sections: vec![Section::default()],
            ..Report::default()
        };
        let forbidden = [GapReason::Forbidden];
        for (case, gate, report, want) in [
            ("clean", at(Severity::Info), report(Vec::new(), &[]), 0),
            ("no gate", none, report(high(), &[]), 0),
            ("at the gate", at(Severity::High), report(high(), &[]), 3),
            ("above it", at(Severity::Low), report(high(), &[]), 3),
            ("below it", at(Severity::Critical), report(high(), &[]), 0),
            ("unknown", at(Severity::Info), report(unknown, &[]), 0),
            (
                "suppressed",
                at(Severity::Info),
                report(vec![waived], &[]),
                0,
            ),
            ("new", new, report(known(BaselineState::New), &[]), 3),
            (
                "known",
                new,
                report(known(BaselineState::Unchanged), &[]),
                0,
            ),
            ("forbidden", none, report(Vec::new(), &forbidden), 0),
            (
                "forbidden, enough",
                covered(50),
                report(Vec::new(), &forbidden),
                0,
            ),
            (
                "forbidden, too much",
                covered(51),
                report(Vec::new(), &forbidden),
                4,
            ),
            (
                "elided",
                covered(100),
                report(Vec::new(), &[GapReason::Elided]),
                4,
            ),
            (
                "a list failed",
                none,
                report(Vec::new(), &[GapReason::Failed]),
                1,
            ),
            (
                "unreadable",
                none,
                report(Vec::new(), &[GapReason::Unreadable]),
                1,
            ),
            (
                "gaps before findings",
                strict,
                report(high(), &forbidden),
                4,
            ),
            (
                "failure before both",
                strict,
                report(high(), &[GapReason::Failed]),
                1,
            ),
            (
                "findings before a file",
                at(Severity::High),
                report(high(), &[GapReason::Unreadable]),
                3,
            ),
            (
                "a file before findings that pass",
                at(Severity::Critical),
                report(high(), &[GapReason::Unreadable]),
                1,
            ),
            ("nothing", none, empty(), 4),
            ("no section", none, Report::default(), 4),
            ("nothing, allowed", allowed, empty(), 0),
        ] {
            assert_eq!(ruling(&report, gate).1.code(), want, "{case}");
        }
    }
}
