//! The schemas by which the API server validates the objects.

use serde_json::Value;

use super::objects;
use crate::testing::sample;
use crate::testing::schema::{assert_valid, custom_resource};

#[test]
fn every_object_matches_its_definition() {
    let of_namespace = custom_resource("openreports.io_reports.yaml");
    let of_cluster = custom_resource("openreports.io_clusterreports.yaml");
    let split = ("split", sample::many_findings(3_000));
    let hostile = sample::HOSTILE.map(|text| (text, sample::hostile(text)));
    for (name, report) in sample::all().into_iter().chain([split]).chain(hostile) {
        for object in objects(&report) {
            let schema = if object.is_namespaced() {
                &of_namespace
            } else {
                &of_cluster
            };
            assert_valid(schema, &serde_json::to_value(&object).unwrap(), name);
        }
    }
    let unknown = serde_json::json!({"results": [{"policy": "x", "resulted": "fail"}]});
    assert!(!of_cluster.is_valid(&unknown));
}

#[test]
fn the_document_contains_the_objects() {
    let report = sample::everything();
    let mut out = Vec::new();
    super::render(&report, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let documents: Vec<Value> = serde_saphyr::from_multiple(&text).unwrap();
    let objects: Vec<_> = objects(&report)
        .iter()
        .map(|object| serde_json::to_value(object).unwrap())
        .collect();
    assert_eq!(documents, objects);
}
