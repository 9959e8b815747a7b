//! Any content of an object is read or rejected.

use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::Origin;
use extreg_snapshot::read::{ReadOptions, Reader};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::{kind_of, yaml};

/// Any JSON, often with names that mean something.
fn junk() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        Just(String::new()),
        Just("DockerImage".to_owned()),
        Just("${A}/${{B".to_owned()),
        Just("FROM $A${B:-x}\\\nRUN <<E".to_owned()),
        Just("[{\"from\":{},\"fieldPath\":\"spec.template.spec.containers[\"}]".to_owned()),
        any::<String>(),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("metadata"),
        Just("spec"),
        Just("status"),
        Just("name"),
        Just("containers"),
        Just("image"),
        Just("tags"),
        Just("from"),
        Just("output"),
        Just("to"),
        Just("kind"),
        Just("annotations"),
        Just("data"),
        Just(".dockercfg"),
        Just("type"),
        Just("template"),
    ];
    leaf.prop_recursive(5, 40, 6, move |inner| {
        let object = prop::collection::vec((name.clone(), inner.clone()), 0..6);
        let object = object.prop_map(|members| {
            let members = members.into_iter().map(|(k, v)| (k.to_owned(), v));
            Value::Object(members.collect::<Map<_, _>>())
        });
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::Array),
            object
        ]
    })
}

fn read_and_finish(kind: Kind, json: &str) {
    let mut reader = Reader::new(ReadOptions::default());
    if reader.read(kind, json, Origin::Cluster, "shop").is_ok() {
        let snapshot = reader.finish(String::new());
        assert_eq!(snapshot.coverage.objects(), 1);
    }
}

/// The number of values in a value, including itself.
fn size(value: &Value) -> usize {
    match value {
        Value::Array(items) => 1 + items.iter().map(size).sum::<usize>(),
        Value::Object(members) => 1 + members.values().map(size).sum::<usize>(),
        _ => 1,
    }
}

/// Replaces the value with this number by `junk`.
fn put_value(value: &mut Value, number: &mut usize, junk: &Value) {
    if *number == 0 {
        *value = junk.clone();
        *number = usize::MAX;
        return;
    }
    *number -= 1;
    match value {
        Value::Array(items) => items
            .iter_mut()
            .for_each(|item| put_value(item, number, junk)),
        Value::Object(members) => members
            .values_mut()
            .for_each(|item| put_value(item, number, junk)),
        _ => {}
    }
}

fn samples() -> Vec<Value> {
    let more = json!({"apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/dockercfg",
        "metadata": {"name": "s"}, "data": {".dockercfg": "e30="}});
    let webhook = json!({"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration",
        "metadata": {"name": "extreg-webhook"}, "webhooks": [{"clientConfig": {"caBundle": "LS0t"},
        "rules": [{"apiGroups": ["a"], "resources": ["b"]}]}]});
    let images = json!({"apiVersion": "config.openshift.io/v1", "kind": "Image", "metadata": {"name": "cluster"},
        "spec": {"registrySources": {"allowedRegistries": ["a"]}}, "status": {"internalRegistryHostname": "a"}});
    let mirrors = json!({"apiVersion": "config.openshift.io/v1", "kind": "ImageDigestMirrorSet",
        "spec": {"imageDigestMirrors": [{"source": "a", "mirrors": ["b"]}]}});
    let policy = json!({"apiVersion": "extreg.io/v1alpha1", "kind": "RegistryPolicy", "metadata": {"name": "p"},
        "spec": {"registry": "quay.io", "repositories": ["a/*"]}});
    let mut samples = yaml(include_str!("../data/fields.yaml"));
    samples.extend([more, webhook, images, mirrors, policy]);
    samples
}

proptest! {
    #[test]
    fn junk_is_read_or_refused(value in junk(), kind in prop::sample::select(Kind::ALL.to_vec())) {
        read_and_finish(kind, &value.to_string());
    }

    #[test]
    fn invalid_json_is_rejected(text in "[{}\\[\\]\",:a-z0-9]{0,40}", kind in prop::sample::select(Kind::ALL.to_vec())) {
        read_and_finish(kind, &text);
    }

    #[test]
    fn an_object_with_one_invalid_value_is_read_or_rejected(
        index in any::<prop::sample::Index>(),
        number in any::<prop::sample::Index>(),
        junk in junk(),
    ) {
        let samples = samples();
        let mut object = samples[index.index(samples.len())].clone();
        let kind = kind_of(&object).unwrap();
        let mut number = number.index(size(&object));
        put_value(&mut object, &mut number, &junk);
        read_and_finish(kind, &object.to_string());
    }
}
