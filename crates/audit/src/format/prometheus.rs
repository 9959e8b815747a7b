//! Metrics in Prometheus' text format (version 0.0.4), for a node exporter's textfile collector or a
//! push gateway. Labels are closed: nothing of a cluster but the name of the source.

use std::collections::BTreeMap;
use std::io::{self, Write};

use extreg_snapshot::coverage::GapReason;

use super::phrases;
use super::state::State;
use crate::check::{CheckId, Severity};
use crate::inert::inert;
use crate::report::{Report, Section};

type Count = fn(&Section) -> usize;

pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let version = label(&report.version);
    head(out, "info", "The version that made the report.")?;
    writeln!(out, "extreg_audit_info{{version=\"{version}\"}} 1")?;
    if let Some(at) = phrases::timestamp(report) {
        head(out, "timestamp_seconds", "When the report was made.")?;
        writeln!(out, "extreg_audit_timestamp_seconds {}", at.as_second())?;
    }
    findings(report, out)?;
    coverage(report, out)?;
    let each: [(&str, &str, Count); 3] = [
        ("objects", "Objects read.", |of| of.coverage.objects()),
        ("image_fields", "Fields that name an image.", |of| {
            of.uses.len()
        }),
        ("opt_outs", "Opt-outs from the webhook.", |of| {
            of.opt_outs.len()
        }),
    ];
    for (name, help, count) in each {
        head(out, name, help)?;
        for section in &report.sections {
            let (source, count) = (label(&section.source), count(section));
            writeln!(out, "extreg_audit_{name}{{source=\"{source}\"}} {count}")?;
        }
    }
    let all = [
        (
            "unused_exceptions",
            "Exceptions that suppress nothing.",
            report.unused_exceptions.len(),
        ),
        (
            "notices",
            "What else the report has to say.",
            report.notices.len(),
        ),
        (
            "fixed",
            "What the baseline had and the report has not.",
            report.fixed.len(),
        ),
    ];
    for (name, help, count) in all {
        head(out, name, help)?;
        writeln!(out, "extreg_audit_{name} {count}")?;
    }
    Ok(())
}

/// Every check that was asked has its series, at zero too: an alert ends when a finding does.
fn findings(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    head(out, "findings", "Findings by check, severity and state.")?;
    for section in &report.sections {
        let mut counts: BTreeMap<(CheckId, Severity, State), usize> = BTreeMap::new();
        for check in &report.checks {
            for state in State::ALL {
                counts.insert((*check, check.severity(), state), 0);
            }
        }
        for finding in &section.findings {
            let key = (finding.check, finding.severity, State::of(finding));
            *counts.entry(key).or_default() += 1;
        }
        let source = label(&section.source);
        for ((check, severity, state), count) in counts {
            writeln!(
                out,
                "extreg_audit_findings{{source=\"{source}\",check=\"{check}\",severity=\"{severity}\",state=\"{}\"}} {count}",
                state.word()
            )?;
        }
    }
    Ok(())
}

fn coverage(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let help = "How much of what was asked for was looked at, from 0 to 1.";
    head(out, "coverage_ratio", help)?;
    for section in &report.sections {
        let percent = section.percent();
        writeln!(
            out,
            "extreg_audit_coverage_ratio{{source=\"{}\"}} {}.{:02}",
            label(&section.source),
            percent / 100,
            percent % 100
        )?;
    }
    head(out, "gaps", "What could not be looked at, by reason.")?;
    for section in &report.sections {
        for reason in GapReason::ALL {
            let gaps = section.coverage.gaps.iter();
            writeln!(
                out,
                "extreg_audit_gaps{{source=\"{}\",reason=\"{}\"}} {}",
                label(&section.source),
                reason.word(),
                gaps.filter(|gap| gap.why == reason).count()
            )?;
        }
    }
    Ok(())
}

fn head(out: &mut dyn Write, name: &str, help: &str) -> io::Result<()> {
    writeln!(out, "# HELP extreg_audit_{name} {help}")?;
    writeln!(out, "# TYPE extreg_audit_{name} gauge")
}

/// A label's value between its quotes.
fn label(text: &str) -> String {
    inert(text).replace('\\', "\\\\").replace('"', "\\\"")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::prometheus_text::samples;
    use crate::format::sample;

    fn rendered(report: &Report) -> String {
        let mut out = Vec::new();
        render(report, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn findings_are_counted_by_check_severity_and_state() {
        let report = sample::everything();
        let samples = samples(&rendered(&report));
        let count = |name: &str, labels: &[(&str, &str)]| {
            let mut total = 0.0;
            for sample in samples.iter().filter(|sample| sample.name == name) {
                if labels
                    .iter()
                    .all(|(label, value)| sample.labels[*label] == *value)
                {
                    total += sample.value.parse::<f64>().unwrap();
                }
            }
            total.to_string()
        };
        let summary = report.summary();
        let open: usize = summary.open.values().sum();
        let findings = "extreg_audit_findings";
        assert_eq!(count(findings, &[("state", "open")]), open.to_string());
        assert_eq!(count(findings, &[("state", "suppressed")]), "1");
        assert_eq!(count(findings, &[("state", "unknown")]), "1");
        assert_eq!(
            count(
                findings,
                &[
                    ("check", "EXR001"),
                    ("severity", "high"),
                    ("state", "open"),
                    ("source", "prod")
                ]
            ),
            "2"
        );
        assert_eq!(count("extreg_audit_gaps", &[]), "4");
        assert_eq!(count("extreg_audit_gaps", &[("reason", "forbidden")]), "1");
        assert_eq!(
            count("extreg_audit_coverage_ratio", &[("source", "prod")]),
            "0.42"
        );
        assert_eq!(
            count("extreg_audit_coverage_ratio", &[("source", "deploy")]),
            "1"
        );
        assert_eq!(count("extreg_audit_unused_exceptions", &[]), "1");
        assert_eq!(count("extreg_audit_fixed", &[]), "1");
        assert_eq!(count("extreg_audit_timestamp_seconds", &[]), "1795514400");
    }

    /// An alert ends when a finding does: its series is still there, at zero.
    #[test]
    fn every_check_that_was_asked_has_its_series() {
        let samples = samples(&rendered(&sample::clean()));
        for check in CheckId::ALL {
            assert!(samples.iter().any(|sample| {
                sample.name == "extreg_audit_findings"
                    && sample.labels["check"] == check.as_str()
                    && sample.labels["state"] == "open"
                    && sample.value == "0"
            }));
        }
    }
}
