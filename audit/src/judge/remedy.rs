//! The remedies of the checks, from the records that they are about.

use std::sync::Arc;

use extreg_core::policy::{Policy, Selection};
use extreg_core::registry::RegistryHost;

use super::images::policy;
use crate::coverage::GapReason;
use crate::kind::Kind;
use crate::place::ObjectId;
use crate::remedy::{Action, Inspection, LinkUse, Remedy, SpecTag};
use crate::snapshot::{
    ContainerKind, ImageUse, Snapshot, TagOrigin, TagRecord, TriggerSource, WorkloadRecord,
};
use crate::trigger::{self, ContainerNames, ImageTrigger, TriggerFault};

/// Writes a credential for a registry into the secret that the policy names.
pub(super) fn provide_credential(
    snapshot: &Snapshot,
    namespace: &Arc<str>,
    registry: RegistryHost<'_>,
    repository: &str,
) -> Remedy {
    let name = secret_name(snapshot, namespace, registry, repository);
    set_credential(namespace, name, registry)
}

/// Writes a credential for a registry into a secret, which keeps its other keys.
pub(super) fn set_credential(
    namespace: &Arc<str>,
    name: &str,
    registry: RegistryHost<'_>,
) -> Remedy {
    Remedy::run(Action::SetCredential {
        secret: ObjectId {
            namespace: Arc::clone(namespace),
            kind: Kind::Secret,
            name: name.into(),
        },
        registry: registry.as_str().into(),
    })
}

/// The name of an image of Docker Hub for which the usual key is found, where it has to be written
/// differently for that: no key but one of its own matches `registry-1.docker.io`.
pub(super) fn hub_name(image: &str) -> Option<String> {
    let rest = image.strip_prefix("registry-1.docker.io/")?;
    let path = if rest.contains('/') { "" } else { "library/" };
    Some(format!("docker.io/{path}{rest}"))
}

/// The name for a secret that has to be created: the one that the policy names.
fn secret_name<'s>(
    snapshot: &'s Snapshot,
    namespace: &Arc<str>,
    registry: RegistryHost<'_>,
    repository: &str,
) -> &'s str {
    let named = match policy(snapshot, namespace, registry, repository) {
        Selection::Policy(policy) | Selection::NamespaceUnknown(policy) => policy
            .push()
            .map(|(secret, _)| secret)
            .or_else(|| policy.pull_secret()),
        Selection::None => None,
    };
    match (named, registry) {
        (Some(name), _) => name,
        (None, RegistryHost::DockerHub) => Policy::DEFAULT_SECRET,
        (None, RegistryHost::Other(_)) => "registry",
    }
}

/// Lets a build push with a secret.
pub(super) fn set_push_secret(build: &ObjectId, secret: &Arc<str>) -> Remedy {
    Remedy::run(Action::SetPushSecret {
        build: build.clone(),
        secret: Arc::clone(secret),
    })
}

/// Lets a build pull the image of a field with a secret. What a Dockerfile names is pulled with the
/// secret of the strategy.
pub(super) fn set_pull_secret(used: &ImageUse, secret: &Arc<str>) -> Remedy {
    let field = &*used.place.field;
    let holder = match field.strip_suffix(".from.name") {
        Some(holder) if !holder.starts_with("spec.triggers") => holder,
        _ => "spec.strategy.dockerStrategy",
    };
    Remedy::run(Action::SetPullSecret {
        build: used.place.object.clone(),
        holder: holder.into(),
        secret: Arc::clone(secret),
    })
}

/// Adds a pull secret to the pods of a workload, beside those that it names.
pub(super) fn add_pull_secret(workload: &ObjectId, secret: &Arc<str>) -> Remedy {
    Remedy::run(Action::AddPullSecret {
        workload: workload.clone(),
        secret: Arc::clone(secret),
    })
}

/// Links a secret to an account.
pub(super) fn link(account: &ObjectId, secret: &Arc<str>, uses: LinkUse) -> Remedy {
    Remedy::run(Action::LinkSecret {
        account: account.clone(),
        secret: Arc::clone(secret),
        uses,
    })
}

/// Lets imports leave a secret out, or use it.
pub(super) fn exclude(secret: &ObjectId, excluded: bool) -> Remedy {
    Remedy::run(Action::SetExcluded {
        secret: secret.clone(),
        excluded,
    })
}

/// Shows what could not be read: with the rights for it, or in the cluster itself.
pub(super) fn look(snapshot: &Snapshot, namespace: &Arc<str>) -> Remedy {
    let mut gaps = snapshot.coverage.gaps.iter();
    Remedy::Inspect(if gaps.any(|gap| gap.why == GapReason::Forbidden) {
        Inspection::AuditRights
    } else {
        Inspection::Audit {
            namespace: Arc::clone(namespace),
        }
    })
}

/// Shows the image configuration of the cluster.
pub(super) fn look_at_image_config() -> Remedy {
    Remedy::Inspect(Inspection::Get(ObjectId {
        namespace: Arc::default(),
        kind: Kind::ImageConfig,
        name: "cluster".into(),
    }))
}

/// A tag as it is written in spec; none for one that only status has, or that follows no image.
pub(super) fn spec_tag(stream: &ObjectId, tag: &TagRecord) -> Option<SpecTag> {
    let TagOrigin::Image(from) = &tag.from else {
        return None;
    };
    Some(SpecTag {
        stream: stream.clone(),
        name: Arc::clone(&tag.name),
        index: tag.index?,
        has_import_policy: tag.has_import_policy,
        from: Arc::clone(from),
    })
}

/// Lets a tag be imported on schedule, or no longer.
pub(super) fn schedule(stream: &ObjectId, tag: &TagRecord, scheduled: bool) -> Remedy {
    match spec_tag(stream, tag) {
        Some(tag) => Remedy::run(Action::SetSchedule { tag, scheduled }),
        None => Remedy::instruct(format!("change the schedule of {} of {stream}", tag.name)),
    }
}

/// Lets a tag follow the same image under another name.
pub(super) fn follow(stream: &ObjectId, tag: &TagRecord, image: &str) -> Remedy {
    match spec_tag(stream, tag) {
        Some(tag) => Remedy::run(Action::FollowImage {
            tag,
            image: image.into(),
        }),
        None => Remedy::instruct(format!("write {image} in {} of {stream}", tag.name)),
    }
}

/// Imports a tag now.
pub(super) fn import(stream: &ObjectId, tag: &TagRecord) -> Remedy {
    Remedy::run(Action::ImportTag {
        stream: stream.clone(),
        tag: Arc::clone(&tag.name),
        wait: false,
    })
}

/// Lets a container of a workload follow a tag of its namespace.
pub(super) fn trigger(workload: &WorkloadRecord, tag: &str, container: &Arc<str>) -> Remedy {
    let object = workload.object.clone();
    if object.kind == Kind::DeploymentConfig {
        return Remedy::run(Action::AddConfigTrigger {
            workload: object,
            has_list: workload.trigger_source == TriggerSource::Spec,
            tag: tag.into(),
            namespace: None,
            containers: vec![Arc::clone(container)],
        });
    }
    let was = match &workload.trigger_source {
        TriggerSource::Annotation(text) => Some(Arc::clone(text)),
        TriggerSource::None | TriggerSource::Spec => None,
    };
    let field = field_of(workload, container);
    match trigger::appended(was.as_deref().unwrap_or_default(), tag, None, &field) {
        Some(text) => Remedy::run(Action::SetTriggers {
            workload: object,
            was,
            text,
        }),
        None => unusable_annotation(workload),
    }
}

/// Lets a trigger that is paused set its containers again.
pub(super) fn resume(workload: &WorkloadRecord, trigger: &ImageTrigger) -> Remedy {
    edited(workload, trigger, Edit::Resume)
}

/// Corrects the one trigger that OpenShift does not follow.
pub(super) fn correct(workload: &WorkloadRecord, trigger: &ImageTrigger) -> Remedy {
    let names = Names::of(workload);
    let list = if workload.object.kind == Kind::DeploymentConfig {
        "spec.triggers"
    } else {
        trigger::ANNOTATION
    };
    let entry = format!("{list}[{}] of {}", trigger.index, workload.object);
    match trigger.fault {
        Some(TriggerFault::NoTag) => {
            return Remedy::instruct(format!(
                "write the tag in from.name of {entry}, as in {}:latest",
                trigger.tag
            ));
        }
        Some(TriggerFault::NotATag) => {
            return Remedy::instruct(format!(
                "set from.kind to ImageStreamTag and remove from.apiVersion in {entry}"
            ));
        }
        Some(TriggerFault::Stray | TriggerFault::InvalidField | TriggerFault::NoContainer)
        | None => {}
    }
    let meant = trigger::meant_container(&trigger.field, names.borrowed())
        .or_else(|| names.only().filter(|_| workload.triggers.len() == 1));
    let is_free = |container: &&str| {
        let mut others = workload.triggers.iter().flat_map(|of| &of.containers);
        !others.any(|name| **name == **container)
    };
    if let Some(container) = meant.filter(is_free) {
        return edited(workload, trigger, Edit::Repoint(container));
    }
    // An entry that is skipped alone does nothing: without it nothing else changes.
    if trigger.fault == Some(TriggerFault::Stray) && workload.triggers.len() > 1 {
        return edited(workload, trigger, Edit::Remove);
    }
    Remedy::instruct(format!(
        "name a container in {entry}: {}",
        names.all().join(", ")
    ))
}

/// What a person has to write in place of an annotation that cannot be read.
pub(super) fn unusable_annotation(workload: &WorkloadRecord) -> Remedy {
    let container = workload
        .containers
        .first()
        .map_or("NAME", |first| &first.name);
    Remedy::instruct(format!(
        "write the annotation {} of {} as a JSON list with one entry for each container: \
         [{{\"from\":{{\"kind\":\"ImageStreamTag\",\"name\":\"STREAM:TAG\"}},\"fieldPath\":\"{}\"}}]",
        trigger::ANNOTATION,
        workload.object,
        field_of(workload, container)
    ))
}

enum Edit<'n> {
    Repoint(&'n str),
    Resume,
    Remove,
}

fn edited(workload: &WorkloadRecord, trigger: &ImageTrigger, edit: Edit<'_>) -> Remedy {
    let object = workload.object.clone();
    let (index, tag) = (trigger.index, Arc::clone(&trigger.tag));
    if let TriggerSource::Annotation(was) = &workload.trigger_source {
        let text = match edit {
            Edit::Repoint(container) => {
                trigger::repointed(was, index, &field_of(workload, container))
            }
            Edit::Resume => trigger::resumed(was, index),
            Edit::Remove => trigger::without(was, index),
        };
        return match text {
            Some(text) => Remedy::run(Action::SetTriggers {
                workload: object,
                was: Some(Arc::clone(was)),
                text,
            }),
            None => unusable_annotation(workload),
        };
    }
    match edit {
        Edit::Repoint(container) => Remedy::run(Action::RepointConfigTrigger {
            workload: object,
            index,
            tag,
            container: container.into(),
        }),
        Edit::Resume | Edit::Remove => Remedy::run(Action::ResumeConfigTrigger {
            workload: object,
            index,
            tag,
        }),
    }
}

/// The `fieldPath` of a container, in the one spelling that OpenShift reads.
fn field_of(workload: &WorkloadRecord, container: &str) -> String {
    let mut containers = workload.containers.iter();
    let is_init = containers.any(|c| *c.name == *container && c.kind == ContainerKind::Init);
    let list = if is_init {
        "initContainers"
    } else {
        "containers"
    };
    let path = match workload.object.kind {
        Kind::CronJob => "spec.jobTemplate.spec.template.spec",
        _ => "spec.template.spec",
    };
    format!("{path}.{list}[?(@.name==\"{container}\")].image")
}

/// The names of the containers of a workload.
struct Names<'w> {
    init: Vec<&'w str>,
    main: Vec<&'w str>,
}

impl<'w> Names<'w> {
    fn of(workload: &'w WorkloadRecord) -> Self {
        let of = |kind| -> Vec<&'w str> {
            let all = workload.containers.iter();
            all.filter(|container| container.kind == kind)
                .map(|container| &*container.name)
                .collect()
        };
        Self {
            init: of(ContainerKind::Init),
            main: of(ContainerKind::Main),
        }
    }

    fn borrowed(&self) -> ContainerNames<'_> {
        ContainerNames {
            init: &self.init,
            main: &self.main,
        }
    }

    fn only(&self) -> Option<&'w str> {
        match (self.init.as_slice(), self.main.as_slice()) {
            ([], [only]) => Some(only),
            _ => None,
        }
    }

    fn all(&self) -> Vec<&'w str> {
        self.main.iter().chain(&self.init).copied().collect()
    }
}
