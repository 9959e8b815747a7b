//! Every format with every kind of report.

use extreg_audit::check::Severity;
use extreg_audit::finding::Finding;
use extreg_audit::report::Report;
use extreg_audit::verdict::Gate;

use super::testing::sample;
use super::testing::schema::rendered;
use super::{Format, Nature, Options};

const STRICT: Gate = Gate {
    fail_on: Some(Severity::Info),
    fail_on_new: false,
    require_coverage: Some(100),
    allow_empty: false,
};

/// The text without the escapes of a format, and without the spaces and line ends of its
/// wrapping.
fn plain(format: Format, text: &str) -> String {
    let text = match format {
        Format::Junit => text.replace("&apos;", "'").replace("&quot;", "\""),
        Format::Markdown => text.replace("&#95;", "_"),
        _ => text.replace("\\\"", "\"").replace("\"\"", "\""),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn every_report_renders_in_every_format() {
    for (name, report) in sample::all() {
        for format in Format::ALL {
            for gate in [Gate::default(), STRICT] {
                let options = Options {
                    gate,
                    ..Options::default()
                };
                let text = rendered(*format, &report, options);
                assert!(text.ends_with('\n'), "{name} as {format}");
                assert!(!text.ends_with("\n\n"), "{name} as {format}");
                assert_eq!(
                    text,
                    rendered(*format, &report, options),
                    "{name} as {format}"
                );
            }
        }
    }
}

/// Files show all of a finding, tables for a terminal the open ones.
#[test]
fn every_format_shows_every_finding() {
    for (name, report) in sample::all() {
        for format in Format::ALL {
            let options = Options {
                details: true,
                ..Options::default()
            };
            let text = rendered(*format, &report, options);
            let text = plain(*format, &text);
            for (_, finding) in report.findings() {
                let parts = match (format, format.nature()) {
                    (_, Nature::File) => parts(finding),
                    (_, Nature::Terminal) if finding.is_open() => vec![finding.message.clone()],
                    (_, Nature::Terminal) => Vec::new(),
                };
                for part in parts {
                    assert!(text.contains(&part), "{name} as {format}: {part}\n{text}");
                }
                let (page, command) = (finding.check.docs(), finding.check.explain_command());
                assert!(
                    text.contains(&page)
                        || text.contains(&command)
                        || !is_whole(*format)
                        || !finding.is_open(),
                    "{name} as {format}\n{text}"
                );
            }
        }
    }
}

/// Whether a format is for a file, and holds all texts.
fn is_whole(format: Format) -> bool {
    format.nature() == Nature::File
}

/// Its message, why, place, fix, and the exception that applies.
fn parts(finding: &Finding) -> Vec<String> {
    let mut parts = vec![
        finding.fingerprint(),
        finding.message.clone(),
        finding.why.clone(),
        finding.place.object.name.to_string(),
        finding.check.to_string(),
    ];
    // SARIF doubles braces.
    let fix = finding.fix_text();
    if !fix.contains('{') {
        parts.push(fix);
    }
    if let Some(suppression) = &finding.suppression {
        parts.extend([
            suppression.reason.clone(),
            suppression.expires.clone(),
            suppression.by.clone(),
        ]);
    }
    parts
}

#[test]
fn every_format_shows_the_other_notices() {
    let report = sample::everything();
    for format in Format::ALL {
        if !is_whole(*format) {
            continue;
        }
        let text = plain(*format, &rendered(*format, &report, Options::default()));
        for part in notices(&report) {
            assert!(text.contains(&part), "{format}: {part}\n{text}");
        }
    }
}

fn notices(report: &Report) -> Vec<String> {
    let mut notices = report.unused_exceptions.clone();
    notices.extend(report.notices.clone());
    for known in &report.fixed {
        notices.extend([known.fingerprint.clone(), known.message.clone()]);
    }
    for section in &report.sections {
        notices.extend(section.opt_outs.iter().map(|out| out.by.to_owned()));
        for gap in &section.coverage.gaps {
            notices.extend([gap.what.to_string(), gap.message.clone()]);
        }
    }
    notices
}

/// An empty source and a gap are always reported.
#[test]
fn every_format_reports_what_is_incomplete() {
    for (name, report) in sample::all() {
        let clean = report.sections.iter().all(|of| of.percent() == 100);
        if clean && !report.sections.is_empty() {
            continue;
        }
        for format in Format::ALL {
            let text = rendered(*format, &report, Options::default());
            let is_reported = match format {
                Format::Json | Format::Yaml => {
                    let document: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
                    document["summary"]["coveragePercent"].as_u64().unwrap() < 100
                }
                _ => [
                    "No objects were read",
                    "Nothing was read",
                    "coverage 42%",
                    "coverage 0 %",
                    "coverage 42 %",
                    "message of the server",
                ]
                .iter()
                .any(|words| text.contains(words)),
            };
            assert!(is_reported, "{name} as {format}\n{text}");
        }
    }
}

/// All formats that count show the same numbers of open, suppressed and unknown findings.
#[test]
fn every_format_counts_the_same() {
    let report = sample::everything();
    let summary = report.summary();
    let open: usize = summary.open.values().sum();
    let json: serde_json::Value =
        serde_json::from_str(&rendered(Format::Json, &report, Options::default())).unwrap();
    let states = |state: &str| {
        let sections = json["sections"].as_array().unwrap().iter();
        sections
            .flat_map(|section| section["findings"].as_array().unwrap())
            .filter(|finding| finding["state"] == state)
            .count()
    };
    assert_eq!(states("open"), open);
    assert_eq!(states("suppressed"), summary.suppressed);
    assert_eq!(states("unknown"), summary.unknown);

    let csv = rendered(Format::Csv, &report, Options::default());
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
    let rows_of = |state: &str| {
        rows.iter()
            .filter(|row| &row[0] == "finding" && &row[2] == state)
            .count()
    };
    assert_eq!(rows_of("open"), open);
    assert_eq!(rows_of("suppressed"), summary.suppressed);
    assert_eq!(rows_of("unknown"), summary.unknown);
    assert_eq!(
        rows.iter().filter(|row| &row[0] == "gap").count(),
        summary.gaps
    );
}
