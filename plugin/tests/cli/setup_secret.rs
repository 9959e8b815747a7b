//! `setup` with an existing push secret: when its credential is replaced, and how the new one is verified.

use serde_json::{Value, json};

use super::{
    audit::{Run, run_in},
    ratelimit::{cluster, hub, rules},
};
use extreg_fakes::{
    Api,
    registry::{Registry, Rules},
};

const HUB: &str = "/api/v1/namespaces/snow/secrets/hub";
const BUILDS: &str = "/apis/build.openshift.io/v1/namespaces/snow/buildconfigs";
const NEW: &str = "canary-new";

/// A namespace with the secret of an earlier setup, of account acme, and these objects.
fn snow(more: Vec<(&'static str, Value)>) -> Api {
    let mut secret = hub("snow");
    secret["metadata"]["labels"] = json!({"app.kubernetes.io/managed-by": "oc-extreg"});
    let mut objects = vec![(HUB, secret)];
    objects.extend(more);
    cluster(&objects)
}

/// A registry that accepts acme's new token and another account.
fn registry(rights: &[&'static str]) -> Registry {
    Registry::start(Rules {
        users: ["acme", "other"]
            .map(|user| (user.to_owned(), NEW.to_owned()))
            .into(),
        rights: ["acme", "other"]
            .map(|user| (user.to_owned(), rights.to_vec()))
            .into(),
        ..rules()
    })
}

fn setup(api: &Api, endpoint: &str, user: &str, token: &str, more: &[&str]) -> Run {
    let fixed = "setup app -n snow --no-project --no-stream --workload none --push-secret hub \
                 --source https://example.com/x.git --image docker.io/acme/app:v1 --password-stdin \
                 --dry-run=client";
    let words: Vec<&str> = fixed.split_whitespace().collect();
    let args = ["--username", user, "--server", &api.url, endpoint];
    let all = [&words[..], &args, more].concat();
    let run = run_in(std::path::Path::new("/"), &all, token);
    let text = format!("{}{}", run.out, run.err);
    assert!(!text.contains("canary"), "{text}");
    assert!(api.seen().iter().all(|seen| seen.line.starts_with("GET ")));
    run
}

/// Another application that pushes with the secret.
fn shared() -> Vec<(&'static str, Value)> {
    let build = json!({"metadata": {"namespace": "snow", "name": "other"},
        "spec": {"output": {"pushSecret": {"name": "hub"}}}});
    vec![(BUILDS, json!([build]))]
}

#[test]
fn new_credential_is_verified_before_it_replaces_the_old() {
    let good = registry(&["pull", "push"]);
    let endpoint = good.endpoint("docker.io");
    let run = setup(&snow(vec![]), &endpoint, "acme", NEW, &[]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(
        run.out.contains("secret/hub configured (dry run)"),
        "{}",
        run.out
    );
    assert!(
        run.err
            .contains("docker.io accepts the new credential of acme"),
        "{}",
        run.err
    );
    assert!(!good.requests().is_empty());

    let run = setup(&snow(vec![]), &endpoint, "acme", "canary-typo", &[]);
    assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
    assert!(
        run.err
            .contains("does not accept the new credential of acme"),
        "{}",
        run.err
    );
    assert!(run.err.contains("nothing was changed"), "{}", run.err);

    let weak = registry(&["pull"]);
    let run = setup(&snow(vec![]), &weak.endpoint("docker.io"), "acme", NEW, &[]);
    assert_eq!((run.code, run.out.as_str()), (3, ""), "{}", run.err);
    assert!(
        run.err.contains("cannot push to docker.io/acme/app"),
        "{}",
        run.err
    );

    let nowhere = "--registry-endpoint=docker.io=http://127.0.0.1:1";
    let run = setup(&snow(vec![]), nowhere, "acme", NEW, &[]);
    assert_eq!((run.code, run.out.as_str()), (1, ""), "{}", run.err);
    assert!(run.err.contains("--no-verify"), "{}", run.err);
    let run = setup(&snow(vec![]), nowhere, "acme", NEW, &["--no-verify"]);
    assert_eq!(run.code, 0, "{}", run.err);
}

#[test]
fn same_credential_sends_no_request() {
    let registry = registry(&["pull", "push"]);
    let endpoint = registry.endpoint("docker.io");
    // Written by `setup`.
    let mut secret = hub("snow");
    let entry = json!({"username": "acme", "password": "canary-word",
        "auth": "YWNtZTpjYW5hcnktd29yZA=="});
    let config = json!({"auths": {"docker.io": entry, "https://index.docker.io/v1/": entry}});
    let data = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        config.to_string(),
    );
    secret["data"][".dockerconfigjson"] = json!(data);
    let mut objects = shared();
    objects.push((HUB, secret));
    let run = setup(&cluster(&objects), &endpoint, "acme", "canary-word", &[]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(
        run.out.contains("secret/hub unchanged (dry run)"),
        "{}",
        run.out
    );
    assert!(registry.requests().is_empty());
}

#[test]
fn replacing_another_account_or_a_shared_secret_needs_a_flag() {
    for (more, user, why) in [
        (vec![], "other", "holds the credential of acme at docker.io"),
        (
            shared(),
            "acme",
            "is used by buildconfig.build.openshift.io/other",
        ),
        (shared(), "other", "acme at docker.io and is used by"),
    ] {
        let registry = registry(&["pull", "push"]);
        let endpoint = registry.endpoint("docker.io");
        let run = setup(&snow(more.clone()), &endpoint, user, NEW, &[]);
        assert_eq!((run.code, run.out.as_str()), (1, ""), "{why}: {}", run.err);
        for expected in [
            why,
            "--replace-secret",
            "--push-secret NAME",
            "nothing was changed",
        ] {
            assert!(run.err.contains(expected), "{expected}: {}", run.err);
        }
        // A credential that is not used is not sent.
        assert!(registry.requests().is_empty());
        let run = setup(&snow(more), &endpoint, user, NEW, &["--replace-secret"]);
        assert_eq!(run.code, 0, "{why}: {}", run.err);
        assert!(!registry.requests().is_empty());
    }
}

#[test]
fn secret_without_a_key_for_the_push_stops_setup() {
    let mut secret = hub("snow");
    let config = json!({"auths": {"quay.io": {"auth": "YTp4"}}}).to_string();
    let data = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, config);
    secret["data"][".dockerconfigjson"] = json!(data);
    let api = cluster(&[(HUB, secret)]);
    for flag in ["--secret", "--push-secret"] {
        let args = "setup app -n snow --no-project --no-stream --workload none --source \
                    https://example.com/x.git --image docker.io/acme/app:v1 --no-input";
        let words: Vec<&str> = args.split_whitespace().collect();
        let all = [&words[..], &[flag, "hub", "--server", &api.url]].concat();
        let run = run_in(std::path::Path::new("/"), &all, "");
        assert_eq!((run.code, run.out.as_str()), (1, ""), "{flag}: {}", run.err);
        assert!(
            run.err
                .contains("no key that the push of a build would find"),
            "{}",
            run.err
        );
    }
    assert!(api.seen().iter().all(|seen| seen.line.starts_with("GET ")));
}

#[test]
fn two_workloads_with_one_name_are_rejected() {
    let served = |name: &str| json!({"resources": [{"name": name}]});
    for (kind, path, keep) in [
        (
            "deploymentconfig",
            "/apis/apps/v1/namespaces/snow/deployments/app",
            "--workload deployment,",
        ),
        (
            "deployment",
            "/apis/apps.openshift.io/v1/namespaces/snow/deploymentconfigs/app",
            "--workload deploymentconfig,",
        ),
    ] {
        let api = cluster(&[
            ("/apis/apps.openshift.io/v1", served("deploymentconfigs")),
            (
                path,
                json!({"metadata": {"namespace": "snow", "name": "app"}}),
            ),
        ]);
        let args = "setup app -n snow --no-project --no-build --no-secret --schedule never --image \
                    docker.io/acme/app:v1 --workload";
        let words: Vec<&str> = args.split_whitespace().collect();
        let all = [&words[..], &[kind, "--server", &api.url]].concat();
        let run = run_in(std::path::Path::new("/"), &all, "");
        assert_eq!((run.code, run.out.as_str()), (1, ""), "{kind}: {}", run.err);
        assert!(
            run.err.contains("exists and would run the same image"),
            "{}",
            run.err
        );
        assert!(run.err.contains(keep), "{}", run.err);
        assert!(api.seen().iter().all(|seen| seen.line.starts_with("GET ")));
    }
}
