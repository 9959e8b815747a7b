//! Pods and their controllers.

use std::sync::Arc;

use super::intern::Names;
use super::item::{Body, Found, Item, Site, controller};
use super::view::{Container, ContainerStatus, MakerView, Metadata, Number, PodSpec, PodView, key};
use crate::kind::Kind;
use crate::snapshot::{
    ContainerKind, ContainerRecord, Meaning, TriggerSource, UseRole, WorkloadRecord,
};
use crate::trigger::{self, ContainerNames, ImageTrigger, Triggers};

/// The default account of a pod.
const DEFAULT_ACCOUNT: &str = "default";

/// Reads a Pod.
pub(super) fn read_pod(json: &str, site: &mut Site<'_>) -> Result<Item, serde_json::Error> {
    let view: PodView<'_> = serde_json::from_str(json)?;
    let mut item = site.item(&view.metadata);
    let status = &view.status;
    let statuses = || {
        let main = status.container_statuses.iter();
        let init = status.init_container_statuses.iter();
        main.chain(init)
            .chain(status.ephemeral_container_statuses.iter())
    };
    let mut record = record(
        &mut item,
        &view.metadata,
        &view.spec,
        "spec",
        &Triggers::default(),
        site,
    );
    for container in &mut record.containers {
        let named = |status: &&ContainerStatus<'_>| *status.name == *container.name;
        if let Some(status) = statuses().find(named) {
            container.running = site.names.get(digest_of(&status.image_id));
        }
    }
    // Its image is OpenShift's own, or the one that the DeploymentConfig names for a hook.
    let is_deployer = view.metadata.labels.get(key::DEPLOYER).is_some();
    for found in &mut item.uses {
        found.copied = is_deployer;
        let runs = record.containers.iter();
        let runs = runs.filter(|_| found.role == UseRole::Run);
        if let Some(container) = runs
            .into_iter()
            .find(|container| container.name == found.part)
        {
            found.digest = Arc::clone(&container.running);
        }
    }
    record.waiting = statuses()
        .filter_map(|status| status.state.waiting.as_ref())
        .map(|waiting| {
            (
                site.names.get(&waiting.reason),
                site.names.get(&waiting.message),
            )
        })
        .collect();
    item.body = Body::Workload(Box::new(record));
    Ok(item)
}

/// Reads a controller of pods.
pub(super) fn read_controller(json: &str, site: &mut Site<'_>) -> Result<Item, serde_json::Error> {
    let view: MakerView<'_> = serde_json::from_str(json)?;
    let mut item = site.item(&view.metadata);
    let spec = &view.spec;
    let (template, path) = if site.kind == Kind::CronJob {
        site.note(&mut item, &spec.job_template.metadata.annotations);
        let path = "spec.jobTemplate.spec.template.spec";
        (&spec.job_template.spec.template, path)
    } else {
        (&spec.template, "spec.template.spec")
    };
    site.note(&mut item, &template.metadata.annotations);
    let namespace = Arc::clone(&item.id.namespace);
    let init: Vec<&str> = names_of(&template.spec.init_containers);
    let main: Vec<&str> = names_of(&template.spec.containers);
    let containers = ContainerNames {
        init: &init,
        main: &main,
    };
    let mut source = TriggerSource::None;
    let mut triggers = match (site.kind, &spec.triggers) {
        (Kind::DeploymentConfig, Some(list)) => {
            source = TriggerSource::Spec;
            trigger::of_config(list, containers, &namespace)
        }
        // The kinds that the trigger controller watches (openshift-controller-manager
        // `pkg/image/controller/trigger`).
        (Kind::CronJob | Kind::DaemonSet | Kind::Deployment | Kind::StatefulSet, _) => {
            match view.metadata.annotations.get(trigger::ANNOTATION) {
                Some(text) => {
                    // Unchanged, as a patch tests it: text before an `@` in it is not a user.
                    source = TriggerSource::Annotation((*text).into());
                    trigger::of_annotation(text, path, containers, &namespace)
                }
                None => Triggers::default(),
            }
        }
        _ => Triggers::default(),
    };
    triggers
        .list
        .iter_mut()
        .for_each(|trigger| intern(trigger, site.names));
    let mut record = record(
        &mut item,
        &view.metadata,
        &template.spec,
        path,
        &triggers,
        site,
    );
    record.resolves_names |= template.metadata.annotations.resolve_names();
    record.replicas = replicas(site.kind, spec.replicas);
    record.triggers = triggers.list;
    record.unusable_triggers = triggers.unusable;
    record.trigger_source = source;
    if site.kind == Kind::DeploymentConfig && !spec.strategy.custom_params.image.is_empty() {
        item.uses.push(Found::new(
            UseRole::Run,
            Arc::default(),
            site.names.get("spec.strategy.customParams.image"),
            site.names.get(&spec.strategy.custom_params.image),
        ));
    }
    item.body = Body::Workload(Box::new(record));
    Ok(item)
}

/// The containers and image volumes of a pod, which are added to the item, and its record.
fn record(
    item: &mut Item,
    metadata: &Metadata<'_>,
    spec: &PodSpec<'_>,
    path: &str,
    triggers: &Triggers,
    site: &mut Site<'_>,
) -> WorkloadRecord {
    let count =
        spec.containers.len() + spec.init_containers.len() + spec.ephemeral_containers.len();
    let mut containers = Vec::with_capacity(count);
    item.uses.reserve_exact(count);
    for (list, kind) in [
        (&spec.containers, ContainerKind::Main),
        (&spec.init_containers, ContainerKind::Init),
        (&spec.ephemeral_containers, ContainerKind::Ephemeral),
    ] {
        let list_name = list_name(kind);
        for (index, container) in list.iter().enumerate() {
            let field = site
                .names
                .field(format_args!("{path}.{list_name}[{index}].image"));
            let record = container_record(container, kind, site.names);
            let part = Arc::clone(&record.name);
            let mut found = Found::new(UseRole::Run, part, field, Arc::clone(&record.image));
            // `oc new-app` writes one space, so that nothing is rolled out before the trigger fires.
            if matches!(&*record.image, "" | " ") && triggers.sets(&record.name) {
                found.meaning = Some(Meaning::Unset);
            }
            item.uses.push(found);
            containers.push(record);
        }
    }
    for (index, volume) in spec.volumes.iter().enumerate() {
        if !volume.image.reference.is_empty() {
            item.uses.push(Found::new(
                UseRole::Volume,
                site.names.get(&volume.name),
                site.names
                    .field(format_args!("{path}.volumes[{index}].image.reference")),
                site.names.get(&volume.image.reference),
            ));
        }
    }
    let account = match (&*spec.service_account_name, &*spec.service_account) {
        ("", "") => DEFAULT_ACCOUNT,
        ("", account) | (account, _) => account,
    };
    WorkloadRecord {
        origin: item.origin.clone(),
        owner: owner(metadata, site.names),
        account: site.names.get(account),
        pull_secrets: super::reader::all(
            site.names,
            spec.image_pull_secrets.iter().map(|secret| &*secret.name),
        ),
        containers,
        resolves_names: metadata.annotations.resolve_names(),
        ..WorkloadRecord::new(item.id.clone())
    }
}

fn names_of<'v>(containers: &'v [Container<'_>]) -> Vec<&'v str> {
    containers
        .iter()
        .map(|container| &*container.name)
        .collect()
}

/// Replaces its texts by their one copy.
fn intern(trigger: &mut ImageTrigger, names: &mut Names) {
    let ImageTrigger {
        namespace,
        tag,
        containers,
        ..
    } = trigger;
    for text in [namespace, tag].into_iter().chain(containers) {
        *text = names.get(text);
    }
}

/// The record of a container.
pub(super) fn container_record(
    container: &Container<'_>,
    kind: ContainerKind,
    names: &mut Names,
) -> ContainerRecord {
    ContainerRecord {
        name: names.get(&container.name),
        kind,
        image: names.get(&container.image),
        pull_policy: names.get(&container.image_pull_policy),
        running: Arc::default(),
    }
}

/// The controller, of any kind.
pub(super) fn owner(metadata: &Metadata<'_>, names: &mut Names) -> Option<(Arc<str>, Arc<str>)> {
    let owner = controller(metadata)?;
    Some((names.get(&owner.kind), names.get(&owner.name)))
}

const fn list_name(kind: ContainerKind) -> &'static str {
    match kind {
        ContainerKind::Main => "containers",
        ContainerKind::Init => "initContainers",
        ContainerKind::Ephemeral => "ephemeralContainers",
    }
}

/// Requested replicas, with the API's default if it has one (`apps/v1/defaults.go`).
fn replicas(kind: Kind, written: Number) -> Option<u64> {
    match (kind, written) {
        (Kind::CronJob | Kind::DaemonSet | Kind::Job | Kind::Pod, _) | (_, Number::Other) => None,
        (_, Number::Is(count)) => Some(count),
        (Kind::DeploymentConfig, Number::Absent) => Some(0),
        (_, Number::Absent) => Some(1),
    }
}

/// The digest of an `imageID`, which is a reference by digest; the bare ID of an image that was
/// never pulled by one is none.
pub(super) fn digest_of(image_id: &str) -> &str {
    image_id.rsplit_once('@').map_or("", |(_, digest)| digest)
}
