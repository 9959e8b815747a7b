//! Several readers and several sources: one snapshot, in any order.

use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::Origin;
use extreg_snapshot::read::{ReadOptions, Reader};
use serde_json::{Value, json};

use super::{kind_of, reader, yaml};

fn all() -> Vec<Value> {
    let cluster = yaml(include_str!("../data/cluster.yaml"));
    let fields = yaml(include_str!("../data/fields.yaml"));
    let all = cluster.into_iter().chain(fields);
    all.filter(|object| kind_of(object).is_some()).collect()
}

#[test]
fn merged_readers_equal_one_reader() {
    let objects = all();
    let whole = format!("{:?}", reader(&objects).finish(String::new()));
    for at in [0, 1, 7, objects.len() / 2, objects.len()] {
        let (first, second) = objects.split_at(at);
        let mut merged = reader(first);
        merged.merge(reader(second));
        assert_eq!(format!("{:?}", merged.finish(String::new())), whole);
        let mut swapped = reader(second);
        swapped.merge(reader(first));
        assert_eq!(format!("{:?}", swapped.finish(String::new())), whole);
    }
}

#[test]
fn the_facts_of_another_reader_are_known() {
    let mut one = Reader::new(ReadOptions::default());
    let mut two = Reader::new(ReadOptions::default());
    two.listed(Kind::MutatingWebhookConfiguration, "");
    two.coverage_mut().others.insert("configmap".to_owned(), 2);
    one.coverage_mut().others.insert("configmap".to_owned(), 1);
    one.merge(two);
    assert_eq!(one.coverage_mut().others["configmap"], 3);
    let webhook = one.finish(String::new()).cluster.webhook;
    assert!(matches!(webhook, extreg_core::facts::Known::Known(None)));
}

fn file(path: &str) -> Origin {
    Origin::File {
        path: path.into(),
        line: 1,
    }
}

/// A tree of `oc adm inspect` has a pod in the list of its namespace and in a separate file; a
/// file in addition to a cluster is the cluster's future state.
#[test]
fn one_object_is_read_once() {
    let uid = "88552cb9-0b35-41be-b719-c7c886dde652";
    let pod = |uid: &str| {
        json!({"metadata": {"name": "p", "namespace": "shop", "uid": uid},
            "spec": {"containers": [{"name": "c", "image": "quay.io/a/b"}]}})
        .to_string()
    };
    let again = "98552cb9-0b35-41be-b719-c7c886dde652";
    for (reads, want) in [
        (
            vec![(pod(uid), file("b")), (pod(uid), file("a"))],
            vec!["a:1"],
        ),
        (
            vec![(pod(uid), Origin::Cluster), (pod(""), file("a"))],
            vec!["a:1"],
        ),
        (
            vec![(pod(""), file("b")), (pod(""), file("a"))],
            vec!["a:1", "b:1"],
        ),
        (
            vec![(pod(uid), file("b")), (pod(again), file("a"))],
            vec!["a:1", "b:1"],
        ),
        (
            vec![(pod("x"), file("b")), (pod("x"), file("a"))],
            vec!["a:1", "b:1"],
        ),
    ] {
        let mut reader = Reader::new(ReadOptions::default());
        for (json, origin) in reads {
            reader.read(Kind::Pod, &json, origin, "").unwrap();
        }
        let snapshot = reader.finish(String::new());
        let places: Vec<_> = snapshot
            .uses
            .iter()
            .map(|u| u.place.origin.to_string())
            .collect();
        assert_eq!(places, want);
        assert_eq!(snapshot.coverage.objects(), want.len());
        assert_eq!(snapshot.workloads.len(), want.len());
    }
}
