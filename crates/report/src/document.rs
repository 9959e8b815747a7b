//! The published document, `extreg.io/v1` AuditReport, described in `docs/schema/audit-report.v1.schema.json`.
//! Within the version, fields and words are only added, never removed or
//! redefined.

mod model;

use extreg_audit::check::{CheckId, Severity};
use extreg_audit::finding::Finding;
use extreg_audit::report::{Report, Section};
use extreg_remedy::Outcome;
use extreg_snapshot::coverage::{Gap, GapSubject};
use extreg_snapshot::place::{ImageName, Origin, Place};
use extreg_snapshot::{Injection, OptOut};

pub(super) use self::model::Document;
use self::model::{
    BySeverity, CheckOf, ControlOf, CountOf, CoverageOf, Each, FileOf, FindingOf, GapOf, ImageOf,
    InjectionOf, OptOutOf, OtherOf, PlaceOf, ScopeOf, SectionOf, SummaryOf,
};
use super::phrases;
use super::state::State;

impl<'a> Document<'a> {
    pub(super) fn from_report(report: &'a Report) -> Self {
        Self {
            api_version: "extreg.io/v1",
            kind: "AuditReport",
            generated: &report.generated,
            version: &report.version,
            summary: summary(report),
            checks: report.checks.iter().copied().map(check).collect(),
            sections: report.sections.iter().map(section).collect(),
            unused_exceptions: &report.unused_exceptions,
            notices: &report.notices,
            fixed: &report.fixed,
        }
    }
}

fn summary(report: &Report) -> SummaryOf {
    let summary = report.summary();
    let open = |severity| summary.open.get(&severity).copied().unwrap_or_default();
    SummaryOf {
        open: BySeverity {
            critical: open(Severity::Critical),
            high: open(Severity::High),
            medium: open(Severity::Medium),
            low: open(Severity::Low),
            info: open(Severity::Info),
        },
        suppressed: summary.suppressed,
        unknown: summary.unknown,
        objects: summary.objects,
        uses: summary.uses,
        gaps: summary.gaps,
        coverage_percent: summary.coverage,
    }
}

fn check(check: CheckId) -> CheckOf {
    let controls = check.controls().iter();
    CheckOf {
        id: check.as_str(),
        title: check.title(),
        severity: check.severity().as_str(),
        docs: check.docs(),
        controls: controls
            .map(|control| ControlOf {
                benchmark: control.benchmark.title(),
                version: control.benchmark.version(),
                id: control.id,
                relation: control.relation.word(),
            })
            .collect(),
    }
}

fn section(section: &Section) -> SectionOf<'_> {
    SectionOf {
        source: &section.source,
        coverage: coverage(section),
        findings: Each {
            of: &section.findings,
            make: finding,
        },
        injections: Each {
            of: &section.injections,
            make: injection,
        },
        opt_outs: Each {
            of: &section.opt_outs,
            make: opt_out,
        },
    }
}

fn coverage(section: &Section) -> CoverageOf<'_> {
    let coverage = &section.coverage;
    let read = coverage.read.iter();
    let others = coverage.others.iter();
    CoverageOf {
        percent: section.percent(),
        objects: coverage.objects(),
        scope: ScopeOf {
            namespaces: coverage
                .scope
                .namespaces
                .as_ref()
                .map(|names| names.iter().map(|name| &**name).collect()),
            selector: &coverage.scope.selector,
        },
        read: read
            .map(|(kind, objects)| CountOf {
                resource: kind.api().resource(),
                objects: *objects,
            })
            .collect(),
        not_served: coverage
            .not_served
            .iter()
            .map(|kind| kind.api().resource())
            .collect(),
        gaps: coverage.gaps.iter().map(gap).collect(),
        other_kinds: others
            .map(|(kind, objects)| OtherOf {
                kind,
                objects: *objects,
            })
            .collect(),
    }
}

fn gap(gap: &Gap) -> GapOf<'_> {
    let (resource, namespace) = match &gap.what {
        GapSubject::List { kind, namespace } => (Some(kind.api().resource()), &**namespace),
        GapSubject::Document(_) | GapSubject::Fact(_) => (None, ""),
    };
    GapOf {
        what: gap.what.to_string(),
        resource,
        namespace,
        reason: gap.why.word(),
        message: &gap.message,
    }
}

fn finding(finding: &Finding) -> FindingOf<'_> {
    FindingOf {
        fingerprint: finding.fingerprint(),
        check: finding.check.as_str(),
        rule: finding.rule,
        severity: finding.severity.as_str(),
        outcome: match finding.outcome {
            Outcome::Fail => "fail",
            Outcome::Unknown => "unknown",
        },
        state: State::from_finding(finding).word(),
        baseline: finding.baseline.map(phrases::baseline),
        place: place(&finding.place),
        image: finding.image.as_ref().map(image),
        message: &finding.message,
        why: &finding.why,
        fix: finding.rendered_fix(),
        docs: finding.check.docs(),
        controls: phrases::controls(finding.check),
        suppression: finding.suppression.as_ref(),
    }
}

fn place(place: &Place) -> PlaceOf<'_> {
    let api = place.object.kind.api();
    PlaceOf {
        api_version: api.api_version(),
        kind: api.kind,
        namespace: &place.object.namespace,
        name: &place.object.name,
        part: &place.part,
        field: &place.field,
        file: match &place.origin {
            Origin::Cluster => None,
            Origin::File { path, line } => Some(FileOf { path, line: *line }),
        },
    }
}

fn image(image: &ImageName) -> ImageOf<'_> {
    ImageOf {
        written: &image.written,
        registry: &image.registry,
        repository: &image.repository,
        digest: &image.digest,
    }
}

fn injection(injection: &Injection) -> InjectionOf<'_> {
    InjectionOf {
        place: place(&injection.place),
        image: &injection.image,
        policy: injection.policy.as_deref(),
        outcome: phrases::outcome(injection.outcome),
        message: &injection.words,
        warnings: &injection.warnings,
    }
}

fn opt_out(opt_out: &OptOut) -> OptOutOf<'_> {
    OptOutOf {
        place: place(&opt_out.place),
        by: opt_out.by,
    }
}
