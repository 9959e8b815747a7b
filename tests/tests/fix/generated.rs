//! Many plausible objects.

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::TestRunner;
use serde_json::{Map, Value, json};

const DIGEST: &str = "sha256:260ec32ed3a78588a61b5c6723f7f834e3455dfc285e713e36873c4eefe52590";

/// This number of objects, the same in every run.
pub(crate) fn objects(count: usize) -> Vec<Value> {
    let mut runner = TestRunner::deterministic();
    let strategy = prop_oneof![stream(), build()];
    (0..count)
        .map(|number| {
            let mut object = strategy.new_tree(&mut runner).unwrap().current();
            object["metadata"]["name"] = json!(format!("g{number}"));
            object
        })
        .collect()
}

fn image() -> impl Strategy<Value = Value> {
    let docker = select(vec![
        "docker.io/ably77/app:v1".to_owned(),
        "acme/app".to_owned(),
        "nginx".to_owned(),
        "index.docker.io/acme/app:v1".to_owned(),
        "quay.io/acme/app".to_owned(),
        "ghcr.io/acme/app".to_owned(),
        format!("docker.io/acme/app@{DIGEST}"),
        "image-registry.openshift-image-registry.svc:5000/snow/app".to_owned(),
        "Acme/app".to_owned(),
        "docker.io/${ORG}/app".to_owned(),
        "https://docker.io/acme/app".to_owned(),
        String::new(),
    ])
    .prop_map(|name| json!({"kind": "DockerImage", "name": name}));
    let other = select(vec![
        json!({"kind": "ImageStreamTag", "name": "app:v1"}),
        json!({"kind": "ImageStreamImage", "name": "app@sha256:0"}),
        json!({"name": "app"}),
    ]);
    prop_oneof![4 => docker, 1 => other]
}

fn metadata() -> impl Strategy<Value = Value> {
    let labels = select(vec![
        json!({}),
        json!({"labels": {"team": "a"}}),
        json!({"labels": {"extreg.io/ignore": "true"}}),
    ]);
    let namespace = select(vec![None, Some("snow"), Some("openshift"), Some("rain")]);
    (labels, namespace).prop_map(|(mut metadata, namespace)| {
        if let Some(namespace) = namespace {
            metadata["namespace"] = json!(namespace);
        }
        metadata
    })
}

fn stream() -> BoxedStrategy<Value> {
    let policy = select(vec![
        None,
        Some(json!(null)),
        Some(json!({})),
        Some(json!({"scheduled": false})),
        Some(json!({"scheduled": true})),
        Some(json!({"importMode": "PreserveOriginal", "insecure": true})),
    ]);
    let tag = (
        "[a-c]{1,2}",
        proptest::option::of(image()),
        policy,
        0..8,
        0..8,
    )
        .prop_map(|(name, from, policy, reference, opts_out)| {
            let mut tag = Map::new();
            tag.insert("name".to_owned(), json!(name));
            tag.extend(from.map(|from| ("from".to_owned(), from)));
            tag.extend(policy.map(|policy| ("importPolicy".to_owned(), policy)));
            if reference == 0 {
                tag.insert("reference".to_owned(), json!(true));
            }
            if opts_out == 0 {
                let annotations = json!({"extreg.io/scheduled": "false"});
                tag.insert("annotations".to_owned(), annotations);
            }
            Value::Object(tag)
        });
    (metadata(), proptest::collection::vec(tag, 0..4))
        .prop_map(|(metadata, tags)| {
            json!({
                "apiVersion": "image.openshift.io/v1", "kind": "ImageStream",
                "metadata": metadata, "spec": {"tags": tags},
            })
        })
        .boxed()
}

fn build() -> BoxedStrategy<Value> {
    let secret = select(vec![
        None,
        Some(json!(null)),
        Some(json!({})),
        Some(json!({"name": "mine"})),
    ]);
    let kind = select(vec!["BuildConfig", "Build"]);
    (metadata(), kind, proptest::option::of(image()), secret)
        .prop_map(|(metadata, kind, to, secret)| {
            let mut output = Map::new();
            output.extend(to.map(|to| ("to".to_owned(), to)));
            output.extend(secret.map(|secret| ("pushSecret".to_owned(), secret)));
            json!({
                "apiVersion": "build.openshift.io/v1", "kind": kind, "metadata": metadata,
                "spec": {"strategy": {"dockerStrategy": {}}, "output": output},
            })
        })
        .boxed()
}
