//! The published schema and the documents have exactly the same fields.

use std::collections::BTreeSet;

use extreg_audit::check::Severity;
use extreg_audit::saved::{SavedCoverage, SavedReport};
use extreg_snapshot::coverage::GapReason;
use serde_json::Value;

use super::testing::sample;
use super::testing::schema::{assert_valid, close, rendered};
use super::{Format, Options};

fn published() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../docs/schema/audit-report.v1.schema.json"
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn documents() -> Vec<(&'static str, Value)> {
    let hostile = sample::HOSTILE.map(|text| (text, sample::hostile(text)));
    let reports = sample::all().into_iter().chain(hostile);
    reports
        .map(|(name, report)| {
            let text = rendered(Format::Json, &report, Options::default());
            (name, serde_json::from_str(&text).unwrap())
        })
        .collect()
}

/// Readers ignore unknown fields; this test rejects fields that the schema does not name.
#[test]
fn every_document_matches_the_published_schema() {
    let schema = published();
    assert!(jsonschema::meta::is_valid(&schema));
    let mut closed = schema;
    close(&mut closed);
    let validator = jsonschema::options()
        .should_validate_formats(true)
        .build(&closed)
        .unwrap();
    for (name, document) in documents() {
        assert_valid(&validator, &document, name);
    }
    for (pointer, value) in [
        ("/summary/open/high", "1".into()),
        ("/sections/0/findings/0/severity", "bad".into()),
        ("/sections/0/findings/0/fingerprint", "x".into()),
        ("/sections/0/coverage/gaps/0/reason", "lazy".into()),
        ("/sections/0/coverage/percent", 101.into()),
    ] {
        let (_, mut broken) = documents()
            .into_iter()
            .find(|(name, _)| *name == "everything")
            .unwrap();
        *broken.pointer_mut(pointer).unwrap() = value;
        assert!(!validator.is_valid(&broken), "{pointer}");
    }
}

/// The part that `diff` and a baseline read.
#[test]
fn every_document_is_read_back() {
    for (name, report) in sample::all() {
        let text = rendered(Format::Json, &report, Options::default());
        let saved = SavedReport::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        let findings = report
            .findings()
            .map(|(_, finding)| extreg_audit::testing::saved_finding(finding));
        let saved_findings = saved.sections.iter().flat_map(|of| of.findings.clone());
        assert!(saved_findings.eq(findings), "{name}");
        for (saved, section) in saved.sections.iter().zip(&report.sections) {
            assert_eq!(
                saved.coverage,
                SavedCoverage::of(&section.coverage),
                "{name}"
            );
        }
    }
}

#[test]
fn every_published_field_is_written() {
    let mut published_fields = BTreeSet::new();
    properties(&published(), &mut published_fields);
    let mut written = BTreeSet::new();
    for (_, document) in documents() {
        fields(&document, &mut written);
    }
    assert_eq!(published_fields, written);
}

#[test]
fn published_words_are_those_of_the_code() {
    let schema = published();
    let words = |pointer: &str| {
        let words = schema.pointer(pointer).unwrap().as_array().unwrap();
        words
            .iter()
            .map(|word| word.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        words("/$defs/severity/enum"),
        Severity::ALL.map(Severity::as_str)
    );
    assert_eq!(
        words("/$defs/coverage/properties/gaps/items/properties/reason/enum"),
        GapReason::ALL.map(GapReason::word)
    );
    let states = super::state::State::ALL.map(super::state::State::word);
    assert_eq!(words("/$defs/finding/properties/state/enum"), states);
}

/// The names in `properties` of a schema.
fn properties(schema: &Value, names: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Object(properties)) = members.get("properties") {
                names.extend(properties.keys().cloned());
            }
            for (name, member) in members {
                if name == "properties" {
                    let of_each = member.as_object().unwrap().values();
                    of_each.for_each(|property| properties(property, names));
                } else {
                    properties(member, names);
                }
            }
        }
        Value::Array(values) => values.iter().for_each(|value| properties(value, names)),
        _ => {}
    }
}

fn fields(document: &Value, names: &mut BTreeSet<String>) {
    match document {
        Value::Object(members) => {
            names.extend(members.keys().cloned());
            members.values().for_each(|value| fields(value, names));
        }
        Value::Array(values) => values.iter().for_each(|value| fields(value, names)),
        _ => {}
    }
}
