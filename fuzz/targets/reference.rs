//! References: reading any string ends, and the printed reference parses to the same one.

use extreg_core::image::{ImageRef, ReferenceAnswer};
use extreg_core::registry::{InternalRegistry, RefRole, Resolution, resolve};

/// Runs the target on one input.
pub(crate) fn run(data: &[u8]) {
    let Ok(input) = std::str::from_utf8(data) else {
        return;
    };
    let parsed = ImageRef::parse(input);
    let internal = InternalRegistry::default();
    for role in RefRole::ALL {
        match resolve(input, role, &internal) {
            Resolution::Certain(host, image) => {
                assert_eq!(parsed, Ok(image));
                assert_eq!(
                    image.with_defaults().is_docker_hub(),
                    host.as_str() == "docker.io"
                );
            }
            Resolution::FirstOf(list, image) => {
                assert_eq!(parsed, Ok(image));
                assert!(!list.is_empty() && image.registry().is_empty());
            }
            Resolution::Internal(image) => {
                assert_eq!(parsed, Ok(image));
                assert!(internal.contains(image.registry()));
            }
            Resolution::Parameter => assert!(parsed.is_err()),
            Resolution::Invalid(_) => {}
        }
    }
    let answer = serde_json::to_string(&ReferenceAnswer::of(input)).expect("an answer is JSON");
    assert!(answer.starts_with('{'));
    if let Ok(image) = parsed {
        read_back(input, image);
    }
}

fn read_back(input: &str, image: ImageRef<'_>) {
    let defaulted = image.with_defaults();
    assert_eq!(defaulted.with_defaults(), defaulted);
    assert_eq!(defaulted.is_docker_hub(), image.is_docker_hub());
    if image.is_registry_only() {
        assert_eq!((image.exact().as_str(), image.registry()), ("", input));
        return;
    }
    let exact = image.exact();
    let again = ImageRef::parse(&exact).expect("what was printed is a reference");
    assert_eq!(again.exact(), exact);
    if image.id().is_empty() {
        assert_eq!((again, exact.as_str()), (image, input));
    }
    let string = image.to_string();
    let again = ImageRef::parse(&string).map(|again| again.to_string());
    assert_eq!(again, Ok(string));
}
