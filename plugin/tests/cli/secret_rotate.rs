//! `secret rotate`: objects that it writes, objects that it skips, and its output.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    common::{Ran, rows},
    secret_api::{self, Secrets, account, build_config, config, secret, stream},
};
use extreg_fakes::{
    Api,
    registry::{IMAGE, Registry, Rules},
    status, touch,
};

const HUB: &str = "https://index.docker.io/v1/";

/// A registry that accepts only the new password.
fn registry(rights: &[&'static str], busy: usize) -> Registry {
    Registry::start(Rules {
        users: ["ably77", "robot"]
            .map(|name| (name.to_owned(), "new".to_owned()))
            .into(),
        rights: ["ably77", "robot"]
            .map(|name| (name.to_owned(), rights.to_vec()))
            .into(),
        images: [("ably77/app:latest".to_owned(), IMAGE)].into(),
        busy: (busy, "7"),
        ..Rules::default()
    })
}

/// One namespace in which the secret is used.
fn shop(namespace: &str, hub: &str) -> Vec<Value> {
    vec![
        secret(namespace, "hub", hub),
        account(namespace, "builder", &["hub"], &["hub"]),
        build_config(namespace, "app", "docker.io/ably77/app:latest", "hub"),
        stream(namespace, "app", "docker.io/ably77/app:latest"),
    ]
}

fn old() -> String {
    config(&[(HUB, "ably77:old")])
}

fn rotate(api: &Api, registry: &Registry, words: &str) -> Ran {
    let endpoint = registry.endpoint("docker.io");
    api.run(
        &format!("rotate {words} --password-stdin {endpoint}"),
        "new\n",
    )
}

fn outcomes(ran: &Ran) -> Vec<String> {
    let answer: Value = serde_json::from_str(&ran.out).unwrap_or_default();
    assert_eq!(answer["kind"], "SecretRotation", "{ran:?}");
    let rows = answer["secrets"].as_array().unwrap().iter();
    rows.map(|row| {
        let text = |name: &str| row[name].as_str().unwrap();
        format!("{}/{} {}", text("namespace"), text("name"), text("outcome"))
    })
    .collect()
}

#[test]
fn plan_needs_no_credential_and_writes_nothing() {
    let api = secret_api::with(&[shop("shop", &old()), shop("snow", &old())].concat());
    let ran = api.run("rotate hub -n snow,shop", "");
    assert_eq!(ran.code, 0, "{ran:?}");
    let users = "buildconfig.build.openshift.io/app, imagestream.image.openshift.io/app, serviceaccount/builder";
    let plan = rows(&ran.out);
    assert_eq!(plan[0][..5], ["shop", "hub", "ably77", HUB, users]);
    assert_eq!(plan[1][..5], ["snow", "hub", "ably77", HUB, users]);
    assert_eq!(plan.len(), 2);
    assert!(ran.err.contains("--yes"), "{}", ran.err);
    assert!(api.writes().is_empty());
}

#[test]
fn replaces_values_in_place_with_one_patch() {
    let before = format!(
        r#"{{ "auths": {{ "quay.io":  {{"auth":"{0}"}}, "{HUB}": {{"auth":"{1}", "email": "a@b"}} }} }}"#,
        STANDARD.encode("q:q"),
        STANDARD.encode("ably77:old"),
    );
    let api = secret_api::with(&shop("shop", &before));
    let registry = registry(&["pull", "push"], 0);
    let ran = rotate(&api, &registry, "hub -n shop --yes");
    assert_eq!(ran.code, 0, "{ran:?}");
    let [(line, body)] = &api.writes()[..] else {
        panic!("{:?}", api.writes())
    };
    assert_eq!(
        line,
        "PATCH /api/v1/namespaces/shop/secrets/hub?fieldManager=oc-extreg"
    );
    let operations: Vec<_> = body
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!(
                "{} {}",
                one["op"].as_str().unwrap(),
                one["path"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        operations,
        [
            "test /metadata/resourceVersion",
            "replace /data/.dockerconfigjson"
        ]
    );
    let after = api.config("shop", "hub");
    let entry = format!(
        r#"{{"auth":"{}","email":"a@b","password":"new","username":"ably77"}}"#,
        STANDARD.encode("ably77:new")
    );
    let start = before.find(&format!("\"{HUB}\"")).unwrap() + HUB.len() + 4;
    assert_eq!(after, format!("{}{entry} }} }}", &before[..start]));
    assert!(registry.has_only_head_requests());
    assert!(
        ran.err
            .contains("Now revoke the old credential of ably77: https://app.docker.com"),
        "{}",
        ran.err
    );

    let again = rotate(&api, &registry, "hub -n shop --yes -o json");
    assert_eq!(
        (again.code, outcomes(&again)),
        (0, vec!["shop/hub unchanged".to_owned()])
    );
    assert_eq!(api.writes().len(), 1);
}

#[test]
fn rejected_credential_is_not_written() {
    let refused = |rights: &[&'static str], password: &str, more: &str| {
        let api = secret_api::with(&shop("shop", &old()));
        let registry = registry(rights, 0);
        let endpoint = registry.endpoint("docker.io");
        let words = format!("rotate hub -n shop --password-stdin --yes {more} {endpoint}");
        let ran = api.run(&words, password);
        assert!(api.writes().is_empty(), "{ran:?}");
        assert!(!ran.err.contains("Now revoke"), "{ran:?}");
        (ran.code, ran.err)
    };
    for (rights, password, more, expected) in [
        (
            &["pull", "push"][..],
            "wrong",
            "",
            "does not accept the new credential of ably77",
        ),
        (
            &["pull"],
            "new",
            "",
            "cannot push to docker.io/ably77/app, as buildconfig",
        ),
        (&[], "new", "", "cannot pu"),
        (
            &["pull", "push"],
            "new",
            "--username stranger",
            "does not accept the new credential of stranger",
        ),
    ] {
        let (code, printed) = refused(rights, password, more);
        assert_eq!(code, 3, "{printed}");
        assert!(printed.contains(expected), "{printed}");
    }
    let (code, printed) = refused(&["pull"], "", "");
    assert_eq!(code, 2, "{printed}");
}

#[test]
fn silent_registry_stops_the_rotation_without_a_flag() {
    let api = secret_api::with(&shop("shop", &old()));
    let nowhere = "--registry-endpoint docker.io=http://127.0.0.1:1";
    let ran = api.run(
        &format!("rotate hub -n shop --password-stdin --yes {nowhere}"),
        "new",
    );
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.err.contains("--no-verify skips the check"),
        "{}",
        ran.err
    );
    assert!(api.writes().is_empty());
    let ran = api.run(
        &format!("rotate hub -n shop --password-stdin --yes --no-verify {nowhere}"),
        "new",
    );
    assert_eq!((ran.code, api.writes().len()), (0, 1), "{ran:?}");
}

#[test]
fn exceeded_rate_limit_does_not_reject_an_accepted_login() {
    let api = secret_api::with(&shop("shop", &old()));
    let ran = rotate(&api, &registry(&["pull", "push"], 9), "hub -n shop --yes");
    assert_eq!((ran.code, api.writes().len()), (0, 1), "{ran:?}");
    assert!(ran.err.contains("too many requests (429)"), "{}", ran.err);
}

#[test]
fn all_namespaces_selects_by_credential_not_by_name() {
    let mut objects = [shop("shop", &old()), shop("snow", &old())].concat();
    objects.push(secret(
        "data",
        "other-name",
        &config(&[("docker.io", "ably77:old")]),
    ));
    objects.push(secret(
        "data",
        "hub",
        &config(&[("docker.io", "other:else")]),
    ));
    objects.push(secret(
        "data",
        "quay",
        &config(&[("quay.io", "ably77:old")]),
    ));
    objects.push(secret("openshift-config", "pull-secret", &old()));
    objects.push(secret("openshift-build", "hub", &old()));
    let mut immutable = secret("fixed", "hub", &old());
    immutable["immutable"] = json!(true);
    objects.push(immutable);
    let mut managed = secret("gitops", "hub", &old());
    managed["metadata"]["ownerReferences"] = json!([{"kind": "ExternalSecret", "name": "hub"}]);
    objects.push(managed);
    let api = secret_api::with(&objects);
    let ran = rotate(
        &api,
        &registry(&["pull", "push"], 0),
        "hub -A -n shop --yes -o json",
    );
    assert_eq!(ran.code, 5, "{ran:?}");
    assert_eq!(
        outcomes(&ran),
        [
            "data/hub skipped",
            "data/other-name rotated",
            "fixed/hub notRotated",
            "gitops/hub notRotated",
            "openshift-build/hub notRotated",
            "openshift-config/pull-secret notRotated",
            "shop/hub rotated",
            "snow/hub rotated",
        ]
    );
    assert_eq!(api.writes().len(), 3);
    assert!(ran.out.contains("Do not revoke"), "{}", ran.out);
    for expected in [
        "error: 4 of 7 failed",
        "secret/hub in fixed: it is immutable",
        "secret/pull-secret in openshift-config: all nodes pull with it",
    ] {
        assert!(ran.err.contains(expected), "{expected}: {}", ran.err);
    }
    for expected in [
        "secret link NAME -n fixed",
        "ExternalSecret hub manages it",
        "-n openshift-config",
    ] {
        assert!(ran.out.contains(expected), "{expected}: {}", ran.out);
    }
    let words = "hub -n gitops --managed --yes -o json";
    let ran = rotate(&api, &registry(&["pull", "push"], 0), words);
    assert_eq!(
        (ran.code, outcomes(&ran)),
        (0, vec!["gitops/hub rotated".to_owned()])
    );
    assert!(
        ran.err.contains("managed by ExternalSecret hub"),
        "{}",
        ran.err
    );
    let words = "pull-secret -n openshift-config --yes -o json";
    let ran = rotate(&api, &registry(&["pull", "push"], 0), words);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(
        ran.err
            .contains("it takes a while until every node has the new one"),
        "{}",
        ran.err
    );
}

#[test]
fn changed_secret_is_skipped_and_rotated_by_the_second_run() {
    let objects = ["a1", "b2", "c3"]
        .map(|namespace| shop(namespace, &old()))
        .concat();
    let changed = std::sync::atomic::AtomicBool::new(false);
    let api = secret_api::start(&objects, move |seen, objects| {
        let path = "/api/v1/namespaces/b2/secrets/hub";
        if seen.line.starts_with(&format!("PATCH {path}"))
            && !changed.swap(true, std::sync::atomic::Ordering::SeqCst)
        {
            touch(objects, path, |secret| {
                secret["metadata"]["annotations"] = json!({"by": "other"});
            });
        }
        None
    });
    let registry = registry(&["pull", "push"], 0);
    let words = "hub -n a1,b2,c3 --yes -o json";
    let ran = rotate(&api, &registry, words);
    assert_eq!(ran.code, 5, "{ran:?}");
    assert_eq!(
        outcomes(&ran),
        ["a1/hub rotated", "b2/hub conflict", "c3/hub rotated"]
    );
    assert!(
        api.config("b2", "hub")
            .contains(&STANDARD.encode("ably77:old"))
    );
    let ran = rotate(&api, &registry, words);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert_eq!(
        outcomes(&ran),
        ["a1/hub unchanged", "b2/hub rotated", "c3/hub unchanged"]
    );
    let secret = api.get("b2", "secrets", "hub");
    assert_eq!(secret["metadata"]["annotations"]["by"], "other");
}

#[test]
fn second_run_finds_the_new_account() {
    let mut objects = [shop("shop", &old()), shop("snow", &old())].concat();
    objects[0]["metadata"]["labels"] = json!({"app.kubernetes.io/managed-by": "oc-extreg"});
    let api = secret_api::start(&objects, |seen, _| {
        (seen.line.starts_with("PATCH ") && seen.line.contains("/snow/"))
            .then(|| status(403, "Forbidden", "no"))
    });
    let registry = registry(&["pull", "push"], 0);
    let words = "hub -n shop,snow --username robot --yes -o json";
    let ran = rotate(&api, &registry, words);
    assert_eq!(
        (ran.code, outcomes(&ran)),
        (
            5,
            vec!["shop/hub rotated".to_owned(), "snow/hub failed".to_owned()]
        )
    );
    // The secret of `setup` has both keys of Docker Hub.
    let after: Value = serde_json::from_str(&api.config("shop", "hub")).unwrap();
    for key in [HUB, "docker.io"] {
        assert_eq!(after["auths"][key]["username"], "robot", "{after}");
    }
    let ran = rotate(&api, &registry, words);
    assert_eq!(outcomes(&ran), ["shop/hub unchanged", "snow/hub failed"]);
    assert_eq!(ran.code, 5, "{ran:?}");
}

#[test]
fn distinguishes_accounts_in_one_secret() {
    let two = config(&[("docker.io", "ably77:old"), ("docker.io/team", "bot:t")]);
    let api = secret_api::with(&[secret("shop", "hub", &two)]);
    let ran = api.run("rotate hub -n shop", "");
    assert_eq!(ran.code, 1, "{ran:?}");
    assert!(
        ran.err
            .contains("specify the one to replace with --replaces"),
        "{}",
        ran.err
    );
    let registry = registry(&["pull", "push"], 0);
    let ran = rotate(
        &api,
        &registry,
        "hub -n shop --replaces ably77 --yes -o json",
    );
    assert_eq!(ran.code, 0, "{ran:?}");
    let after: Value = serde_json::from_str(&api.config("shop", "hub")).unwrap();
    assert_eq!(after["auths"]["docker.io"]["password"], "new");
    assert_eq!(
        after["auths"]["docker.io/team"]["auth"],
        STANDARD.encode("bot:t")
    );
}

#[test]
fn secret_that_cannot_be_rotated_is_rejected() {
    let mut opaque = secret("shop", "opaque", "x");
    opaque["type"] = json!("Opaque");
    let api = secret_api::with(&[
        opaque,
        secret("shop", "quay", &config(&[("quay.io", "q:q")])),
    ]);
    for (words, code, expected) in [
        ("hub -n shop", 1, "no docker secret \"hub\""),
        ("quay -n shop", 1, "holds no credential of docker.io"),
        ("opaque -n shop", 1, "no docker secret \"opaque\""),
        (
            "hub -n shop --registry docker.io/u",
            2,
            "specify the registry's host",
        ),
        (
            "hub -n shop --image quay.io/u/a",
            2,
            "specify an image on docker.io",
        ),
        (
            "hub -n shop --auth-file f --password-stdin",
            2,
            "cannot be used with",
        ),
        (
            "hub -n shop --image docker.io/u/a --no-verify",
            2,
            "cannot be used with",
        ),
    ] {
        let ran = api.run(&format!("rotate {words}"), "");
        assert_eq!(ran.code, code, "{words}: {ran:?}");
        assert!(ran.err.contains(expected), "{words}: {}", ran.err);
    }
    assert!(api.writes().is_empty());
}

#[test]
fn server_dry_run_persists_nothing() {
    let api = secret_api::with(&shop("shop", &old()));
    let registry = registry(&["pull", "push"], 0);
    let ran = rotate(&api, &registry, "hub -n shop --dry-run=server");
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.out.contains("rotated (server dry run)"), "{}", ran.out);
    assert!(api.writes()[0].0.contains("dryRun=All"));
    assert_eq!(api.config("shop", "hub"), old());
}
