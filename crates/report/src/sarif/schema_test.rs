//! SARIF's own schema, and GitHub's additional requirements.

use extreg_audit::report::Report;
use serde_json::Value;

use crate::testing::sample;
use crate::testing::schema::{assert_valid, json_schema, rendered};
use crate::{Format, Options};

fn log(report: &Report) -> Value {
    let text = rendered(Format::Sarif, report, Options::default());
    serde_json::from_str(&text).unwrap()
}

fn runs(log: &Value) -> &Vec<Value> {
    log["runs"].as_array().unwrap()
}

fn results(log: &Value) -> impl Iterator<Item = &Value> {
    let runs = runs(log).iter();
    runs.flat_map(|run| run["results"].as_array().unwrap())
}

fn index(value: &Value) -> usize {
    value.as_u64().unwrap().try_into().unwrap()
}

#[test]
fn every_report_is_sarif() {
    let schema = json_schema("sarif-2.1.0.json", &[]);
    for (name, report) in sample::all() {
        assert_valid(&schema, &log(&report), name);
    }
    for text in sample::HOSTILE {
        assert_valid(&schema, &log(&sample::hostile(text)), text);
    }
    let broken = serde_json::json!({"version": "2.1.0", "runs": [{"results": []}]});
    assert!(!schema.is_valid(&broken));
}

/// "SARIF support for code scanning": what GitHub rejects or does not show without.
#[test]
fn github_requirements_are_met() {
    let log = log(&sample::everything());
    for run in runs(&log) {
        for rule in run["tool"]["driver"]["rules"].as_array().unwrap() {
            for field in ["shortDescription", "fullDescription", "help"] {
                let text = rule[field]["text"].as_str().unwrap();
                assert!((1..=1024).contains(&text.len()), "{text}");
            }
            let tags = rule["properties"]["tags"].as_array().unwrap();
            assert!(tags.len() <= 10, "{tags:?}");
            assert!(tags.contains(&"security".into()));
        }
    }
    let mut fingerprints = std::collections::BTreeSet::new();
    for result in results(&log) {
        let physical = &result["locations"][0]["physicalLocation"];
        assert!(
            !physical["artifactLocation"]["uri"]
                .as_str()
                .unwrap()
                .is_empty()
        );
        for bound in ["startLine", "startColumn", "endLine", "endColumn"] {
            assert!(physical["region"][bound].as_u64().unwrap() >= 1);
        }
        let fingerprint = &result["partialFingerprints"]["primaryLocationLineHash"];
        assert!(
            fingerprints.insert(fingerprint.as_str().unwrap().to_owned()),
            "{fingerprint} twice"
        );
    }
}

/// References by index point to the objects that they name.
#[test]
fn references_point_to_the_named_objects() {
    let log = log(&sample::everything());
    let mut references = 0;
    for run in runs(&log) {
        let rules = &run["tool"]["driver"]["rules"];
        let lead = |target: &Value| {
            let component = &target["toolComponent"];
            let taxonomy = &run["taxonomies"][index(&component["index"])];
            assert_eq!(taxonomy["name"], component["name"]);
            let taxon = &taxonomy["taxa"][index(&target["index"])];
            assert_eq!(taxon["id"], target["id"]);
        };
        for rule in rules.as_array().unwrap() {
            for relationship in rule["relationships"].as_array().unwrap() {
                lead(&relationship["target"]);
                references += 1;
            }
        }
        for result in run["results"].as_array().unwrap() {
            if result["ruleIndex"].is_u64() {
                assert_eq!(rules[index(&result["ruleIndex"])]["id"], result["ruleId"]);
                for taxon in result["taxa"].as_array().into_iter().flatten() {
                    lead(taxon);
                    references += 1;
                }
            }
        }
    }
    assert!(references > 20, "{references}");
}

#[test]
fn a_result_has_its_location() {
    let log = log(&sample::everything());
    let of = |check: &str| {
        results(&log)
            .find(|result| result["ruleId"] == check)
            .unwrap_or_else(|| panic!("{check}"))
    };
    assert_eq!(of("EXR001")["kind"], "fail");
    assert_eq!(of("EXR001")["level"], "error");
    assert_eq!(of("EXR001")["suppressions"], serde_json::json!([]));
    assert_eq!(
        of("EXR006")["suppressions"][0]["justification"],
        "moved in January"
    );
    assert_eq!(
        of("EXR006")["suppressions"][0]["properties"]["expires"],
        "2027-01-31"
    );
    assert_eq!(of("EXR007")["baselineState"], "unchanged");
    assert_eq!(of("EXR015")["baselineState"], "new");
    assert_eq!(of("EXR009")["kind"], "open");
    assert_eq!(of("EXR009")["level"], "none");
    let absent: Vec<_> = results(&log)
        .filter(|result| result["baselineState"] == "absent")
        .collect();
    assert_eq!(absent.len(), 1);
    assert_eq!(absent[0]["level"], "none");
}

#[test]
fn a_run_is_successful_only_if_everything_was_read() {
    for (name, report) in sample::all() {
        let log = log(&report);
        let complete =
            !report.sections.is_empty() && report.sections.iter().all(|of| of.percent() == 100);
        let successful = runs(&log)
            .iter()
            .all(|run| run["invocations"][0]["executionSuccessful"] == true);
        assert_eq!(successful, complete, "{name}");
    }
    let log = log(&sample::gaps());
    let notes = &runs(&log)[0]["invocations"][0]["toolExecutionNotifications"];
    assert_eq!(notes.as_array().unwrap().len(), 4);
    assert_eq!(notes[0]["level"], "error");
}

/// GitHub rejects a whole file for one result without a path.
#[test]
fn a_fixed_finding_is_not_a_result_if_results_have_paths() {
    let mut report = sample::everything();
    report.sections.remove(0);
    report.sections[0].uses.clear();
    let log = log(&report);
    assert_eq!(results(&log).count(), 1);
    for result in results(&log) {
        assert_eq!(
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"],
            "deploy/web.yaml"
        );
    }
    let notes = &runs(&log)[0]["invocations"][0]["toolExecutionNotifications"];
    assert!(notes.to_string().contains("image was anonymous"));
}
