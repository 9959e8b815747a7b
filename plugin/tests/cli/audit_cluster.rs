//! `audit` of a cluster: its requests, and requests that are denied, fail or expire.

use std::{
    fs,
    path::Path,
    sync::{Arc, Condvar, Mutex},
    time::Duration,
};

use serde_json::{Value, json};

use super::{
    audit::{Run, run_in},
    common::rows,
};
use extreg_fakes::{Answer, Api, Seen, ok, status};

pub(crate) const PODS: &str = "/api/v1/pods";
const SECRETS: &str = "/api/v1/secrets";
const PROJECTS: &str = "/apis/project.openshift.io/v1/projects";

fn forbidden() -> Answer {
    status(403, "Forbidden", "not yours")
}

fn not_found() -> Answer {
    status(404, "NotFound", "not found")
}

pub(crate) fn list(items: &[Value]) -> Answer {
    ok(&json!({ "items": items }))
}

pub(crate) fn pod(namespace: &str, name: &str) -> Value {
    json!({
        "metadata": {"namespace": namespace, "name": name, "uid": format!("{name}-{namespace}")},
        "spec": {"containers": [{"name": "c", "image": "docker.io/acme/app:v1"}]},
    })
}

/// A cluster that serves only the core group: every list is empty unless `special` answers.
pub(crate) fn cluster(
    special: impl Fn(&str, &Seen) -> Option<Answer> + Send + Sync + 'static,
) -> Api {
    core()
        .unless(move |seen, _| special(&seen.path, seen))
        .start()
}

fn core() -> Api {
    Api::default().listing(&["/api/v1"]).with_any_namespace()
}

pub(crate) fn audit(api: &Api, args: &[&str]) -> Run {
    run_in(
        Path::new("/"),
        &[&["audit", "--server", &api.url, "-o", "json"], args].concat(),
        "",
    )
}

fn coverage(run: &Run) -> Value {
    run.json()["sections"][0]["coverage"].clone()
}

fn read(run: &Run, resource: &str) -> u64 {
    let coverage = coverage(run);
    let read = coverage["read"].as_array().unwrap();
    let found = read.iter().find(|row| row["resource"] == resource);
    found.map_or(0, |row| row["objects"].as_u64().unwrap())
}

fn gaps(run: &Run) -> Vec<String> {
    let coverage = coverage(run);
    let gaps = coverage["gaps"].as_array().unwrap();
    gaps.iter()
        .map(|gap| format!("{} {}", gap["what"], gap["reason"]).replace('"', ""))
        .collect()
}

fn requests_for<'a>(seen: &'a [Seen], wanted: &str) -> Vec<&'a Seen> {
    seen.iter().filter(|seen| seen.path == wanted).collect()
}

#[test]
fn pages_lists_and_reads_only_docker_secrets() {
    let pods = (0..9).map(|number| {
        let name = format!("p{number}");
        (
            format!("/api/v1/namespaces/shop/pods/{name}"),
            pod("shop", &name),
        )
    });
    let api = core().and_at(pods).paging(3, 0).start();
    let run = audit(&api, &["-A"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(read(&run, "pods"), 9, "{}", run.out);
    let seen = api.seen();
    let limits: Vec<_> = requests_for(&seen, PODS)
        .iter()
        .map(|seen| seen.param("limit").unwrap())
        .collect();
    assert_eq!(limits, ["500", "500", "500"]);
    let fields: Vec<_> = requests_for(&seen, SECRETS)
        .iter()
        .map(|seen| seen.param("fieldSelector").unwrap())
        .collect();
    let types = [
        "type=kubernetes.io/dockerconfigjson",
        "type=kubernetes.io/dockercfg",
    ];
    assert_eq!(fields, types);
    assert!(seen.iter().all(|seen| seen.line.starts_with("GET ")));
    assert!(run.err.contains("reading all namespaces of"), "{}", run.err);
    assert_eq!(audit(&api, &["-A", "-q"]).err, "");
}

#[test]
fn unserved_resource_is_not_a_gap() {
    let run = audit(&cluster(|_, _| None), &["-A", "--require-coverage", "100"]);
    assert_eq!(run.code, 4, "nothing was read: {}", run.out);
    let api = cluster(|path, _| (path == PODS).then(|| list(&[pod("a", "b")])));
    let run = audit(&api, &["-A", "--require-coverage", "100"]);
    assert_eq!((run.code, gaps(&run).len()), (0, 0), "{:?}", gaps(&run));
    assert!(
        coverage(&run)["notServed"]
            .to_string()
            .contains("buildconfigs.build.openshift.io")
    );
}

#[test]
fn reads_resources_in_the_served_version() {
    let api = cluster(|path, _| {
        let body = match path {
            "/apis/tekton.dev" => json!({"versions": [{"version": "v1beta1"}]}),
            "/apis/tekton.dev/v1beta1" => json!({"resources": [{"name": "tasks"}]}),
            "/apis/tekton.dev/v1beta1/tasks" => {
                json!({"items": [{"metadata": {"name": "t", "namespace": "a"}, "spec": {"steps": []}}]})
            }
            _ => return None,
        };
        Some(ok(&body))
    });
    let run = audit(&api, &["-A"]);
    assert_eq!(read(&run, "tasks.tekton.dev"), 1, "{}", run.out);
}

#[test]
fn namespace_rights_are_used_and_gaps_are_reported() {
    let api = cluster(|path, _| {
        Some(match path {
            PROJECTS => list(&[
                json!({"metadata": {"name": "mine", "labels": {"a": "b"}}}),
                json!({"metadata": {"name": "other"}}),
            ]),
            "/api/v1/namespaces/mine/pods" => list(&[pod("mine", "a")]),
            "/api/v1/namespaces/other/pods"
            | "/api/v1/namespaces/openshift-config/secrets"
            | "/api/v1/namespaces/openshift-config/secrets/pull-secret" => forbidden(),
            path if path.starts_with("/api/v1/namespaces/") => list(&[]),
            path if path.matches('/').count() > 3 || path.starts_with("/api/v1/") => forbidden(),
            // Discovery needs no permission.
            "/apis/apps" => ok(r#"{"versions":[{"version":"v1"}]}"#),
            "/apis/apps/v1" => ok(r#"{"resources":[]}"#),
            _ => not_found(),
        })
    });
    let run = audit(&api, &["-A"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(
        (read(&run, "pods"), read(&run, "namespaces")),
        (1, 2),
        "{}",
        run.out
    );
    let listed = gaps(&run);
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert_eq!(listed[0], "pods in other forbidden");
    assert!(listed[1].ends_with(" forbidden"), "{listed:?}");
    assert!(run.err.contains("audit rbac --export"), "{}", run.err);
    assert_eq!(audit(&api, &["-A", "--require-coverage", "100"]).code, 4);
}

#[test]
fn selector_filters_objects_that_name_images() {
    let api = cluster(|path, _| {
        (path == "/api/v1/namespaces/shop/pods").then(|| list(&[pod("shop", "a")]))
    });
    let run = audit(&api, &["-n", "shop", "-l", "app=x"]);
    assert_eq!(
        (run.code, read(&run, "pods"), read(&run, "namespaces")),
        (0, 1, 1),
        "{}",
        run.err
    );
    let seen = api.seen();
    assert!(requests_for(&seen, PODS).is_empty());
    assert_eq!(
        requests_for(&seen, "/api/v1/namespaces/shop/pods")[0].param("labelSelector"),
        Some("app=x".to_owned())
    );
    let secrets = requests_for(&seen, "/api/v1/namespaces/shop/secrets");
    assert_eq!(secrets[0].param("labelSelector"), None);
    // Node credentials apply to every namespace.
    let global = "/api/v1/namespaces/openshift-config/secrets/pull-secret";
    assert_eq!(
        requests_for(&seen, global).len(),
        0,
        "no finding without an image configuration"
    );
}

#[test]
fn missing_namespace_is_an_error() {
    let api = cluster(|path, _| (path == "/api/v1/namespaces/typo").then(not_found));
    let run = audit(&api, &["-n", "typo"]);
    assert_eq!((run.code, run.out.as_str()), (1, ""), "{}", run.err);
    assert!(
        run.err.contains("Error from server (NotFound)"),
        "{}",
        run.err
    );
}

#[test]
fn expired_list_is_restarted_once() {
    for (times, code) in [(1, 0), (2, 1)] {
        let left = Mutex::new(times);
        let api = cluster(move |path, seen| {
            if path != PODS {
                return None;
            }
            if seen.param("continue").is_none() {
                let body = json!({"metadata": {"continue": "x"}, "items": [pod("a", "one")]});
                return Some(ok(&body));
            }
            let mut left = left.lock().unwrap();
            if *left > 0 {
                *left -= 1;
                return Some(status(410, "Expired", "too old"));
            }
            Some(list(&[pod("a", "two")]))
        });
        let run = audit(&api, &["-A"]);
        assert_eq!(run.code, code, "{}", run.err);
        assert_eq!(
            run.err
                .matches("the list of pods expired while reading")
                .count(),
            1,
            "{}",
            run.err
        );
        let (pods, gap) = (read(&run, "pods"), gaps(&run).join("; "));
        if times == 1 {
            assert_eq!((pods, gap.as_str()), (2, ""));
        } else {
            assert_eq!(
                (pods, gap.as_str()),
                (1, "pods failed"),
                "what was read is kept"
            );
        }
    }
}

#[test]
fn shows_that_it_waits_for_a_busy_server() {
    let first = Mutex::new(true);
    let api = cluster(move |path, _| {
        if path != PODS {
            return None;
        }
        if std::mem::take(&mut *first.lock().unwrap()) {
            let body = r#"{"kind":"Status","code":429}"#;
            return Some(Answer::json(429, body).header("retry-after", "0"));
        }
        Some(list(&[pod("a", "one")]))
    });
    let run = audit(&api, &["-A"]);
    assert_eq!((run.code, read(&run, "pods")), (0, 1), "{}", run.err);
    assert!(run.err.contains("the server is busy (429"), "{}", run.err);
}

#[test]
fn failed_list_is_a_gap_and_the_rest_is_read() {
    let api = cluster(|path, _| match path {
        PODS => Some(list(&[pod("a", "one"), json!({"metadata": 7})])),
        SECRETS => Some(status(500, "InternalError", "etcd")),
        "/api/v1/serviceaccounts" => Some(ok("{\"items\": [")),
        _ => None,
    });
    let run = audit(&api, &["-A"]);
    assert_eq!((run.code, read(&run, "pods")), (1, 1), "{}", run.err);
    assert_eq!(
        gaps(&run),
        [
            "secrets failed",
            "serviceaccounts failed",
            "an object of pods unreadable"
        ]
    );
}

#[test]
fn expired_login_is_an_error() {
    let api = Api::answering(|_| status(401, "Unauthorized", "no"));
    let run = audit(&api, &["-A"]);
    assert_eq!((run.code, run.out.as_str()), (6, ""), "{}", run.err);
    assert!(run.err.contains("You must be logged in"), "{}", run.err);
}

#[test]
fn unreachable_cluster_fails_only_without_another_context() {
    let gone = "http://127.0.0.1:1";
    let run = run_in(Path::new("/"), &["audit", "-A", "--server", gone], "");
    assert_eq!((run.code, run.out.as_str()), (1, ""), "{}", run.err);
    assert!(
        run.err.contains("Unable to connect to the server"),
        "{}",
        run.err
    );

    let api = cluster(|path, _| (path == PODS).then(|| list(&[pod("a", "one")])));
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "clusters: [{{name: up, cluster: {{server: '{}'}}}}, {{name: down, cluster: {{server: '{gone}'}}}}]\n\
         users: [{{name: u, user: {{}}}}]\n\
         contexts: [{{name: a, context: {{cluster: up, user: u}}}}, {{name: b, context: {{cluster: down, user: u}}}}, \
         {{name: c, context: {{cluster: up, user: u}}}}]\n",
        api.url
    );
    fs::write(folder.path().join("config"), config).unwrap();
    let args = |contexts: &[&'static str]| {
        let mut args = vec!["audit", "-A", "-o", "json", "--kubeconfig", "config"];
        for context in contexts {
            args.extend(["--context", *context]);
        }
        run_in(folder.path(), &args, "")
    };
    let sources = |run: &Run| {
        let report = run.json();
        let sections = report["sections"].as_array().unwrap();
        sections
            .iter()
            .map(|section| section["source"].to_string())
            .collect::<Vec<_>>()
    };
    let both = args(&["a", "b"]);
    assert_eq!(both.code, 1, "{}", both.err);
    assert_eq!(sources(&both), ["\"up\"", "\"down\""]);
    let twice = args(&["a", "c"]);
    assert_eq!(
        (twice.code, sources(&twice)),
        (0, vec!["\"a\"".to_owned(), "\"c\"".to_owned()])
    );
    assert_eq!(args(&["a", "a"]).code, 2);
    assert_eq!(args(&["a", "nowhere"]).code, 2);
    let other = run_in(
        folder.path(),
        &[
            "check",
            "-f",
            "-",
            "--kubeconfig",
            "config",
            "--context",
            "a",
            "--context",
            "b",
        ],
        "",
    );
    assert!(
        other.err.contains("--context can be given only once"),
        "{}",
        other.err
    );
}

#[test]
fn files_replace_objects_of_the_cluster() {
    let api = cluster(|path, _| {
        (path == "/api/v1/namespaces/default/pods").then(|| list(&[pod("default", "a")]))
    });
    let folder = tempfile::tempdir().unwrap();
    let mut changed = pod("default", "a");
    changed["apiVersion"] = json!("v1");
    changed["kind"] = json!("Pod");
    changed["spec"]["containers"][0]["image"] = json!("quay.io/other/app:v2");
    fs::write(folder.path().join("a.yaml"), changed.to_string()).unwrap();
    let args = ["inventory", "--server", &api.url, "--with", "a.yaml"];
    let run = run_in(folder.path(), &args, "");
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.out.contains("quay.io/other/app:v2"), "{}", run.out);
    assert!(!run.out.contains("docker.io/acme/app"), "{}", run.out);
}

#[test]
fn shows_and_exports_missing_rights() {
    let review = |seen: &Seen| {
        let body: Value = serde_json::from_str(&seen.body).unwrap();
        let resource = body["spec"]["resourceAttributes"]["resource"].clone();
        let allowed = resource != "pods" && resource != "secrets" && resource != "tasks";
        let body = json!({"status": {"allowed": allowed}});
        ok(&body)
    };
    let api = Api::answering(move |seen| {
        if seen
            .line
            .starts_with("POST /apis/authorization.k8s.io/v1/selfsubjectaccessreviews")
        {
            review(seen)
        } else {
            not_found()
        }
    });
    let run = |args: &[&str]| {
        let all = ["audit", "rbac", "--read-only", "--server", &api.url];
        run_in(Path::new("/"), &[&all, args].concat(), "")
    };
    let shown = run(&[]);
    assert_eq!(shown.code, 3, "{}", shown.err);
    let shown = rows(&shown.out);
    assert_eq!(shown.len(), 26);
    let others: Vec<_> = shown.iter().filter(|row| row[1] != "yes").collect();
    assert_eq!(
        others,
        [
            &["secrets", "no"],
            &["tasks.tekton.dev", "not served"],
            &["pods", "no"]
        ]
    );
    let export = run(&["--export"]);
    assert_eq!(export.code, 0, "{}", export.err);
    insta::assert_snapshot!("audit-rbac-export", export.out);
    let all = run_in(Path::new("/"), &["audit", "rbac", "--export", "--all"], "");
    assert_eq!(all.code, 0, "{}", all.err);
    insta::assert_snapshot!("audit-rbac-all", all.out);
    assert!(!all.out.contains('*'), "{}", all.out);
}

#[test]
fn at_most_eight_requests_run_concurrently() {
    /// Running requests, their maximum, and all requests so far.
    #[derive(Default)]
    struct Load(usize, usize, usize);

    let load = Arc::new((Mutex::new(Load::default()), Condvar::new()));
    let shared = Arc::clone(&load);
    let api = Api::answering(move |seen| {
        // The webhook installation is read before any list.
        if !seen.line.contains('?') {
            return not_found();
        }
        let (lock, changed) = &*shared;
        let mut load = lock.lock().unwrap();
        load.0 += 1;
        load.1 = load.1.max(load.0);
        load.2 += 1;
        changed.notify_all();
        // The first eight requests wait for each other: all eight arrive before any is answered.
        if load.2 <= 8 {
            load = changed
                .wait_timeout_while(load, Duration::from_secs(20), |load| load.2 < 8)
                .unwrap()
                .0;
        }
        load.0 -= 1;
        drop(load);
        if seen.path.starts_with("/api/v1/") {
            list(&[])
        } else {
            not_found()
        }
    });
    let run = audit(&api, &["-A", "--allow-empty"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert_eq!(load.0.lock().unwrap().1, 8);
}
