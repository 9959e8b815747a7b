//! Server-side dry runs: the webhook's changes never cause a refusal, and a dry run persists nothing.

use std::collections::{BTreeMap, BTreeSet};

use extreg_tests::{Options, WebhookServer};
use kube::api::{Api, ApiResource, DynamicObject, GroupVersionKind, PostParams};
use serde_json::{Value, json};

use crate::support::{Cluster, stream};

fn image(name: &str) -> Value {
    json!({"kind": "DockerImage", "name": name})
}

/// Images with each possible decision, and invalid images.
fn references() -> Vec<Value> {
    let mut all: Vec<Value> = [
        "docker.io/acme/app:v1",
        "acme/app",
        "index.docker.io/acme/app@sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc",
        "quay.io/acme/app",
        "docker.io.evil.com/acme/app",
        "docker.io/Acme/App:v1",
        "${REGISTRY}/acme/app",
        "",
        "docker.io/acme/app:",
    ]
    .map(image)
    .to_vec();
    all.extend([
        Value::Null,
        json!({}),
        json!({"name": "docker.io/acme/app"}),
        json!({"kind": "ImageStreamTag", "name": "app:v1"}),
        json!({"kind": "ImageStreamImage", "name": "app@sha256:00"}),
        json!({"kind": "Unknown", "name": "docker.io/acme/app"}),
        json!({"kind": "DockerImage", "name": 5}),
        json!("docker.io/acme/app"),
        json!([]),
    ]);
    all
}

/// Builds, BuildConfigs and ImageStreams with each image in each field, complete or not.
fn objects() -> Vec<Value> {
    let mut all = Vec::new();
    let mut add = |kind: &str, spec: Value| {
        let group = if kind == "ImageStream" {
            "image"
        } else {
            "build"
        };
        let name = format!("o{}", all.len());
        all.push(json!({
            "apiVersion": format!("{group}.openshift.io/v1"), "kind": kind,
            "metadata": {"name": name}, "spec": spec,
        }));
    };
    let secrets = [
        Value::Null,
        json!({}),
        json!({"name": "mine"}),
        json!("mine"),
    ];
    for (number, reference) in references().into_iter().enumerate() {
        let secret = &secrets[number % secrets.len()];
        let strategy = ["dockerStrategy", "sourceStrategy", "customStrategy"][number % 3];
        for kind in ["BuildConfig", "Build"] {
            add(kind, json!({"output": {"to": reference}}));
            add(
                kind,
                json!({"output": {"to": reference, "pushSecret": secret}, "strategy": {strategy: null}}),
            );
            add(
                kind,
                json!({
                    "output": {"to": image("docker.io/acme/app")},
                    "strategy": {strategy: {"from": reference, "pullSecret": secret}},
                    "source": {"images": [{"from": reference, "paths": null}]},
                    "triggers": null,
                }),
            );
        }
        let policies = [
            Value::Null,
            json!({}),
            json!({"scheduled": false}),
            json!({"scheduled": "yes"}),
            json!([]),
        ];
        for policy in policies {
            add(
                "ImageStream",
                json!({"tags": [
                    {"name": "a", "from": reference, "importPolicy": policy},
                    {"name": "b", "from": image("docker.io/acme/app:b"), "annotations": null, "generation": null},
                ]}),
            );
        }
    }
    for spec in [
        Value::Null,
        json!({}),
        json!([]),
        json!({"tags": null}),
        json!({"tags": {}}),
        json!({"tags": [null]}),
        json!({"output": null, "strategy": null, "source": null}),
        json!({"output": [], "source": {"images": [null, {}]}}),
    ] {
        for kind in ["BuildConfig", "Build", "ImageStream"] {
            add(kind, spec.clone());
        }
    }
    all
}

/// The API server's result for an object in a dry run: the object, or the error.
async fn dry_run(client: &kube::Client, namespace: &str, object: &Value) -> Result<Value, String> {
    let kind = object["kind"].as_str().unwrap();
    let group = if kind == "ImageStream" {
        "image"
    } else {
        "build"
    };
    let gvk = GroupVersionKind::gvk(&format!("{group}.openshift.io"), "v1", kind);
    let api: Api<DynamicObject> =
        Api::namespaced_with(client.clone(), namespace, &ApiResource::from_gvk(&gvk));
    let object: DynamicObject = serde_json::from_value(object.clone()).unwrap();
    let params = PostParams {
        dry_run: true,
        ..PostParams::default()
    };
    match api.create(&params, &object).await {
        Ok(stored) => Ok(stored.data["spec"].clone()),
        Err(kube::Error::Api(status)) => Err(format!("{} {}", status.code, status.message)),
        Err(error) => panic!("{error}"),
    }
}

/// The parts of a refusal: the API server lists several in random order.
fn parts(message: &str) -> Vec<&str> {
    let mut parts: Vec<&str> = message.split(['[', ']', ',']).map(str::trim).collect();
    parts.sort_unstable();
    parts
}

/// The object without the fields that the webhook sets.
fn without_ours(mut spec: Value) -> Value {
    fn drop_from(value: &mut Value) {
        match value {
            Value::Object(members) => {
                members.retain(|name, _| {
                    !["pushSecret", "pullSecret", "importPolicy"].contains(&name.as_str())
                });
                members.values_mut().for_each(drop_from);
            }
            Value::Array(items) => items.iter_mut().for_each(drop_from),
            _ => {}
        }
    }
    drop_from(&mut spec);
    spec
}

#[tokio::test]
async fn no_object_is_refused_because_of_the_webhook() {
    let cluster = Cluster::start().await;
    cluster.project("with", &json!({}));
    cluster.project("without", &json!({"extreg.io/ignore": "true"}));
    let server = WebhookServer::start(cluster.plane.kubeconfig(), &[]).unwrap();
    // A failing expression of the configuration would be a refusal, too.
    cluster
        .install(&server, "--mode enforce --failure-policy fail")
        .await;
    let client = cluster.plane.client().await.unwrap();
    let (mut changed, mut refused, mut unchanged) = (0, 0, 0);
    for object in objects() {
        let with = dry_run(&client, "with", &object).await;
        let without = dry_run(&client, "without", &object).await;
        match (with, without) {
            (Ok(with), Ok(without)) if with == without => unchanged += 1,
            (Ok(with), Ok(without)) => {
                assert_eq!(without_ours(with), without_ours(without), "{object}");
                changed += 1;
            }
            (Err(with), Err(without)) => {
                // An expression cannot read a list in place of `spec`; the object is refused without the webhook as
                // well.
                if !with.contains("resulted in error") {
                    assert_eq!(parts(&with), parts(&without), "{object}");
                }
                refused += 1;
            }
            (with, without) => panic!("{object}\nwith the webhook: {with:?}\nwithout: {without:?}"),
        }
    }
    assert!(
        changed >= 50 && refused >= 20 && unchanged >= 20,
        "{changed} changed, {unchanged} unchanged, {refused} refused"
    );
}

/// Every series of the webhook with its value.
fn series(server: &WebhookServer) -> BTreeMap<String, f64> {
    let metrics = server.metrics().unwrap();
    let lines = metrics.lines().filter(|line| !line.starts_with('#'));
    lines
        .map(|line| {
            let (name, value) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), value.parse().unwrap())
        })
        .collect()
}

/// The names of the metrics that are counters or histograms, by their types.
fn counting(server: &WebhookServer) -> BTreeSet<String> {
    let metrics = server.metrics().unwrap();
    let types = metrics
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE "));
    types
        .filter_map(|line| {
            let (name, kind) = line.split_once(' ')?;
            ["counter", "histogram"]
                .contains(&kind)
                .then(|| name.to_owned())
        })
        .collect()
}

/// The requests of a user to the API server that do not only read, as `VERB RESOURCE`.
fn writes(events: &[Value], by: &str) -> BTreeSet<String> {
    let is_write = |event: &&Value| {
        event["user"]["username"] == by
            && !["get", "list", "watch"]
                .iter()
                .any(|verb| event["verb"] == *verb)
    };
    let of = |event: &Value, field: &str| event[field].as_str().unwrap_or_default().to_owned();
    let name = |event: &Value| {
        let object = &event["objectRef"];
        format!(
            "{} {}/{}",
            of(event, "verb"),
            of(object, "resource"),
            of(object, "subresource")
        )
    };
    events.iter().filter(is_write).map(name).collect()
}

#[tokio::test]
async fn dry_run_changes_only_counters() {
    let cluster = Cluster::with(Options::default().audit_log()).await;
    cluster.project("snow", &json!({}));
    // A separate account, to distinguish it from the test.
    let account = cluster
        .plane
        .user("the-webhook", &["system:masters"])
        .unwrap();
    let server = WebhookServer::start(&account, &[]).unwrap();
    cluster.install(&server, "--mode enforce").await;
    let everything = || {
        let kinds =
            "buildconfigs,builds,imagestreams,events,secrets,configmaps,serviceaccounts,leases";
        let list = cluster.get(&format!("{kinds} -n snow"));
        let items = list["items"].as_array().cloned().unwrap_or_default();
        let of = |item: &Value| format!("{} {}", item["kind"], item["metadata"]["resourceVersion"]);
        items.iter().map(of).collect::<Vec<_>>()
    };
    let known = r#"extreg_facts_known{source="namespaces"}"#;
    while series(&server).get(known) != Some(&1.0) {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let (before, counted) = (everything(), series(&server));
    let seen = cluster.plane.audit_events().unwrap().len();

    for number in 0..5 {
        let created = cluster.kubectl(
            "create --dry-run=server -o json -f -",
            &stream("snow", &format!("dry-{number}")),
        );
        assert!(created.contains(r#""scheduled": true"#), "{created}");
    }

    assert_eq!(everything(), before);
    // Its Lease and the status of policies are updated continuously, independent of requests.
    let events = cluster.plane.audit_events().unwrap();
    let mut written = writes(&events[seen..], "the-webhook");
    written.retain(|write| {
        !write.ends_with(" leases/") && !write.ends_with(" registrypolicies/status")
    });
    assert_eq!(written, BTreeSet::new());
    // This is the right account: it did read.
    assert!(
        events
            .iter()
            .any(|event| event["user"]["username"] == "the-webhook")
    );

    let counting = counting(&server);
    // Gauges of watches, of the requests for metrics and of the process change continuously.
    let goes_on = ["extreg_facts_", "extreg_connections", "process_"];
    let mut more = BTreeSet::new();
    for (name, value) in series(&server) {
        if counted.get(&name) == Some(&value) || goes_on.iter().any(|other| name.starts_with(other))
        {
            continue;
        }
        let metric = name.split('{').next().unwrap();
        let base = ["_total", "_bucket", "_count", "_sum"]
            .iter()
            .find_map(|ending| metric.strip_suffix(ending))
            .unwrap_or(metric);
        assert!(
            counting.contains(base) || counting.contains(metric),
            "{name} is now {value}"
        );
        assert!(
            counted.get(&name).is_none_or(|before| *before < value),
            "{name}"
        );
        more.insert(metric.to_owned());
    }
    assert!(!more.is_empty());
}
