//! SARIF 2.1.0, for code scanning: one run per cluster or set of files.
//!
//! GitHub's documentation of code scanning describes what it reads and its limits ("SARIF support
//! for code scanning"): 25,000 results per run, of which it shows 5,000; 20 runs per file; 10 tags per
//! rule; no result without a path.

mod location;
mod model;
mod notification;
mod result;
mod rule;
#[cfg(test)]
mod schema_test;
mod taxonomy;
mod text;

use std::collections::BTreeMap;
use std::io::{self, Write};

use extreg_audit::report::{Report, Section};
use extreg_snapshot::place::Origin;

use self::model::{Automation, Driver, Invocation, Log, ResultOf, Run, Tool};
use self::notification::Part;
use self::taxonomy::Taxonomies;
use super::uri::{COMPONENT, encoded};
use super::{json_text, phrases};

/// The maximum number of results per run that GitHub accepts.
const RESULTS_OF_A_RUN: usize = 25_000;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    json_text::write(&log(report, RESULTS_OF_A_RUN), out)
}

fn log(report: &Report, results_of_a_run: usize) -> Log<'_> {
    let nothing = Section::default();
    let mut runs = Vec::new();
    if report.sections.is_empty() {
        runs.push(run(report, &nothing, Vec::new(), Part::only()));
    }
    for (at, section) in report.sections.iter().enumerate() {
        let mut results = results(section);
        if at == 0 && is_of_cluster(section) {
            let fixed = report.fixed.iter();
            results.extend(fixed.map(result::absent));
        }
        let all = results.len();
        let parts = all.div_ceil(results_of_a_run).max(1);
        for number in 1..=parts {
            let rest = results.split_off(results.len().min(results_of_a_run));
            let part = Part {
                number,
                parts,
                first: at == 0 && number == 1,
                all,
            };
            runs.push(run(report, section, results, part));
            results = rest;
        }
    }
    Log {
        schema: SCHEMA,
        version: "2.1.0",
        runs,
    }
}

/// Whether none of its objects are in files: then a fixed finding has the path of its object.
fn is_of_cluster(section: &Section) -> bool {
    let findings = section.findings.iter().map(|finding| &finding.place);
    let uses = section.uses.iter().map(|image_use| &image_use.place);
    let mut places = findings.chain(uses).peekable();
    places.peek().is_some() && places.all(|place| place.origin == Origin::Cluster)
}

/// The results of a section. Results with the same fingerprint are numbered, as GitHub does
/// with equal lines.
fn results(section: &Section) -> Vec<ResultOf<'_>> {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let findings = section.findings.iter();
    findings
        .map(|finding| {
            let fingerprint = finding.fingerprint();
            let count = seen.entry(fingerprint.clone()).or_default();
            *count += 1;
            let fingerprint = format!("{fingerprint}:{count}");
            result::of(section, finding, fingerprint)
        })
        .collect()
}

fn run<'a>(
    report: &'a Report,
    section: &Section,
    mut results: Vec<ResultOf<'a>>,
    part: Part,
) -> Run<'a> {
    let rules = rule::of(report);
    let taxonomies = Taxonomies::from_checks(&rules);
    for result in &mut results {
        result.refer(&rules, &taxonomies);
    }
    Run {
        tool: Tool {
            driver: Driver {
                name: "extreg",
                version: &report.version,
                information_uri: "https://extreg.io",
                rules: rules
                    .iter()
                    .map(|check| rule::descriptor(*check, &taxonomies))
                    .collect(),
                notifications: notification::descriptors(),
                supported_taxonomies: taxonomies.references(),
            },
        },
        automation_details: Automation {
            id: automation_id(&section.source, part),
        },
        invocations: [Invocation {
            execution_successful: phrases::is_complete(section),
            end_time_utc: phrases::timestamp(report).map(|_| &*report.generated),
            tool_execution_notifications: notification::of(report, section, part),
        }],
        taxonomies: taxonomies.components(),
        column_kind: "unicodeCodePoints",
        results,
    }
}

/// `extreg/cluster/`: GitHub uses the part before the last slash as the category, and an
/// upload replaces the previous one of its category.
fn automation_id(source: &str, part: Part) -> String {
    let source = encoded(source, COMPONENT);
    match (source.as_str(), part.number) {
        ("", 1) => "extreg/".to_owned(),
        (source, 1) => format!("extreg/{source}/"),
        (source, number) => format!("extreg/{source}/{number}/"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::sample;

    #[test]
    fn run_respects_its_limit_and_notes_the_split() {
        let report = sample::findings();
        let section = &report.sections[0];
        let all = section.findings.len();
        assert!(all >= 3, "{all}");
        let log = serde_json::to_value(log(&report, 2)).unwrap();
        let runs = log["runs"].as_array().unwrap();
        let of_section: Vec<_> = runs
            .iter()
            .filter(|run| {
                let id = run["automationDetails"]["id"].as_str().unwrap();
                id.starts_with(&format!("extreg/{}/", encoded(&section.source, COMPONENT)))
            })
            .collect();
        assert_eq!(of_section.len(), all.div_ceil(2));
        let mut ids: Vec<_> = runs
            .iter()
            .map(|run| run["automationDetails"]["id"].as_str().unwrap())
            .collect();
        ids.dedup();
        assert_eq!(ids.len(), runs.len());
        let results: usize = of_section
            .iter()
            .map(|run| run["results"].as_array().unwrap().len())
            .sum();
        assert_eq!(results, all);
        for run in of_section {
            assert!(run["results"].as_array().unwrap().len() <= 2);
            let notes = run["invocations"][0]["toolExecutionNotifications"].to_string();
            assert!(notes.contains(&format!("{all} results")), "{notes}");
        }
    }

    #[test]
    fn clusters_with_similar_names_keep_separate_runs() {
        assert_eq!(automation_id("prod", Part::only()), "extreg/prod/");
        assert_eq!(
            automation_id("shop/api:6443/admin", Part::only()),
            "extreg/shop%2Fapi%3A6443%2Fadmin/"
        );
        assert_eq!(automation_id("", Part::only()), "extreg/");
    }
}
