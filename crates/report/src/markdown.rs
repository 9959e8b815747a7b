//! Tables for a pull request, in GitHub's Markdown.

use std::io::{self, Write};

use extreg_audit::check::{CheckId, Severity};
use extreg_audit::finding::Finding;
use extreg_audit::report::{Report, Section};
use extreg_snapshot::coverage::Coverage;

use super::markdown_text::{code, prose};
use super::phrases;
use super::state::State;

pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# Audit of registry usage\n")?;
    writeln!(out, "{}\n", summary(report))?;
    if report.sections.is_empty() {
        writeln!(out, "> **{}**\n", phrases::NOTHING_READ)?;
    }
    for section in &report.sections {
        render_section(section, out)?;
    }
    list(
        out,
        "Exceptions that suppress nothing",
        report.unused_exceptions.iter().map(|line| prose(line)),
    )?;
    list(
        out,
        "Notices",
        report.notices.iter().map(|line| prose(line)),
    )?;
    let fixed = report.fixed.iter();
    list(
        out,
        "No longer found",
        fixed.map(|known| prose(&phrases::fixed(known))),
    )?;
    writeln!(
        out,
        "<sub>Made by oc extreg {} {}.</sub>",
        prose(&report.version),
        prose(&report.generated)
    )
}

fn summary(report: &Report) -> String {
    let summary = report.summary();
    let open: usize = summary.open.values().sum();
    let severities = Severity::ALL.iter().rev();
    let severities: Vec<_> = severities
        .filter_map(|severity| {
            let count = summary.open.get(severity)?;
            Some(format!("{count} {severity}"))
        })
        .collect();
    let severities = match severities.len() {
        0 => String::new(),
        _ => format!(" ({})", severities.join(", ")),
    };
    format!(
        "**{open} open**{severities}, {} suppressed, {} unknown; coverage {} % (objects read: {}, \
         image fields: {}, gaps: {}).",
        summary.suppressed,
        summary.unknown,
        summary.coverage,
        summary.objects,
        summary.uses,
        summary.gaps
    )
}

fn render_section(section: &Section, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "## Source {}\n", code(&section.source))?;
    if !phrases::is_complete(section) {
        writeln!(out, "> **Incomplete**: {}.\n", phrases::coverage(section))?;
    }
    gaps(&section.coverage, out)?;
    for (state, title) in [
        (State::Open, "Findings"),
        (State::Unknown, "Inconclusive"),
        (State::Suppressed, "Suppressed"),
    ] {
        let findings = section.findings.iter();
        let findings: Vec<_> = findings
            .filter(|of| State::from_finding(of) == state)
            .collect();
        findings_table(title, state, &findings, out)?;
    }
    list(
        out,
        "Opt-outs",
        section
            .opt_outs
            .iter()
            .map(|of| format!("{} {}", code(of.by), code(&phrases::place(&of.place)))),
    )?;
    list(
        out,
        "What the webhook would do",
        section.injections.iter().map(|of| {
            let place = code(&phrases::place(&of.place));
            format!(
                "{place} {}: {}",
                code(&of.image),
                prose(&phrases::injection(of))
            )
        }),
    )
}

fn gaps(coverage: &Coverage, out: &mut dyn Write) -> io::Result<()> {
    let rows = coverage.gaps.iter().map(|gap| {
        [
            code(&gap.what.to_string()),
            gap.why.words().to_owned(),
            prose(&gap.message),
        ]
    });
    table(out, "Not read", ["What", "Why", "Message"], rows)
}

fn findings_table(
    title: &str,
    state: State,
    findings: &[&Finding],
    out: &mut dyn Write,
) -> io::Result<()> {
    let rows = findings.iter().map(|finding| {
        let what = format!("{}<br>{}", prose(&finding.message), prose(&finding.why));
        [
            finding.severity.to_string(),
            check(finding.check),
            code(&phrases::place(&finding.place)),
            finding
                .image
                .as_ref()
                .map_or(String::new(), |image| code(&image.written)),
            what,
            match (&finding.suppression, state) {
                (Some(said), State::Suppressed) => format!(
                    "{}<br>until {}<br>by {}",
                    prose(&said.reason),
                    prose(&said.expires),
                    code(&said.by)
                ),
                _ => String::new(),
            },
            code(&finding.fix_text()),
            format!("`{}`", finding.fingerprint()),
        ]
    });
    let columns = [
        "Severity",
        "Check",
        "Where",
        "Image",
        "What and why",
        "Suppressed",
        "Fix",
        "Fingerprint",
    ];
    table(out, title, columns, rows)
}

/// The check, as a link to its page.
fn check(check: CheckId) -> String {
    format!("[{check}]({})", check.docs())
}

/// A table with its title; nothing without rows. Empty columns are omitted.
fn table<const N: usize>(
    out: &mut dyn Write,
    title: &str,
    columns: [&str; N],
    rows: impl Iterator<Item = [String; N]>,
) -> io::Result<()> {
    let rows: Vec<_> = rows.collect();
    if rows.is_empty() {
        return Ok(());
    }
    let used: [bool; N] = std::array::from_fn(|at| {
        rows.iter()
            .any(|row| row.get(at).is_some_and(|cell| !cell.is_empty()))
    });
    let line = |cells: &[&str]| {
        let cells = cells.iter().zip(used).filter(|(_, used)| *used);
        let cells: Vec<_> = cells.map(|(cell, _)| *cell).collect();
        format!("| {} |", cells.join(" | "))
    };
    writeln!(out, "### {title}\n")?;
    writeln!(out, "{}", line(&columns))?;
    writeln!(out, "{}", line(&["---"; N]))?;
    for row in &rows {
        writeln!(out, "{}", line(&row.each_ref().map(String::as_str)))?;
    }
    writeln!(out)
}

fn list(out: &mut dyn Write, title: &str, lines: impl Iterator<Item = String>) -> io::Result<()> {
    let mut lines = lines.peekable();
    if lines.peek().is_none() {
        return Ok(());
    }
    table(out, title, ["What"], lines.map(|line| [line]))
}
