//! `ratelimit`, with a fake registry and a fake cluster.

use std::path::Path;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    audit::{Run, run_in},
    common::{extreg, has_facts, rows},
};
use extreg_fakes::{
    Api, Seen, ok,
    registry::{Auth, IMAGE, LIST, Registry, Rules},
};

pub(crate) const STREAMS: &str = "/apis/image.openshift.io/v1/imagestreams";
const SNOW_STREAMS: &str = "/apis/image.openshift.io/v1/namespaces/snow/imagestreams";
pub(crate) const SECRETS: &str = "/api/v1/secrets";
const SNOW_SECRETS: &str = "/api/v1/namespaces/snow/secrets";
const SNOW_HUB: &str = "/api/v1/namespaces/snow/secrets/hub";

/// A registry with a limit of 100 anonymous pulls and 200 of acme, with images and manifest lists.
pub(crate) fn rules() -> Rules {
    let image = |name: &str, media_type| (format!("acme/{name}:v1"), media_type);
    let mut rules = Rules {
        users: [("acme".to_owned(), "canary-word".to_owned())].into(),
        limits: [(String::new(), 100), ("acme".to_owned(), 200)].into(),
        ..Rules::default()
    };
    rules
        .images
        .extend([image("app", IMAGE), image("list", LIST)]);
    rules
}

fn auth_file(folder: &Path, password: &str) -> String {
    let auth = STANDARD.encode(format!("acme:{password}"));
    let path = folder.join("auth.json");
    let text = json!({"auths": {"docker.io": {"auth": auth}}}).to_string();
    std::fs::write(&path, text).unwrap();
    path.to_str().unwrap().to_owned()
}

/// A secret with the login of acme.
pub(crate) fn hub(namespace: &str) -> Value {
    let auth = STANDARD.encode("acme:canary-word");
    let config = json!({"auths": {"docker.io": {"auth": auth}}}).to_string();
    json!({
        "metadata": {"namespace": namespace, "name": "hub", "uid": format!("hub-{namespace}")},
        "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": STANDARD.encode(config)},
    })
}

/// An ImageStream with scheduled tags `v1`, `v2` and so on of one image.
pub(crate) fn stream(namespace: &str, name: &str, image: &str, tags: usize) -> Value {
    let tags: Vec<Value> = (1..=tags)
        .map(|number| {
            json!({
                "name": format!("v{number}"),
                "from": {"kind": "DockerImage", "name": image},
                "importPolicy": {"scheduled": true},
            })
        })
        .collect();
    json!({
        "metadata": {"namespace": namespace, "name": name, "uid": format!("{name}-{namespace}")},
        "spec": {"tags": tags},
    })
}

/// A cluster that serves these paths, empty lists of secrets, and namespaces, with the resources of
/// OpenShift.
pub(crate) fn cluster(objects: &[(&str, Value)]) -> Api {
    let is_forbidden = objects.iter().any(|(_, value)| value.is_number());
    let mut api = Api::at(objects.to_vec())
        .with_any_namespace()
        .serving("/apis/image.openshift.io/v1", &["imagestreams"])
        .serving("/apis/build.openshift.io/v1", &["buildconfigs"])
        .listing(&[
            "/apis/config.openshift.io/v1/images",
            "/api/v1/namespaces",
            "/api/v1/secrets",
        ]);
    if is_forbidden {
        // Discovery shows that streams exist, also without the right to list them.
        let versions = json!({"versions": [{"version": "v1"}]});
        api = api.and_at([("/apis/image.openshift.io", versions)]);
    }
    // The two types of secrets are listed separately.
    let is_other = |seen: &Seen| seen.query.contains("dockercfg");
    api.unless(move |seen, _| is_other(seen).then(|| ok(&json!({"items": []}))))
        .start()
}

fn measure(registry: &Registry, args: &[&str]) -> Run {
    let endpoint = registry.endpoint("docker.io");
    run_in(
        Path::new("/"),
        &[&["ratelimit", &endpoint], args].concat(),
        "",
    )
}

fn count(api: &Api, registry: &Registry, args: &[&str]) -> Run {
    let output = extreg()
        .args(["ratelimit", &registry.endpoint("docker.io"), "--budget"])
        .args(args)
        .env("KUBECONFIG", api.kubeconfig())
        .output()
        .unwrap();
    let run = Run::from_output(output);
    assert!(
        !run.out.contains("canary") && !run.err.contains("canary"),
        "{}",
        run.err
    );
    assert!(api.seen().iter().all(|seen| seen.line.starts_with("GET ")));
    run
}

/// Identity, pulls, allowed, basis and standing of each load.
fn loads(run: &Run) -> Vec<String> {
    let document = run.json();
    let loads = document["budget"]["loads"].as_array().unwrap();
    loads
        .iter()
        .map(|load| {
            let who = load["identity"]["username"].as_str();
            let who = who.or_else(|| load["identity"]["kind"].as_str()).unwrap();
            let pulls = &load["pulls"];
            format!(
                "{who}: {}..{} of {} {} {}",
                pulls["min"], pulls["max"], load["allowed"], load["basis"], load["standing"]
            )
            .replace('"', "")
        })
        .collect()
}

#[test]
fn queries_the_limit_anonymously_and_with_the_login() {
    let folder = tempfile::tempdir().unwrap();
    let registry = Registry::start(rules());
    let file = auth_file(folder.path(), "canary-word");
    let run = measure(&registry, &["--auth-file", &file]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(
        rows(&run.out),
        [
            [
                "docker.io",
                "anonymous",
                "100 in 6 hours",
                "99",
                "203.0.113.7"
            ],
            ["docker.io", "acme", "200 in 6 hours", "199", "an-account"],
        ]
    );
    assert!(
        run.err.contains("Measured from this machine"),
        "{}",
        run.err
    );
    assert!(registry.has_only_head_requests());

    let run = measure(&registry, &["--auth-file", &file, "-o", "json"]);
    insta::assert_snapshot!("ratelimit-measured-json", run.out);
    assert!(!run.out.contains("canary") && !run.err.contains("canary"));
}

#[test]
fn reports_missing_values() {
    let folder = tempfile::tempdir().unwrap();
    let untold = Registry::start(Rules {
        limits: [].into(),
        ..rules()
    });
    let run = measure(&untold, &[]);
    assert_eq!(run.code, 0);
    assert!(run.out.contains("none reported"), "{}", run.out);
    assert!(
        run.err
            .contains("reported no limit (anonymous): it is a paid account"),
        "{}",
        run.err
    );

    let registry = Registry::start(rules());
    let run = measure(
        &registry,
        &["--auth-file", &auth_file(folder.path(), "wrong")],
    );
    assert_eq!(run.code, 6);
    assert!(
        run.err
            .contains("docker.io (acme): the registry requires a login"),
        "{}",
        run.err
    );

    let nowhere = [
        "ratelimit",
        "--registry-endpoint",
        "docker.io=http://127.0.0.1:1",
    ];
    let run = run_in(Path::new("/"), &nowhere, "");
    assert_eq!(run.code, 1);
    assert!(run.err.contains("cannot query the registry"), "{}", run.err);

    let run = measure(&registry, &["--registry", "quay.io"]);
    assert_eq!((run.code, run.out.as_str()), (0, ""));
    assert!(
        run.err.contains("quay.io is not known to limit"),
        "{}",
        run.err
    );
}

#[test]
fn measures_with_any_image() {
    let registry = Registry::start(Rules {
        auth: Auth::Open,
        ..rules()
    });
    let endpoint = registry.endpoint("r.example.com");
    let args = [
        "ratelimit",
        &endpoint,
        "--image",
        "r.example.com/acme/app:v1",
    ];
    let run = run_in(Path::new("/"), &args, "");
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(
        registry.requests().last().unwrap(),
        "HEAD /v2/acme/app/manifests/v1"
    );

    for (args, why) in [
        (
            &["--registry", "quay.io", "--image", "u/a"][..],
            "omit one of them",
        ),
        (&["--registry", "https://quay.io"], "use a host"),
        (&["--image", "u/a:b:c"], "--image u/a:b:c"),
        (&["-A"], "--budget"),
        (&["--registry", "quay.io", "--secret", "hub"], "--image"),
    ] {
        let run = measure(&registry, args);
        assert_eq!(run.code, 2, "{args:?} {}", run.err);
        assert!(run.err.contains(why), "{args:?} {}", run.err);
    }
}

#[test]
fn shows_that_it_waits_for_a_busy_registry() {
    let busy = |after| {
        Registry::start(Rules {
            busy: (1, after),
            ..rules()
        })
    };
    let registry = busy("1");
    let run = measure(&registry, &[]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(
        run.err
            .contains("docker.io received too many requests, retrying in 1s"),
        "{}",
        run.err
    );
    // If the wait is too long or of unknown length, the rate limit is the result.
    for (after, args) in [("600", &["--timeout", "30s"][..]), ("1000", &[]), ("", &[])] {
        let registry = busy(after);
        let run = measure(&registry, args);
        assert_eq!(run.code, 1, "{}", run.err);
        assert!(run.err.contains("too many requests (429)"), "{}", run.err);
    }
}

#[test]
fn exceeded_budget_is_shown_with_a_fix() {
    let registry = Registry::start(rules());
    let api = cluster(&[(
        STREAMS,
        json!([
            stream("data", "feed", "docker.io/acme/list:v1", 2),
            stream("snow", "app", "acme/app:v1", 1),
            stream("snow", "other", "quay.io/acme/app:v1", 9),
        ]),
    )]);
    let run = count(&api, &registry, &["-A"]);
    assert_eq!(run.code, 3, "{}", run.err);
    let (first, printed) = run.err.split_once('\n').unwrap();
    assert!(first.starts_with("reading all namespaces of "), "{first}");
    assert!(printed.contains("--same-address"), "{printed}");
    has_facts(
        &run.out,
        &[
            "docker.io",
            "100 in 6 hours",
            "99",
            "203.0.113.7",
            "3     120               100 (published)  over",
            "snow       app:v1  acme/app:v1  24\n",
            "  oc patch imagestream.image.openshift.io/app --type=json -p '[",
            "  oc extreg secret set dockerhub --registry docker.io -n snow\n",
            "webhook install --follow-builds",
        ],
    );
    assert!(registry.has_only_head_requests());
    let run = count(&api, &registry, &["-A", "-o", "yaml"]);
    assert_eq!(run.code, 3);
    insta::assert_snapshot!("ratelimit-budget-yaml", run.out);
}

#[test]
fn registry_distinguishes_manifest_lists_from_images() {
    let app = stream("snow", "app", "acme/app:v1", 3);
    let api = cluster(&[(SNOW_STREAMS, json!([app]))]);
    let registry = Registry::start(rules());
    let here = ["-n", "snow", "-o", "json"];
    let exact = count(&api, &registry, &here);
    assert_eq!(loads(&exact), ["anonymous: 72..72 of 100 published within"]);
    assert_eq!(exact.code, 0);
    let requests = registry.requests();
    let images = requests
        .iter()
        .filter(|request| request.contains("/acme/app/"))
        .count();
    assert_eq!(images, 1, "{requests:?}");

    let open = count(&api, &registry, &[&here[..], &["--no-measure"]].concat());
    assert_eq!(
        loads(&open),
        ["anonymous: 72..144 of 100 published mayExceed"]
    );
    assert_eq!((open.code, registry.requests().len()), (0, requests.len()));

    let nowhere = [
        "-n",
        "snow",
        "-o",
        "json",
        "--registry-endpoint",
        "docker.io=http://127.0.0.1:1",
    ];
    let failed = count(&api, &registry, &nowhere);
    assert_eq!(loads(&failed), loads(&open));
    assert_eq!(failed.code, 0, "{}", failed.err);
    assert!(
        failed.err.contains("cannot query the registry"),
        "{}",
        failed.err
    );
}

#[test]
fn account_has_its_own_limit() {
    let app = stream("snow", "app", "acme/app:v1", 9);
    let api = cluster(&[
        (SNOW_STREAMS, json!([app])),
        (SNOW_SECRETS, json!([hub("snow")])),
        (SNOW_HUB, hub("snow")),
    ]);
    let here = ["-n", "snow", "-o", "json"];
    let registry = Registry::start(rules());
    let run = count(&api, &registry, &here);
    assert_eq!(loads(&run), ["acme: 216..216 of 200 published exceeds"]);
    assert!(
        run.err.contains("assumed to be a free account"),
        "{}",
        run.err
    );

    let with = [&here[..], &["--secret", "hub"]].concat();
    for (limit, want, code) in [
        (Some(5000), "acme: 216..216 of 5000 measured within", 0),
        (Some(210), "acme: 216..216 of 210 measured exceeds", 3),
        (None, "acme: 216..216 of null notReported within", 0),
    ] {
        let mut told = rules();
        told.limits.remove("acme");
        told.limits
            .extend(limit.map(|limit| ("acme".to_owned(), limit)));
        let registry = Registry::start(told);
        let run = count(&api, &registry, &with);
        assert_eq!((loads(&run), run.code), (vec![want.to_owned()], code));
    }
}

#[test]
fn local_limit_counts_for_the_cluster_only_with_a_flag() {
    let api = cluster(&[(
        SNOW_STREAMS,
        json!([stream("snow", "app", "acme/app:v1", 3)]),
    )]);
    let mut few = rules();
    few.limits.insert(String::new(), 10);
    let registry = Registry::start(few);
    let here = ["-n", "snow", "-o", "json"];
    let run = count(&api, &registry, &here);
    assert_eq!(loads(&run), ["anonymous: 72..72 of 100 published within"]);
    assert!(run.err.contains("use --same-address"), "{}", run.err);
    let run = count(&api, &registry, &[&here[..], &["--same-address"]].concat());
    assert_eq!(loads(&run), ["anonymous: 72..72 of 10 measured exceeds"]);
    assert_eq!(run.code, 3);
}

#[test]
fn reports_unreadable_resources() {
    let registry = Registry::start(rules());
    let app = json!([stream("snow", "app", "acme/app:v1", 5)]);
    let here = ["-n", "snow", "-o", "json"];

    let api = cluster(&[(SNOW_STREAMS, app), (SNOW_SECRETS, json!(403))]);
    let run = count(&api, &registry, &here);
    assert_eq!(
        loads(&run),
        ["unknown: 120..120 of 100 published mayExceed"]
    );
    assert_eq!(run.code, 0);
    assert!(
        run.err
            .contains("could not be read: secrets in snow: not permitted"),
        "{}",
        run.err
    );
    assert!(
        run.json()["budget"]["gaps"]
            .to_string()
            .contains("secrets in snow")
    );

    let api = cluster(&[(SNOW_STREAMS, json!(403))]);
    let run = count(&api, &registry, &here);
    assert_eq!((run.code, loads(&run).len()), (6, 0), "{}", run.err);

    let run = count(&cluster(&[]), &registry, &here);
    assert_eq!(run.code, 4, "{}", run.err);
    assert!(
        run.err.contains("does not serve ImageStreams"),
        "{}",
        run.err
    );

    let api = cluster(&[(STREAMS, json!([])), (SECRETS, json!([]))]);
    let run = count(&api, &registry, &["-A"]);
    assert_eq!(run.code, 0);
    assert!(
        run.err
            .contains("No scheduled tags of docker.io in any namespace."),
        "{}",
        run.err
    );
}
