//! Which docker config key each consumer finds, by key and by the way the image is written.

use extreg_core::credential::{Consumer, DockerConfigFormat, DockerConfigKey, DockerConfigKeys};
use proptest::prelude::*;

const IMAGES: [&str; 4] = [
    "docker.io/u/a",
    "u/a",
    "index.docker.io/u/a",
    "registry-1.docker.io/u/a",
];

/// Whether a docker config with only `key` has a credential for each of `IMAGES`.
fn found(consumer: Consumer, key: &str) -> [bool; 4] {
    let keys = DockerConfigKeys::of_spellings([key]);
    IMAGES.map(|image| keys.matching(consumer, image).is_matched())
}

fn check(consumer: Consumer, table: &[(&str, [u8; 4])]) {
    for (key, expected) in table {
        assert_eq!(
            found(consumer, key),
            expected.map(|cell| cell == 1),
            "{consumer:?} {key} for {IMAGES:?}"
        );
    }
}

#[test]
fn a_build_push_queries_the_output_as_written() {
    check(
        Consumer::BuildPush,
        &[
            ("docker.io", [1, 0, 0, 0]),
            ("https://docker.io", [1, 0, 0, 0]),
            ("https://index.docker.io/v1/", [1, 1, 1, 0]),
            ("index.docker.io", [1, 1, 1, 0]),
            ("https://index.docker.io", [1, 1, 1, 0]),
            ("index.docker.io/v1/", [1, 1, 1, 0]),
            ("https://index.docker.io/v1", [0, 0, 0, 0]),
            ("registry-1.docker.io", [0, 0, 0, 1]),
            ("https://registry-1.docker.io/v2/", [0, 0, 0, 1]),
            ("docker.io/u", [1, 0, 0, 0]),
            ("*.docker.io", [0, 0, 1, 1]),
            ("DOCKER.IO", [0, 0, 0, 0]),
            ("docker.io:443", [0, 0, 0, 0]),
        ],
    );
}

#[test]
fn an_import_queries_with_defaults() {
    check(
        Consumer::Import,
        &[
            ("docker.io", [1, 1, 0, 0]),
            ("https://index.docker.io/v1/", [1, 1, 1, 0]),
            ("https://index.docker.io/v1", [0, 0, 0, 0]),
            ("registry-1.docker.io", [0, 0, 0, 1]),
        ],
    );
}

#[test]
fn the_kubelet_queries_the_normalized_name() {
    check(
        Consumer::Kubelet,
        &[
            ("docker.io", [1, 1, 1, 0]),
            ("https://index.docker.io/v1/", [1, 1, 1, 0]),
            ("https://index.docker.io/v1", [0, 0, 0, 0]),
            ("registry-1.docker.io", [0, 0, 0, 1]),
            ("docker.io/u", [1, 1, 1, 0]),
        ],
    );
}

#[test]
fn containers_image_normalizes_hosts_but_not_unschemed_paths() {
    check(
        Consumer::ContainersImage,
        &[
            ("docker.io", [1, 1, 1, 1]),
            ("https://index.docker.io/v1/", [1, 1, 1, 1]),
            ("https://index.docker.io/v1", [1, 1, 1, 1]),
            ("index.docker.io", [1, 1, 1, 1]),
            ("index.docker.io/v1/", [0, 0, 0, 0]),
            ("docker.io/u", [1, 1, 1, 0]),
            ("docker.io/u/a", [1, 1, 1, 0]),
            ("*.docker.io", [0, 0, 0, 0]),
            ("quay.io", [0, 0, 0, 0]),
        ],
    );
}

#[test]
fn a_build_pull_rewrites_schemed_keys_first() {
    check(
        Consumer::BuildPull,
        &[
            ("docker.io", [1, 1, 1, 1]),
            ("https://index.docker.io/v1", [1, 1, 1, 1]),
            ("https://index.docker.io/v1/u", [1, 1, 1, 0]),
            ("https://registry-1.docker.io/v2/u/a/", [1, 1, 1, 0]),
            ("index.docker.io/v1/", [0, 0, 0, 0]),
        ],
    );
}

#[test]
fn shipwright_wants_the_exact_address() {
    check(
        Consumer::Shipwright,
        &[
            ("docker.io", [0, 0, 0, 0]),
            ("index.docker.io", [0, 0, 0, 0]),
            ("https://index.docker.io/v1", [0, 0, 0, 0]),
            ("https://index.docker.io/v1/", [1, 1, 1, 0]),
            ("registry-1.docker.io", [0, 0, 0, 1]),
        ],
    );
}

#[test]
fn the_two_keys_of_setup_serve_everyone() {
    let keys = DockerConfigKeys::of_spellings(["https://index.docker.io/v1/", "docker.io"]);
    for consumer in Consumer::ALL {
        for image in [
            "docker.io/u/a:v1",
            "u/a",
            "index.docker.io/u/a@sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            assert!(
                keys.matching(consumer, image).is_matched(),
                "{consumer:?} {image}"
            );
        }
    }
}

#[test]
fn the_form_of_auth_decides_who_can_use_it() {
    let matched = |entry: &str| {
        let json = format!(r#"{{"auths":{{"https://index.docker.io/v1/":{entry}}}}}"#);
        let keys =
            DockerConfigKeys::parse(json.as_bytes(), DockerConfigFormat::ConfigJson).unwrap();
        Consumer::ALL.map(|consumer| keys.matching(consumer, "docker.io/u/a").is_matched())
    };
    // build push, build pull, import, kubelet, containers/image, Shipwright
    assert_eq!(matched(r#"{"auth":"dTpwYXM="}"#), [true; 6]);
    assert_eq!(
        matched(r#"{"auth":"dTpwYXM"}"#),
        [true, true, true, true, false, false]
    );
    assert_eq!(
        matched(r#"{"username":"u","password":"p"}"#),
        [true, true, true, true, false, true]
    );
}

#[test]
fn only_the_kubelet_tries_them_all() {
    let keys =
        DockerConfigKeys::of_spellings(["docker.io", "docker.io/u", "https://index.docker.io/v1/"]);
    let of = |consumer| -> Vec<_> {
        keys.matching(consumer, "docker.io/u/a")
            .keys()
            .map(|key| key.as_written().to_owned())
            .collect()
    };
    assert_eq!(of(Consumer::Kubelet), ["docker.io/u", "docker.io"]);
    assert_eq!(of(Consumer::BuildPush), ["docker.io/u"]);
    assert_eq!(of(Consumer::Import), ["docker.io/u"]);
    assert_eq!(of(Consumer::ContainersImage), ["docker.io/u"]);
}

#[test]
fn the_secrets_of_a_namespace_are_one_keyring() {
    let of = |spellings: &[&str]| DockerConfigKeys::of_spellings(spellings.iter().copied());
    let all: DockerConfigKeys = [
        of(&["https://index.docker.io/v1/", "docker.io"]),
        of(&["docker.io/u", "docker.io"]),
    ]
    .iter()
    .flat_map(DockerConfigKeys::iter)
    .cloned()
    .collect();
    let keys = |image| -> Vec<&str> {
        let found = all.matching(Consumer::Kubelet, image);
        found.keys().map(DockerConfigKey::as_written).collect()
    };
    // The most specific key first in any secret, the fallback only if none matches.
    assert_eq!(keys("u/a"), ["docker.io/u", "docker.io", "docker.io"]);
    assert_eq!(keys("quay.io/u/a"), [""; 0]);
    let first: Vec<_> = all.iter().collect();
    let found = all.matching(Consumer::Kubelet, "x/a");
    assert!(found.keys().eq([first[1], first[3]]));
}

#[test]
fn an_invalid_image_matches_nothing() {
    let keys = DockerConfigKeys::of_spellings([
        "docker.io",
        "https://index.docker.io/v1/",
        "*",
        "index.docker.io",
    ]);
    for consumer in Consumer::ALL {
        for image in [
            "",
            "docker.io",
            "docker.io/u/a:",
            "${IMAGE}",
            "node.js:18",
            "u/App",
        ] {
            assert!(
                !keys.matching(consumer, image).is_matched(),
                "{consumer:?} {image}"
            );
        }
    }
    let user = DockerConfigKeys::of_spellings(["User"]);
    assert!(
        user.matching(Consumer::Kubelet, "User/app").is_matched(),
        "an upper-case component is a host"
    );
    assert!(
        !user
            .matching(Consumer::BuildPush, "docker.io/u/a")
            .is_matched()
    );
}

#[test]
fn no_password_is_kept() {
    let json = br#"{"auths":{"docker.io":{"auth":"dXNlcjpoZW1saWc=","password":"geheim"},"quay.io":{"username":"u","password":"segreto"}}}"#;
    let keys = DockerConfigKeys::parse(json, DockerConfigFormat::ConfigJson).unwrap();
    let shown = format!("{keys:?}");
    for secret in ["hemlig", "geheim", "segreto", "dXNlcjpoZW1saWc"] {
        assert!(!shown.contains(secret), "{secret}");
    }
    assert!(keys.iter().all(DockerConfigKey::is_complete));
    assert_eq!(
        keys.iter()
            .map(DockerConfigKey::username)
            .collect::<Vec<_>>(),
        ["user", "u"]
    );
}

proptest! {
    #[test]
    fn any_document_does_not_panic(json in proptest::collection::vec(any::<u8>(), 0..60), image in any::<String>()) {
        for format in [DockerConfigFormat::ConfigJson, DockerConfigFormat::Dockercfg] {
            if let Ok(keys) = DockerConfigKeys::parse(&json, format) {
                prop_assert!(!keys.lookup(&image).is_matched() || !keys.is_empty());
            }
        }
    }

    #[test]
    fn no_key_or_image_panics(
        spellings in proptest::collection::vec(prop_oneof!["\\PC{0,20}", "(https://)?[a-z*?.:/%0-9\\[\\]\\\\-]{0,20}"], 0..4),
        image in prop_oneof![any::<String>(), "[a-zA-Z0-9:/@._*?\\[\\]%-]{0,30}"],
    ) {
        let keys = DockerConfigKeys::of_spellings(spellings);
        let _ = keys.lookup(&image);
        for consumer in Consumer::ALL {
            let found = keys.matching(consumer, &image);
            prop_assert!(found.keys().len() <= keys.iter().count());
        }
    }

    #[test]
    fn a_host_finds_its_own_key(host in "[a-z]{1,8}\\.[a-z]{2,5}(:[0-9]{1,4})?", path in "[a-z]{1,8}/[a-z]{1,8}") {
        let keys = DockerConfigKeys::of_spellings([host.clone()]);
        for consumer in Consumer::ALL {
            let image = format!("{host}/{path}");
            if host == "docker.io" || host == "index.docker.io" { continue }
            prop_assert!(keys.matching(consumer, &image).is_matched(), "{:?} {}", consumer, image);
        }
    }
}
