//! The import budget compared with OpenShift's importer: predicted pulls, and the pulls that a registry with
//! a rate limit counts in one window.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::TcpStream,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{
    audit::{Run, run_in},
    ratelimit::{SECRETS, STREAMS, cluster, hub, stream},
};
use extreg_fakes::registry::{IMAGE, LIST, Registry, Rules};

/// Rounds of the scheduler in Docker Hub's window of 6 hours (openshift-controller-manager
/// `openshiftcontrolplane_config.go`, `ScheduledImageImportMinimumIntervalSeconds`).
const ROUNDS: u64 = 6 * 3600 / 900;

/// A namespace with imports: with the login of acme or anonymous; the number of tags that follow a single
/// image and of tags that follow a manifest list.
#[derive(Clone, Copy, Debug)]
struct Namespace {
    name: &'static str,
    has_login: bool,
    images: usize,
    lists: usize,
}

fn registry() -> Registry {
    Registry::start(Rules {
        users: [("acme".to_owned(), "canary-word".to_owned())].into(),
        limits: [(String::new(), 100_000), ("acme".to_owned(), 200_000)].into(),
        images: [
            ("acme/app:v1".to_owned(), IMAGE),
            ("acme/list:v1".to_owned(), LIST),
            ("acme/list:sha256:platform".to_owned(), IMAGE),
            ("ratelimitpreview/test:latest".to_owned(), IMAGE),
        ]
        .into(),
        ..Rules::default()
    })
}

/// One request of a Go registry client; returns headers and body of the response.
fn get(registry: &Registry, path: &str, authorization: &str) -> (String, String) {
    let host = registry.url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).unwrap();
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: {authorization}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
    (head.to_lowercase(), body.to_owned())
}

/// The remaining pulls that the registry reports after this one.
fn pull(registry: &Registry, repository: &str, reference: &str, has_login: bool) -> u64 {
    let basic = if has_login {
        format!("Basic {}", STANDARD.encode("acme:canary-word"))
    } else {
        String::new()
    };
    let scope = format!("/token?service=test&scope=repository:{repository}:pull");
    let (_, body) = get(registry, &scope, &basic);
    let body: Value = serde_json::from_str(&body).unwrap();
    let bearer = format!("Bearer {}", body["token"].as_str().unwrap());
    let path = format!("/v2/{repository}/manifests/{reference}");
    let (head, _) = get(registry, &path, &bearer);
    let left = head
        .lines()
        .find_map(|line| line.strip_prefix("ratelimit-remaining: "))
        .unwrap();
    left.split(';').next().unwrap().parse().unwrap()
}

/// Imports every tag in every round, as openshift-apiserver does: a GET of the manifest and, for a list, of
/// one platform's manifest too (`importer.go`, `importRepositoryFromDocker`).
fn import(registry: &Registry, namespaces: &[Namespace]) -> BTreeMap<&'static str, u64> {
    let mut pulls = BTreeMap::new();
    for _ in 0..ROUNDS {
        for namespace in namespaces {
            let who = if namespace.has_login {
                "acme"
            } else {
                "anonymous"
            };
            let pulled = pulls.entry(who).or_insert(0);
            let wanted = (0..namespace.images).map(|_| ("acme/app", "v1")).chain(
                (0..namespace.lists)
                    .flat_map(|_| [("acme/list", "v1"), ("acme/list", "sha256:platform")]),
            );
            for (repository, reference) in wanted {
                let left = pull(registry, repository, reference, namespace.has_login);
                let limit = if namespace.has_login {
                    200_000
                } else {
                    100_000
                };
                *pulled += 1;
                // The header counts pulls of all namespaces.
                assert_eq!(limit - left, *pulled + 1, "{who}");
            }
        }
    }
    pulls
}

fn predicted(run: &Run) -> BTreeMap<String, (u64, u64)> {
    let document = run.json();
    let loads = document["budget"]["loads"].as_array().unwrap();
    loads
        .iter()
        .map(|load| {
            let who = load["identity"]["username"].as_str();
            let who = who.or_else(|| load["identity"]["kind"].as_str()).unwrap();
            let of = |name: &str| load["pulls"][name].as_u64().unwrap();
            (who.to_owned(), (of("min"), of("max")))
        })
        .collect()
}

#[test]
fn predicted_pulls_equal_the_count_of_the_registry() {
    let of = |name, has_login, images, lists| Namespace {
        name,
        has_login,
        images,
        lists,
    };
    for namespaces in [
        vec![of("snow", false, 1, 0)],
        vec![of("snow", false, 0, 1)],
        vec![of("snow", true, 2, 1), of("rain", false, 1, 2)],
        vec![
            of("a", true, 1, 1),
            of("b", true, 3, 0),
            of("c", false, 2, 2),
            of("d", false, 1, 0),
        ],
    ] {
        let registry = registry();
        let mut streams = Vec::new();
        let mut secrets = Vec::new();
        for namespace in &namespaces {
            let name = namespace.name;
            for (app, image, count) in [
                ("app", "docker.io/acme/app:v1", namespace.images),
                ("list", "docker.io/acme/list:v1", namespace.lists),
            ] {
                if count > 0 {
                    streams.push(stream(name, app, image, count));
                }
            }
            if namespace.has_login {
                secrets.push(hub(name));
            }
        }
        let api = cluster(&[(STREAMS, json!(streams)), (SECRETS, json!(secrets))]);
        let endpoint = registry.endpoint("docker.io");
        let words = [
            "ratelimit",
            "--budget",
            "-A",
            "-o",
            "json",
            "--server",
            &api.url,
            &endpoint,
        ];
        let run = run_in(std::path::Path::new("/"), &words, "");
        // 3: more pulls than the limit of an anonymous address.
        assert!(matches!(run.code, 0 | 3), "{namespaces:?}: {}", run.err);
        // The prediction itself causes no pull.
        assert!(registry.has_only_head_requests());

        let predicted = predicted(&run);
        let observed = import(&registry, &namespaces);
        assert_eq!(
            predicted.len(),
            observed.len(),
            "{predicted:?} {observed:?}"
        );
        for (who, pulls) in observed {
            let (least, most) = predicted[who];
            let middle = u64::midpoint(least, most);
            let error = middle.abs_diff(pulls) * 100 / pulls;
            assert!(
                error <= 10 && least <= pulls && pulls <= most,
                "{namespaces:?}: {who} is predicted {least} to {most} pulls and has {pulls}"
            );
        }
    }
}
