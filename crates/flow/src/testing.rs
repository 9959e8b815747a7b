//! A complete flow for tests, in which a test breaks one part.

use extreg_remedy::Caller;
use extreg_snapshot::{
    Snapshot,
    coverage::{Gap, GapReason, GapSubject},
    kind::Kind,
    place::Origin,
    read::{Detail, ReadOptions, Reader},
};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::{
    Fetched, Fix, FlowReport, KINDS, Link, Part, Report, ReportOptions, State, Wanted, World, flows,
};

/// The digest that was pushed last.
pub(crate) const NEW: &str =
    "sha256:1111111111111111111111111111111111111111111111111111111111111111";
/// The previous digest.
pub(crate) const OLD: &str =
    "sha256:0000000000000000000000000000000000000000000000000000000000000000";
/// The image.
pub(crate) const IMAGE: &str = "docker.io/u/a:latest";

/// The current time of tests.
pub(crate) fn now() -> Timestamp {
    "2026-03-01T12:00:00Z".parse().unwrap()
}

/// The time this many seconds ago.
pub(crate) fn ago(seconds: i64) -> String {
    let time = now()
        .checked_sub(SignedDuration::from_secs(seconds))
        .unwrap();
    time.to_string()
}

/// The objects of a flow.
#[derive(Clone, Debug)]
pub(crate) struct Objects {
    pub(crate) config: Value,
    pub(crate) build: Value,
    pub(crate) stream: Value,
    pub(crate) workload: Value,
    pub(crate) pod: Value,
    /// Other objects, with their kinds.
    pub(crate) more: Vec<(Kind, Value)>,
    pub(crate) kind: Kind,
}

impl Objects {
    /// Every link is ok: the build pushed the image ten minutes ago, the tag has it since nine minutes.
    pub(crate) fn through() -> Self {
        let annotations = json!({
            "openshift.io/build-config.name": "app", "openshift.io/build.number": "3",
        });
        let spec = json!({"output": {"to": {"kind": "DockerImage", "name": IMAGE},
            "pushSecret": {"name": "dockerhub"}}});
        Self {
            config: json!({"metadata": {"name": "app", "namespace": "snow", "creationTimestamp": ago(9000)},
                "spec": spec, "status": {"lastVersion": 3}}),
            build: json!({"metadata": {"name": "app-3", "namespace": "snow", "annotations": annotations,
                "creationTimestamp": ago(700)}, "spec": spec,
                "status": {"phase": "Complete", "completionTimestamp": ago(600),
                    "output": {"to": {"imageDigest": NEW}}, "config": {"name": "app"}}}),
            stream: json!({"metadata": {"name": "app", "namespace": "snow"},
                "spec": {"lookupPolicy": {"local": false}, "tags": [{"name": "latest", "annotations": null,
                    "from": {"kind": "DockerImage", "name": IMAGE}, "generation": 2,
                    "importPolicy": {"scheduled": true, "importMode": "Legacy"},
                    "referencePolicy": {"type": "Source"}}]},
                "status": {"tags": [{"tag": "latest", "items": [
                    item(NEW, 540, 2), item(OLD, 9000, 1)]}]}}),
            workload: json!({"metadata": {"name": "app", "namespace": "snow", "generation": 4, "annotations": {
                    "image.openshift.io/triggers": trigger("app", "")}},
                "spec": {"replicas": 1, "template": {"spec": {"containers": [
                    {"name": "app", "image": format!("docker.io/u/a@{NEW}")}]}}},
                "status": {"observedGeneration": 4, "replicas": 1, "updatedReplicas": 1,
                    "availableReplicas": 1, "conditions": [{"type": "Progressing", "status": "True",
                        "reason": "NewReplicaSetAvailable", "lastUpdateTime": ago(500)}]}}),
            pod: json!({"metadata": {"name": "app-5d4f-x", "namespace": "snow", "creationTimestamp": ago(530),
                    "labels": {"pod-template-hash": "5d4f"},
                    "ownerReferences": [{"kind": "ReplicaSet", "name": "app-5d4f", "controller": true}]},
                "status": {"phase": "Running", "containerStatuses": [{"name": "app",
                    "imageID": format!("docker.io/u/a@{NEW}"),
                    "state": {"running": {"startedAt": ago(510)}}}]}}),
            more: Vec::new(),
            kind: Kind::Deployment,
        }
    }

    /// The same flow with a DeploymentConfig.
    pub(crate) fn of_config() -> Self {
        let mut objects = Self::through();
        objects.kind = Kind::DeploymentConfig;
        let metadata = &mut objects.workload["metadata"];
        metadata["annotations"] = Value::Null;
        objects.workload["spec"]["triggers"] = json!([{"type": "ConfigChange"},
            {"type": "ImageChange", "imageChangeParams": {"automatic": true, "containerNames": ["app"],
                "from": {"kind": "ImageStreamTag", "namespace": "snow", "name": "app:latest"}}}]);
        objects.workload["status"]["latestVersion"] = json!(3);
        objects.pod["metadata"]["labels"] = json!({"deploymentconfig": "app"});
        objects.pod["metadata"]["ownerReferences"][0] =
            json!({"kind": "ReplicationController", "name": "app-3", "controller": true});
        objects
    }

    /// A cluster with these objects.
    pub(crate) fn world(&self) -> Cluster {
        let own = [
            (Kind::BuildConfig, &self.config),
            (Kind::Build, &self.build),
            (Kind::ImageStream, &self.stream),
            (self.kind, &self.workload),
            (Kind::Pod, &self.pod),
        ];
        let own = own.map(|(kind, object)| (kind, object.clone()));
        let mut all = own.to_vec();
        all.extend(self.more.iter().cloned());
        all.retain(|(_, object)| !object.is_null());
        Cluster::of(&all)
    }

    /// The report of the only flow.
    pub(crate) fn flow(&self) -> FlowReport {
        only(&self.world())
    }

    /// The report of one of the flows.
    pub(crate) fn flow_of(&self, name: &str) -> FlowReport {
        let flows = report(&self.world(), &Wanted::default()).flows;
        flows.into_iter().find(|flow| flow.name == name).unwrap()
    }

    /// One link of the only flow.
    pub(crate) fn link(&self, part: Part) -> Link {
        link(&self.flow(), part)
    }

    /// The tag of the stream's spec.
    pub(crate) fn tag(&mut self) -> &mut Value {
        &mut self.stream["spec"]["tags"][0]
    }

    /// The tag in the status of the stream.
    pub(crate) fn shown(&mut self) -> &mut Value {
        &mut self.stream["status"]["tags"][0]
    }

    /// The tag has shown the previous image for a long time.
    pub(crate) fn show_old(&mut self) {
        self.shown()["items"] = json!([item(OLD, 9000, 1)]);
        self.tag()["generation"] = json!(1);
    }

    /// An import failed after the current image was imported.
    pub(crate) fn fail_import(&mut self, reason: &str, message: &str) {
        self.show_old();
        self.tag()["generation"] = json!(3);
        self.shown()["conditions"] = json!([{"type": "ImportSuccess", "status": "False", "reason": reason,
            "message": message, "generation": 3, "lastTransitionTime": ago(300)}]);
    }

    /// The only container of the pod waits.
    pub(crate) fn stop_pod(&mut self, reason: &str, message: &str) {
        self.pod["status"]["containerStatuses"][0] = json!({"name": "app", "imageID": "",
            "state": {"waiting": {"reason": reason, "message": message}}});
        self.workload["status"]["availableReplicas"] = json!(0);
    }

    /// All secrets and accounts.
    pub(crate) fn credentials(objects: &[(Kind, Value)]) -> Snapshot {
        read(objects, &[Kind::Secret, Kind::ServiceAccount], "snow")
    }
}

/// The snapshot of a cluster, and the result of its plan.
#[derive(Debug)]
pub(crate) struct Cluster {
    pub(crate) snapshot: Snapshot,
    pub(crate) fetched: Fetched,
}

impl Cluster {
    /// A cluster with these objects.
    pub(crate) fn of(objects: &[(Kind, Value)]) -> Self {
        let mut snapshot = read(objects, &KINDS, "");
        snapshot.coverage.scope.namespaces = Some(["snow".into()].into());
        Self {
            snapshot,
            fetched: Fetched::default(),
        }
    }

    /// The objects of a kind were not read, in one namespace or (if empty) in all.
    pub(crate) fn lose(&mut self, kind: Kind, namespace: &str, why: GapReason, message: &str) {
        let Snapshot {
            builds,
            streams,
            workloads,
            coverage,
            ..
        } = &mut self.snapshot;
        builds.retain(|build| build.object.kind != kind);
        streams.retain(|stream| stream.object.kind != kind);
        workloads.retain(|workload| workload.object.kind != kind);
        coverage.gaps.insert(Gap {
            what: GapSubject::List {
                kind,
                namespace: namespace.into(),
            },
            why,
            message: message.to_owned(),
        });
    }
}

fn read(objects: &[(Kind, Value)], listed: &[Kind], namespace: &str) -> Snapshot {
    let mut reader = Reader::new(ReadOptions {
        detail: Detail::Flows,
        ..ReadOptions::default()
    });
    for (kind, object) in objects {
        let json = object.to_string();
        reader.read(*kind, &json, Origin::Cluster, "snow").unwrap();
    }
    for kind in listed {
        reader.listed(*kind, namespace);
    }
    reader.finish(String::new())
}

/// An image in the history of a tag.
pub(crate) fn item(digest: &str, seconds: i64, generation: i64) -> Value {
    json!({"image": digest, "dockerImageReference": format!("docker.io/u/a@{digest}"),
        "created": ago(seconds), "generation": generation})
}

/// The annotation with one trigger, for a container; `more` goes into it.
pub(crate) fn trigger(container: &str, more: &str) -> String {
    format!(
        r#"[{{"from":{{"kind":"ImageStreamTag","name":"app:latest"}},"fieldPath":"spec.template.spec.containers[?(@.name==\"{container}\")].image"{more}}}]"#
    )
}

/// A secret for docker.io.
pub(crate) fn hub(name: &str) -> Value {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let auth = STANDARD.encode("ably77:canary");
    let config = json!({"auths": {"docker.io": {"auth": auth}}}).to_string();
    json!({"metadata": {"name": name, "namespace": "snow"}, "type": "kubernetes.io/dockerconfigjson",
        "data": {".dockerconfigjson": STANDARD.encode(config)}})
}

/// The report of a cluster.
pub(crate) fn report(cluster: &Cluster, wanted: &Wanted) -> Report {
    let world = World::of(&cluster.snapshot);
    let options = ReportOptions {
        now: now(),
        invocation: &Caller::Oc.into(),
        with_objects: true,
    };
    Report::of(&world, &flows(&world, wanted), &cluster.fetched, &options)
}

/// The report of the only flow of a cluster.
pub(crate) fn only(cluster: &Cluster) -> FlowReport {
    let mut flows = report(cluster, &Wanted::default()).flows;
    assert_eq!(flows.len(), 1, "{flows:?}");
    flows.remove(0)
}

/// One link of a flow.
pub(crate) fn link(flow: &FlowReport, part: Part) -> Link {
    let mut links = flow.links.iter().filter(|link| link.part == part);
    links.next().unwrap().clone()
}

/// Asserts the state, reason, message and fix of a link.
pub(crate) fn assert_link(link: &Link, state: State, reason: &str, message: &str, fix: &str) {
    let found = (link.state, link.reason.as_str());
    assert_eq!(found, (state, reason), "{link:?}");
    assert!(link.message.contains(message), "{message}: {link:?}");
    let found = link.fix.as_deref().map(Fix::text).unwrap_or_default();
    assert_eq!(found, fix, "{link:?}");
}
