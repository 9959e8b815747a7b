//! JUnit XML in the dialect of CI servers: what Jenkins' schema allows.
//!
//! One suite per namespace of a source, one case per check and object; one suite for the source
//! with gaps and checks that found nothing. A case fails if the gate
//! rejects its finding, so that the file and the exit code agree; an inconclusive one is skipped.

#[cfg(test)]
mod schema_test;
mod suite;

use std::io::{self, Write};

use extreg_audit::report::Report;
use extreg_audit::verdict::Gate;

use self::suite::{Case, Outcome, Suite};
use super::phrases;
use super::xml_text::{Lines, escaped};

pub(super) fn render(report: &Report, gate: Gate, out: &mut dyn Write) -> io::Result<()> {
    let suites = suite::of(report, gate);
    let total = |count: fn(&Suite) -> usize| suites.iter().map(count).sum::<usize>();
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuites name=\"extreg audit\" tests=\"{}\" failures=\"{}\" errors=\"{}\" time=\"0\">",
        total(Suite::tests),
        total(Suite::failures),
        total(Suite::errors)
    )?;
    for suite in &suites {
        write_suite(report, suite, out)?;
    }
    writeln!(out, "</testsuites>")
}

fn write_suite(report: &Report, suite: &Suite, out: &mut dyn Write) -> io::Result<()> {
    write!(
        out,
        "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\" time=\"0\"",
        quoted(&suite.name),
        suite.tests(),
        suite.failures(),
        suite.errors(),
        suite.skipped()
    )?;
    if phrases::timestamp(report).is_some() {
        write!(out, " timestamp=\"{}\"", quoted(&report.generated))?;
    }
    writeln!(out, ">")?;
    if !suite.properties.is_empty() {
        writeln!(out, "    <properties>")?;
        for (name, value) in &suite.properties {
            writeln!(
                out,
                "      <property name=\"{name}\" value=\"{}\"/>",
                quoted(value)
            )?;
        }
        writeln!(out, "    </properties>")?;
    }
    for case in &suite.cases {
        write_case(case, out)?;
    }
    if !suite.lines.is_empty() {
        let lines = suite.lines.join("\n");
        writeln!(
            out,
            "    <system-out>{}</system-out>",
            escaped(&lines, Lines::Kept)
        )?;
    }
    writeln!(out, "  </testsuite>")
}

fn write_case(case: &Case, out: &mut dyn Write) -> io::Result<()> {
    write!(
        out,
        "    <testcase name=\"{}\" classname=\"{}\" time=\"0\"",
        quoted(&case.name),
        quoted(&case.class)
    )?;
    let (element, details) = match &case.outcome {
        Outcome::Passed(details) if details.is_empty() => return writeln!(out, "/>"),
        Outcome::Passed(details) => {
            writeln!(out, ">")?;
            let details = escaped(details, Lines::Kept);
            writeln!(out, "      <system-out>{details}</system-out>")?;
            return writeln!(out, "    </testcase>");
        }
        Outcome::Failure(details) => ("failure", details),
        Outcome::Error(details) => ("error", details),
        Outcome::Skipped(details) => ("skipped", details),
    };
    writeln!(out, ">")?;
    writeln!(
        out,
        "      <{element} type=\"{}\" message=\"{}\">{}</{element}>",
        details.kind,
        quoted(&details.message),
        escaped(&details.body, Lines::Kept)
    )?;
    writeln!(out, "    </testcase>")
}

fn quoted(text: &str) -> std::borrow::Cow<'_, str> {
    escaped(text, Lines::Numbered)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sample;
    use extreg_audit::check::Severity;
    use extreg_audit::verdict::{Verdict, verdict};

    const STRICT: Gate = Gate {
        fail_on: Some(Severity::Info),
        fail_on_new: false,
        require_coverage: None,
        allow_empty: false,
    };

    fn rendered(report: &Report, gate: Gate) -> String {
        let mut out = Vec::new();
        render(report, gate, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn inconclusive_and_suppressed_cases_are_skipped() {
        let xml = rendered(&sample::everything(), STRICT);
        let document = roxmltree::Document::parse(&xml).unwrap();
        let named = |name: &str| {
            let nodes = document.descendants();
            nodes
                .filter(|node| node.has_tag_name(name))
                .map(|node| {
                    let case = node.parent_element().unwrap();
                    (
                        case.attribute("name").unwrap().to_owned(),
                        node.attribute("message").unwrap().to_owned(),
                    )
                })
                .collect::<Vec<_>>()
        };
        let skipped = named("skipped");
        assert!(
            skipped.iter().any(|(name, message)| {
                name == "EXR006 deployment.apps/cart (suppressed)"
                    && message.starts_with("until 2027-01-31, by exceptions.yaml:12: ")
            }),
            "{skipped:?}"
        );
        for want in [
            "coverage of secrets in shop",
            "EXR009 serviceaccount/builder (inconclusive)",
        ] {
            assert!(skipped.iter().any(|(name, _)| name == want), "{skipped:?}");
        }
        let failures = named("failure");
        assert!(
            failures
                .iter()
                .any(|(name, _)| name == "EXR001 deployment.apps/cart"),
            "{failures:?}"
        );
    }

    /// A CI server that reads the file reaches the same result as the exit code, for every gate.
    #[test]
    fn the_file_agrees_with_the_verdict() {
        let gates = [
            None,
            Some(Severity::Info),
            Some(Severity::High),
            Some(Severity::Critical),
        ]
        .into_iter()
        .flat_map(|fail_on| {
            [None, Some(100)].map(|require_coverage| Gate {
                fail_on,
                require_coverage,
                ..Gate::default()
            })
        });
        for gate in gates {
            for (name, report) in sample::all() {
                let xml = rendered(&report, gate);
                let document = roxmltree::Document::parse(&xml).unwrap();
                let count = |name: &str| {
                    let nodes = document.descendants();
                    nodes.filter(|node| node.has_tag_name(name)).count()
                };
                // An unreadable document and a failed list are errors with every gate.
                let broke = report.sections.iter().any(|section| {
                    let mut gaps = section.coverage.gaps.iter();
                    gaps.any(|gap| suite::is_error(gap.why))
                });
                let verdict = verdict(&report, gate).verdict;
                let is_error = matches!(verdict, Verdict::Incomplete | Verdict::Empty) || broke;
                assert_eq!(
                    count("error") > 0,
                    is_error,
                    "{name} {gate:?}: {verdict:?}\n{xml}"
                );
                if !is_error {
                    let fails = verdict == Verdict::Findings;
                    assert_eq!(count("failure") > 0, fails, "{name} {gate:?}\n{xml}");
                }
            }
        }
    }

    /// A check that found nothing passes only if everything was read.
    #[test]
    fn no_check_passes_if_something_was_not_read() {
        let passed = |report: &Report| {
            let xml = rendered(report, STRICT);
            let document = roxmltree::Document::parse(&xml).unwrap();
            let nodes = document.descendants();
            nodes
                .filter(|node| node.has_tag_name("testcase") && !node.has_children())
                .count()
        };
        let clean = sample::clean();
        assert_eq!(passed(&clean), clean.checks.len());
        assert_eq!(passed(&sample::gaps()), 0);
        assert_eq!(passed(&sample::empty()), 0);
    }
}
