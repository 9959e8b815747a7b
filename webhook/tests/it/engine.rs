//! Decisions of the engine, through the server.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use extreg_core::credential::{Keep, SecretMember, SecretReader};
use extreg_core::facts::{AccountFact, SecretFact, StreamFact, StreamRead};
use extreg_core::policy::Mode;
use extreg_core::verdict::StreamKey;
use extreg_webhook::facts::{FactStore, Table};
use extreg_webhook::metrics::Metrics;
use extreg_webhook::review::{EngineReviewer, Lookup};
use extreg_webhook::server::Server;
use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::StatusCode;
use serde_json::{Value, json};

use crate::support::{Client, Pki, get, reserved};

/// Facts that are complete without any query.
fn store(cap: Mode) -> Arc<FactStore> {
    let store = FactStore::new(Some("extreg-system".to_owned()), cap, Metrics::new()).assuming();
    store.set_no_policy_kind();
    Arc::new(store)
}

/// Facts whose queries have no answer yet.
fn queried() -> Arc<FactStore> {
    let store = FactStore::new(None, Mode::Enforce, Metrics::new());
    store.set_no_policy_kind();
    Arc::new(store)
}

async fn server(pki: &Pki, facts: Arc<FactStore>, stream: Option<StreamRead>) -> Server {
    let streams = stream.map(|read| Box::new(Fixed(read)) as Box<dyn Lookup>);
    let reviewer = EngineReviewer::new(facts, streams);
    Server::start(pki.config(), reviewer, reserved())
        .await
        .unwrap()
}

#[derive(Debug)]
struct Fixed(StreamRead);

impl Lookup for Fixed {
    fn stream<'a>(&'a self, _key: &'a StreamKey) -> BoxFuture<'a, StreamRead> {
        ready(self.0.clone()).boxed()
    }
}

fn build_config(output: &Value) -> Value {
    json!({
        "apiVersion": "build.openshift.io/v1",
        "kind": "BuildConfig",
        "metadata": {"name": "app", "namespace": "snow"},
        "spec": {"output": {"to": output}, "strategy": {"dockerStrategy": {}}},
    })
}

fn request(group: &str, resource: &str, object: &Value) -> Value {
    json!({
        "uid": "u",
        "resource": {"group": group, "version": "v1", "resource": resource},
        "namespace": "snow",
        "name": "app",
        "operation": "CREATE",
        "userInfo": {"username": "ann"},
        "object": object,
    })
}

async fn review(pki: &Pki, server: &Server, request: Value) -> Value {
    let review = json!({
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": request,
    });
    let mut client = Client::h1(pki, server.address()).await;
    let answer = client.post(review.to_string().into_bytes()).await.unwrap();
    assert_eq!(answer.status, StatusCode::OK);
    answer.json()["response"].clone()
}

fn patch(response: &Value) -> Value {
    match response["patch"].as_str() {
        Some(patch) => serde_json::from_slice(&STANDARD.decode(patch).unwrap()).unwrap(),
        None => Value::Null,
    }
}

fn add_secret() -> Value {
    json!([{"op": "add", "path": "/spec/output/pushSecret", "value": {"name": "dockerhub"}}])
}

#[tokio::test]
async fn a_build_config_gets_its_push_secret_and_the_reasons_are_counted() {
    let pki = Pki::new();
    let facts = store(Mode::Enforce);
    let server = server(&pki, Arc::clone(&facts), None).await;
    let hub = json!({"kind": "DockerImage", "name": "docker.io/ann/app:latest"});
    let bc = request("build.openshift.io", "buildconfigs", &build_config(&hub));
    let response = review(&pki, &server, bc.clone()).await;
    assert_eq!(patch(&response), add_secret());
    let audit = &response["auditAnnotations"];
    assert_eq!(audit["policy"], "builtin-dockerhub");
    assert_eq!(audit["secret"], "dockerhub");
    assert_eq!(audit["field"], "/spec/output/pushSecret");

    let quay = json!({"kind": "DockerImage", "name": "quay.io/ann/app:latest"});
    let other = request("build.openshift.io", "buildconfigs", &build_config(&quay));
    assert_eq!(patch(&review(&pki, &server, other).await), Value::Null);

    // Not handled: a subresource, another group, DELETE, an unreadable object.
    for change in [
        json!({"subResource": "instantiate"}),
        json!({"resource": {"group": "shipwright.io", "resource": "builds"}}),
        json!({"operation": "DELETE", "object": null}),
        json!({"object": {"spec": {"output": 7}}}),
        json!({"object": {"spec": {"output": {"to": {"kind": "DockerImage", "name": "${IMAGE}"}}}}}),
    ] {
        let mut bc = bc.clone();
        for (key, value) in change.as_object().unwrap() {
            bc[key] = value.clone();
        }
        let response = review(&pki, &server, bc).await;
        assert_eq!(response, json!({"uid": "u", "allowed": true}), "{change}");
    }

    let metrics = get(server.health_address(), "/metrics").await.text();
    for line in [
        r#"extreg_patch_total{field="push_secret"} 1"#,
        r#"extreg_skipped_total{reason="unreadable"} 1"#,
        r#"extreg_admission_requests_total{resource="buildconfigs",operation="create",decision="patch"} 1"#,
    ] {
        assert!(
            metrics.lines().any(|other| other == line),
            "{line} is not in\n{metrics}"
        );
    }
}

#[tokio::test]
async fn the_cap_warns_instead() {
    let pki = Pki::new();
    let server = server(&pki, store(Mode::Warn), None).await;
    let hub = json!({"kind": "DockerImage", "name": "ann/app"});
    let bc = request("build.openshift.io", "buildconfigs", &build_config(&hub));
    let response = review(&pki, &server, bc).await;
    assert_eq!(patch(&response), Value::Null);
    let warning = response["warnings"][0].as_str().unwrap();
    assert!(
        warning.contains("spec.output.pushSecret") && warning.len() <= 120,
        "{warning}"
    );
}

#[tokio::test]
async fn facts_of_the_namespace_decide() {
    let pki = Pki::new();
    let facts = queried();
    let server = server(&pki, Arc::clone(&facts), None).await;
    let hub = json!({"kind": "DockerImage", "name": "docker.io/ann/app"});
    let bc = request("build.openshift.io", "buildconfigs", &build_config(&hub));

    // No facts: the build could push with a secret that its account links.
    let response = review(&pki, &server, bc.clone()).await;
    assert_eq!(
        (patch(&response), &response["warnings"]),
        (
            Value::Null,
            &json!(["extreg: push secret dockerhub not set: the webhook cannot read it"])
        )
    );

    // Known to be missing: injected, with a warning that shows how to create it.
    let secrets: Arc<Table<SecretFact>> = Arc::default();
    secrets.begin();
    secrets.finish();
    facts.set_secrets(BTreeMap::from([(
        "dockerhub".to_owned(),
        Arc::clone(&secrets),
    )]));
    facts.builders.begin();
    facts.builders.finish();
    let response = review(&pki, &server, bc.clone()).await;
    assert_eq!(patch(&response), add_secret());
    assert!(
        response["warnings"][1]
            .as_str()
            .unwrap()
            .contains("oc create secret")
    );

    // Missing, and the builder account links another secret: unchanged.
    let linked = AccountFact {
        pull_secrets: vec!["mine".to_owned()],
        managed: None,
    };
    facts.builders.set("snow", linked);
    let response = review(&pki, &server, bc.clone()).await;
    assert_eq!(patch(&response), Value::Null);
    assert!(
        response["warnings"][0]
            .as_str()
            .unwrap()
            .contains("dockerhub")
    );

    // Exists with a matching key.
    let config = r#"{"auths":{"https://index.docker.io/v1/":{"auth":"YTpi"}}}"#;
    let mut reader = SecretReader::new(Keep::Small);
    reader.plain(SecretMember::ConfigJson, config);
    secrets.set("snow", SecretFact::new(reader.finish("Opaque")));
    let response = review(&pki, &server, bc).await;
    assert_eq!(
        (patch(&response), &response["warnings"]),
        (add_secret(), &Value::Null)
    );
}

#[tokio::test]
async fn the_one_stream_is_read_when_the_decision_depends_on_it() {
    let pki = Pki::new();
    let import = json!({
        "apiVersion": "image.openshift.io/v1",
        "kind": "ImageStreamImport",
        "metadata": {"name": "app", "namespace": "snow"},
        "spec": {"import": true, "images": [
            {"from": {"kind": "DockerImage", "name": "docker.io/ann/app:1"}, "to": {"name": "1"}},
        ]},
        "status": {},
    });
    let import = request("image.openshift.io", "imagestreamimports", &import);
    let existing = StreamFact::parse(
        br#"{"spec":{"tags":[{"name":"1","from":{"kind":"DockerImage","name":"docker.io/ann/app:1"}}]}}"#,
    )
    .unwrap();
    let table = [
        (None, false, true),
        (Some(StreamRead::Failed), false, true),
        (Some(StreamRead::Absent), true, false),
        (Some(StreamRead::Present(Arc::new(existing))), false, false),
    ];
    for (stream, patched, warned) in table {
        let shown = format!("{stream:?}");
        let server = server(&pki, store(Mode::Enforce), stream).await;
        let response = review(&pki, &server, import.clone()).await;
        assert_eq!(
            patch(&response) != Value::Null,
            patched,
            "{shown}: {response}"
        );
        assert_eq!(
            response["warnings"] != Value::Null,
            warned,
            "{shown}: {response}"
        );
    }
}

#[tokio::test]
async fn is_not_ready_before_policies_are_known() {
    let pki = Pki::new();
    let facts = Arc::new(FactStore::new(None, Mode::Enforce, Metrics::new()));
    let server = server(&pki, Arc::clone(&facts), None).await;
    let ready = get(server.health_address(), "/readyz").await;
    assert_eq!(ready.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(
        ready.text().contains("[-] policies: not known yet"),
        "{}",
        ready.text()
    );
    facts.set_policies_unavailable();
    assert_eq!(
        get(server.health_address(), "/readyz").await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn dry_run_returns_the_requested_proof() {
    let pki = Pki::new();
    let server = server(&pki, store(Mode::Audit), None).await;
    let table = [
        (json!({"extreg.io/proof": "a1"}), true, true),
        // Also if nothing would change.
        (
            json!({"extreg.io/proof": "a1", "extreg.io/ignore": "true"}),
            true,
            true,
        ),
        (json!({"extreg.io/proof": "a1"}), false, false),
        (json!({"extreg.io/proof": "a1\nb"}), true, false),
        (json!({"extreg.io/proof": ""}), true, false),
        (json!({}), true, false),
    ];
    for (labels, dry_run, answered) in table {
        let hub = json!({"kind": "DockerImage", "name": "docker.io/ann/app"});
        let mut object = build_config(&hub);
        object["metadata"]["labels"] = labels.clone();
        let mut bc = request("build.openshift.io", "buildconfigs", &object);
        bc["dryRun"] = json!(dry_run);
        let response = review(&pki, &server, bc).await;
        assert_eq!(patch(&response), Value::Null);
        let wanted = if answered {
            json!(["extreg: proof a1", "extreg: mode cap audit"])
        } else {
            Value::Null
        };
        assert_eq!(response["warnings"], wanted, "{labels} {dry_run}");
    }
}

#[tokio::test]
async fn json_bombs_and_the_next_request_are_answered() {
    const DEEP: usize = 100_000;
    let pki = Pki::new();
    // The subject is size and depth, not time: debug builds on busy machines are slow.
    let config = pki.with_limits(|limits| limits.deadline = Duration::from_mins(10));
    let reviewer = EngineReviewer::new(store(Mode::Enforce), None);
    let server = Server::start(config, reviewer, reserved()).await.unwrap();
    let stream = |tags: &str| {
        format!(r#"{{"kind":"ImageStream","metadata":{{"name":"app"}},"spec":{{"tags":{tags}}}}}"#)
    };
    let arrays = "[".repeat(DEEP) + &"]".repeat(DEEP);
    let objects = r#"{"a":"#.repeat(DEEP) + "1" + &"}".repeat(DEEP);
    let table = [
        ("tags", stream(&format!("[{}{{}}]", "{},".repeat(999_999)))),
        ("arrays", stream(&arrays)),
        ("objects", stream(&format!("[{objects}]"))),
        (
            "unknown field",
            format!(r#"{{"x":{objects},"spec":{{"tags":[]}}}}"#),
        ),
        (
            "keys",
            format!(r#"{{{}"spec":{{}}}}"#, r#""kind":1,"#.repeat(DEEP)),
        ),
        (
            "keys of a tag",
            stream(&format!(
                r#"[{{{}"name":"a"}}]"#,
                r#""name":"b","#.repeat(DEEP)
            )),
        ),
        (
            "digits",
            stream(&format!(r#"[{{"generation":{}}}]"#, "9".repeat(1 << 20))),
        ),
        ("exponent", stream(r#"[{"generation":1e999999999}]"#)),
        (
            "escapes",
            stream(&format!(r#"["{}"]"#, r"\u0000".repeat(DEEP))),
        ),
    ];
    let mut client = Client::h1(&pki, server.address()).await;
    for (what, object) in table {
        let body = format!(
            r#"{{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{{"uid":"u",
                "resource":{{"group":"image.openshift.io","version":"v1","resource":"imagestreams"}},
                "namespace":"snow","name":"app","operation":"CREATE","object":{object}}}}}"#
        );
        let answer = client.post(body.into_bytes()).await.unwrap();
        assert_eq!(answer.status, StatusCode::OK, "{what}: {}", answer.text());
        let response = &answer.json()["response"];
        assert_eq!(response["allowed"], json!(true), "{what}");
        assert_eq!(response["patch"], Value::Null, "{what}");
    }
    let to = json!({"kind": "DockerImage", "name": "docker.io/ably77/python-lyapp:latest"});
    let good = request("build.openshift.io", "buildconfigs", &build_config(&to));
    assert_eq!(review(&pki, &server, good).await["allowed"], json!(true));
}
