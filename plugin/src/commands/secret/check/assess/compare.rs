//! Compares the uses of an image: sorts them and marks those that differ or cannot work.

use extreg_core::credential::{Consumer, DockerConfigKey, DockerConfigKeys};
use extreg_snapshot::credentials::shown_key;

use super::super::answer::{ImageAnswer, Outcome, Use};
use super::{Repository, evaluation::word};

/// The result for an image. `same` returns whether two keys of one secret hold the same credential. If the
/// user named the image, every consumer has to find the same credential; else only a required credential
/// that is not found cannot work.
pub(super) fn compared(
    namespace: &str,
    image: &str,
    mut uses: Vec<Use>,
    is_requested: bool,
    same: impl Fn(&Use, &Use) -> bool,
) -> ImageAnswer {
    uses.sort_by(|a, b| order(a).cmp(&order(b)));
    uses.dedup_by(|a, b| order(a) == order(b));
    let first = uses
        .iter()
        .find(|one| one.outcome == Outcome::Found && !one.is_aside)
        .cloned();
    for one in &mut uses {
        one.differs = match &first {
            Some(first) if one.outcome == Outcome::Found && !one.is_aside => {
                let is_same_secret = (&one.secret_namespace, &one.secret)
                    == (&first.secret_namespace, &first.secret);
                !(is_same_secret && one.username == first.username && same(first, one))
            }
            _ => false,
        };
        one.fails = !one.is_aside
            && match one.outcome {
                Outcome::Broken => true,
                Outcome::None => one.fails || is_requested,
                Outcome::Found => one.differs && is_requested,
                Outcome::Unknown => false,
            };
    }
    let repository = Repository::from_image(image).unwrap_or(Repository {
        registry: String::new(),
        path: String::new(),
    });
    ImageAnswer {
        namespace: namespace.to_owned(),
        image: image.to_owned(),
        registry: repository.registry,
        repository: repository.path,
        uses,
    }
}

/// Whether two keys of one docker config hold the same credential.
pub(super) fn same_in(keys: &DockerConfigKeys, one: &Use, other: &Use) -> bool {
    let find = |shown: &str| -> Option<&DockerConfigKey> {
        keys.iter().find(|key| shown_key(key.as_written()) == shown)
    };
    match (find(&one.key), find(&other.key)) {
        (Some(one), Some(other)) => one.is_same_credential(other),
        _ => one.key == other.key,
    }
}

fn order(one: &Use) -> (usize, bool, &str, &str) {
    let mut consumers = Consumer::ALL.into_iter();
    let place = consumers.position(|consumer| word(consumer) == one.consumer);
    (
        place.unwrap_or_default(),
        one.is_aside,
        &one.by,
        &one.written,
    )
}
