//! Every line of `data/keyring.jsonl`, which Kubernetes' own keyring wrote, field by field.

use extreg_core::credential::{DockerConfigFormat, DockerConfigKeys, KeyringAnswer};
use serde_json::Value;

const VECTORS: &str = include_str!("data/keyring.jsonl");

#[test]
fn every_keyring_vector_agrees() {
    let mut lines = 0;
    for line in VECTORS.lines() {
        let mut expected: Value = serde_json::from_str(line).expect("a vector is JSON");
        let reference = expected["ref"]
            .as_str()
            .expect("a vector has a ref")
            .to_owned();
        let config = expected["dockerconfigjson"]
            .as_str()
            .expect("a vector has a config")
            .to_owned();
        let mut answer = serde_json::to_value(KeyringAnswer::of(&reference, &config))
            .expect("an answer is JSON");
        if let Ok(keys) = DockerConfigKeys::parse(config.as_bytes(), DockerConfigFormat::ConfigJson)
        {
            let filed: Vec<_> = keys
                .lookup(&reference)
                .keys()
                .map(|key| key.normalized().map(String::from))
                .collect();
            for side in [&mut answer, &mut expected] {
                sort_within_equal_keys(
                    side["usernames"].as_array_mut().expect("usernames"),
                    &filed,
                );
            }
        }
        assert_eq!(answer, expected, "{line}");
        lines += 1;
    }
    assert_eq!(lines, 500);
}

/// Keys that the keyring files alike (`docker.io`, `https://docker.io/v1/`) come out in the order of a Go map, which
/// is random; the order between keys that differ is not.
fn sort_within_equal_keys(usernames: &mut [Value], filed: &[Option<String>]) {
    assert_eq!(usernames.len(), filed.len());
    let mut rest = usernames;
    for group in filed.chunk_by(|a, b| a == b) {
        let (head, tail) = rest.split_at_mut(group.len());
        head.sort_by_key(ToString::to_string);
        rest = tail;
    }
}
