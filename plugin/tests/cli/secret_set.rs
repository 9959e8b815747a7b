//! `secret set`: it changes one credential of a secret and nothing else.

use serde_json::{Value, json};

use super::{
    common::Ran,
    secret_api::{self, Secrets, config, secret},
};
use extreg_fakes::{
    Api,
    registry::{IMAGE, Registry, Rules},
};

const HUB: &str = "https://index.docker.io/v1/";
const TOKEN: &str = "canary-token";

fn registry() -> Registry {
    Registry::start(Rules {
        users: [("acme".to_owned(), TOKEN.to_owned())].into(),
        rights: [("acme".to_owned(), vec!["pull", "push"])].into(),
        images: [("acme/app:latest".to_owned(), IMAGE)].into(),
        ..Rules::default()
    })
}

fn set(api: &Api, registry: &Registry, words: &str, token: &str) -> Ran {
    let endpoint = registry.endpoint("docker.io");
    let ran = api.run(
        &format!("set {words} -n shop --username acme --password-stdin {endpoint} -v 9"),
        token,
    );
    assert!(!format!("{ran:?}").contains(TOKEN), "{ran:?}");
    ran
}

fn keys(api: &Api, name: &str) -> Vec<(String, String)> {
    let config: Value = serde_json::from_str(&api.config("shop", name)).unwrap();
    let auths = config["auths"].as_object().unwrap();
    auths
        .iter()
        .map(|(key, entry)| {
            let user = entry["username"].as_str().unwrap_or("-").to_owned();
            (key.clone(), user)
        })
        .collect()
}

#[test]
fn creates_a_missing_secret_with_all_needed_keys() {
    let api = secret_api::with(&[]);
    let ran = set(&api, &registry(), "hub", TOKEN);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (0, "secret/hub created\n"),
        "{ran:?}"
    );
    let both = [HUB, "docker.io"].map(|key| (key.to_owned(), "acme".to_owned()));
    let mut found = keys(&api, "hub");
    found.sort();
    let mut both = both.to_vec();
    both.sort();
    assert_eq!(found, both);
    assert_eq!(
        api.get("shop", "secrets", "hub")["type"],
        "kubernetes.io/dockerconfigjson"
    );
    let again = set(&api, &registry(), "hub", TOKEN);
    assert_eq!(again.out, "secret/hub unchanged\n", "{again:?}");
    assert_eq!(api.writes().len(), 1);
}

#[test]
fn other_keys_are_unchanged() {
    let before = r#"{ "auths": {"quay.io":  {"auth":"cTpx"}}, "x": 1 }"#;
    let api = secret_api::with(&[secret("shop", "hub", before)]);
    let ran = set(&api, &registry(), "hub", TOKEN);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (0, "secret/hub configured\n"),
        "{ran:?}"
    );
    let after = api.config("shop", "hub");
    assert!(
        after.ends_with(r#""quay.io":  {"auth":"cTpx"}}, "x": 1 }"#),
        "{after}"
    );
    assert_eq!(keys(&api, "hub").len(), 3);
}

#[test]
fn invalid_targets_and_credentials_are_rejected() {
    let other = secret("shop", "other", &config(&[(HUB, "acme:else")]));
    let mut opaque = secret("shop", "opaque", "x");
    opaque["type"] = json!("Opaque");
    let mut fixed = secret("shop", "fixed", "{}");
    fixed["immutable"] = json!(true);
    let mut kept = secret("shop", "kept", "{}");
    kept["metadata"]["ownerReferences"] = json!([{"kind": "ExternalSecret", "name": "hub"}]);
    let api = secret_api::with(&[other, opaque, fixed, kept]);
    let registry = registry();
    for (words, token, code, expected) in [
        ("other", TOKEN, 1, "secret rotate other -n shop"),
        ("opaque", TOKEN, 1, "is of type Opaque"),
        ("fixed", TOKEN, 1, "is immutable"),
        ("kept", TOKEN, 1, "ExternalSecret hub"),
        (
            "hub",
            "wrong",
            3,
            "does not accept the new credential of acme",
        ),
        ("hub", "", 2, "password is empty"),
        ("Hub", TOKEN, 2, "Hub"),
        ("hub --registry docker.io/x", TOKEN, 2, "--registry"),
        ("hub --image docker.io/acme/none", TOKEN, 0, "created"),
    ] {
        let before = api.writes().len();
        let ran = set(&api, &registry, words, token);
        assert_eq!(ran.code, code, "{words}: {ran:?}");
        assert!(
            format!("{}{}", ran.out, ran.err).contains(expected),
            "{words}: {ran:?}"
        );
        assert_eq!(
            api.writes().len() - before,
            usize::from(code == 0),
            "{words}"
        );
    }
}

#[test]
fn dry_run_persists_nothing() {
    let api = secret_api::with(&[]);
    let ran = set(&api, &registry(), "hub --dry-run=client", TOKEN);
    assert_eq!(ran.out, "secret/hub created (dry run)\n", "{ran:?}");
    assert!(api.writes().is_empty());
    let ran = set(&api, &registry(), "hub --dry-run=server -o json", TOKEN);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(api.writes()[0].0.contains("dryRun=All"));
}

#[test]
fn stores_only_the_login_of_the_registry_from_an_auth_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("auth.json");
    let logins = config(&[
        (HUB, &format!("acme:{TOKEN}")),
        ("ghcr.io", "other:private"),
    ]);
    std::fs::write(&file, logins).unwrap();
    let api = secret_api::with(&[]);
    let endpoint = registry().endpoint("docker.io");
    let words = format!(
        "set hub -n shop --auth-file {} --no-verify {endpoint}",
        file.display()
    );
    let ran = api.run(&words, "");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(!api.config("shop", "hub").contains("ghcr.io"));
}
