//! Tasks of Tekton.

use std::sync::Arc;

use super::item::{Body, Found, Item, Site};
use super::view::TaskView;
use super::workload::{container_record, owner};
use crate::snapshot::{ContainerKind, Meaning, UseRole, WorkloadRecord};

/// The default account of OpenShift Pipelines for a Task.
const ACCOUNT: &str = "pipeline";

/// Reads a Task. A step without an image has that of the template, or is of a StepAction.
pub(super) fn read(json: &str, site: &mut Site<'_>) -> Result<Item, serde_json::Error> {
    let view: TaskView<'_> = serde_json::from_str(json)?;
    let mut item = site.item(&view.metadata);
    let spec = &view.spec;
    let mut containers = Vec::new();
    for (list, name) in [(&spec.steps, "steps"), (&spec.sidecars, "sidecars")] {
        for (index, step) in list.iter().enumerate() {
            if step.image.is_empty() {
                continue;
            }
            let record = container_record(step, ContainerKind::Main, site.names);
            let field = site.names.field(format_args!("spec.{name}[{index}].image"));
            item.uses
                .push(found(UseRole::Run, &record.name, field, &record.image));
            containers.push(record);
        }
    }
    if !spec.step_template.image.is_empty() {
        let field = site.names.get("spec.stepTemplate.image");
        let image = site.names.get(&spec.step_template.image);
        item.uses
            .push(found(UseRole::Run, &Arc::default(), field, &image));
    }
    for (index, volume) in spec.volumes.iter().enumerate() {
        if !volume.image.reference.is_empty() {
            let field = format_args!("spec.volumes[{index}].image.reference");
            let field = site.names.field(field);
            let image = site.names.get(&volume.image.reference);
            let part = site.names.get(&volume.name);
            item.uses.push(found(UseRole::Volume, &part, field, &image));
        }
    }
    item.body = Body::Workload(Box::new(WorkloadRecord {
        origin: item.origin.clone(),
        owner: owner(&view.metadata, site.names),
        account: site.names.get(ACCOUNT),
        containers,
        ..WorkloadRecord::new(item.id.clone())
    }));
    Ok(item)
}

fn found(role: UseRole, part: &Arc<str>, field: Arc<str>, image: &Arc<str>) -> Found {
    let mut found = Found::new(role, Arc::clone(part), field, Arc::clone(image));
    // A variable of Tekton, which its run substitutes.
    if image.contains("$(") {
        found.meaning = Some(Meaning::Parameter);
    }
    found
}
