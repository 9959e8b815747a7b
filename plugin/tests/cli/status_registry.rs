//! `status`: its requests to registries, and the credentials that it uses for them.

use serde_json::json;

use super::status::{Lists, NEW, OLD, forbidden, run, stdout};
use extreg_fakes::registry::{Auth, Registry, Rules};

/// A registry with one image, which ably77 can pull.
fn registry(digest: &'static str, media_type: &'static str) -> Registry {
    Registry::start(Rules {
        auth: Auth::Basic,
        users: [("ably77".to_owned(), "canary".to_owned())].into(),
        images: [("u/a:latest".to_owned(), media_type)].into(),
        private: vec!["u/a"],
        digest,
        ..Rules::default()
    })
}

fn with_secret(lists: &Lists) {
    // {"auths":{"docker.io":{"auth":"<ably77:canary>"}}}
    let config = "eyJhdXRocyI6eyJkb2NrZXIuaW8iOnsiYXV0aCI6IllXSnNlVGMzT21OaGJtRnllUT09In19fQ==";
    lists.add(
        "secrets",
        json!({"metadata": {"name": "hub", "namespace": "snow"},
        "type": "kubernetes.io/dockerconfigjson", "data": {".dockerconfigjson": config}}),
    );
}

#[test]
fn queries_the_registry_with_head_and_the_login_of_an_import() {
    const SINGLE: &str = "application/vnd.oci.image.manifest.v1+json";
    const LIST: &str = "application/vnd.oci.image.index.v1+json";
    let lists = Lists::through();
    with_secret(&lists);
    let api = lists.serve(|_, _| None);
    for (digest, media_type, registry_says, import_says) in [
        (
            NEW,
            SINGLE,
            "ok             docker.io has sha256:111111111111\n",
            "import    ok ",
        ),
        (
            OLD,
            SINGLE,
            "which is not what app-3 pushed",
            "but the registry has sha256:000000000000",
        ),
        (OLD, LIST, "a list of platforms", "cannot be compared"),
    ] {
        let hub = registry(digest, media_type);
        let words = format!("--registry-endpoint docker.io={} -v 10", hub.url);
        let (code, out, err) = run(&api, &words);
        assert_eq!(code, 0, "{err}");
        assert!(
            out.contains(registry_says) && out.contains(import_says),
            "{out}"
        );
        assert_eq!(
            hub.requests(),
            ["GET /v2/", "HEAD /v2/u/a/manifests/latest ably77"]
        );
        for secret in ["canary", "YWJseTc3OmNhbmFyeQ"] {
            assert!(!out.contains(secret) && !err.contains(secret), "{out}{err}");
        }
    }
}

#[test]
fn queries_anonymously_without_the_right_to_read_secrets() {
    let lists = Lists::through();
    with_secret(&lists);
    let api = lists.serve(|path, _| path.ends_with("/secrets").then(forbidden));
    let hub = registry(NEW, "application/vnd.oci.image.manifest.v1+json");
    let (code, out, err) = run(&api, &format!("--registry-endpoint docker.io={}", hub.url));
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        out.contains("registry  unknown        docker.io: the registry requires a login"),
        "{out}"
    );
    assert!(out.contains("import    ok"), "{out}");
    let (_, out, _) = run(
        &api,
        &format!("--no-registry --registry-endpoint docker.io={}", hub.url),
    );
    assert!(out.contains("docker.io was not queried"), "{out}");
    assert_eq!(hub.requests().len(), 2);
}

#[test]
fn does_not_wait_for_an_unreachable_registry() {
    let lists = Lists::through();
    let api = lists.serve(|_, _| None);
    let (code, out, _) = run(&api, "--registry-endpoint docker.io=http://127.0.0.1:1");
    assert_eq!(code, 0);
    assert!(
        out.contains("registry  unknown        docker.io: cannot query the registry"),
        "{out}"
    );
}

#[test]
fn failed_pull_names_the_secret_to_link() {
    let lists = Lists::through();
    with_secret(&lists);
    lists.set(
        "serviceaccounts",
        &[json!({"metadata": {"name": "default", "namespace": "snow"}})],
    );
    lists.change("pods", |pod| {
        pod["status"]["containerStatuses"][0] = json!({"name": "app", "imageID": "", "state": {"waiting":
            {"reason": "ImagePullBackOff", "message": "unauthorized: authentication required"}}});
    });
    let out = stdout(&lists, "");
    let fix = "Fix: oc extreg secret link hub --for pull --account default -n snow\n";
    assert!(out.ends_with(fix), "{out}");
    assert!(!out.contains("canary"), "{out}");
}
