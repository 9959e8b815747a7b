//! Policy documents, read from files, each with all its errors.

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
/// Other documents of ours, which do not define policies.
const OTHER_KINDS: [&str; 1] = [extreg_audit::exceptions::KIND];

/// A policy document.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) origin: Origin,
    pub(super) kind: String,
    pub(super) name: String,
    /// The content, if it is valid.
    pub(super) content: Content,
    /// The errors; empty if it is valid.
    pub(super) faults: Vec<Fault>,
}

/// The content of a document.
#[derive(Clone, Debug)]
pub(super) enum Content {
    Policy(Box<(Policy, PolicySpec)>),
    Approved(Approved),
    /// Invalid content.
    Faulty,
}

/// The documents.
#[derive(Debug, Default)]
pub(super) struct Documents {
    pub(super) entries: Vec<Entry>,
    /// Documents that are not valid YAML, or not objects.
    pub(super) broken: Vec<String>,
    /// Files that cannot be read.
    pub(super) unreadable: Vec<String>,
    /// Files in the folders that were skipped.
    pub(super) skipped: Skipped,
}

impl Documents {
    /// Reads all policy documents; skips other objects.
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
        read.report_duplicates();
        read
    }

    /// Whether everything that was read is valid.
    pub(super) fn are_valid(&self) -> bool {
        self.broken.is_empty() && self.entries.iter().all(|entry| entry.faults.is_empty())
    }

    /// The valid policies.
    pub(super) fn policies(&self) -> impl Iterator<Item = (&Entry, &Policy, &PolicySpec)> {
        self.entries
            .iter()
            .filter_map(|entry| match &entry.content {
                Content::Policy(policy) => Some((entry, &policy.0, &policy.1)),
                Content::Approved(_) | Content::Faulty => None,
            })
    }

    /// The valid list of approved registries, if any.
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
            if !is_ours || OTHER_KINDS.contains(&&*object.kind) {
                continue;
            }
            let mut entry = Entry::new(&object, &document.origin_of(&object));
            let faults = std::mem::take(&mut entry.faults).into_iter();
            entry.faults = faults
                .map(|fault| fault.on(document, &object.pointer))
                .collect();
            self.entries.push(entry);
        }
    }

    /// Two policies with the same name, of which the cluster keeps the later, or two lists are an error.
    fn report_duplicates(&mut self) {
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
                Fault::new(
                    "",
                    format!("a list exists already, {earlier}; only one is used"),
                )
            } else {
                Fault::new(
                    "metadata.name",
                    format!("{earlier} has the same name; the cluster would keep only this one"),
                )
            };
            fault.line = entry.origin.line;
            entry.faults.push(fault);
            entry.content = Content::Faulty;
        }
    }
}

impl Entry {
    fn new(object: &FoundObject<'_>, origin: &Origin) -> Self {
        let read = match &*object.kind {
            _ if object.api_version != REGISTRY_POLICY.api_version() => Err(vec![Fault::new(
                "apiVersion",
                format!(
                    "{:?} has no kind {}; write {}",
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
                    ..Fault::new(
                        "kind",
                        format!(
                            "unknown kind {other}; the kinds are {}",
                            known.join(" and ")
                        ),
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

/// Errors of the schema come first, as the API server reports them; then the errors of the webhook, as in the policy's
/// status.
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
    let told = |error: &dyn std::fmt::Display| vec![Fault::from_text(&error.to_string())];
    let spec = without_nulls(body.get("spec").unwrap_or(&Value::Null));
    let spec: PolicySpec = serde_json::from_value(spec)
        .map_err(|error| vec![Fault::new("spec", error.to_string())])?;
    let policy = Policy::compile(&object.name(), "", &spec).map_err(|error| told(&error))?;
    let sets = spec.push.is_some() || spec.pull.is_some() || spec.import.is_some();
    if !sets && spec.mode != Mode::Off {
        return Err(told(
            &"spec: must set push, pull or import, or have mode Off",
        ));
    }
    Ok(Content::Policy(Box::new((policy, spec))))
}

/// For a null field, the API server uses the default, if any.
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
            "." => Fault::new("", error.inner().to_string()),
            path => Fault::new(path, error.inner().to_string()),
        }]
    })?;
    let faults = Approved::faults(&document);
    if !faults.is_empty() {
        let faults = faults
            .iter()
            .map(|fault| Fault::from_text(&fault.to_string()));
        return Err(faults.collect());
    }
    let list = Approved::compile(&document);
    list.map(Content::Approved)
        .map_err(|error| vec![Fault::from_text(&error.to_string())])
}
