//! ImageStreams.

use std::collections::BTreeMap;
use std::sync::Arc;

use extreg_core::object::{Resource, opt_out};

use super::Unreadable;
use super::intern::Names;
use super::item::{Body, Found, Item, OptedOut, Site, StreamItem};
use super::namespace::opted_out;
use super::suppression;
use super::view::{Chosen, Metadata, StatusTag, StreamView, Tag, key};
use crate::snapshot::{FailedImport, StreamRecord, TagOrigin, TagRecord, UseRole};

/// The opt-out annotation of a tag, as a report names it.
const BY_ANNOTATION: &str = "annotation extreg.io/scheduled";

/// Reads an ImageStream. Older images in its status are history and not read.
pub(super) fn read(json: &str, site: &mut Site<'_>) -> Result<Item, Unreadable> {
    let resource = Resource::ImageStreams;
    let reduced = site.reduce(resource, json)?;
    let view: StreamView<'_> =
        serde_json::from_str(json).map_err(|error| Unreadable::json(resource.kind(), &error))?;

    let mut item = site.item(&view.metadata);
    if view.metadata.labels.get(opt_out::LABEL) == Some("true") {
        item.opt_outs.push(opted_out(site));
    }
    let names = &mut *site.names;
    let repository = &view.spec.docker_image_repository;
    if !repository.is_empty() {
        let field = names.get("spec.dockerImageRepository");
        let image = names.get(repository);
        item.uses
            .push(Found::new(UseRole::Import, Arc::default(), field, image));
    }

    let mut status: BTreeMap<&str, (usize, &StatusTag<'_>)> = BTreeMap::new();
    for (index, tag) in view.status.tags.iter().enumerate() {
        status.insert(&tag.tag, (index, tag));
    }
    // If two tags have one name the last counts (openshift-apiserver `image/v1/conversion.go`).
    let mut spec: BTreeMap<&str, (usize, &Tag<'_>)> = BTreeMap::new();
    for (index, tag) in view.spec.tags.iter().enumerate() {
        spec.insert(&tag.name, (index, tag));
    }
    let mut tags = Vec::new();
    for (name, (index, tag)) in &spec {
        let of_status = status.remove(name);
        let record = tag_record(*index, tag, of_status.map(|(_, tag)| tag), names);
        if record.opts_out {
            item.opt_outs.push(OptedOut {
                part: Arc::clone(&record.name),
                field: names.field(format_args!("spec.tags[{index}].annotations")),
                by: BY_ANNOTATION,
            });
        }
        let none = Chosen::default();
        let annotations = tag.annotations.as_ref().unwrap_or(&none);
        for mut annotation in suppression::of(annotations, names) {
            annotation
                .part
                .get_or_insert_with(|| Arc::clone(&record.name));
            item.annotations.push(annotation);
        }
        match &record.from {
            TagOrigin::Image(image) => {
                let field = names.field(format_args!("spec.tags[{index}].from.name"));
                let part = Arc::clone(&record.name);
                let mut found = Found::new(UseRole::Import, part, field, Arc::clone(image));
                found.digest = Arc::clone(&record.digest);
                item.uses.push(found);
            }
            TagOrigin::Stream { .. } => item.uses.extend(current(of_status, true, names)),
            TagOrigin::Pushed => item.uses.extend(current(of_status, false, names)),
        }
        tags.push(record);
    }
    for (index, tag) in status.into_values() {
        tags.push(status_record(tag, names));
        item.uses.extend(current(Some((index, tag)), false, names));
    }
    tags.sort_by(|a, b| a.name.cmp(&b.name));
    tags.shrink_to_fit();
    item.uses.shrink_to_fit();

    let record = StreamRecord {
        origin: item.origin.clone(),
        managed: is_managed(&view.metadata),
        looks_up: view.spec.lookup_policy.local,
        follows_repository: names.get(repository),
        repository: names.get(&view.status.docker_image_repository),
        tags,
        ..StreamRecord::new(item.id.clone())
    };
    item.body = Body::Stream(Box::new(StreamItem { record, reduced }));
    Ok(item)
}

/// Whether the samples operator or the ClusterVersion owns it (ComplianceAsCode
/// `applications/openshift/registry/imagestream_sets_schedule`).
fn is_managed(metadata: &Metadata<'_>) -> bool {
    let mut owners = metadata.owner_references.iter();
    metadata.labels.get(key::SAMPLE) == Some("true")
        || owners.any(|owner| &*owner.kind == "ClusterVersion")
}

/// The image that a tag shows, if spec does not name it.
fn current(
    status: Option<(usize, &StatusTag<'_>)>,
    copied: bool,
    names: &mut Names,
) -> Option<Found> {
    let (index, tag) = status?;
    let newest = tag.items.0.as_ref()?;
    if newest.docker_image_reference.is_empty() {
        return None;
    }
    let field = format_args!("status.tags[{index}].items[0].dockerImageReference");
    let field = names.field(field);
    let image = names.get(&newest.docker_image_reference);
    let mut found = Found::new(UseRole::Import, names.get(&tag.tag), field, image);
    found.digest = names.get(&newest.image);
    found.copied = copied;
    Some(found)
}

fn tag_record(
    index: usize,
    tag: &Tag<'_>,
    status: Option<&StatusTag<'_>>,
    names: &mut Names,
) -> TagRecord {
    let from = match &tag.from {
        None => TagOrigin::Pushed,
        Some(from) if &*from.kind == "DockerImage" => TagOrigin::Image(names.get(&from.name)),
        Some(from) => TagOrigin::Stream {
            name: names.get(&from.name),
            namespace: names.get(&from.namespace),
        },
    };
    let policy = tag.import_policy.as_ref();
    TagRecord {
        name: names.get(&tag.name),
        index: Some(index),
        from,
        reference: tag.reference,
        has_import_policy: policy.is_some(),
        scheduled: policy.is_some_and(|policy| policy.scheduled),
        insecure: policy.is_some_and(|policy| policy.insecure),
        preserves_original: policy.is_some_and(|policy| &*policy.import_mode == "PreserveOriginal"),
        local: &*tag.reference_policy.kind == "Local",
        has_annotations: tag.annotations.is_some(),
        opts_out: tag
            .annotations
            .as_ref()
            .is_some_and(|all| all.get(opt_out::TAG_ANNOTATION) == Some("false")),
        platforms: None,
        ..status
            .map(|status| status_record(status, names))
            .unwrap_or_default()
    }
}

/// The status of a tag.
fn status_record(tag: &StatusTag<'_>, names: &mut Names) -> TagRecord {
    let newest = tag.items.0.as_ref();
    let mut conditions = tag.conditions.iter();
    let failed = conditions
        .find(|condition| &*condition.kind == "ImportSuccess" && &*condition.status == "False");
    TagRecord {
        name: names.get(&tag.tag),
        // Not interned: no two tags share them.
        digest: newest.map_or("", |newest| &newest.image).into(),
        created: newest.map_or("", |newest| &newest.created).into(),
        failure: failed.map(|condition| FailedImport {
            reason: names.get(&condition.reason),
            message: names.get(&condition.message),
            since: names.get(&condition.last_transition_time),
        }),
        ..TagRecord::default()
    }
}
