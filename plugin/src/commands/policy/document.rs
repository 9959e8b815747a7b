//! Documents that speak of policies, read from files, each with all that is wrong with it.

use std::collections::BTreeMap;

use extreg_core::policy::{GROUP, KIND, Mode, Policy, PolicySpec};
use extreg_documents::{Document, FoundObject, InputError, Origin, Skipped, SourceList};
use extreg_manifests::policy_faults;
use extreg_snapshot::approved::{Approved, ApprovedDocument};
use serde_json::Value;

use super::fault::{Fault, metadata, unknown};
use crate::engine::policies::REGISTRY_POLICY;

/// The kind of a list of approved registries.
pub(super) const APPROVED: &str = "ApprovedRegistries";
/// Other documents of ours, which say nothing of policies.
const OTHERS: [&str; 1] = [extreg_audit::exceptions::KIND];

/// A document that speaks of policies.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) origin: Origin,
    pub(super) kind: String,
    pub(super) name: String,
    /// What it says, where nothing is wrong with it.
    pub(super) content: Content,
    /// What is wrong with it; nothing if it can be used.
    pub(super) faults: Vec<Fault>,
}

/// What a document says.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Policy(Box<(Policy, PolicySpec)>),
    Approved(Approved),
    /// Nothing that can be used.
    Faulty,
}

/// What was read.
#[derive(Debug, Default)]
pub(super) struct Documents {
    pub(super) entries: Vec<Entry>,
    /// Documents that are no YAML, or no objects.
    pub(super) broken: Vec<String>,
    /// Files that cannot be read.
    pub(super) unreadable: Vec<String>,
    /// What of the folders was not read.
    pub(super) skipped: Skipped,
}

impl Documents {
    /// Reads everything that speaks of policies; other objects are passed over.
    pub(super) fn read(found: SourceList) -> Self {
        let mut read = Self {
            unreadable: found.errors.iter().map(ToString::to_string).collect(),
            skipped: found.skipped,
            ..Self::default()
        };
        for document in extreg_documents::read(found.sources) {
            match document {
                Ok(document) => read.add(&document),
                Err(InputError::NotManifest { name, reason, .. }) => {
                    read.skipped.add(reason, name.into());
                }
                Err(error @ InputError::Read { .. }) => read.unreadable.push(error.to_string()),
                Err(error) => read.broken.push(error.to_string()),
            }
        }
        read.tell_twins();
        read
    }

    /// Whether everything that was read can be used.
    pub(super) fn are_valid(&self) -> bool {
        self.broken.is_empty() && self.entries.iter().all(|entry| entry.faults.is_empty())
    }

    /// The policies that can be used.
    pub(super) fn policies(&self) -> impl Iterator<Item = (&Entry, &Policy, &PolicySpec)> {
        self.entries
            .iter()
            .filter_map(|entry| match &entry.content {
                Content::Policy(policy) => Some((entry, &policy.0, &policy.1)),
                Content::Approved(_) | Content::Faulty => None,
            })
    }

    /// The list of approved registries, if there is one that can be used.
    pub(super) fn approved(&self) -> Option<&Approved> {
        self.entries.iter().find_map(|entry| match &entry.content {
            Content::Approved(list) => Some(list),
            Content::Policy(_) | Content::Faulty => None,
        })
    }

    fn add(&mut self, document: &Document) {
        let objects = match document.objects() {
            Ok(objects) => objects,
            Err(InputError::NotManifest { name, reason, .. }) => {
                self.skipped.add(reason, name.into());
                return;
            }
            Err(error) => {
                self.broken.push(error.to_string());
                return;
            }
        };
        for object in objects {
            let group = object.api_version.split_once('/').map(|(group, _)| group);
            let is_ours = group == Some(GROUP) || [KIND, APPROVED].contains(&&*object.kind);
            if !is_ours || OTHERS.contains(&&*object.kind) {
                continue;
            }
            let mut entry = Entry::of(&object, &document.origin_of(&object));
            let faults = std::mem::take(&mut entry.faults).into_iter();
            entry.faults = faults
                .map(|fault| fault.on(document, &object.pointer))
                .collect();
            self.entries.push(entry);
        }
    }

    /// Of two policies of one name the cluster would keep the later; of two lists one decides.
    fn tell_twins(&mut self) {
        let mut seen: BTreeMap<(String, String), Origin> = BTreeMap::new();
        for entry in &mut self.entries {
            let is_list = entry.kind == APPROVED;
            if entry.name.is_empty() && !is_list {
                continue;
            }
            let name = if is_list { "" } else { &*entry.name };
            let key = (entry.kind.clone(), name.to_owned());
            let Some(earlier) = seen.get(&key) else {
                seen.insert(key, entry.origin.clone());
                continue;
            };
            let mut fault = if is_list {
                Fault::of(
                    "",
                    format!("there is a list already, {earlier}; one of them decides"),
                )
            } else {
                Fault::of(
                    "metadata.name",
                    format!("{earlier} has this name too; the cluster would keep the later"),
                )
            };
            fault.line = entry.origin.line;
            entry.faults.push(fault);
            entry.content = Content::Faulty;
        }
    }
}

impl Entry {
    fn of(object: &FoundObject<'_>, origin: &Origin) -> Self {
        let read = match &*object.kind {
            _ if object.api_version != REGISTRY_POLICY.api_version() => Err(vec![Fault::of(
                "apiVersion",
                format!(
                    "{:?} serves no {}; write {}",
                    object.api_version,
                    object.kind,
                    REGISTRY_POLICY.api_version()
                ),
            )]),
            KIND => registry_policy(object),
            APPROVED => approved_registries(&object.body),
            other => {
                let known = [KIND, APPROVED];
                Err(vec![Fault {
                    suggestion: crate::closest::closest(other, known).map(str::to_owned),
                    ..Fault::of(
                        "kind",
                        format!("there is no {other}, but {}", known.join(" and ")),
                    )
                }])
            }
        };
        let (content, faults) = match read {
            Ok(content) => (content, Vec::new()),
            Err(faults) => (Content::Faulty, faults),
        };
        Self {
            origin: origin.clone(),
            kind: object.kind.to_string(),
            name: object.name().into_owned(),
            content,
            faults,
        }
    }

    /// `p.yaml:3: RegistryPolicy hub`.
    pub(super) fn place(&self, line: usize) -> String {
        let name = match &*self.name {
            "" => String::new(),
            name => format!(" {name}"),
        };
        format!("{}:{line}: {}{name}", self.origin.source, self.kind)
    }
}

/// What the API server would refuse by its schema comes first; then what makes no policy, in the words of the policy's
/// status, which are those of the schema's rules.
fn registry_policy(object: &FoundObject<'_>) -> Result<Content, Vec<Fault>> {
    let body = object.body.as_ref();
    let mut faults = unknown(
        Some(body),
        "",
        &["apiVersion", "kind", "metadata", "spec", "status"],
    );
    faults.extend(metadata(body));
    faults.extend(policy_faults(body).into_iter().map(Fault::from));
    if !faults.is_empty() {
        return Err(faults);
    }
    let told = |error: &dyn std::fmt::Display| vec![Fault::told(&error.to_string())];
    let spec = without_nulls(body.get("spec").unwrap_or(&Value::Null));
    let spec: PolicySpec =
        serde_json::from_value(spec).map_err(|error| vec![Fault::of("spec", error.to_string())])?;
    let policy = Policy::compile(&object.name(), "", &spec).map_err(|error| told(&error))?;
    let sets = spec.push.is_some() || spec.pull.is_some() || spec.import.is_some();
    if !sets && spec.mode != Mode::Off {
        return Err(told(
            &"spec: must set push, pull or import, or have mode Off",
        ));
    }
    Ok(Content::Policy(Box::new((policy, spec))))
}

/// The API server puts the default where a field that has one is null.
fn without_nulls(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| (key.clone(), without_nulls(value)))
            .collect(),
        other => other.clone(),
    }
}

fn approved_registries(body: &Value) -> Result<Content, Vec<Fault>> {
    let mut faults = unknown(Some(body), "", &["apiVersion", "kind", "metadata", "spec"]);
    faults.extend(unknown(
        body.get("metadata"),
        "metadata",
        &["annotations", "labels", "name"],
    ));
    faults.extend(unknown(body.get("spec"), "spec", &["registries"]));
    if !faults.is_empty() {
        return Err(faults);
    }
    let document: ApprovedDocument = serde_path_to_error::deserialize(body).map_err(|error| {
        let path = error.path().to_string();
        vec![match path.as_str() {
            "." => Fault::of("", error.inner().to_string()),
            path => Fault::of(path, error.inner().to_string()),
        }]
    })?;
    let faults = Approved::faults(&document);
    if !faults.is_empty() {
        let told = faults.iter().map(|fault| Fault::told(&fault.to_string()));
        return Err(told.collect());
    }
    let list = Approved::compile(&document);
    list.map(Content::Approved)
        .map_err(|error| vec![Fault::told(&error.to_string())])
}
