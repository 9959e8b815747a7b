//! The keys of a docker config, and their problems for any image.

use extreg_core::credential::{AuthField, DockerConfigKey, DockerConfigKeys};
use extreg_remedy::{Invocation, Remedy, Rendered};
use extreg_snapshot::credentials::{KeyFault, shown_key};

use super::answer::{KeyAnswer, Problem};

/// The keys, in their order.
pub(super) fn answers(keys: &DockerConfigKeys) -> Vec<KeyAnswer> {
    let answers = keys.iter().map(|key| KeyAnswer {
        key: shown_key(key.as_written()),
        username: key.username().to_owned(),
        auth: match key.auth() {
            AuthField::Absent => "absent",
            AuthField::Padded => "padded",
            AuthField::Unpadded => "unpadded",
        },
        faults: KeyFault::of(key).into_iter().map(KeyFault::words).collect(),
    });
    answers.collect()
}

/// Whether builds, imports and pods find a credential under none of the keys, for any image.
pub(super) fn are_useless(keys: &DockerConfigKeys) -> bool {
    keys.iter().all(|key| {
        KeyFault::of(key)
            .into_iter()
            .any(|fault| !matches!(fault, KeyFault::NoAuth | KeyFault::Unpadded))
    })
}

/// The problems of the keys of an auth file.
pub(super) fn problems(keys: &DockerConfigKeys, file: &str) -> Vec<Problem> {
    let useless = keys.iter().filter_map(|key| {
        let faults = KeyFault::of(key);
        let worst = faults.first()?;
        Some(Problem {
            severity: "medium".to_owned(),
            outcome: "fail",
            rule: "useless-key",
            object: String::new(),
            message: format!("the key {} of {file}: {}", shown(key), description(&faults)),
            why: worst.why().to_owned(),
            fix: instruct("log in again with podman login, with only the registry's host"),
        })
    });
    let colliding = keys.colliding().into_iter().map(|(first, other)| Problem {
        severity: "medium".to_owned(),
        outcome: "fail",
        rule: "random-key",
        object: String::new(),
        message: format!(
            "the keys {} and {} of {file} hold different credentials",
            shown(first),
            shown(other)
        ),
        why: "Builds when they pull, and other tools that match keys like Kubernetes, read them as one key \
              and use a random one of the two"
            .to_owned(),
        fix: instruct("log out of one of them, or log in to both with the same credential"),
    });
    useless.chain(colliding).collect()
}

/// Problems that the audit does not report for a secret, because images can be written that way: a host of
/// Docker Hub that no image of docker.io matches.
pub(super) fn other_hub(keys: &DockerConfigKeys, object: &str) -> Vec<Problem> {
    let found = keys.iter().filter(|key| {
        let faults = KeyFault::of(key);
        faults.contains(&KeyFault::OtherHub)
    });
    found
        .map(|key| Problem {
            severity: "low".to_owned(),
            outcome: "fail",
            rule: "useless-key",
            object: object.to_owned(),
            message: format!(
                "the key {} of {object}: {}",
                shown(key),
                KeyFault::OtherHub.words()
            ),
            why: KeyFault::OtherHub.why().to_owned(),
            fix: instruct(&format!(
                "add the key https://index.docker.io/v1/ to {object}"
            )),
        })
        .collect()
}

/// An instruction for a person.
pub(super) fn instruct(text: &str) -> Rendered {
    Remedy::instruct(text).rendered(&Invocation::default())
}

fn shown(key: &DockerConfigKey) -> String {
    shown_key(key.as_written())
}

fn description(faults: &[KeyFault]) -> String {
    let words: Vec<_> = faults.iter().map(|fault| fault.words()).collect();
    words.join("; ")
}
