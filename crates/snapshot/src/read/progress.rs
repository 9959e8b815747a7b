//! Reads the progress of objects on the way of an image, for flows.

use std::collections::BTreeMap;
use std::sync::Arc;

use extreg_core::object::{Text, nullable};
use extreg_core::views;
use jiff::Timestamp;
use serde::Deserialize;

use super::intern::Names;
use super::item::{Body, Item};
use super::view::{Condition as ConditionView, ContainerStatus, List, Metadata, TagEvent, key};
use super::workload::digest_of;
use crate::kind::Kind;
use crate::snapshot::{
    BuildProgress, Condition, PodRun, Rollout, RunningContainer, ShownImage, TagHistory,
};
use crate::trigger::DeploymentTrigger;

/// Limit of images of a tag.
const KEPT: usize = 5;

/// Reads the progress of an object into its record, and drops what only checks need. Returns whether it
/// can be part of a flow: a pod without a workload, or one that is being deleted, cannot.
///
/// # Errors
/// If it cannot be read.
pub(super) fn add(
    item: &mut Item,
    kind: Kind,
    json: &str,
    names: &mut Names,
) -> Result<bool, serde_json::Error> {
    item.uses = Vec::new();
    item.annotations = Vec::new();
    match (&mut item.body, kind) {
        (Body::Build(build), Kind::Build | Kind::BuildConfig) => {
            build.record.progress = Some(Box::new(of_build(json)?));
        }
        (Body::Stream(stream), _) => {
            let (checked, mut histories) = of_stream(json, names)?;
            stream.record.checked = checked;
            for tag in &mut stream.record.tags {
                tag.history = histories.remove(&*tag.name).map(Box::new);
            }
        }
        (Body::Workload(pod), Kind::Pod) => {
            pod.run = of_pod(json, names)?.map(Box::new);
            return Ok(pod.run.is_some());
        }
        (Body::Workload(maker), _) => {
            maker.rollout = Some(Box::new(of_maker(kind, json, names)?));
        }
        _ => {}
    }
    Ok(true)
}

fn of_build(json: &str) -> Result<BuildProgress, serde_json::Error> {
    let View {
        metadata,
        status,
        spec: Nothing {},
    }: View<'_, Nothing, BuildStatus<'_>> = serde_json::from_str(json)?;
    let number = metadata.annotations.get(key::BUILD_NUMBER);
    Ok(BuildProgress {
        created: time(&metadata.creation_timestamp),
        completed: time(&status.completion_timestamp),
        number: number
            .and_then(|text| text.parse().ok())
            .unwrap_or_default(),
        started: status.last_version,
    })
}

type Histories = BTreeMap<String, TagHistory>;

fn of_stream(
    json: &str,
    names: &mut Names,
) -> Result<(Option<Timestamp>, Histories), serde_json::Error> {
    let View {
        metadata,
        spec,
        status,
    }: View<'_, StreamSpec<'_>, StreamStatus<'_>> = serde_json::from_str(json)?;
    let mut histories = Histories::new();
    for tag in spec.tags.iter() {
        let history = histories.entry(tag.name.to_string()).or_default();
        history.generation = tag.generation;
    }
    for tag in status.tags.iter() {
        let history = histories.entry(tag.tag.to_string()).or_default();
        let mut conditions = tag.conditions.iter();
        let failed = conditions.find(|c| &*c.kind == "ImportSuccess" && &*c.status == "False");
        history.failed = failed.map_or(0, |condition| condition.generation);
        let items = tag.items.iter().take(KEPT);
        history.items = items.map(|item| shown(item, names)).collect();
    }
    // An import that changes nothing is written down there only (openshift-apiserver
    // `imagestreamimport/rest.go`).
    let checked = metadata.annotations.get(key::REPOSITORY_CHECK);
    Ok((checked.and_then(time), histories))
}

fn of_maker(kind: Kind, json: &str, names: &mut Names) -> Result<Rollout, serde_json::Error> {
    let View {
        metadata,
        spec,
        status,
    }: View<'_, MakerSpec<'_>, MakerStatus<'_>> = serde_json::from_str(json)?;
    let is_config = kind == Kind::DeploymentConfig;
    let has_config_change = match &spec.triggers {
        // Absent is defaulted to it, empty is none (`SetDefaults_DeploymentConfigSpec`).
        None => true,
        Some(list) => list.iter().any(DeploymentTrigger::is_config_change),
    };
    let of_daemons = kind == Kind::DaemonSet;
    let pick = |daemons, others| if of_daemons { daemons } else { others };
    let mut condition = |kind: &str| {
        let mut conditions = status.conditions.iter();
        let found = conditions.find(|condition| &*condition.kind == kind)?;
        Some(Condition {
            status: names.get(&found.status),
            reason: names.get(&found.reason),
            message: names.get(&found.message),
            updated: time(&found.last_update_time),
            changed: time(&found.last_transition_time),
        })
    };
    Ok(Rollout {
        paused: spec.paused || spec.suspend,
        has_config_change: !is_config || has_config_change,
        on_delete: &*spec.update_strategy.kind == "OnDelete",
        wanted: match kind {
            Kind::CronJob => None,
            Kind::DaemonSet => Some(status.desired_number_scheduled),
            Kind::DeploymentConfig => Some(spec.replicas.unwrap_or(0)),
            _ => Some(spec.replicas.unwrap_or(1)),
        },
        updated: pick(status.updated_number_scheduled, status.updated_replicas),
        available: pick(status.number_available, status.available_replicas),
        total: pick(status.current_number_scheduled, status.replicas),
        is_observed: status.observed_generation >= metadata.generation,
        latest_version: status.latest_version,
        last_run: time(&status.last_schedule_time),
        progressing: condition("Progressing"),
        failing: condition("ReplicaFailure"),
    })
}

fn of_pod(json: &str, names: &mut Names) -> Result<Option<PodRun>, serde_json::Error> {
    let View {
        metadata,
        spec: Nothing {},
        status,
    }: View<'_, Nothing, PodStatus<'_>> = serde_json::from_str(json)?;
    let Some((kind, name)) = owner(&metadata) else {
        return Ok(None);
    };
    let mut conditions = status.conditions.iter();
    let unschedulable =
        conditions.find(|c| &*c.kind == "PodScheduled" && &*c.reason == "Unschedulable");
    let statuses = [&status.init_container_statuses, &status.container_statuses];
    let containers = statuses.into_iter().flat_map(|list| list.iter());
    Ok(Some(PodRun {
        of: (kind, names.get(name)),
        created: time(&metadata.creation_timestamp),
        has_ended: matches!(&*status.phase, "Succeeded" | "Failed"),
        unschedulable: unschedulable.map(|condition| names.get(&condition.message)),
        containers: containers
            .map(|status| RunningContainer {
                name: names.get(&status.name),
                digest: names.get(digest_of(&status.image_id)),
                started: time(&status.state.running.started_at),
                waiting: status
                    .state
                    .waiting
                    .as_ref()
                    .map(|waiting| (names.get(&waiting.reason), names.get(&waiting.message))),
            })
            .collect(),
    }))
}

/// The workload of a pod, by the name of its owner.
fn owner<'m>(metadata: &'m Metadata<'_>) -> Option<(Kind, &'m str)> {
    let labels = &metadata.labels;
    if !metadata.deletion_timestamp.is_empty() || labels.get(key::DEPLOYER).is_some() {
        return None;
    }
    let owner = super::item::controller(metadata)?;
    let name = owner.name.as_str();
    let before_last_dash = || name.rsplit_once('-').map(|(name, _)| name);
    match &*owner.kind {
        "ReplicaSet" => {
            let hash = labels
                .get(key::TEMPLATE_HASH)
                .filter(|hash| !hash.is_empty())?;
            let name = name.strip_suffix(hash)?.strip_suffix('-')?;
            Some((Kind::Deployment, name))
        }
        "ReplicationController" => {
            let config = labels.get(key::DEPLOYMENT_CONFIG);
            Some((Kind::DeploymentConfig, config.or_else(before_last_dash)?))
        }
        "StatefulSet" => Some((Kind::StatefulSet, name)),
        "DaemonSet" => Some((Kind::DaemonSet, name)),
        "Job" => Some((Kind::CronJob, before_last_dash()?)),
        _ => None,
    }
}

fn shown(item: &TagEvent<'_>, names: &mut Names) -> ShownImage {
    ShownImage {
        // Not interned: no two tags share them.
        digest: item.image.as_str().into(),
        pull_spec: if item.image.is_empty() {
            names.get(&item.docker_image_reference)
        } else {
            Arc::default()
        },
        created: time(&item.created),
        generation: item.generation,
    }
}

/// Parses a time; an invalid one is unknown, and is not an error.
fn time(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

#[derive(Deserialize)]
#[serde(bound(
    deserialize = "'de: 'a, Spec: Default + Deserialize<'de>, Status: Default + Deserialize<'de>"
))]
struct View<'a, Spec, Status> {
    #[serde(borrow, default, deserialize_with = "nullable")]
    metadata: Metadata<'a>,
    #[serde(default, deserialize_with = "nullable")]
    spec: Spec,
    #[serde(default, deserialize_with = "nullable")]
    status: Status,
}

#[derive(Default, Deserialize)]
struct Nothing {}

views! {
    struct BuildStatus<'a> {
        last_version: u64,
        completion_timestamp: Text<'a>,
    }

    struct StreamSpec<'a> {
        tags: List<SpecTag<'a>>,
    }

    struct SpecTag<'a> {
        name: Text<'a>,
        generation: i64,
    }

    struct StreamStatus<'a> {
        tags: List<StatusTag<'a>>,
    }

    struct StatusTag<'a> {
        tag: Text<'a>,
        items: List<TagEvent<'a>>,
        conditions: List<ConditionView<'a>>,
    }

    struct MakerSpec<'a> {
        replicas: Option<u64>,
        paused: bool,
        suspend: bool,
        triggers: Option<List<DeploymentTrigger<'a>>>,
        update_strategy: UpdateStrategy<'a>,
    }

    struct UpdateStrategy<'a> {
        #[serde(rename = "type")]
        kind: Text<'a>,
    }

    struct MakerStatus<'a> {
        observed_generation: i64,
        replicas: u64,
        updated_replicas: u64,
        available_replicas: u64,
        desired_number_scheduled: u64,
        current_number_scheduled: u64,
        updated_number_scheduled: u64,
        number_available: u64,
        latest_version: u64,
        last_schedule_time: Text<'a>,
        conditions: List<ConditionView<'a>>,
    }

    struct PodStatus<'a> {
        phase: Text<'a>,
        conditions: List<ConditionView<'a>>,
        init_container_statuses: List<ContainerStatus<'a>>,
        container_statuses: List<ContainerStatus<'a>>,
    }
}
