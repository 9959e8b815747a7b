//! Properties of references that hold for any string.

use extreg_core::image::ImageRef;
use extreg_core::registry::{InternalRegistry, RefRole, Resolution, resolve};
use proptest::prelude::*;

/// Strings that are often references and often nearly so.
fn near_reference() -> impl Strategy<Value = String> {
    let component = "[a-zA-Z0-9]{0,4}([._-]{0,3}[a-z0-9]{1,4}){0,2}";
    let host = prop_oneof![
        Just("docker.io"),
        Just("index.docker.io"),
        Just("registry-1.docker.io"),
        Just("localhost"),
        Just("quay.io:443"),
        Just("Host"),
    ];
    let id = prop_oneof![
        Just(String::new()),
        "@sha256:[0-9a-fA-F]{64}",
        "@sha(256|384|512):[0-9a-f]{31,97}",
    ];
    (
        proptest::option::of(host),
        proptest::collection::vec(component, 0..4),
        proptest::option::of("[A-Za-z0-9_.-]{0,130}"),
        id,
    )
        .prop_map(|(host, path, tag, id)| {
            let mut parts: Vec<&str> = host.into_iter().collect();
            parts.extend(path.iter().map(String::as_str));
            let tag = tag.map(|tag| format!(":{tag}")).unwrap_or_default();
            format!("{}{tag}{id}", parts.join("/"))
        })
}

fn any_reference() -> impl Strategy<Value = String> {
    prop_oneof![3 => near_reference(), 1 => any::<String>(), 1 => "[a-zA-Z0-9:/@._{}$-]{0,40}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn exact_and_string_are_read_back(input in any_reference()) {
        let Ok(image) = ImageRef::parse(&input) else { return Ok(()) };
        if image.is_registry_only() {
            prop_assert_eq!(image.exact(), "");
            prop_assert_eq!(image.registry(), input.as_str());
            return Ok(());
        }
        let exact = image.exact();
        let again = ImageRef::parse(&exact).expect("what was printed is a reference");
        prop_assert_eq!(again.exact(), exact.as_str());
        prop_assert_eq!((again.registry(), again.namespace(), again.name(), again.id()),
            (image.registry(), image.namespace(), image.name(), image.id()));
        if image.id().is_empty() {
            prop_assert_eq!(again, image);
            prop_assert_eq!(exact, input.as_str());
        }
        let string = image.to_string();
        let again = ImageRef::parse(&string).map(|again| again.to_string());
        prop_assert_eq!(again, Ok(string));
    }

    #[test]
    fn defaults_are_idempotent_and_keep_the_registry(input in any_reference()) {
        let Ok(image) = ImageRef::parse(&input) else { return Ok(()) };
        let defaulted = image.with_defaults();
        prop_assert_eq!(defaulted.with_defaults(), defaulted);
        prop_assert_eq!(defaulted.is_docker_hub(), image.is_docker_hub());
        prop_assert_eq!(defaulted.repository_path(), image.repository_path());
        prop_assert!(!defaulted.registry().is_empty() && !defaulted.tag().is_empty());
    }

    #[test]
    fn resolution_agrees_with_the_parser(input in any_reference()) {
        let internal = InternalRegistry::default();
        let parsed = ImageRef::parse(&input);
        for role in RefRole::ALL {
            match resolve(&input, role, &internal) {
                Resolution::Certain(host, image) => {
                    prop_assert_eq!(parsed, Ok(image));
                    prop_assert_eq!(image.with_defaults().is_docker_hub(), host.as_str() == "docker.io");
                }
                Resolution::FirstOf(_, image) => {
                    prop_assert_eq!(parsed, Ok(image));
                    prop_assert_eq!(image.registry(), "");
                }
                Resolution::Internal(image) => prop_assert!(internal.contains(image.registry())),
                Resolution::Parameter => prop_assert!(parsed.is_err()),
                Resolution::Invalid(_) => {}
            }
        }
    }
}
