//! The report of a plan and of its outcome.

use std::collections::BTreeMap;

use extreg_audit::check::CheckId;
use extreg_core::count;
use extreg_terminal::{Printer, Text, inert};
use serde::Serialize;
use serde_json::Value;

use super::{
    Format,
    plan::{Change, Judged, Skipped},
};
use crate::{
    error::Error,
    print::{DataFormat, to_data},
};

/// One object of the plan.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    /// The file; none for an object of the cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<Place>,
    pub(super) api_version: String,
    pub(super) kind: String,
    pub(super) namespace: String,
    pub(super) name: String,
    pub(super) changes: Vec<ShownChange>,
    pub(super) skipped: Vec<Skipped>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) warnings: Vec<String>,
    /// The outcome of the changes.
    #[serde(flatten)]
    pub(super) result: Outcome,
}

/// The position of an object in a file.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Place {
    pub(super) file: String,
    pub(super) document: usize,
    pub(super) line: usize,
    pub(super) path: String,
}

/// A change, as it is shown.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ShownChange {
    pub(super) check: CheckId,
    pub(super) field: String,
    pub(super) old: Value,
    pub(super) new: Value,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) image: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) policy: String,
}

/// The outcome of the changes to an object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase", tag = "result", content = "message")]
pub(super) enum Outcome {
    /// Nothing to change.
    #[default]
    Unchanged,
    /// Only planned.
    Planned,
    /// Made; with details, if any.
    Changed(String),
    /// The object changed after it was read.
    Conflict(String),
    /// Permission was denied.
    Forbidden(String),
    /// Its namespace is being deleted.
    Terminating,
    /// Failed.
    Failed(String),
}

/// Counts of a run.
#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Summary {
    /// Objects that were evaluated.
    pub(super) checked: usize,
    /// Objects with changes.
    pub(super) objects: usize,
    /// Changes.
    pub(super) changes: usize,
    /// Skipped places that are shown.
    pub(super) skipped: usize,
    /// Skipped places in system namespaces.
    pub(super) in_system_namespaces: usize,
    /// Objects that were changed.
    pub(super) changed: usize,
    /// Objects whose changes failed.
    pub(super) failed: usize,
    /// Objects that remain for another run, because of `--max`.
    pub(super) remaining: usize,
    /// What could not be read.
    pub(super) errors: usize,
}

/// Records the plan and the outcome, and prints them.
pub(super) struct Report<'a> {
    printer: &'a Printer,
    format: Format,
    /// Stdout is used for something else: people read the plan on stderr.
    on_stderr: bool,
    /// Whether names are shown with their namespaces.
    with_namespaces: bool,
    entries: Vec<Entry>,
    errors: Vec<String>,
    pub(super) summary: Summary,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    api_version: &'static str,
    kind: &'static str,
    summary: &'a Summary,
    objects: &'a [Entry],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    errors: &'a [String],
}

impl Entry {
    /// Whether something must be changed.
    pub(super) fn is_changed(&self) -> bool {
        !self.changes.is_empty()
    }

    /// Records the engine's verdict.
    pub(super) fn with(mut self, judged: Judged) -> Self {
        self.changes = judged
            .changes
            .iter()
            .map(ShownChange::from_change)
            .collect();
        self.skipped = judged.skipped;
        self.warnings = judged.warnings;
        if self.is_changed() {
            self.result = Outcome::Planned;
        }
        self
    }

    /// `buildconfig.build.openshift.io/app`.
    pub(super) fn reference(&self) -> String {
        let kind = self.kind.to_lowercase();
        match self.api_version.split_once('/') {
            Some((group, _)) => format!("{kind}.{group}/{}", self.name),
            None => format!("{kind}/{}", self.name),
        }
    }

    /// `app.yaml:3 buildconfig.build.openshift.io/app in snow`.
    pub(super) fn place(&self) -> String {
        let mut place = self.reference();
        if let Some(Place { file, line, .. }) = &self.source {
            place = format!("{file}:{line} {place}");
        }
        if !self.namespace.is_empty() {
            place = format!("{place} in {}", self.namespace);
        }
        place
    }
}

impl ShownChange {
    fn from_change(change: &Change) -> Self {
        Self {
            check: change.check,
            field: change.field.to_string(),
            old: change.old.clone(),
            new: change.new.clone(),
            image: change.image.clone(),
            policy: change.policy.clone(),
        }
    }
}

impl<'a> Report<'a> {
    pub(super) fn new(printer: &'a Printer, format: Format, on_stderr: bool) -> Self {
        Self {
            printer,
            format,
            on_stderr,
            with_namespaces: false,
            entries: Vec::new(),
            errors: Vec::new(),
            summary: Summary::default(),
        }
    }

    /// Shows names with their namespaces: `NAMESPACE/kind.group/name`.
    pub(super) fn of_all_namespaces(mut self, is_all: bool) -> Self {
        self.with_namespaces = is_all;
        self
    }

    /// What could not be read.
    pub(super) fn error(&mut self, message: String) {
        self.printer.error(&format!("error: {message}"));
        self.errors.push(message);
        self.summary.errors += 1;
    }

    /// An evaluated object: printed immediately, unless the format waits for the end.
    pub(super) fn planned(&mut self, entry: &Entry) {
        self.summary.checked += 1;
        let shown = entry
            .skipped
            .iter()
            .filter(|skipped| skipped.is_shown)
            .count();
        self.summary.skipped += shown;
        self.summary.in_system_namespaces += entry
            .skipped
            .iter()
            .filter(|skipped| skipped.reason == "SystemNamespace")
            .count();
        self.summary.changes += entry.changes.len();
        self.summary.objects += usize::from(entry.is_changed());
        match self.format {
            Format::Table => {
                if entry.is_changed() || shown > 0 {
                    self.show(entry);
                }
                for warning in &entry.warnings {
                    self.printer.warn(&format!("{}: {warning}", entry.place()));
                }
            }
            Format::Name => {
                if entry.is_changed() {
                    let mut name = entry.reference();
                    if self.with_namespaces && !entry.namespace.is_empty() {
                        name = format!("{}/{name}", entry.namespace);
                    }
                    self.printer.raw(&(inert(&name).into_owned() + "\n"));
                }
            }
            Format::Json | Format::Yaml => {}
        }
    }

    /// The same object, after its outcome is known.
    pub(super) fn settled(&mut self, entry: Entry) {
        match &entry.result {
            Outcome::Unchanged | Outcome::Planned | Outcome::Terminating => {}
            Outcome::Changed(_) => self.summary.changed += 1,
            Outcome::Conflict(_) | Outcome::Forbidden(_) | Outcome::Failed(_) => {
                self.summary.failed += 1;
            }
        }
        let is_kept = match self.format {
            Format::Json | Format::Yaml => entry.is_changed() || !entry.skipped.is_empty(),
            Format::Name | Format::Table => false,
        };
        if is_kept {
            self.entries.push(entry);
        }
    }

    /// A progress line for people.
    pub(super) fn line(&self, text: Text) {
        if self.on_stderr {
            self.printer.note(text);
        } else if self.format == Format::Table {
            self.printer.line(text);
        }
    }

    fn show(&self, entry: &Entry) {
        self.line(Text::new().bold(entry.place()));
        for change in &entry.changes {
            let old = shown(&change.old);
            let mut about: Vec<String> = Vec::new();
            if !change.image.is_empty() {
                about.push(change.image.clone());
            }
            if !change.policy.is_empty() {
                about.push(format!("policy {}", change.policy));
            }
            let about = match &*about.join(", ") {
                "" => String::new(),
                about => format!(" ({about})"),
            };
            self.line(
                Text::new()
                    .plain(format!("  {}  {}: {old} → ", change.check, change.field))
                    .green(shown(&change.new))
                    .plain(about),
            );
        }
        for skipped in entry.skipped.iter().filter(|skipped| skipped.is_shown) {
            let image = match &*skipped.image {
                "" => String::new(),
                image => format!(" ({image})"),
            };
            self.line(Text::new().dim(format!(
                "  {}  {}: unchanged: {}{image}",
                skipped.check, skipped.field, skipped.why
            )));
        }
    }

    /// Prints the report if the format waits for the end.
    pub(super) fn finish(&self) -> Result<(), Error> {
        let format = match self.format {
            Format::Json => DataFormat::Json,
            Format::Yaml => DataFormat::Yaml,
            Format::Name | Format::Table => return Ok(()),
        };
        let document = Document {
            api_version: "extreg.io/v1",
            kind: "FixReport",
            summary: &self.summary,
            objects: &self.entries,
            errors: &self.errors,
        };
        self.printer.raw(&to_data(&document, format)?);
        Ok(())
    }
}

impl Summary {
    /// One line about a plan.
    pub(super) fn description(&self) -> String {
        let mut parts = vec![if self.changes == 0 {
            "nothing to do".to_owned()
        } else {
            format!(
                "{} to make in {}",
                count(self.changes, "change"),
                count(self.objects, "object")
            )
        }];
        if self.skipped > 0 {
            parts.push(format!("{} unchanged", count(self.skipped, "place")));
        }
        if self.in_system_namespaces > 0 {
            parts.push(format!(
                "{} in system namespaces or in namespaces for which the webhook is not called",
                count(self.in_system_namespaces, "place")
            ));
        }
        if self.errors > 0 {
            parts.push(format!("{} could not be read", self.errors));
        }
        format!(
            "{} checked: {}",
            count(self.checked, "object"),
            parts.join(", ")
        )
    }
}

/// A value as text: `none`, `true`, `{name: dockerhub}`.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        Value::Object(members) => {
            let members: BTreeMap<&String, String> = members
                .iter()
                .map(|(key, value)| (key, shown(value)))
                .collect();
            let members: Vec<String> = members
                .iter()
                .map(|(key, value)| format!("{key}: {value}"))
                .collect();
            format!("{{{}}}", members.join(", "))
        }
        value => value.to_string(),
    }
}
