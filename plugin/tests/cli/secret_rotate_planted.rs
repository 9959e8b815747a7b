//! `secret rotate` with secrets that a tenant planted, and with targets that fail.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    common::Ran,
    secret_api::{self, Secrets, build_config, config, namespace, secret},
};
use extreg_fakes::{
    Api,
    registry::{IMAGE, Registry, Rules},
    status,
};

const HUB: &str = "https://index.docker.io/v1/";
const NEW: &str = "new-canary";

fn registry(denied: &[&'static str]) -> Registry {
    Registry::start(Rules {
        users: [("acme".to_owned(), NEW.to_owned())].into(),
        rights: [("acme".to_owned(), vec!["pull", "push"])].into(),
        images: [("acme/app:latest".to_owned(), IMAGE)].into(),
        denied: denied.to_vec(),
        ..Rules::default()
    })
}

fn rotate(api: &Api, registry: &Registry, words: &str) -> Ran {
    let endpoint = registry.endpoint("docker.io");
    api.run(
        &format!("rotate {words} --password-stdin --yes -o json {endpoint}"),
        NEW,
    )
}

fn rows(ran: &Ran) -> Vec<(String, String)> {
    let answer: Value = serde_json::from_str(&ran.out).unwrap_or_default();
    assert_eq!(answer["kind"], "SecretRotation", "{ran:?}");
    let rows = answer["secrets"].as_array().unwrap().iter();
    rows.map(|row| {
        let text = |name: &str| row[name].as_str().unwrap();
        let place = format!("{}/{} {}", text("namespace"), text("name"), text("outcome"));
        (place, text("message").to_owned())
    })
    .collect()
}

fn outcomes(ran: &Ran) -> Vec<String> {
    rows(ran).into_iter().map(|(place, _)| place).collect()
}

fn old() -> String {
    config(&[(HUB, "acme:old")])
}

/// Whether a secret contains the new password, in any form that a config allows.
fn has_new(api: &Api, namespace: &str, name: &str) -> bool {
    let config = api.config(namespace, name);
    config.contains(NEW) || config.contains(&STANDARD.encode(format!("acme:{NEW}")))
}

/// Configs of a tenant who knows the account's public name, but not its password.
fn planted() -> Vec<(&'static str, String)> {
    let entry = |entry: Value| json!({"auths": {"docker.io": entry}}).to_string();
    vec![
        ("made-up", config(&[("docker.io", "acme:made-up")])),
        ("empty", entry(json!({"username": "acme", "password": ""}))),
        ("none", entry(json!({"username": "acme"}))),
        ("prefix", config(&[("docker.io", "acme:ol")])),
        ("longer", config(&[("docker.io", "acme:old ")])),
        ("case", config(&[("docker.io", "acme:OLD")])),
        ("other-user", config(&[("docker.io", "acme2:old")])),
        ("other-registry", config(&[("quay.io", "acme:old")])),
        (
            "token",
            entry(json!({"username": "acme", "identitytoken": "old"})),
        ),
        // Kubernetes reads `auth` first.
        (
            "field",
            entry(json!({
                "username": "acme", "password": "old", "auth": STANDARD.encode("acme:made-up"),
            })),
        ),
        (
            "several",
            config(&[
                (HUB, "acme:a"),
                ("docker.io", "acme:b"),
                ("docker.io/acme", "acme:c"),
            ]),
        ),
    ]
}

fn cluster() -> Vec<Value> {
    // Written by an earlier run.
    let auth = STANDARD.encode(format!("acme:{NEW}"));
    let entry = json!({"username": "acme", "password": NEW, "auth": auth});
    let written = json!({"auths": {HUB: entry}}).to_string();
    let mut objects = vec![
        secret("shop", "hub", &old()),
        secret("snow", "other-name", &config(&[("docker.io", "acme:old")])),
        secret("done", "hub", &written),
    ];
    for (name, config) in planted() {
        objects.push(secret("tenant", name, &config));
        // With the same name and our label.
        let mut named = secret(&format!("tenant-{name}"), "hub", &config);
        named["metadata"]["labels"] = json!({"app.kubernetes.io/managed-by": "oc-extreg"});
        objects.push(named);
    }
    objects
}

#[test]
fn planted_secret_never_gets_the_new_credential() {
    let api = secret_api::with(&cluster());
    let ran = rotate(&api, &registry(&[]), "hub -A -n shop");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(has_new(&api, "shop", "hub") && has_new(&api, "snow", "other-name"));
    for (name, before) in planted() {
        for (namespace, secret) in [("tenant", name), (&format!("tenant-{name}"), "hub")] {
            assert_eq!(
                api.config(namespace, secret),
                before,
                "{namespace}/{secret}"
            );
        }
    }
    let rows = rows(&ran);
    let of = |place: &str| rows.iter().find(|(row, _)| row == place);
    for place in [
        "done/hub unchanged",
        "shop/hub rotated",
        "snow/other-name rotated",
    ] {
        assert!(of(place).is_some(), "{place}: {rows:?}");
    }
    let (_, message) = of("tenant-made-up/hub skipped").unwrap();
    assert_eq!(
        message,
        "different password: skipped; use --also tenant-made-up/hub to include it"
    );
    assert_eq!(api.writes().len(), 2, "{:?}", api.writes());
}

#[test]
fn plan_shows_the_same_without_a_credential() {
    let api = secret_api::with(&cluster());
    let ran = api.run("rotate hub -A -n shop -o json", "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let outcomes = outcomes(&ran);
    let planned: Vec<&String> = outcomes
        .iter()
        .filter(|row| row.ends_with(" planned"))
        .collect();
    assert_eq!(planned, ["shop/hub planned", "snow/other-name planned"]);
    assert!(outcomes.contains(&"tenant-made-up/hub skipped".to_owned()));
    assert!(api.writes().is_empty());
}

#[test]
fn named_namespace_does_not_include_another_password() {
    for (list, api) in [
        ("shop,tenant-made-up,snow", secret_api::with(&cluster())),
        ("shop,tenant-several", secret_api::with(&cluster())),
    ] {
        let ran = rotate(&api, &registry(&[]), &format!("hub -n {list}"));
        assert!(has_new(&api, "shop", "hub"), "{ran:?}");
        let writes = api.writes();
        assert_eq!(writes.len(), 1, "{list}: {writes:?}");
    }
}

#[test]
fn secret_is_included_by_full_name() {
    for words in [
        "hub -n shop --also tenant/made-up",
        "hub -A -n shop --also tenant/made-up",
    ] {
        let api = secret_api::with(&cluster());
        let ran = rotate(&api, &registry(&[]), words);
        assert_eq!(ran.code, 0, "{words}: {ran:?}");
        assert!(has_new(&api, "tenant", "made-up"), "{words}: {ran:?}");
        assert!(!has_new(&api, "tenant-made-up", "hub"), "{words}");
    }
    let api = secret_api::with(&cluster());
    for words in ["--also hub", "--also Tenant/x", "--also a/b/c"] {
        let ran = rotate(&api, &registry(&[]), &format!("hub -n shop {words}"));
        assert_eq!(ran.code, 2, "{words}: {ran:?}");
    }
    let ran = rotate(&api, &registry(&[]), "hub -n shop --also tenant/missing");
    assert_eq!(ran.code, 5, "{ran:?}");
    assert!(
        ran.err
            .contains("secret/missing in tenant: not found in namespace tenant"),
        "{ran:?}"
    );
}

#[test]
fn old_password_comes_only_from_the_named_namespace() {
    // Only a tenant's secret with that name exists.
    let api = secret_api::with(&[secret("tenant", "hub", &config(&[(HUB, "acme:made-up")]))]);
    let ran = rotate(&api, &registry(&[]), "hub -A -n shop");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(ran.err.contains("with -n"), "{ran:?}");
    assert!(api.writes().is_empty());

    // One account with two passwords: the user must choose which one to replace in other namespaces.
    let two = config(&[(HUB, "acme:old"), ("docker.io", "acme:older")]);
    let objects = [
        secret("shop", "hub", &two),
        secret("snow", "hub", &config(&[(HUB, "acme:older")])),
    ];
    let api = secret_api::with(&objects);
    for words in ["hub -A -n shop", "hub -n shop,snow"] {
        let ran = rotate(&api, &registry(&[]), words);
        assert_eq!(ran.code, 1, "{words}: {ran:?}");
        assert!(ran.err.contains("is ambiguous"), "{words}: {ran:?}");
        assert!(api.writes().is_empty(), "{words}");
    }
    let ran = rotate(&api, &registry(&[]), "hub -n shop");
    assert_eq!((ran.code, api.writes().len()), (0, 1), "{ran:?}");
}

#[test]
fn second_run_writes_nothing() {
    let api = secret_api::with(&cluster());
    assert_eq!(rotate(&api, &registry(&[]), "hub -A -n shop").code, 0);
    let writes = api.writes().len();
    let again = rotate(&api, &registry(&[]), "hub -A -n shop");
    assert_eq!(again.code, 0, "{again:?}");
    assert_eq!(api.writes().len(), writes, "{again:?}");
    assert!(again.err.contains("old password is unknown"), "{again:?}");
}

#[test]
fn interrupted_run_can_be_continued() {
    // The secret that shows the old password is written last.
    let api = secret_api::with(&cluster());
    assert_eq!(rotate(&api, &registry(&[]), "hub -A -n shop").code, 0);
    let lines: Vec<String> = api.writes().into_iter().map(|(line, _)| line).collect();
    assert!(
        lines.last().unwrap().contains("/shop/secrets/hub"),
        "{lines:?}"
    );
}

/// Namespaces that fail in different ways, before and after two that succeed.
fn beside_failures() -> Vec<Value> {
    let mut objects = Vec::new();
    for name in [
        "a-denied",
        "b-good",
        "c-ending",
        "d-forbidden",
        "e-broken",
        "f-good",
    ] {
        objects.push(secret(name, "hub", &old()));
        objects.push(namespace(
            name,
            if name == "c-ending" {
                "Terminating"
            } else {
                "Active"
            },
        ));
    }
    // Enough images to fill any shared list, sorted before the images of every other secret.
    for number in 0..60 {
        let image = format!("docker.io/acme/a{number:02}");
        objects.push(build_config(
            "a-denied",
            &format!("a{number}"),
            &image,
            "hub",
        ));
    }
    objects.push(build_config(
        "b-good",
        "app",
        "docker.io/acme/app:latest",
        "hub",
    ));
    objects.push(build_config(
        "f-good",
        "app",
        "docker.io/acme/app:latest",
        "hub",
    ));
    objects
}

fn failing(objects: &[Value]) -> Api {
    secret_api::start(objects, |seen, _| {
        if !seen.line.starts_with("PATCH ") {
            return None;
        }
        if seen.line.contains("/d-forbidden/") {
            return Some(status(403, "Forbidden", "no"));
        }
        let is_broken = seen.line.contains("/e-broken/");
        is_broken.then(|| status(500, "InternalError", "broken"))
    })
}

#[test]
fn failed_target_does_not_stop_the_rest() {
    let registry = registry(&["acme/a00"]);
    for words in [
        "hub -A -n b-good",
        "hub -n b-good,a-denied,c-ending,d-forbidden,e-broken,f-good",
        "hub -n a-denied,b-good,c-ending,d-forbidden,e-broken,f-good",
    ] {
        let api = failing(&beside_failures());
        let ran = rotate(&api, &registry, words);
        assert_eq!(ran.code, 5, "{words}: {ran:?}");
        assert_eq!(
            outcomes(&ran),
            [
                "a-denied/hub refused",
                "b-good/hub rotated",
                "c-ending/hub skipped",
                "d-forbidden/hub failed",
                "e-broken/hub failed",
                "f-good/hub rotated",
            ],
            "{words}"
        );
        for expected in [
            "skipped 1 namespace that is being deleted: c-ending",
            "error: 3 of 5 failed",
            "secret/hub in a-denied: the new credential of acme cannot push to docker.io/acme/a00",
            "secret/hub in d-forbidden: Error from server (Forbidden): no",
            "secret/hub in e-broken: Error from server (InternalError): broken",
        ] {
            assert!(
                ran.err.contains(expected),
                "{words}: {expected}: {}",
                ran.err
            );
        }
        for name in ["a-denied", "c-ending", "d-forbidden", "e-broken"] {
            assert!(!has_new(&api, name, "hub"), "{words}: {name}");
        }
    }
}

#[test]
fn unreadable_namespace_does_not_stop_the_rest() {
    let api = secret_api::start(&beside_failures(), |seen, _| {
        let is_gone = seen.line.contains("/namespaces/e-broken");
        is_gone.then(|| status(404, "NotFound", "namespaces \"e-broken\" not found"))
    });
    let ran = rotate(&api, &registry(&[]), "hub -n b-good,e-broken,f-good");
    assert!(
        has_new(&api, "b-good", "hub") && has_new(&api, "f-good", "hub"),
        "{ran:?}"
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.err
            .contains("skipped 1 namespace that is being deleted: e-broken"),
        "{ran:?}"
    );
}

#[test]
fn images_of_one_secret_do_not_displace_images_of_another() {
    // The first namespace names 60 repositories; the repository of the second is still refused.
    let registry = registry(&["acme/app"]);
    let api = secret_api::with(&beside_failures());
    let ran = rotate(&api, &registry, "hub -A -n c-other --replaces acme");
    assert_eq!(ran.code, 1, "no secret shows the old password: {ran:?}");
    let ran = rotate(&api, &registry, "hub -A -n a-denied");
    assert_eq!(ran.code, 5, "{ran:?}");
    let outcomes = outcomes(&ran);
    for expected in [
        "a-denied/hub rotated",
        "b-good/hub refused",
        "f-good/hub refused",
    ] {
        assert!(
            outcomes.contains(&expected.to_owned()),
            "{expected}: {outcomes:?}"
        );
    }
    let asked = registry.requests();
    let heads = asked.iter().filter(|line| line.starts_with("HEAD "));
    let of_tenant = heads.filter(|line| line.contains("/acme/a")).count();
    assert!(of_tenant <= 20, "{of_tenant}");
    // A refused login is tried once, not once for each secret.
    let api = secret_api::with(&cluster());
    let before = registry.requests().len();
    let endpoint = registry.endpoint("docker.io");
    let words = format!("rotate hub -A -n shop --password-stdin --yes {endpoint}");
    let ran = api.run(&words, "wrong");
    assert_eq!(ran.code, 3, "{ran:?}");
    assert_eq!(
        registry.requests().len() - before,
        2,
        "{:?}",
        registry.requests()
    );
    assert!(api.writes().is_empty());
}
