//! Every line of `data/references.jsonl`, which OpenShift's own parser wrote, field by field.

use extreg_core::image::ReferenceAnswer;
use serde_json::Value;

const VECTORS: &str = include_str!("data/references.jsonl");

#[test]
fn every_reference_vector_agrees() {
    let mut lines = 0;
    for line in VECTORS.lines() {
        let expected: Value = serde_json::from_str(line).expect("a vector is JSON");
        let reference = expected["ref"].as_str().expect("a vector has a ref");
        let answer =
            serde_json::to_value(ReferenceAnswer::of(reference)).expect("an answer is JSON");
        assert_eq!(answer, expected, "{reference:?}");
        lines += 1;
    }
    assert_eq!(lines, 800);
}
