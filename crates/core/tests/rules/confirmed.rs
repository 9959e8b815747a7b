//! A push secret is injected only where the build cannot be worse off with it.

use crate::world::{World, Write};
use extreg_core::object::Resource::{BuildConfigs, Builds};

const PUSH: &str = "set /spec/output/pushSecret";
const MISSING: &str = "extreg: secret dockerhub does not exist: builds remain Pending until you create it; \
    extreg: oc create secret docker-registry dockerhub -n snow --docker-server=https://index.docker.io/v1/ …";
const NO_KEY: &str = "extreg: secret dockerhub has no key for the image, the push will fail; \
    extreg: add the key https://index.docker.io/v1/ to it";
const LARGE: &str = "extreg: secret dockerhub is too large (limit: 64 registries, 16 KiB); \
    extreg: not checked whether it works for the image; use a separate secret";
const UNKNOWN: &str =
    "SecretUnknown; extreg: push secret dockerhub not set: the webhook cannot read it";
const HUB: &[&str] = &["docker.io"];

fn output(image: &str, account: &str) -> String {
    format!(
        r#"{{"spec":{{"serviceAccount":"{account}","output":{{"to":{{"kind":"DockerImage","name":"{image}"}}}}}}}}"#
    )
}

fn left(fault: &str, account: &str) -> String {
    format!(
        "LinkedSecret; extreg: push secret dockerhub not set: it {fault}; \
         extreg: OpenShift selects a push secret of service account {account}"
    )
}

fn large() -> Vec<String> {
    (0..65).map(|n| format!("r{n}.example.com")).collect()
}

/// Facts about the secret and the account, and the result.
#[test]
fn only_a_known_secret_replaces_the_lookup_of_openshift() {
    let world = || World::default().queried();
    let fits = || world().secret(Some(HUB));
    let useless = || world().secret(Some(&["quay.io"]));
    let missing = || world().secret(None);
    let keys = large();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let too_large = || world().secret(Some(&keys));
    let and = |notes: &str| format!("{PUSH}; {notes}");
    let no_key = "has no key for the image";
    let table = [
        // It works, regardless of the account's linked secrets.
        (fits(), "", PUSH.to_owned()),
        (fits().builder(&["other"]), "", PUSH.to_owned()),
        (fits(), "robot", PUSH.to_owned()),
        // It does not work, and the account is known to have no better secret.
        (missing().builder(&[]), "", and(MISSING)),
        (missing().builder(&["dockerhub"]), "", and(MISSING)),
        (useless().builder(&[]), "", and(NO_KEY)),
        (too_large().builder(&[]), "", and(LARGE)),
        // The account might have a better secret.
        (
            missing().builder(&["other"]),
            "",
            left("does not exist", "builder"),
        ),
        (useless().builder(&["other"]), "", left(no_key, "builder")),
        (
            too_large().builder(&["other"]),
            "",
            left("is too large (limit: 64 registries, 16 KiB)", "builder"),
        ),
        // Nothing is known about the account.
        (missing(), "", left("does not exist", "builder")),
        (useless(), "", left(no_key, "builder")),
        (
            missing().builder(&[]),
            "robot",
            left("does not exist", "robot"),
        ),
        // Nothing is known about the secret.
        (world(), "", UNKNOWN.to_owned()),
        (world().builder(&[]), "", UNKNOWN.to_owned()),
        (world().builder(&["other"]), "", UNKNOWN.to_owned()),
        (
            world()
                .secret_of("Opaque", "config.json", "${CONFIG}")
                .builder(&[]),
            "",
            UNKNOWN.to_owned(),
        ),
        // Nothing was to be queried: the policy is trusted.
        (World::default(), "", PUSH.to_owned()),
        (World::default(), "robot", PUSH.to_owned()),
        (World::default().secret(None), "", and(MISSING)),
    ];
    for (world, account, want) in table {
        let object = output("docker.io/u/a", account);
        for resource in [BuildConfigs, Builds] {
            let outcome = world.outcome(&Write::create(resource, &object));
            assert_eq!(outcome, want, "{account:?} {:?}", world.namespace);
        }
    }
}

#[test]
fn the_key_has_to_match_as_the_builder_matches_it() {
    let world = |keys: &[&str]| World::default().queried().secret(Some(keys)).builder(&[]);
    for (keys, image, fits) in [
        (&["docker.io"][..], "docker.io/u/a", true),
        // The key docker.io does not match an image that names no host.
        (&["docker.io"], "u/a", false),
        (&["https://index.docker.io/v1/"], "u/a", true),
        (&["https://index.docker.io/v1"], "docker.io/u/a", false),
    ] {
        let object = output(image, "");
        let outcome = world(keys).outcome(&Write::create(Builds, &object));
        assert_eq!(outcome == PUSH, fits, "{keys:?} {image}: {outcome}");
    }
}

#[test]
fn a_secret_of_any_type_counts_for_a_push() {
    let docker = r#"{"auths":{"docker.io":{"auth":"dTpw"}}}"#;
    let old = r#"{"docker.io":{"auth":"dTpw"}}"#;
    let object = output("docker.io/u/a", "");
    for (kind, member, text, want) in [
        ("Opaque", "config.json", docker, PUSH.to_owned()),
        ("Opaque", ".dockerconfigjson", docker, PUSH.to_owned()),
        ("Opaque", ".dockercfg", old, PUSH.to_owned()),
        ("example.com/x", ".dockercfg", old, PUSH.to_owned()),
        ("", "config.json", docker, PUSH.to_owned()),
        ("Opaque", "password", docker, format!("{PUSH}; {NO_KEY}")),
        ("Opaque", ".dockercfg", docker, format!("{PUSH}; {NO_KEY}")),
    ] {
        let world = World::default()
            .queried()
            .secret_of(kind, member, text)
            .builder(&[]);
        let outcome = world.outcome(&Write::create(Builds, &object));
        assert_eq!(outcome, want, "{kind} {member}");
    }
}

/// A user who sends a review learns nothing about secrets that neither the review nor the policy names.
#[test]
fn answers_contain_only_names_of_the_request_and_the_policy() {
    let keys = &["quay.io/private", "https://registry.internal.example.com"];
    for world in [
        World::default()
            .queried()
            .secret(Some(keys))
            .builder(&["canary-link", "canary-two"]),
        World::default()
            .queried()
            .secret(None)
            .builder(&["canary-link"]),
        World::default().queried().builder(&["canary-link"]),
    ] {
        let object = output("docker.io/u/a", "");
        world.with(&Write::create(Builds, &object), |verdict| {
            let mut text = verdict.warnings();
            text.extend(
                verdict
                    .audit_annotations()
                    .into_iter()
                    .map(|(_, text)| text),
            );
            let text = text.join("\n");
            assert!(
                text.contains("dockerhub") || !text.contains("secret"),
                "{text}"
            );
            for private in ["canary", "quay.io", "internal", "dockercfg"] {
                assert!(!text.contains(private), "{text}");
            }
        });
    }
}
