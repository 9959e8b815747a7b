//! Docker configs: the first line is an image, the rest a config. Reading and matching end, and no consumer finds a key
//! that does not exist.

use extreg_core::credential::{Consumer, DockerConfigFormat, DockerConfigKeys};

/// Runs the target on one input.
pub(crate) fn run(data: &[u8]) {
    let end = data
        .iter()
        .position(|byte| *byte == b'\n')
        .unwrap_or(data.len());
    let (image, json) = data.split_at(end);
    let Ok(image) = std::str::from_utf8(image) else {
        return;
    };
    for format in [
        DockerConfigFormat::ConfigJson,
        DockerConfigFormat::Dockercfg,
    ] {
        let Ok(keys) = DockerConfigKeys::parse(json, format) else {
            continue;
        };
        for key in keys.iter() {
            // Each key as an image, too: both grammars must agree.
            for image in [image, key.as_written()] {
                all_consumers(&keys, image);
            }
        }
        let spellings = DockerConfigKeys::of_spellings(keys.iter().map(|key| key.as_written()));
        all_consumers(&spellings, image);
    }
}

fn all_consumers(keys: &DockerConfigKeys, image: &str) {
    for consumer in Consumer::ALL {
        let found = keys.matching(consumer, image);
        assert_eq!(found.is_matched(), found.first().is_some());
        assert_eq!(found.usernames().len(), found.keys().len());
        if !matches!(consumer, Consumer::Kubelet) {
            assert!(found.keys().len() <= 1, "{consumer:?}");
        }
        for key in found.keys() {
            assert!(keys.iter().any(|known| std::ptr::eq(known, key)));
        }
    }
    let _ = keys.lookup(image);
}
