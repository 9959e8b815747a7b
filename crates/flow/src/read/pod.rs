//! Pods, as far as the image that runs in them goes.

use extreg_core::object::nullable;
use jiff::Timestamp;
use serde::Deserialize;

use super::{
    WorkloadKind,
    value::{digest_of, time},
    workload::Condition,
};

/// A pod of a workload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pod {
    pub namespace: String,
    pub name: String,
    /// The workload that it is of: kind and name.
    pub owner: (WorkloadKind, String),
    pub created: Option<Timestamp>,
    /// Whether it has ended, well or not.
    pub has_ended: bool,
    /// Why no node takes it, in the scheduler's words.
    pub unschedulable: Option<String>,
    /// Init containers first.
    pub containers: Vec<Running>,
}

/// A container of a pod.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Running {
    pub name: String,
    /// The digest in `imageID`, which CRI-O writes as a reference by digest; empty where there is none.
    pub digest: String,
    pub started: Option<Timestamp>,
    /// Why it waits: a reason such as `ImagePullBackOff`, and the runtime's message.
    pub waiting: Option<(String, String)>,
}

impl Pod {
    /// Reads one; none if it is of no workload that runs it, or going away.
    pub fn read(json: &str) -> Result<Option<Self>, serde_json::Error> {
        let View { metadata, status } = serde_json::from_str(json)?;
        let Some(owner) = metadata.owner() else {
            return Ok(None);
        };
        let mut conditions = status.conditions.into_iter();
        let unschedulable = conditions
            .find(|c| c.kind == "PodScheduled" && c.reason == "Unschedulable")
            .map(|condition| condition.message);
        let statuses = [status.init_container_statuses, status.container_statuses];
        Ok(Some(Self {
            owner,
            unschedulable,
            has_ended: matches!(status.phase.as_str(), "Succeeded" | "Failed"),
            containers: statuses.into_iter().flatten().map(Running::of).collect(),
            created: metadata.created,
            namespace: metadata.namespace,
            name: metadata.name,
        }))
    }
}

impl Running {
    fn of(view: ContainerStatus) -> Self {
        let state = view.state;
        Self {
            digest: digest_of(&view.image_id).to_owned(),
            name: view.name,
            started: state.running.and_then(|running| running.started_at),
            waiting: state.waiting.map(|w| (w.reason, w.message)),
        }
    }
}

#[derive(Deserialize)]
struct View {
    metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default)]
    namespace: String,
    name: String,
    #[serde(default, rename = "creationTimestamp", deserialize_with = "time")]
    created: Option<Timestamp>,
    #[serde(default, deserialize_with = "time")]
    deletion_timestamp: Option<Timestamp>,
    #[serde(default, deserialize_with = "nullable")]
    labels: Labels,
    #[serde(default, deserialize_with = "nullable")]
    owner_references: Vec<Owner>,
}

#[derive(Default, Deserialize)]
struct Labels {
    #[serde(default, rename = "pod-template-hash")]
    hash: String,
    /// Of the pods of a DeploymentConfig (openshift/api `apps/v1` `consts.go`).
    #[serde(default, rename = "deploymentconfig")]
    config: String,
    /// Of the pods that roll one out.
    #[serde(default, rename = "openshift.io/deployer-pod-for.name")]
    deployer: String,
}

#[derive(Deserialize)]
struct Owner {
    #[serde(default, deserialize_with = "nullable")]
    kind: String,
    #[serde(default, deserialize_with = "nullable")]
    name: String,
    #[serde(default, deserialize_with = "nullable")]
    controller: bool,
}

impl Metadata {
    /// What stands between a pod and its workload is named after the workload, so it is not read.
    fn owner(&self) -> Option<(WorkloadKind, String)> {
        if self.deletion_timestamp.is_some() || !self.labels.deployer.is_empty() {
            return None;
        }
        let owner = self
            .owner_references
            .iter()
            .find(|owner| owner.controller)?;
        let before_last_dash = || owner.name.rsplit_once('-').map(|(name, _)| name.to_owned());
        match owner.kind.as_str() {
            "ReplicaSet" => {
                let end = format!("-{}", self.labels.hash);
                let name = owner.name.strip_suffix(&end)?;
                (!self.labels.hash.is_empty()).then(|| (WorkloadKind::Deployment, name.to_owned()))
            }
            "ReplicationController" => {
                let name = match self.labels.config.as_str() {
                    "" => before_last_dash()?,
                    name => name.to_owned(),
                };
                Some((WorkloadKind::DeploymentConfig, name))
            }
            "StatefulSet" => Some((WorkloadKind::StatefulSet, owner.name.clone())),
            "DaemonSet" => Some((WorkloadKind::DaemonSet, owner.name.clone())),
            "Job" => Some((WorkloadKind::CronJob, before_last_dash()?)),
            _ => None,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Status {
    #[serde(default, deserialize_with = "nullable")]
    phase: String,
    #[serde(default, deserialize_with = "nullable")]
    conditions: Vec<Condition>,
    #[serde(default, deserialize_with = "nullable")]
    init_container_statuses: Vec<ContainerStatus>,
    #[serde(default, deserialize_with = "nullable")]
    container_statuses: Vec<ContainerStatus>,
}

#[derive(Deserialize)]
struct ContainerStatus {
    #[serde(default, deserialize_with = "nullable")]
    name: String,
    #[serde(default, rename = "imageID", deserialize_with = "nullable")]
    image_id: String,
    #[serde(default, deserialize_with = "nullable")]
    state: State,
}

#[derive(Default, Deserialize)]
struct State {
    running: Option<RunningState>,
    waiting: Option<Waiting>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RunningState {
    #[serde(default, deserialize_with = "time")]
    started_at: Option<Timestamp>,
}

#[derive(Deserialize)]
struct Waiting {
    #[serde(default, deserialize_with = "nullable")]
    reason: String,
    #[serde(default, deserialize_with = "nullable")]
    message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owner(kind: &str, name: &str, labels: &str) -> Option<(WorkloadKind, String)> {
        let json = format!(
            r#"{{"metadata":{{"name":"p","namespace":"n","labels":{labels},
                "ownerReferences":[{{"kind":"{kind}","name":"{name}","controller":true}}]}}}}"#
        );
        Pod::read(&json).unwrap().map(|pod| pod.owner)
    }

    #[test]
    fn a_pod_is_of_the_workload_that_stands_behind_its_owner() {
        let hash = r#"{"pod-template-hash":"5d4f"}"#;
        let config = r#"{"deploymentconfig":"a-b"}"#;
        let deployer = r#"{"openshift.io/deployer-pod-for.name":"a-1"}"#;
        for (kind, name, labels, want) in [
            (
                "ReplicaSet",
                "a-b-5d4f",
                hash,
                Some((WorkloadKind::Deployment, "a-b")),
            ),
            ("ReplicaSet", "by-hand", "{}", None),
            (
                "ReplicationController",
                "a-b-3",
                config,
                Some((WorkloadKind::DeploymentConfig, "a-b")),
            ),
            (
                "ReplicationController",
                "a-3",
                "null",
                Some((WorkloadKind::DeploymentConfig, "a")),
            ),
            ("ReplicationController", "a-1", deployer, None),
            (
                "StatefulSet",
                "a",
                "{}",
                Some((WorkloadKind::StatefulSet, "a")),
            ),
            (
                "Job",
                "a-b-29012345",
                "{}",
                Some((WorkloadKind::CronJob, "a-b")),
            ),
            ("Build", "a-1", "{}", None),
        ] {
            let want = want.map(|(kind, name)| (kind, name.to_owned()));
            assert_eq!(owner(kind, name, labels), want, "{kind} {name}");
        }
    }

    #[test]
    fn an_image_id_is_a_digest_where_it_is_a_reference_by_one() {
        let running = |id: &str| {
            let json = format!(
                r#"{{"metadata":{{"name":"p","ownerReferences":[{{"kind":"DaemonSet","name":"a","controller":true}}]}},
                "status":{{"containerStatuses":[{{"name":"c","imageID":"{id}","state":{{"running":{{"startedAt":null}}}}}}]}}}}"#
            );
            Pod::read(&json).unwrap().unwrap().containers[0]
                .digest
                .clone()
        };
        assert_eq!(running("docker.io/u/a@sha256:1"), "sha256:1");
        assert_eq!(
            running("docker-pullable://docker.io/u/a@sha256:1"),
            "sha256:1"
        );
        assert_eq!(running("sha256:1"), "");
        assert_eq!(running(""), "");
    }
}
