//! Image triggers: which container follows which ImageStreamTag, by the rules of OpenShift's image
//! trigger controller. The only reader of them.
//!
//! A workload has them in an annotation (library-go `pkg/image/trigger/annotations.go`,
//! `CalculateAnnotationTriggers` and `UpdateObjectFromImages`), a DeploymentConfig in
//! `spec.triggers` (openshift-controller-manager `pkg/image/trigger/deploymentconfigs`).

mod config;
mod edit;
mod path;

use std::sync::Arc;

use serde_json::Value;

pub use self::config::{DeploymentTrigger, of_config};
pub use self::edit::{appended, repointed, resumed, without};
pub use self::path::{container_at, meant_container};

/// The annotation with the image triggers of a workload (library-go `pkg/image/trigger/types.go`).
pub const ANNOTATION: &str = "image.openshift.io/triggers";

/// The image triggers of a workload.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Triggers {
    /// Each entry for a tag of an ImageStream, valid or not, in its order.
    pub list: Vec<ImageTrigger>,
    /// Why OpenShift cannot use any of them; in this case the list is empty.
    pub unusable: Option<Unusable>,
}

/// Why OpenShift cannot use an annotation.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It does not parse as a list of triggers.
    #[error("it is not a JSON list of triggers")]
    NotAList,
    /// Two entries have the same `fieldPath`.
    #[error("duplicate triggers are not allowed: two entries have the fieldPath {0:?}")]
    Duplicate(Arc<str>),
}

/// One image trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImageTrigger {
    /// Its index in the list that it was read from.
    pub index: usize,
    /// The namespace of the ImageStreamTag.
    pub namespace: Arc<str>,
    /// `stream:tag`, as written.
    pub tag: Arc<str>,
    /// `fieldPath` as written; the container names of a DeploymentConfig's trigger.
    pub field: Arc<str>,
    /// The names of the containers that it sets; empty if it names none.
    pub containers: Vec<Arc<str>>,
    /// Whether it is paused, or `automatic: false`.
    pub paused: bool,
    /// Why OpenShift does not set its containers, regardless of the tag.
    pub fault: Option<TriggerFault>,
}

/// Why OpenShift does not set the containers of a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum TriggerFault {
    /// `fieldPath` is not below the path of the pod: this entry alone is skipped.
    #[error("its fieldPath is not below the pod template")]
    Stray,
    /// `from` is not an ImageStreamTag: no new image of a tag reaches it.
    #[error("its from is not an ImageStreamTag")]
    NotATag,
    /// `from.name` has no tag, and no tag is assumed: this entry alone is skipped.
    #[error("its from.name has no tag")]
    NoTag,
    /// `fieldPath` is not the path of a container's image. While the tag has an image, OpenShift sets
    /// none of the entries.
    #[error("field path is not valid")]
    InvalidField,
    /// No container of that name or index exists. While the tag has an image, OpenShift sets none
    /// of the entries of an annotation.
    #[error("no such container")]
    NoContainer,
}

/// The names of the containers of a pod template, by list.
#[derive(Clone, Copy, Debug)]
pub struct ContainerNames<'n> {
    /// `initContainers`.
    pub init: &'n [&'n str],
    /// `containers`.
    pub main: &'n [&'n str],
}

impl ImageTrigger {
    /// The stream and the tag (library-go `pkg/image/imageutil/helpers.go`, `SplitImageStreamTag`);
    /// `None` without a tag, not even an empty one.
    pub fn stream_tag(&self) -> Option<(&str, &str)> {
        let (stream, tag) = self.tag.split_once(':')?;
        Some((stream, if tag.is_empty() { "latest" } else { tag }))
    }

    /// The stream, with or without a tag.
    pub fn stream(&self) -> &str {
        self.tag
            .split_once(':')
            .map_or(&self.tag, |(stream, _)| stream)
    }

    /// Whether it keeps OpenShift from setting the remaining entries of an annotation, if its tag has an
    /// image.
    pub const fn stops_others(&self) -> bool {
        let unresolved = matches!(
            self.fault,
            Some(TriggerFault::InvalidField | TriggerFault::NoContainer)
        );
        unresolved && !self.paused
    }
}

impl Triggers {
    /// Whether one of them is for that container.
    pub fn sets(&self, container: &str) -> bool {
        let mut containers = self.list.iter().flat_map(|trigger| &trigger.containers);
        containers.any(|name| **name == *container)
    }

    /// The entry that keeps OpenShift from setting the rest: the first one whose container does
    /// not resolve and whose tag has an image. Only of an annotation.
    pub fn stopped_by(
        list: &[ImageTrigger],
        has_image: impl Fn(&ImageTrigger) -> bool,
    ) -> Option<&ImageTrigger> {
        list.iter()
            .find(|trigger| trigger.stops_others() && has_image(trigger))
    }
}

/// The triggers of the annotation of a workload in `namespace` whose pod is at `path`, which is
/// `spec.template.spec` or below `spec.jobTemplate`.
pub fn of_annotation(
    text: &str,
    path: &str,
    names: ContainerNames<'_>,
    namespace: &str,
) -> Triggers {
    let unusable = |why| Triggers {
        list: Vec::new(),
        unusable: Some(why),
    };
    let Some(entries) = entries(text) else {
        return unusable(Unusable::NotAList);
    };
    for (index, entry) in entries.iter().enumerate() {
        let mut later = entries.iter().skip(index + 1);
        if later.any(|other| other.field == entry.field) {
            return unusable(Unusable::Duplicate(entry.field.as_str().into()));
        }
    }
    let list = entries
        .into_iter()
        .enumerate()
        .map(|(index, entry)| entry.trigger(index, path, names, namespace))
        .collect();
    Triggers {
        list,
        unusable: None,
    }
}

/// An entry as `encoding/json` reads it.
#[derive(Default)]
struct Entry {
    kind: String,
    name: String,
    namespace: String,
    api_version: String,
    field: String,
    paused: bool,
}

impl Entry {
    fn trigger(
        self,
        index: usize,
        path: &str,
        names: ContainerNames<'_>,
        namespace: &str,
    ) -> ImageTrigger {
        let below = self
            .field
            .strip_prefix(path)
            .and_then(|rest| rest.strip_prefix('.'));
        let container = below.map(|field| container_at(field, names));
        let has_tag = self.name.contains(':');
        let is_tag = self.kind == "ImageStreamTag" && self.api_version.is_empty();
        let fault = match container {
            None => Some(TriggerFault::Stray),
            Some(_) if !has_tag => Some(TriggerFault::NoTag),
            Some(Err(fault)) => Some(fault),
            Some(Ok(_)) if !is_tag => Some(TriggerFault::NotATag),
            Some(Ok(_)) => None,
        };
        let namespace = match self.namespace.as_str() {
            "" => namespace,
            namespace => namespace,
        };
        ImageTrigger {
            index,
            namespace: namespace.into(),
            tag: self.name.into(),
            field: self.field.into(),
            containers: match container {
                Some(Ok(container)) => vec![container.into()],
                Some(Err(_)) | None => Vec::new(),
            },
            paused: self.paused,
            fault,
        }
    }
}

/// The entries; `None` if Go's decoder rejects the text as a list of triggers.
fn entries(text: &str) -> Option<Vec<Entry>> {
    match serde_json::from_str(text).ok()? {
        Value::Null => Some(Vec::new()),
        Value::Array(list) => list.iter().map(entry).collect(),
        _ => None,
    }
}

fn entry(value: &Value) -> Option<Entry> {
    if value.is_null() {
        return Some(Entry::default());
    }
    value.as_object()?;
    let from = member(value, "from").unwrap_or(&Value::Null);
    if !from.is_null() && !from.is_object() {
        return None;
    }
    Some(Entry {
        kind: text(from, "kind")?,
        name: text(from, "name")?,
        namespace: text(from, "namespace")?,
        api_version: text(from, "apiVersion")?,
        field: text(value, "fieldPath")?,
        paused: match member(value, "paused") {
            None | Some(Value::Null) => false,
            Some(paused) => paused.as_bool()?,
        },
    })
}

fn text(of: &Value, name: &str) -> Option<String> {
    match member(of, name) {
        None | Some(Value::Null) => Some(String::new()),
        Some(value) => value.as_str().map(str::to_owned),
    }
}

/// A member as Go finds it: by its name, else by the same letters in another case.
fn member<'v>(of: &'v Value, name: &str) -> Option<&'v Value> {
    let members = of.as_object()?;
    members.get(name).or_else(|| {
        let mut all = members.iter();
        all.find_map(|(key, value)| key.eq_ignore_ascii_case(name).then_some(value))
    })
}

#[cfg(test)]
mod tests;
