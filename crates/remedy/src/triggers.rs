//! Fixes of image triggers: one entry of a workload's list changes.

use std::sync::Arc;

use extreg_snapshot::kind::Kind;
use extreg_snapshot::trigger::{self, ContainerNames, ImageTrigger, TriggerFault};
use extreg_snapshot::{ContainerKind, TriggerSource, WorkloadRecord};

use super::{Action, Remedy};

/// Lets containers of a workload follow `stream:tag` of a namespace.
pub fn follow(
    workload: &WorkloadRecord,
    namespace: &str,
    tag: &str,
    containers: &[Arc<str>],
) -> Remedy {
    let object = workload.object.clone();
    let namespace = (*namespace != *object.namespace).then_some(namespace);
    if object.kind == Kind::DeploymentConfig {
        return Remedy::run(Action::AddConfigTrigger {
            workload: object,
            has_list: workload.trigger_source == TriggerSource::Spec,
            tag: tag.into(),
            namespace: namespace.map(Into::into),
            containers: containers.to_vec(),
        });
    }
    let was = match &workload.trigger_source {
        TriggerSource::Annotation(text) => Some(Arc::clone(text)),
        TriggerSource::None | TriggerSource::Spec => None,
    };
    let text = containers.iter().try_fold(
        was.as_deref().unwrap_or_default().to_owned(),
        |text, container| trigger::appended(&text, tag, namespace, &field_of(workload, container)),
    );
    match text.filter(|_| workload.unusable_triggers.is_none()) {
        Some(text) => Remedy::run(Action::SetTriggers {
            workload: object,
            was,
            text,
        }),
        None => unusable_annotation(workload),
    }
}

/// Resumes a paused trigger.
pub fn resume(workload: &WorkloadRecord, trigger: &ImageTrigger) -> Remedy {
    edited(workload, trigger, &Edit::Resume)
}

/// Corrects one trigger that OpenShift ignores.
pub fn correct(workload: &WorkloadRecord, trigger: &ImageTrigger) -> Remedy {
    let names = Names::from_workload(workload);
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
        return edited(workload, trigger, &Edit::Repoint(container));
    }
    // An entry that is skipped alone has no effect: without it nothing else changes.
    if trigger.fault == Some(TriggerFault::Stray) && workload.triggers.len() > 1 {
        return edited(workload, trigger, &Edit::Remove);
    }
    Remedy::instruct(format!(
        "name a container in {entry}: {}",
        names.all().join(", ")
    ))
}

/// The instruction for an annotation that cannot be parsed.
pub fn unusable_annotation(workload: &WorkloadRecord) -> Remedy {
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

fn edited(workload: &WorkloadRecord, trigger: &ImageTrigger, edit: &Edit<'_>) -> Remedy {
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
            container: (*container).into(),
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
    fn from_workload(workload: &'w WorkloadRecord) -> Self {
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
