//! A table for spreadsheets: one record per row, its type in the first column.

use std::io::{self, Write};

use extreg_audit::finding::Finding;
use extreg_audit::report::{Report, Section};
use extreg_snapshot::place::{Origin, Place};
use extreg_terminal::csv::record;

use super::phrases;
use super::state::State;

const COLUMNS: [&str; 30] = [
    "record",
    "source",
    "state",
    "severity",
    "check",
    "rule",
    "title",
    "namespace",
    "kind",
    "name",
    "part",
    "field",
    "file",
    "line",
    "image",
    "registry",
    "repository",
    "digest",
    "message",
    "why",
    "fix",
    "fixCommand",
    "fixInspect",
    "docs",
    "controls",
    "fingerprint",
    "baseline",
    "suppressedBy",
    "suppressionReason",
    "suppressionExpires",
];

/// A row; unset cells are empty.
#[derive(Default)]
struct Row<'a> {
    record: &'static str,
    source: &'a str,
    state: &'a str,
    severity: &'a str,
    check: &'a str,
    rule: &'a str,
    title: &'a str,
    namespace: &'a str,
    kind: &'a str,
    name: &'a str,
    part: &'a str,
    field: &'a str,
    file: &'a str,
    line: String,
    image: &'a str,
    registry: &'a str,
    repository: &'a str,
    digest: &'a str,
    message: &'a str,
    why: &'a str,
    fix: String,
    fix_command: String,
    fix_inspect: String,
    docs: String,
    controls: String,
    fingerprint: String,
    baseline: &'a str,
    suppressed_by: &'a str,
    suppression_reason: &'a str,
    suppression_expires: &'a str,
}

pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(record(COLUMNS).as_bytes())?;
    if report.sections.is_empty() {
        let row = Row {
            record: "coverage",
            message: phrases::NOTHING_READ,
            ..Row::default()
        };
        row.write(out)?;
    }
    for section in &report.sections {
        render_section(section, out)?;
    }
    let lines = [
        ("unusedException", &report.unused_exceptions),
        ("notice", &report.notices),
    ];
    for (record, messages) in lines {
        for message in messages {
            let row = Row {
                record,
                message,
                ..Row::default()
            };
            row.write(out)?;
        }
    }
    for known in &report.fixed {
        let place = &known.place;
        let row = Row {
            record: "fixed",
            source: &known.source,
            check: &known.check,
            rule: &known.rule,
            namespace: &place.namespace,
            kind: &place.kind,
            name: &place.name,
            part: &place.part,
            file: place.file.as_ref().map_or("", |file| &file.path),
            message: &known.message,
            fingerprint: known.fingerprint.clone(),
            ..Row::default()
        };
        row.write(out)?;
    }
    Ok(())
}

fn render_section(section: &Section, out: &mut dyn Write) -> io::Result<()> {
    let source = &*section.source;
    let coverage = phrases::coverage(section);
    let row = Row {
        record: "coverage",
        source,
        message: &coverage,
        ..Row::default()
    };
    row.write(out)?;
    for finding in &section.findings {
        Row::new(source, finding).write(out)?;
    }
    for gap in &section.coverage.gaps {
        let message = phrases::gap(gap);
        let row = Row {
            record: "gap",
            source,
            state: gap.why.word(),
            message: &message,
            ..Row::default()
        };
        row.write(out)?;
    }
    for opt_out in &section.opt_outs {
        let row = Row {
            record: "optOut",
            source,
            message: opt_out.by,
            ..Row::default()
        };
        row.at(&opt_out.place).write(out)?;
    }
    for injection in &section.injections {
        let message = phrases::injection(injection);
        let row = Row {
            record: "injection",
            source,
            state: phrases::outcome(injection.outcome),
            image: &injection.image,
            message: &message,
            ..Row::default()
        };
        row.at(&injection.place).write(out)?;
    }
    Ok(())
}

impl<'a> Row<'a> {
    fn new(source: &'a str, finding: &'a Finding) -> Self {
        let fix = finding.rendered_fix();
        let mut row = Self {
            record: "finding",
            source,
            state: State::from_finding(finding).word(),
            severity: finding.severity.as_str(),
            check: finding.check.as_str(),
            rule: finding.rule,
            title: finding.check.title(),
            message: &finding.message,
            why: &finding.why,
            fix: fix.instruction.unwrap_or_default(),
            fix_command: fix.command.unwrap_or_default(),
            fix_inspect: fix.inspect.unwrap_or_default(),
            docs: finding.check.docs(),
            controls: phrases::controls(finding.check).join("; "),
            fingerprint: finding.fingerprint(),
            baseline: finding.baseline.map(phrases::baseline).unwrap_or_default(),
            ..Self::default()
        };
        if let Some(image) = &finding.image {
            row.image = &image.written;
            row.registry = &image.registry;
            row.repository = &image.repository;
            row.digest = &image.digest;
        }
        if let Some(said) = &finding.suppression {
            row.suppressed_by = &said.by;
            row.suppression_reason = &said.reason;
            row.suppression_expires = &said.expires;
        }
        row.at(&finding.place)
    }

    fn at(mut self, place: &'a Place) -> Self {
        self.namespace = &place.object.namespace;
        self.kind = place.object.kind.api().kind;
        self.name = &place.object.name;
        self.part = &place.part;
        self.field = &place.field;
        if let Origin::File { path, line } = &place.origin {
            self.file = path;
            self.line = line.to_string();
        }
        self
    }

    /// In the order of [`COLUMNS`].
    fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let cells: [&str; COLUMNS.len()] = [
            self.record,
            self.source,
            self.state,
            self.severity,
            self.check,
            self.rule,
            self.title,
            self.namespace,
            self.kind,
            self.name,
            self.part,
            self.field,
            self.file,
            &self.line,
            self.image,
            self.registry,
            self.repository,
            self.digest,
            self.message,
            self.why,
            &self.fix,
            &self.fix_command,
            &self.fix_inspect,
            &self.docs,
            &self.controls,
            &self.fingerprint,
            self.baseline,
            self.suppressed_by,
            self.suppression_reason,
            self.suppression_expires,
        ];
        out.write_all(record(cells).as_bytes())
    }
}
