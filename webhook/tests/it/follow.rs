//! Following builds on a fake API server.

use std::time::{Duration, Instant};

use extreg_core::policy::{Selector, SelectorDocument};
use extreg_webhook::follow::{FollowBuilds, Pace, Progress};
use extreg_webhook::metrics::ImporterMetrics;
use http::Method;
use jiff::Timestamp;
use kube::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;
use tokio::time::sleep;
use tokio_util::sync::CancellationToken;

use extreg_fakes::Api;

use crate::api;

const BUILDS: &str = "/apis/build.openshift.io/v1/builds?status=Complete";
const LEASE: &str =
    "/apis/coordination.k8s.io/v1/namespaces/extreg-system/leases/extreg-webhook-follow-builds";
const OLD: &str = "sha256:1111111111111111111111111111111111111111111111111111111111111111";
const NEW: &str = "sha256:2222222222222222222222222222222222222222222222222222222222222222";
const PLATFORM: &str = "sha256:3333333333333333333333333333333333333333333333333333333333333333";

fn streams(namespace: &str) -> String {
    format!("/apis/image.openshift.io/v1/namespaces/{namespace}/imagestreams")
}

fn imports(namespace: &str) -> String {
    format!("/apis/image.openshift.io/v1/namespaces/{namespace}/imagestreamimports")
}

fn events(namespace: &str) -> String {
    format!("/api/v1/namespaces/{namespace}/events")
}

/// A build that just pushed [`NEW`] to `docker.io/ann/<app>`.
fn build(namespace: &str, app: &str, number: u8) -> Value {
    json!({
        "apiVersion": "build.openshift.io/v1", "kind": "Build",
        "metadata": {
            "name": format!("{app}-{number}"), "namespace": namespace,
            "uid": format!("{namespace}-{app}-{number}"), "resourceVersion": "5",
        },
        "spec": {"output": {"to": {"kind": "DockerImage", "name": format!("docker.io/ann/{app}")}}},
        "status": {
            "phase": "Complete",
            "completionTimestamp": (Timestamp::now() + Duration::from_secs(1)).to_string(),
            "output": {"to": {"imageDigest": NEW}},
        },
    })
}

/// A stream whose tag follows that image and shows `shown`.
fn stream(app: &str, shown: &str) -> Value {
    json!({
        "metadata": {"name": app, "uid": format!("uid-{app}"), "resourceVersion": "7"},
        "spec": {"tags": [{
            "name": "latest",
            "from": {"kind": "DockerImage", "name": format!("ann/{app}:latest")},
            "importPolicy": {"importMode": "PreserveOriginal", "insecure": true},
            "referencePolicy": {"type": "Local"},
        }]},
        "status": {"tags": [{"tag": "latest", "items": [{"image": shown}]}]},
    })
}

fn success(body: &Value, digest: &str) -> Value {
    let images = body["spec"]["images"].as_array().unwrap();
    let one = json!({"status": {"status": "Success"}, "image": {"metadata": {"name": digest}}});
    json!({"status": {"images": vec![one; images.len()]}})
}

fn status(code: u16, wait: u32) -> (u16, Value) {
    let body = json!({
        "kind": "Status", "status": "Failure", "code": code, "reason": "Because",
        "message": "hunter2", "details": {"retryAfterSeconds": wait},
    });
    (code, body)
}

/// An API server with namespaces in which a stream for `app` shows [`OLD`].
fn start(namespaces: &[(&str, Value)]) -> (Api, Client) {
    let (api, client) = api::start();
    api.set(BUILDS, Vec::new());
    for (name, labels) in namespaces {
        let object = json!({"metadata": {"name": name, "labels": labels}});
        api.put(&format!("/api/v1/namespaces/{name}"), object);
        api.set(&streams(name), vec![stream("app", OLD)]);
        api.on_post(&imports(name), |_, body| (201, success(body, NEW)));
    }
    (api, client)
}

struct Following {
    metrics: ImporterMetrics,
    progress: Progress,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

fn follow(client: &Client, replica: &str) -> Following {
    follow_some(client, replica, None)
}

fn follow_some(client: &Client, replica: &str, selected: Option<Selector>) -> Following {
    let metrics = ImporterMetrics::new();
    let progress = Progress::new(metrics.follow().clone());
    let stop = CancellationToken::new();
    let mut tasks = JoinSet::new();
    let follow = FollowBuilds {
        client: client.clone(),
        namespace: "extreg-system".to_owned(),
        replica: replica.to_owned(),
        selected,
        pace: Pace {
            look: Duration::from_millis(20),
            first_pause: Duration::from_millis(10),
            longest_pause: Duration::from_millis(40),
            tries: 6,
            after_panic: Duration::from_millis(10),
            between_lists: Duration::from_millis(10),
        },
        progress: progress.clone(),
        stop: stop.clone(),
    };
    follow.start(&mut tasks);
    Following {
        metrics,
        progress,
        stop,
        tasks,
    }
}

impl Following {
    async fn until_metric(&self, line: &str) {
        until(line, || {
            self.metrics.encode().lines().any(|other| other == line)
        })
        .await;
    }

    async fn counts(&self, outcome: &str, number: u32) {
        self.until_metric(&format!(
            r#"extreg_follow_outcomes_total{{outcome="{outcome}"}} {number}"#
        ))
        .await;
    }

    /// Waits until `watches` watches exist, so that later events arrive.
    async fn ready(&self, api: &Api, watches: usize) {
        self.until_metric(r#"extreg_follow_state{state="ready"} 1"#)
            .await;
        until("watched", || api.watches(BUILDS) >= watches).await;
    }
}

/// Waits for three more reads of the Lease.
async fn wait_for_lease_reads(api: &Api) {
    let looks = || api.seen().iter().filter(|seen| seen.path == LEASE).count();
    let before = looks();
    until("the Lease is read again", || looks() >= before + 3).await;
}

async fn until(what: &str, is_so: impl Fn() -> bool) {
    for _ in 0..4000 {
        if is_so() {
            return;
        }
        sleep(Duration::from_millis(5)).await;
    }
    panic!("never {what}");
}

#[tokio::test]
async fn completed_build_is_imported_once() {
    let (api, client) = start(&[("snow", json!({}))]);
    let following = follow(&client, "one");
    following.ready(&api, 1).await;
    following.until_metric("extreg_follow_leader 1").await;
    api.send(BUILDS, "ADDED", &build("snow", "app", 1));
    following.counts("imported", 1).await;
    let sent = api.posts(&imports("snow"));
    assert_eq!(
        sent,
        [json!({
            "apiVersion": "image.openshift.io/v1", "kind": "ImageStreamImport",
            "metadata": {"name": "app", "uid": "uid-app", "resourceVersion": "7"},
            "spec": {"import": true, "images": [{
                "from": {"kind": "DockerImage", "name": "ann/app:latest"},
                "to": {"name": "latest"},
                "importPolicy": {"importMode": "PreserveOriginal", "insecure": true},
                "referencePolicy": {"type": "Local"},
            }]},
        })]
    );
    following
        .until_metric("extreg_follow_lag_seconds_count 1")
        .await;
    until("the event", || api.posts(&events("snow")).len() == 1).await;
    let event = api.posts(&events("snow")).remove(0);
    assert_eq!(event["involvedObject"]["kind"], "ImageStream");
    assert_eq!(event["involvedObject"]["uid"], "uid-app");
    assert_eq!(
        (&event["type"], &event["reason"]),
        (&json!("Normal"), &json!("FollowedBuild"))
    );
    let message = event["message"].as_str().unwrap();
    assert_eq!(
        message,
        format!("build app-1 pushed docker.io/ann/app as {NEW}: imported latest")
    );

    // The build is updated again; another build with the same digest; an older build; a build that
    // failed; and last a build that is followed, which proves that the earlier ones were processed.
    let mut again = build("snow", "app", 1);
    again["metadata"]["annotations"] = json!({"a": "b"});
    let mut before = build("snow", "app", 3);
    before["status"]["completionTimestamp"] = json!("2026-01-01T00:00:00Z");
    let mut failed = build("snow", "app", 4);
    failed["status"]["phase"] = json!("Failed");
    api.set(
        &streams("snow"),
        vec![stream("app", NEW), stream("other", OLD)],
    );
    for (kind, build) in [
        ("MODIFIED", again),
        ("ADDED", build("snow", "app", 2)),
        ("ADDED", before),
        ("MODIFIED", failed),
        ("ADDED", build("snow", "other", 1)),
    ] {
        api.send(BUILDS, kind, &build);
    }
    following.counts("imported", 2).await;
    following.counts("up_to_date", 1).await;
    let streams: Vec<_> = api.posts(&imports("snow")).into_iter().collect();
    assert_eq!(streams.len(), 2);
    assert_eq!(streams[1]["metadata"]["name"], "other");
}

#[tokio::test]
async fn manifest_list_with_another_digest_is_imported_once() {
    let (api, client) = start(&[("snow", json!({}))]);
    api.on_post(&imports("snow"), |_, body| (201, success(body, PLATFORM)));
    let following = follow(&client, "one");
    following.ready(&api, 1).await;
    api.send(BUILDS, "ADDED", &build("snow", "app", 1));
    following.counts("imported", 1).await;
    // The stream never shows the pushed digest.
    api.set(&streams("snow"), vec![stream("app", PLATFORM)]);
    api.send(BUILDS, "ADDED", &build("snow", "app", 2));
    following.counts("up_to_date", 1).await;
    assert_eq!(api.posts(&imports("snow")).len(), 1);
    until("the event", || api.posts(&events("snow")).len() == 1).await;
    let event = api.posts(&events("snow")).remove(0);
    assert!(
        event["message"].as_str().unwrap().contains(PLATFORM),
        "{event}"
    );
}

#[tokio::test]
async fn failed_import_is_retried_and_reported_once() {
    let (api, client) = start(&[("snow", json!({}))]);
    api.on_post(&imports("snow"), |number, body| match number {
        1 => status(429, 1),
        2 => status(409, 0),
        3 => status(500, 0),
        4 | 5 => {
            let failure =
                json!({"status": "Failure", "reason": "Unauthorized", "message": "hunter2"});
            (201, json!({"status": {"images": [{"status": failure}]}}))
        }
        _ => (201, success(body, NEW)),
    });
    let following = follow(&client, "one");
    following.ready(&api, 1).await;
    api.send(BUILDS, "ADDED", &build("snow", "app", 1));
    for (outcome, count) in [
        ("throttled", 1),
        ("conflict", 1),
        ("unreachable", 1),
        ("failed", 2),
        ("imported", 1),
    ] {
        following.counts(outcome, count).await;
    }
    assert_eq!(api.posts(&imports("snow")).len(), 6);
    until("the events", || api.posts(&events("snow")).len() == 2).await;
    let said = api.posts(&events("snow"));
    assert_eq!(
        (&said[0]["type"], &said[0]["reason"]),
        (&json!("Warning"), &json!("FollowBuildFailed"))
    );
    assert_eq!(said[1]["reason"], "FollowedBuild");
    // The second failure is only counted.
    let counted = api.sent(&Method::PATCH);
    assert_eq!(counted.len(), 1);
    let name = said[0]["metadata"]["name"].as_str().unwrap();
    assert_eq!(counted[0].0, format!("{}/{name}", events("snow")));
    assert_eq!(counted[0].1["count"], 2);
    // A message of the API server can quote an object.
    assert!(!json!(said).to_string().contains("hunter2"));
}

#[tokio::test]
async fn rejected_import_is_not_retried_and_retries_are_limited() {
    let (api, client) = start(&[("snow", json!({})), ("rain", json!({}))]);
    api.on_post(&imports("snow"), |_, _| status(422, 0));
    api.on_post(&imports("rain"), |_, _| status(503, 0));
    let following = follow(&client, "one");
    following.ready(&api, 1).await;
    api.send(BUILDS, "ADDED", &build("snow", "app", 1));
    following.counts("refused", 1).await;
    api.send(BUILDS, "ADDED", &build("rain", "app", 1));
    following.counts("given_up", 1).await;
    assert_eq!(api.posts(&imports("snow")).len(), 1);
    assert_eq!(api.posts(&imports("rain")).len(), 6);
}

#[tokio::test]
async fn opted_out_and_unselected_namespaces_are_skipped() {
    let (api, client) = start(&[
        (
            "ignored",
            json!({"team": "shop", "extreg.io/ignore": "true"}),
        ),
        (
            "off",
            json!({"team": "shop", "extreg.io/follow-builds": "false"}),
        ),
        ("other", json!({"team": "other"})),
        ("openshift-x", json!({"team": "shop"})),
        ("shop", json!({"team": "shop"})),
    ]);
    let document: SelectorDocument =
        serde_json::from_value(json!({"matchLabels": {"team": "shop"}})).unwrap();
    let following = follow_some(&client, "one", Selector::compile(&document).unwrap());
    following.ready(&api, 1).await;
    for namespace in ["ignored", "off", "other", "openshift-x", "gone", "shop"] {
        api.send(BUILDS, "ADDED", &build(namespace, "app", 1));
    }
    following.counts("opted_out", 4).await;
    following.counts("no_tag", 1).await;
    following.counts("imported", 1).await;
    let posted: Vec<String> = api
        .sent(&Method::POST)
        .into_iter()
        .map(|(path, _)| path)
        .filter(|path| path.ends_with("imagestreamimports"))
        .collect();
    assert_eq!(posted, [imports("shop")]);
}

#[tokio::test]
async fn forbidden_import_is_reported_and_retried() {
    let (api, client) = start(&[("snow", json!({}))]);
    api.refuse("/apis/build.openshift.io", 403);
    let following = follow(&client, "one");
    following
        .until_metric(r#"extreg_follow_state{state="forbidden"} 1"#)
        .await;
    api.set(BUILDS, vec![build("snow", "app", 1)]);
    api.refuse(
        "/apis/image.openshift.io/v1/namespaces/snow/imagestreamimports",
        403,
    );
    api.accept("/apis/build.openshift.io");
    following.counts("forbidden", 1).await;
    assert_eq!(api.posts(&imports("snow")), [Value::Null; 0]);
    api.accept("/apis/image.openshift.io/v1/namespaces/snow/imagestreamimports");
    following
        .until_metric(r#"extreg_follow_state{state="ready"} 1"#)
        .await;
    following.counts("imported", 1).await;
}

#[tokio::test]
async fn waits_for_an_api_server_that_is_down() {
    let (api, client) = start(&[("snow", json!({}))]);
    api.refuse("/apis/build.openshift.io", 503);
    let following = follow(&client, "one");
    following
        .until_metric(r#"extreg_follow_state{state="down"} 1"#)
        .await;
    api.set(BUILDS, vec![build("snow", "app", 1)]);
    api.refuse("/api/v1/namespaces/snow", 503);
    api.accept("/apis/build.openshift.io");
    following.counts("unreachable", 1).await;
    assert_eq!(api.posts(&imports("snow")), [Value::Null; 0]);
    api.accept("/api/v1/namespaces/snow");
    following.counts("imported", 1).await;
}

#[tokio::test]
async fn builds_dropped_from_a_full_queue_are_listed_again() {
    let (api, client) = start(&[]);
    api.put(LEASE, held_by("", "1"));
    // The queue holds 1024 builds. Their namespaces no longer exist.
    let namespaces: Vec<String> = (0..1030).map(|number| format!("ns-{number}")).collect();
    let builds = namespaces
        .iter()
        .map(|namespace| build(namespace, "app", 1));
    api.set(BUILDS, builds.collect());
    let following = follow(&client, "one");
    following.counts("no_tag", 1030).await;
    following.counts("dropped", 6).await;
    following.until_metric("extreg_follow_queue_depth 0").await;
}

fn held_by(holder: &str, version: &str) -> Value {
    json!({
        "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
        "metadata": {"name": "extreg-webhook-follow-builds", "resourceVersion": version},
        "spec": {
            "holderIdentity": holder,
            "renewTime": (Timestamp::now() - Duration::from_mins(1)).strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string(),
        },
    })
}

#[tokio::test]
async fn only_the_lease_holder_follows_and_its_successor_imports_missed_builds() {
    let (api, client) = start(&[("snow", json!({}))]);
    api.put(LEASE, held_by("another", "3"));
    let following = follow(&client, "one");
    // Completed while another replica held the Lease, and long before. The newer of two counts.
    let mut missed = build("snow", "app", 2);
    missed["status"]["completionTimestamp"] =
        json!((Timestamp::now() - Duration::from_secs(30)).to_string());
    let mut older = build("snow", "app", 1);
    older["status"]["completionTimestamp"] =
        json!((Timestamp::now() - Duration::from_mins(1)).to_string());
    let mut ancient = build("snow", "other", 1);
    ancient["status"]["completionTimestamp"] =
        json!((Timestamp::now() - Duration::from_hours(2)).to_string());
    api.set(BUILDS, vec![ancient, older, missed]);
    api.set(
        &streams("snow"),
        vec![stream("app", OLD), stream("other", OLD)],
    );
    wait_for_lease_reads(&api).await;
    following.until_metric("extreg_follow_leader 0").await;
    assert_eq!(api.sent(&Method::POST), []);

    // The other replica releases the Lease.
    api.put(LEASE, held_by("", "4"));
    following.counts("imported", 1).await;
    assert_eq!(api.object(LEASE)["spec"]["holderIdentity"], "one");
    let sent = api.posts(&imports("snow"));
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["metadata"]["name"], "app");
    until("the event", || api.posts(&events("snow")).len() == 1).await;
    let event = api.posts(&events("snow")).remove(0);
    assert!(
        event["message"]
            .as_str()
            .unwrap()
            .starts_with("build app-2 "),
        "{event}"
    );

    // Another replica holds the Lease: no more imports, although builds complete.
    api.put(LEASE, held_by("another", "9"));
    following.until_metric("extreg_follow_leader 0").await;
    following
        .until_metric(r#"extreg_follow_state{state="off"} 1"#)
        .await;
    api.set(&streams("snow"), vec![stream("late", OLD)]);
    api.send(BUILDS, "ADDED", &build("snow", "late", 1));
    wait_for_lease_reads(&api).await;
    assert_eq!(api.posts(&imports("snow")).len(), 1);
}

#[tokio::test]
async fn stopping_replica_releases_its_lease() {
    let (api, client) = start(&[("snow", json!({}))]);
    let mut first = follow(&client, "one");
    first.ready(&api, 1).await;
    let second = follow(&client, "two");
    second.until_metric("extreg_follow_leader 0").await;
    assert_eq!(first.progress.is_ready(Instant::now()), Ok(()));
    until("the second can take over", || {
        second.progress.is_ready(Instant::now()).is_ok()
    })
    .await;

    first.stop.cancel();
    first.tasks.join_next().await.unwrap().unwrap();
    // Long before the Lease would have expired.
    second.until_metric("extreg_follow_leader 1").await;
    assert_eq!(api.object(LEASE)["spec"]["holderIdentity"], "two");
    second.ready(&api, 2).await;
    api.send(BUILDS, "ADDED", &build("snow", "app", 1));
    second.counts("imported", 1).await;
}

#[tokio::test]
async fn replica_without_rights_is_not_ready_with_a_reason() {
    let (api, client) = start(&[]);
    api.refuse("/apis/coordination.k8s.io", 403);
    let following = follow(&client, "one");
    let why = following.progress.is_ready(Instant::now()).unwrap_err();
    assert!(why.contains("Lease"), "{why}");
    api.refuse("/apis/build.openshift.io", 403);
    api.accept("/apis/coordination.k8s.io");
    following
        .until_metric(r#"extreg_follow_state{state="forbidden"} 1"#)
        .await;
    let why = following.progress.is_ready(Instant::now()).unwrap_err();
    assert!(why.starts_with("builds: "), "{why}");
    assert_eq!(following.progress.is_alive(Instant::now()), Ok(()));
    api.accept("/apis/build.openshift.io");
    following.ready(&api, 1).await;
    assert_eq!(following.progress.is_ready(Instant::now()), Ok(()));
}
