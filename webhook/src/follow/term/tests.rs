//! Tenants that want more than their share, in paused time: an in-memory API server whose imports
//! can be slow or never answered.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use extreg_fakes::{Answer, Api, Seen, ok};
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::*;
use crate::follow::event::Events;
use crate::follow::memory::Memory;
use crate::metrics::ImporterMetrics;

const DIGEST: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";

/// The state of the API server, and the requests it received.
#[derive(Default)]
struct Server {
    builds: String,
    /// The streams of each namespace.
    streams: BTreeMap<String, String>,
    /// The registry of these namespaces never answers.
    silent: Option<fn(&str) -> bool>,
    log: Mutex<Log>,
}

#[derive(Default)]
struct Log {
    /// Namespaces of imports, in their order.
    imports: Vec<String>,
    /// Unanswered imports of each namespace, and the maximum.
    open: BTreeMap<String, usize>,
    most_open: usize,
    lists: usize,
}

impl Server {
    fn answer(self: &Arc<Self>, seen: &Seen) -> Option<Answer> {
        let namespace = seen
            .path
            .split_once("/namespaces/")
            .map_or("", |(_, rest)| rest.split('/').next().unwrap());
        if seen.query.contains("watch=") {
            return None;
        }
        if seen.path == "/apis/build.openshift.io/v1/builds" {
            self.log.lock().unwrap().lists += 1;
            return Some(ok(&self.builds));
        }
        Some(match seen.path.rsplit('/').next() {
            Some("imagestreams") => ok(&self.streams[namespace]),
            Some("imagestreamimports") => self.import(namespace),
            _ => ok(&json!({"metadata": {"name": namespace}})),
        })
    }

    fn import(self: &Arc<Self>, namespace: &str) -> Answer {
        let open = Open::new(self, namespace);
        if self.silent.is_some_and(|is_silent| is_silent(namespace)) {
            return Answer::never().holding(open);
        }
        let image =
            json!({"status": {"status": "Success"}, "image": {"metadata": {"name": DIGEST}}});
        ok(&json!({"status": {"images": [image]}}))
            .after(Duration::from_millis(100))
            .holding(open)
    }

    fn imports(&self) -> Vec<String> {
        self.log.lock().unwrap().imports.clone()
    }

    fn imports_of(&self, namespace: &str) -> usize {
        let imports = self.imports();
        imports.iter().filter(|other| *other == namespace).count()
    }

    /// Follows builds on this server.
    fn follow(self) -> Running {
        let server = Arc::new(self);
        let answering = Arc::clone(&server);
        let api = Api::default().unless(move |seen, _| answering.answer(seen));
        let client = api.in_memory();
        let metrics = ImporterMetrics::new();
        let progress = Progress::new(metrics.follow().clone());
        let worker = Worker::new(
            client.clone(),
            Events::new(client, "one".to_owned()),
            Memory::default(),
            metrics.follow().clone(),
            None,
        );
        let since = Timestamp::UNIX_EPOCH;
        let term = Term::new(worker, Pace::default(), since, progress);
        let mut tasks = JoinSet::new();
        tasks.spawn(term.run());
        Running {
            server,
            metrics,
            _tasks: tasks,
        }
    }
}

/// An import that is not answered yet.
struct Open(Arc<Server>, String);

impl Open {
    fn new(server: &Arc<Server>, namespace: &str) -> Self {
        let mut log = server.log.lock().unwrap();
        log.imports.push(namespace.to_owned());
        let open = log.open.entry(namespace.to_owned()).or_default();
        *open += 1;
        let open = *open;
        log.most_open = log.most_open.max(open);
        drop(log);
        Self(Arc::clone(server), namespace.to_owned())
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let mut log = self.0.log.lock().unwrap();
        *log.open.get_mut(&self.1).unwrap() -= 1;
    }
}

struct Running {
    server: Arc<Server>,
    metrics: ImporterMetrics,
    _tasks: JoinSet<()>,
}

impl Running {
    fn counted(&self, outcome: &str) -> usize {
        let text = self.metrics.encode();
        let name = format!(r#"extreg_follow_outcomes_total{{outcome="{outcome}"}} "#);
        let line = text.lines().find_map(|line| line.strip_prefix(&name));
        line.map_or(0, |number| number.parse().unwrap())
    }
}

/// A build that pushed an application `second`s after the start.
fn build(namespace: &str, app: &str, second: usize) -> Value {
    let start = "2026-11-24T12:00:00Z".parse::<Timestamp>().unwrap();
    let completed = start + Duration::from_secs(second.try_into().unwrap());
    json!({
        "metadata": {"name": app, "namespace": namespace, "uid": format!("{namespace}-{app}")},
        "spec": {"output": {"to": {"kind": "DockerImage", "name": format!("ann/{app}")}}},
        "status": {
            "phase": "Complete", "completionTimestamp": completed.to_string(),
            "output": {"to": {"imageDigest": DIGEST}},
        },
    })
}

fn list(items: impl IntoIterator<Item = Value>) -> String {
    let items: Vec<Value> = items.into_iter().collect();
    json!({"metadata": {"resourceVersion": "1"}, "items": items}).to_string()
}

/// A stream with one tag for each of these applications.
fn stream(name: &str, apps: impl IntoIterator<Item = String>) -> Value {
    let tag = |app: String| json!({"name": app, "from": {"kind": "DockerImage", "name": format!("ann/{app}")}});
    let tags: Vec<Value> = apps.into_iter().map(tag).collect();
    json!({"metadata": {"name": name, "uid": name}, "spec": {"tags": tags}})
}

#[tokio::test(start_paused = true)]
async fn two_thousand_builds_of_one_namespace_do_not_hold_up_another() {
    let apps = || (0..2000).map(|number| format!("app{number}"));
    let loud = apps()
        .enumerate()
        .map(|(number, app)| build("loud", &app, 1000 + number));
    // The oldest of all, and the last of the list.
    let quiet = build("quiet", "app", 0);
    let running = Server {
        builds: list(loud.chain([quiet])),
        streams: [
            ("loud".to_owned(), list([stream("all", apps())])),
            (
                "quiet".to_owned(),
                list([stream("app", ["app".to_owned()])]),
            ),
        ]
        .into(),
        silent: None,
        ..Server::default()
    }
    .follow();
    sleep(Duration::from_secs(1)).await;
    let first = running.server.imports().into_iter().take(3);
    assert!(first.into_iter().any(|namespace| namespace == "quiet"));
    assert_eq!(running.server.imports_of("quiet"), 1);
    // 256 fit; the oldest of the namespace with the most do not.
    assert_eq!(running.counted("dropped"), 2000 - 256);

    // Ten, and then ten a minute, regardless of the number that wait.
    sleep(Duration::from_mins(5)).await;
    let imports = running.server.imports_of("loud");
    assert!((40..=61).contains(&imports), "{imports}");
    assert_eq!(running.server.imports_of("quiet"), 1);
    assert!(running.server.log.lock().unwrap().most_open <= 1);
}

#[tokio::test(start_paused = true)]
async fn a_registry_that_never_answers_does_not_block_all_workers() {
    let stuck: Vec<String> = (0..20).map(|number| format!("a-stuck{number}")).collect();
    let apps = || (0..5).map(|number| format!("app{number}"));
    let namespaces = || stuck.iter().map(String::as_str).chain(["good"]);
    let builds =
        namespaces().flat_map(|namespace| apps().map(move |app| build(namespace, &app, 0)));
    let running = Server {
        builds: list(builds),
        streams: namespaces()
            .map(|namespace| (namespace.to_owned(), list([stream("all", apps())])))
            .collect(),
        silent: Some(|namespace| namespace.starts_with("a-stuck")),
        ..Server::default()
    }
    .follow();
    // At first the slow namespaces are unknown: each blocks a worker until it times out.
    sleep(Duration::from_secs(90)).await;
    assert_eq!(running.server.imports_of("good"), 5);
    assert_eq!(running.counted("imported"), 5);
    // After that they share some of the workers.
    sleep(Duration::from_mins(3)).await;
    for _ in 0..20 {
        sleep(Duration::from_secs(7)).await;
        let open: usize = running.server.log.lock().unwrap().open.values().sum();
        assert!(open <= MAX_SLOW_RUNNING, "{open}");
    }
    let log = running.server.log.lock().unwrap();
    assert!(log.most_open <= 1, "{}", log.most_open);
}

#[tokio::test(start_paused = true)]
async fn an_import_is_charged_before_it_is_sent() {
    let streams = (0..25).map(|number| stream(&format!("s{number}"), ["app".to_owned()]));
    let running = Server {
        builds: list([build("snow", "app", 0)]),
        streams: [("snow".to_owned(), list(streams))].into(),
        silent: None,
        ..Server::default()
    }
    .follow();
    sleep(Duration::from_secs(3)).await;
    assert_eq!(running.server.imports_of("snow"), 10);
    assert!(running.counted("postponed") > 0);
    sleep(Duration::from_mins(1)).await;
    let after = running.server.imports_of("snow");
    assert!((19..=21).contains(&after), "{after}");
    sleep(Duration::from_mins(2)).await;
    assert_eq!(running.server.imports_of("snow"), 25);
    assert_eq!(running.counted("imported"), 25);
    assert_eq!(running.counted("given_up"), 0);
}

#[tokio::test(start_paused = true)]
async fn dropped_builds_are_listed_again_when_they_have_a_place() {
    // None of them has a tag, so that each needs one list.
    let builds = (0..300).map(|number| build("loud", &format!("app{number}"), number));
    let running = Server {
        builds: list(builds),
        streams: [("loud".to_owned(), list([]))].into(),
        silent: None,
        ..Server::default()
    }
    .follow();
    sleep(Duration::from_mins(30)).await;
    assert_eq!(running.counted("dropped"), 300 - 256);
    assert_eq!(running.counted("no_tag"), 300);
    assert_eq!(running.server.log.lock().unwrap().lists, 2);
}

#[tokio::test(start_paused = true)]
async fn retries_of_a_namespace_are_bounded() {
    let apps = || (0..100).map(|number| format!("app{number}"));
    let running = Server {
        builds: list(apps().map(|app| build("snow", &app, 0))),
        // A response that is not a list of streams: the namespace cannot be read.
        streams: [("snow".to_owned(), "nonsense".to_owned())].into(),
        silent: None,
        ..Server::default()
    }
    .follow();
    sleep(Duration::from_mins(10)).await;
    // All builds except those that can wait for a retry are given up after the first try.
    assert!(running.counted("given_up") >= 100 - 33);
    assert_eq!(running.server.imports_of("snow"), 0);
}
