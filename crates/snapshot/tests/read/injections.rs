//! The webhook's decisions: the engine's own answer, in any order of reading.

use extreg_snapshot::InjectionOutcome;
use extreg_snapshot::coverage::{Gap, GapReason, GapSubject};
use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::Origin;
use extreg_snapshot::read::{ReadOptions, Reader};
use serde_json::{Value, json};

use super::{kind_of, yaml};

const OUTSIDE: &str = r#"
apiVersion: build.openshift.io/v1
kind: BuildConfig
metadata: {name: b, namespace: shop}
spec: {output: {to: {kind: ImageStreamTag, name: "s:1"}}}
"#;

/// The decision on the first place, with its warnings.
fn described(mut reader: Reader, objects: &[Value]) -> Vec<String> {
    for object in objects {
        let kind = kind_of(object).unwrap();
        reader
            .read(kind, &object.to_string(), Origin::Cluster, "")
            .unwrap();
    }
    let snapshot = reader.finish(String::new());
    let place = &snapshot.injections[0];
    let mut said = vec![place.words.to_string()];
    said.extend(place.warnings.iter().cloned());
    said
}

fn new() -> Reader {
    Reader::new(ReadOptions::default())
}

fn listed(kinds: &[Kind]) -> Reader {
    let mut reader = new();
    for kind in kinds {
        reader.listed(*kind, "shop");
    }
    reader
}

#[test]
fn stream_can_follow_the_build_that_needs_it() {
    let build = yaml(OUTSIDE);
    let stream = json!({"apiVersion": "v1", "kind": "ImageStream", "metadata": {"name": "s", "namespace": "shop"},
        "status": {"dockerImageRepository": "docker.io/acme/s"}});
    let unread = "unchanged: the ImageStream could not be read";
    let mut refused = new();
    refused.coverage_mut().gaps.insert(Gap {
        what: GapSubject::List {
            kind: Kind::ImageStream,
            namespace: "shop".into(),
        },
        why: GapReason::Forbidden,
        message: String::new(),
    });
    for (reader, objects, want) in [
        (
            new(),
            vec![build[0].clone(), stream.clone()],
            vec!["set to {name: dockerhub}"],
        ),
        (
            new(),
            vec![stream, build[0].clone()],
            vec!["set to {name: dockerhub}"],
        ),
        (new(), build.clone(), vec![unread]),
        (
            refused,
            build.clone(),
            vec![
                unread,
                "extreg: unchanged: ImageStream s could not be read in time",
            ],
        ),
        (
            listed(&[Kind::ImageStream]),
            build,
            vec!["unchanged: no policy matches the image here"],
        ),
    ] {
        assert_eq!(described(reader, &objects), want);
    }
}

#[test]
fn secrets_and_accounts_count_where_they_are_known() {
    let build = json!({"apiVersion": "v1", "kind": "BuildConfig", "metadata": {"name": "b", "namespace": "shop"},
        "spec": {"output": {"to": {"kind": "DockerImage", "name": "docker.io/acme/b"}}}});
    let secret = |kind: &str, config: &str| {
        json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "dockerhub", "namespace": "shop"},
            "type": kind, "stringData": {".dockerconfigjson": config}})
    };
    let docker = "kubernetes.io/dockerconfigjson";
    let account = json!({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "builder", "namespace": "shop"},
        "imagePullSecrets": [{"name": "other"}]});
    let set = "set to {name: dockerhub}";
    let missing = [
        set,
        "extreg: secret dockerhub does not exist: builds remain Pending until you create it",
        "extreg: oc create secret docker-registry dockerhub -n shop --docker-server=https://index.docker.io/v1/ …",
    ];
    let no_key = [
        set,
        "extreg: secret dockerhub has no key for the image, the push will fail",
        "extreg: add the key https://index.docker.io/v1/ to it",
    ];
    let linked = [
        "unchanged: OpenShift can find another secret of the build's account",
        "extreg: push secret dockerhub not set: it does not exist",
        "extreg: OpenShift selects a push secret of service account builder",
    ];
    let all = [Kind::Secret, Kind::ServiceAccount];
    for (reader, more, want) in [
        (new(), vec![], vec![set]),
        (listed(&all), vec![], missing.to_vec()),
        (listed(&all), vec![account.clone()], linked.to_vec()),
        (listed(&[]), vec![account], vec![set]),
        (
            new(),
            vec![secret(docker, r#"{"auths":{"docker.io":{"auth":"dTpw"}}}"#)],
            vec![set],
        ),
        (
            new(),
            vec![secret(docker, r#"{"auths":{"quay.io":{}}}"#)],
            no_key.to_vec(),
        ),
        (new(), vec![secret("Opaque", "")], no_key.to_vec()),
        (
            listed(&all),
            vec![secret(docker, "9 bytes long")],
            vec![set],
        ),
    ] {
        let objects = [vec![build.clone()], more].concat();
        assert_eq!(described(reader, &objects), want, "{objects:?}");
    }
}

#[test]
fn labels_of_the_namespace_and_modes_decide() {
    let stream = json!({"apiVersion": "v1", "kind": "ImageStream", "metadata": {"name": "s", "namespace": "shop"},
        "spec": {"tags": [{"name": "t", "from": {"kind": "DockerImage", "name": "quay.io/a/b"}}]}});
    let namespace = |labels: Value| json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": labels}});
    let policy = json!({"apiVersion": "extreg.io/v1alpha1", "kind": "RegistryPolicy", "metadata": {"name": "q"},
        "spec": {"registry": "quay.io", "mode": "Warn", "import": {"scheduled": true},
        "namespaceSelector": {"matchLabels": {"team": "a"}}}});
    for (more, want) in [
        (
            vec![namespace(json!({"team": "a"}))],
            vec![
                "mode Warn: would be set to true",
                "extreg: policy q (Warn) would set spec.tags[0].importPolicy.scheduled to true",
            ],
        ),
        (
            vec![namespace(json!({}))],
            vec!["unchanged: no policy matches the image here"],
        ),
        (
            vec![],
            vec![
                "unchanged: the namespace labels are unknown",
                "extreg: policy q not applied: the namespace labels are unknown",
            ],
        ),
        (
            vec![namespace(json!({"team": "a", "extreg.io/ignore": "true"}))],
            vec!["unchanged: opted out"],
        ),
    ] {
        let objects = [vec![stream.clone(), policy.clone()], more].concat();
        assert_eq!(described(new(), &objects), want);
    }
}

#[test]
fn the_webhooks_own_namespace_is_skipped() {
    let stream = json!({"metadata": {"name": "s"}, "spec": {"tags": [{"name": "t", "from":
        {"kind": "DockerImage", "name": "docker.io/a/b"}}]}});
    for (own, want) in [
        (
            "extreg-system",
            InjectionOutcome::Keeps(extreg_core::verdict::Reason::SystemNamespace),
        ),
        ("other", InjectionOutcome::Sets),
    ] {
        let mut reader = Reader::new(ReadOptions {
            own_namespace: Some(own.to_owned()),
            ..ReadOptions::default()
        });
        let json = stream.to_string();
        reader
            .read(Kind::ImageStream, &json, Origin::Cluster, "extreg-system")
            .unwrap();
        let snapshot = reader.finish(String::new());
        assert_eq!(snapshot.injections[0].outcome, want);
        assert_eq!(&*snapshot.injections[0].place.part, "t");
        assert_eq!(&*snapshot.streams[0].object.namespace, "extreg-system");
    }
}
