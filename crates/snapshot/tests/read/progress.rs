//! The progress of objects on the way of an image.

use extreg_snapshot::kind::Kind;
use extreg_snapshot::place::Origin;
use extreg_snapshot::read::{Detail, ReadOptions, Reader};
use extreg_snapshot::{BuildProgress, PodRun, Snapshot};
use serde_json::{Value, json};

fn read(kind: Kind, object: &Value) -> Snapshot {
    let mut reader = Reader::new(ReadOptions {
        detail: Detail::Flows,
        ..ReadOptions::default()
    });
    let json = object.to_string();
    reader.read(kind, &json, Origin::Cluster, "snow").unwrap();
    reader.finish(String::new())
}

#[test]
fn a_build_has_a_number_and_times() {
    let build = json!({"metadata": {"name": "app-3", "namespace": "snow",
            "creationTimestamp": "2026-01-01T00:00:00Z",
            "annotations": {"openshift.io/build.number": "3", "x": "y"}},
        "spec": {"output": {"to": {"kind": "DockerImage", "name": "docker.io/u/a:v1"}}},
        "status": {"phase": "Complete", "output": {"to": {"imageDigest": "sha256:1"}}, "config": null,
            "completionTimestamp": "2026-01-01T00:01:00Z"}});
    let snapshot = read(Kind::Build, &build);
    let record = &snapshot.builds[0];
    let time = |text: &str| Some(text.parse().unwrap());
    let wanted = BuildProgress {
        created: time("2026-01-01T00:00:00Z"),
        completed: time("2026-01-01T00:01:00Z"),
        number: 3,
        started: 0,
    };
    assert_eq!(record.progress.as_deref(), Some(&wanted));
    assert!(snapshot.uses.is_empty() && snapshot.injections.is_empty());
}

#[test]
fn an_image_of_the_integrated_registry_is_an_output_as_written() {
    let image = "image-registry.openshift-image-registry.svc:5000/snow/app:v1";
    let config = json!({"metadata": {"name": "app"}, "status": {"lastVersion": 4},
        "spec": {"output": {"to": {"kind": "DockerImage", "name": image}}}});
    let record = &read(Kind::BuildConfig, &config).builds[0];
    assert_eq!(&*record.pushes_to, image);
    assert_eq!(record.progress.as_ref().unwrap().started, 4);
}

#[test]
fn absent_and_null_fields_are_unknown() {
    for object in [
        json!({"metadata": {"name": "a"}}),
        json!({"metadata": {"name": "a", "annotations": null, "generation": null,
            "creationTimestamp": null}, "spec": null, "status": null}),
        json!({"metadata": {"name": "a", "creationTimestamp": "yesterday"}, "status": {"tags": null,
            "conditions": null, "completionTimestamp": null, "replicas": null}}),
    ] {
        let progress = read(Kind::Build, &object).builds[0].progress.clone();
        let progress = progress.unwrap();
        assert_eq!((progress.created, progress.number), (None, 0), "{object}");
        assert!(read(Kind::ImageStream, &object).streams[0].tags.is_empty());
        let rollout = read(Kind::Deployment, &object).workloads[0].rollout.clone();
        assert_eq!(rollout.unwrap().wanted, Some(1), "{object}");
        assert!(read(Kind::Pod, &object).workloads.is_empty(), "{object}");
    }
}

#[test]
fn the_last_images_of_a_tag_are_kept() {
    let item = |n: i64| {
        json!({"image": format!("sha256:{n}"), "generation": n,
        "dockerImageReference": format!("u/a@sha256:{n}"), "created": "2026-01-01T00:00:00Z"})
    };
    let items: Vec<Value> = (1..=7).rev().map(item).collect();
    let stream = json!({"metadata": {"name": "app", "annotations": {
            "openshift.io/image.dockerRepositoryCheck": "2026-01-02T00:00:00Z"}},
        "spec": {"tags": [
            {"name": "latest", "from": {"kind": "DockerImage", "name": "u/a:latest"}, "generation": 9},
            {"name": "named", "reference": true, "from": {"kind": "DockerImage", "name": "u/b:1"}}]},
        "status": {"tags": [
            {"tag": "latest", "items": items, "conditions": [{"type": "ImportSuccess", "status": "False",
                "generation": 8, "reason": "NotFound"}]},
            {"tag": "named", "items": [{"dockerImageReference": "u/b:1", "image": ""}]},
            {"tag": "pushed", "items": null}]}});
    let snapshot = read(Kind::ImageStream, &stream);
    let stream = &snapshot.streams[0];
    assert_eq!(stream.checked.unwrap().to_string(), "2026-01-02T00:00:00Z");
    let history = |tag: &str| stream.tag(tag).unwrap().history.as_deref().unwrap();
    let latest = history("latest");
    assert_eq!((latest.generation, latest.failed), (9, 8));
    let digests: Vec<&str> = latest.items.iter().map(|item| &*item.digest).collect();
    let newest = ["sha256:7", "sha256:6", "sha256:5", "sha256:4", "sha256:3"];
    assert_eq!(digests, newest);
    assert_eq!(&*latest.items[0].pull_spec, "");
    assert_eq!(&*history("named").items[0].pull_spec, "u/b:1");
    assert!(history("pushed").items.is_empty());
    assert_eq!(stream.tag("none"), None);
}

#[test]
fn each_kind_counts_its_own_pods() {
    let some = json!({"updatedReplicas": 1, "availableReplicas": 2, "replicas": 3});
    let daemons = json!({"desiredNumberScheduled": 3, "updatedNumberScheduled": 1,
        "numberAvailable": 2, "currentNumberScheduled": 3});
    for (kind, spec, status, wanted) in [
        (Kind::Deployment, json!({}), &some, Some(1)),
        (Kind::StatefulSet, json!({"replicas": 4}), &some, Some(4)),
        (Kind::DeploymentConfig, json!({}), &some, Some(0)),
        (
            Kind::DaemonSet,
            json!({"replicas": null}),
            &daemons,
            Some(3),
        ),
        (Kind::CronJob, json!({"suspend": true}), &some, None),
    ] {
        let object = json!({"metadata": {"name": "a"}, "spec": spec, "status": status});
        let rollout = read(kind, &object).workloads[0].rollout.clone().unwrap();
        assert_eq!(rollout.wanted, wanted, "{kind:?}");
        let counts = (rollout.updated, rollout.available, rollout.total);
        assert_eq!(counts, (1, 2, 3), "{kind:?}");
        assert_eq!(rollout.paused, kind == Kind::CronJob);
    }
}

#[test]
fn a_rollout_follows_changes_by_a_trigger_of_a_deploymentconfig() {
    for (kind, triggers, want) in [
        (Kind::DeploymentConfig, json!(null), true),
        (Kind::DeploymentConfig, json!([]), false),
        (
            Kind::DeploymentConfig,
            json!([{"type": "ConfigChange"}]),
            true,
        ),
        (Kind::Deployment, json!([]), true),
    ] {
        let object = json!({"metadata": {"name": "a", "generation": 2},
            "spec": {"triggers": triggers}, "status": {"observedGeneration": 1}});
        let rollout = read(kind, &object).workloads[0].rollout.clone().unwrap();
        assert_eq!(rollout.has_config_change, want, "{kind:?} {object}");
        assert!(!rollout.is_observed);
    }
}

fn pod(metadata: &Value, status: &Value) -> Option<PodRun> {
    let mut object = json!({"metadata": {"name": "p"}, "status": status});
    for (key, value) in metadata.as_object().unwrap() {
        object["metadata"][key] = value.clone();
    }
    let snapshot = read(Kind::Pod, &object);
    let pod = snapshot.workloads.first()?;
    pod.run.as_deref().cloned()
}

#[test]
fn the_workload_of_a_pod_follows_from_its_owner() {
    let hash = json!({"pod-template-hash": "5d4f"});
    let config = json!({"deploymentconfig": "a-b"});
    let deployer = json!({"openshift.io/deployer-pod-for.name": "a-1"});
    for (kind, name, labels, want) in [
        (
            "ReplicaSet",
            "a-b-5d4f",
            &hash,
            Some((Kind::Deployment, "a-b")),
        ),
        ("ReplicaSet", "by-hand", &json!({}), None),
        (
            "ReplicationController",
            "a-b-3",
            &config,
            Some((Kind::DeploymentConfig, "a-b")),
        ),
        (
            "ReplicationController",
            "a-3",
            &json!(null),
            Some((Kind::DeploymentConfig, "a")),
        ),
        ("ReplicationController", "a-1", &deployer, None),
        (
            "StatefulSet",
            "a",
            &json!({}),
            Some((Kind::StatefulSet, "a")),
        ),
        ("DaemonSet", "a", &json!({}), Some((Kind::DaemonSet, "a"))),
        (
            "Job",
            "a-b-29012345",
            &json!({}),
            Some((Kind::CronJob, "a-b")),
        ),
        ("Build", "a-1", &json!({}), None),
    ] {
        let owners = json!([{"kind": kind, "name": name, "controller": true}]);
        let mut metadata = json!({"labels": labels, "ownerReferences": owners});
        let of = pod(&metadata, &json!({})).map(|run| run.of);
        let want = want.map(|(kind, name)| (kind, name.into()));
        assert_eq!(of, want, "{kind} {name}");
        metadata["deletionTimestamp"] = json!("2026-01-01T00:00:00Z");
        assert_eq!(pod(&metadata, &json!({})), None, "it is being deleted");
    }
}

#[test]
fn running_and_waiting_containers_of_a_pod_are_read() {
    let metadata =
        json!({"ownerReferences": [{"kind": "DaemonSet", "name": "a", "controller": true}]});
    for (id, want) in [
        ("docker.io/u/a@sha256:1", "sha256:1"),
        ("docker-pullable://docker.io/u/a@sha256:1", "sha256:1"),
        ("sha256:1", ""),
        ("", ""),
    ] {
        let status = json!({"phase": "Running",
            "conditions": [{"type": "PodScheduled", "reason": "Unschedulable", "message": "no node"}],
            "containerStatuses": [{"name": "c", "imageID": id, "state": {"running": {"startedAt": null}}}],
            "initContainerStatuses": [{"name": "i", "state": {"waiting": {"reason": "ErrImagePull"}}}]});
        let run = pod(&metadata, &status).unwrap();
        assert_eq!(run.unschedulable.as_deref(), Some("no node"));
        let [init, main] = &*run.containers else {
            panic!("{run:?}");
        };
        assert_eq!((&*main.digest, main.started), (want, None), "{id}");
        assert_eq!(init.waiting, Some(("ErrImagePull".into(), "".into())));
    }
}
