//! Properties of every object, policy and state of the cluster.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a test panics to fail"
)]

use std::sync::Arc;

use extreg_core::engine::Engine;
use extreg_core::facts::{Known, StreamFact, StreamRead};
use extreg_core::object::{Resource, Subject};
use extreg_core::policy::{Mode, PolicySet};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::world::{World, Write};

fn image() -> impl Strategy<Value = String> {
    let host = prop::sample::select(vec![
        "",
        "docker.io/",
        "index.docker.io/",
        "registry-1.docker.io/",
        "quay.io/",
        "DOCKER.IO/",
        "docker.io.evil.com/",
        "image-registry.openshift-image-registry.svc:5000/",
        "${REG}/",
    ]);
    let path = prop::sample::select(vec!["app", "u/app", "U/app", "u/App", "a/b/c", "", "*"]);
    let tail = prop::sample::select(vec![
        "",
        ":v1",
        "@sha256:ffcc67d19dc72d461dce80cd03262d00e2c92e1ad13c52a73cc6d564976071cc",
        ":",
    ]);
    (host, path, tail).prop_map(|(host, path, tail)| format!("{host}{path}{tail}"))
}

fn reference() -> impl Strategy<Value = Value> {
    let kind = prop::sample::select(vec![
        "DockerImage",
        "DockerImage",
        "DockerImage",
        "ImageStreamTag",
        "ImageStreamImage",
        "",
        "X",
    ]);
    prop_oneof![
        1 => Just(Value::Null),
        9 => (kind, image()).prop_map(|(kind, name)| json!({"kind": kind, "name": name})),
    ]
}

fn import_policy() -> impl Strategy<Value = Option<Value>> {
    prop::sample::select(vec![
        None,
        Some(Value::Null),
        Some(json!({})),
        Some(json!({"importMode": "Legacy"})),
        Some(json!({"scheduled": true})),
        Some(json!({"scheduled": false, "insecure": true})),
    ])
}

fn tag() -> impl Strategy<Value = Value> {
    let name = prop::sample::select(vec!["a", "b", "latest"]);
    let annotations = prop::sample::select(vec![
        Value::Null,
        json!({}),
        json!({"extreg.io/scheduled": "false"}),
        json!({"x": "y"}),
    ]);
    (
        name,
        reference(),
        any::<bool>(),
        annotations,
        import_policy(),
    )
        .prop_map(|(name, from, reference, annotations, policy)| {
            let mut tag = json!({"name": name, "from": from, "annotations": annotations});
            if reference {
                tag["reference"] = json!(true);
            }
            if let Some(policy) = policy {
                tag["importPolicy"] = policy;
            }
            tag
        })
}

fn import_item() -> impl Strategy<Value = Value> {
    let to = prop::sample::select(vec![Value::Null, json!({"name": "a"}), json!({"name": ""})]);
    (reference(), to, import_policy()).prop_map(|(from, to, policy)| {
        let mut item = json!({"from": from, "to": to});
        if let Some(policy) = policy {
            item["importPolicy"] = policy;
        }
        item
    })
}

fn secret() -> impl Strategy<Value = Value> {
    prop::sample::select(vec![
        Value::Null,
        Value::Null,
        json!({}),
        json!({"name": "mine"}),
    ])
}

fn build() -> impl Strategy<Value = Value> {
    let strategy = prop::sample::select(vec!["dockerStrategy", "sourceStrategy", "customStrategy"]);
    (
        reference(),
        secret(),
        strategy,
        reference(),
        secret(),
        reference(),
    )
        .prop_map(|(to, push, strategy, base, pull, source)| {
            json!({"spec": {
                "output": {"to": to, "pushSecret": push},
                "strategy": {strategy: {"from": base, "pullSecret": pull}},
                "source": {"images": [{"from": source}, {}, {"from": base}]},
            }})
        })
}

pub(crate) fn object() -> impl Strategy<Value = (Resource, Value)> {
    prop_oneof![
        build().prop_map(|build| (Resource::BuildConfigs, build)),
        build().prop_map(|build| (Resource::Builds, build)),
        prop::collection::vec(tag(), 0..4)
            .prop_map(|tags| (Resource::ImageStreams, json!({"spec": {"tags": tags}}))),
        tag().prop_map(|tag| (Resource::ImageStreamTags, json!({"tag": tag}))),
        tag().prop_map(|tag| (Resource::ImageTags, json!({"spec": tag}))),
        (
            any::<bool>(),
            prop::collection::vec(import_item(), 0..4),
            import_item()
        )
            .prop_map(|(import, images, repository)| {
                let spec = json!({"import": import, "images": images, "repository": repository});
                (Resource::ImageStreamImports, json!({"spec": spec}))
            }),
    ]
}

pub(crate) fn world() -> impl Strategy<Value = World> {
    let policy = prop::sample::select(vec![
        r#"{"registry":"docker.io","push":{"secretName":"dockerhub"},"pull":{"secretName":"dockerhub"},"import":{"scheduled":true}}"#,
        r#"{"registry":"docker.io","mode":"Warn","push":{"secretName":"dockerhub"},"import":{"scheduled":true}}"#,
        r#"{"registry":"quay.io","repositories":["u/*"],"push":{"secretName":"dockerhub","target":"Build"},"import":{"scheduled":true}}"#,
        r#"{"registry":"docker.io","namespaceSelector":{"matchLabels":{"team":"a"}},"import":{"scheduled":true}}"#,
    ]);
    let keys = prop::sample::select(vec![None, Some(vec!["docker.io"]), Some(vec!["quay.io"])]);
    let stream = prop_oneof![
        Just(None),
        prop::collection::vec(tag(), 0..3)
            .prop_map(|tags| Some(json!({"spec": {"tags": tags}}).to_string())),
    ];
    (policy, keys, any::<[bool; 4]>(), stream).prop_map(
        |(policy, keys, [known, link, team, read], stream)| {
            let mut world = World::policy(policy);
            if known {
                world = world.secret(keys.as_deref());
            }
            if link {
                world = world.builder(&["hub2"]);
            }
            if team {
                world = world.labels(&[("team", "a")]);
            }
            world.stream = match stream {
                _ if !read => StreamRead::Failed,
                None => StreamRead::Absent,
                Some(json) => {
                    StreamRead::Present(Arc::new(StreamFact::parse(json.as_bytes()).unwrap()))
                }
            };
            world
        },
    )
}

/// Any JSON at all, in the places that are read.
fn junk() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "\\PC{0,8}".prop_map(Value::from),
        image().prop_map(Value::from),
    ];
    let key = prop::sample::select(vec![
        "spec",
        "tag",
        "tags",
        "output",
        "to",
        "from",
        "kind",
        "name",
        "importPolicy",
        "scheduled",
        "images",
        "repository",
        "import",
        "metadata",
        "labels",
        "annotations",
        "strategy",
        "dockerStrategy",
        "pushSecret",
        "source",
        "status",
    ]);
    leaf.prop_recursive(6, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Generated objects of each property; `EXTREG_CASES=1000000` sets the number for a release.
pub(crate) fn cases() -> ProptestConfig {
    let asked = std::env::var("EXTREG_CASES").ok();
    let cases = asked.and_then(|cases| cases.parse().ok()).unwrap_or(2_000);
    ProptestConfig {
        cases,
        ..ProptestConfig::default()
    }
}

proptest! {
    #![proptest_config(cases())]

    /// The patch applies, keeps all existing fields, and the second run changes nothing
    /// (`World::outcome` asserts it), for a creation and for an update of something else.
    #[test]
    fn a_patch_applies_once((resource, new) in object(), (other, old) in object(), world in world()) {
        let (new, old) = (new.to_string(), old.to_string());
        world.outcome(&Write::create(resource, &new));
        if other == resource && resource != Resource::ImageStreamImports {
            world.outcome(&Write::update(resource, &old, &new));
        }
    }

    /// An update that changes nothing is never patched.
    #[test]
    fn an_unchanged_object_gets_no_patch((resource, object) in object(), world in world()) {
        let object = object.to_string();
        if resource != Resource::ImageStreamImports {
            let write = Write::update(resource, &object, &object);
            world.with(&write, |verdict| assert_eq!(verdict.patch(), None));
        }
    }

    /// A mode below `Enforce` changes nothing, and no warning is longer than 120 bytes.
    #[test]
    fn only_enforce_changes((resource, object) in object(), mode in prop::sample::select(vec![Mode::Off, Mode::Audit, Mode::Warn])) {
        let world = World { policies: PolicySet::builtin(mode), ..World::default() };
        let object = object.to_string();
        world.with(&Write::create(resource, &object), |verdict| {
            assert_eq!(verdict.patch(), None);
            assert!(verdict.warnings().iter().all(|warning| warning.len() <= 120));
        });
    }

    /// For any content of an object, reading and deciding do not panic.
    #[test]
    fn invalid_values_do_not_panic(object in junk(), labels in any::<bool>()) {
        let json = object.to_string();
        let mut world = World::default();
        if labels {
            world.namespace.labels = Known::Known(Arc::default());
        }
        for resource in Resource::ALL {
            if let Ok(subject) = Subject::of_object(resource, &json) {
                let facts = world.facts();
                let verdict = Engine.evaluate(&subject, &facts);
                if let Some(patch) = verdict.patch() {
                    let mut object = object.clone();
                    json_patch::patch(&mut object, &patch.to_patch().unwrap()).unwrap();
                }
            }
        }
    }
}
