//! A push secret is injected only where the build cannot be worse off with it.

use crate::world::{World, Write};
use extreg_core::object::Resource::{BuildConfigs, Builds};

const PUSH: &str = "set /spec/output/pushSecret";
const MISSING: &str = "extreg: secret dockerhub is missing: builds stay Pending until it is created; \
    extreg: oc create secret docker-registry dockerhub -n snow --docker-server=https://index.docker.io/v1/ …";
const NO_KEY: &str = "extreg: secret dockerhub has no key for the image, the push will fail; \
    extreg: give it the key https://index.docker.io/v1/";
const LARGE: &str = "extreg: secret dockerhub is too large (64 registries and 16 KiB at most); \
    extreg: whether it works for the image was not checked; use a secret of its own";
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
        "LinkedSecret; extreg: push secret dockerhub not set, it {fault}; \
         extreg: OpenShift selects a push secret from those of account {account}"
    )
}

fn large() -> Vec<String> {
    (0..65).map(|n| format!("r{n}.example.com")).collect()
}

/// What is known of the secret, of the account, and what comes of it.
#[test]
fn only_a_secret_that_is_known_replaces_what_openshift_would_find() {
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
        // It works: whatever the account links.
        (fits(), "", PUSH.to_owned()),
        (fits().builder(&["other"]), "", PUSH.to_owned()),
        (fits(), "robot", PUSH.to_owned()),
        // It does not, and the account is known to have nothing better.
        (missing().builder(&[]), "", and(MISSING)),
        (missing().builder(&["dockerhub"]), "", and(MISSING)),
        (useless().builder(&[]), "", and(NO_KEY)),
        (too_large().builder(&[]), "", and(LARGE)),
        // The account may have something better.
        (
            missing().builder(&["other"]),
            "",
            left("is missing", "builder"),
        ),
        (useless().builder(&["other"]), "", left(no_key, "builder")),
        (
            too_large().builder(&["other"]),
            "",
            left("is too large (64 registries and 16 KiB at most)", "builder"),
        ),
        // Nothing is known of the account.
        (missing(), "", left("is missing", "builder")),
        (useless(), "", left(no_key, "builder")),
        (missing().builder(&[]), "robot", left("is missing", "robot")),
        // Nothing is known of the secret.
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
        // Nothing was to be queried: the policy's word counts.
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

/// Whoever can send a review learns nothing of secrets that neither the review nor the policy names.
#[test]
fn answers_name_nothing_that_the_request_and_the_policy_do_not() {
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
            let mut said = verdict.warnings();
            said.extend(
                verdict
                    .audit_annotations()
                    .into_iter()
                    .map(|(_, text)| text),
            );
            let said = said.join("\n");
            assert!(
                said.contains("dockerhub") || !said.contains("secret"),
                "{said}"
            );
            for private in ["canary", "quay.io", "internal", "dockercfg"] {
                assert!(!said.contains(private), "{said}");
            }
        });
    }
}
