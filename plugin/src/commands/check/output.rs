//! Output of the result: a diff for people, the patched manifests, a report, or names.

use std::borrow::Cow;

use extreg_core::verdict::Reason;
use extreg_documents::Document;
use extreg_terminal::{Printer, Text, inert};
use json_patch::Patch;
use serde::Serialize;
use serde_json::{Value, value::RawValue};
use similar::{ChangeTag, TextDiff};

use super::{assessment::Assessment, tally::Tally};
use crate::{
    error::Error,
    print::{DataFormat, to_data, yaml_document},
};

/// Lines of context around a change in a diff.
const CONTEXT: usize = 3;

/// How results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// What would change, as a unified diff.
    Diff,
    /// A report.
    Json,
    /// The names of objects that would change.
    Name,
    /// All documents, patched.
    Yaml,
}

/// Prints results in one format, as they arrive.
pub(super) struct Output<'a> {
    format: Format,
    explain: bool,
    printer: &'a Printer,
    report: Vec<Assessment>,
    errors: Vec<String>,
}

/// An object of a document, with what would change in it.
pub(super) struct Judged<'d> {
    pub(super) assessment: Assessment,
    /// The object that was checked.
    pub(super) body: Cow<'d, Value>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    api_version: &'static str,
    kind: &'static str,
    summary: &'a Tally,
    objects: &'a [Assessment],
    errors: &'a [String],
}

impl<'a> Output<'a> {
    pub(super) const fn new(format: Format, explain: bool, printer: &'a Printer) -> Self {
        Self {
            format,
            explain,
            printer,
            report: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// What could not be read.
    pub(super) fn error(&mut self, message: String) {
        self.printer.error(&format!("error: {message}"));
        self.errors.push(message);
    }

    /// A document and the results for its objects.
    pub(super) fn document(
        &mut self,
        document: &Document,
        judged: Vec<Judged<'_>>,
    ) -> Result<(), Error> {
        match self.format {
            Format::Diff => {
                for object in &judged {
                    if object.assessment.is_changed() {
                        self.diff(object)?;
                    }
                }
            }
            Format::Name => {
                for object in judged.iter().filter(|o| o.assessment.is_changed()) {
                    let name = inert(&object.assessment.reference()).into_owned();
                    self.printer.raw(&(name + "\n"));
                }
            }
            Format::Yaml => self.printer.raw(&patched(document, &judged)?),
            Format::Json => {}
        }
        for object in judged {
            self.remarks(&object.assessment);
            if self.format == Format::Json {
                self.report.push(object.assessment);
            }
        }
        Ok(())
    }

    /// Every object has been checked.
    pub(super) fn finish(self, tally: &Tally) -> Result<(), Error> {
        if self.format == Format::Json {
            let report = Report {
                api_version: "extreg.io/v1",
                kind: "CheckReport",
                summary: tally,
                objects: &self.report,
                errors: &self.errors,
            };
            self.printer.raw(&to_data(&report, DataFormat::Json)?);
        }
        self.printer.note(tally.description());
        Ok(())
    }

    fn diff(&self, object: &Judged<'_>) -> Result<(), Error> {
        let mut after = object.body.as_ref().clone();
        apply(&mut after, &object.assessment.patch)?;
        let before = to_data(&object.body, DataFormat::Yaml)?;
        let after = to_data(&after, DataFormat::Yaml)?;
        let place = object.assessment.place();
        let policies = object.assessment.policies().join(", ");
        let line = |text: Text| self.printer.line(text);
        line(Text::new().bold(format!("--- {place}")));
        line(Text::new().bold(format!("+++ {place}, by policy {policies}")));
        let diff = TextDiff::from_lines(before.as_str(), after.as_str());
        let mut unified = diff.unified_diff();
        for hunk in unified.context_radius(CONTEXT).iter_hunks() {
            line(Text::new().dim(hunk.header().to_string()));
            for change in hunk.iter_changes() {
                let content = change.value().trim_end_matches('\n');
                line(match change.tag() {
                    ChangeTag::Delete => Text::new().red(format!("-{content}")),
                    ChangeTag::Insert => Text::new().green(format!("+{content}")),
                    ChangeTag::Equal => Text::new().plain(format!(" {content}")),
                });
            }
        }
        Ok(())
    }

    /// Warnings, and the reasons if they were requested. A report contains them.
    fn remarks(&self, assessment: &Assessment) {
        if self.format == Format::Json {
            return;
        }
        let place = assessment.place();
        for warning in &assessment.warnings {
            self.printer.warn(&format!("{place}: {warning}"));
        }
        if assessment.is_kept_for(Reason::Parameter) && !assessment.unresolved_parameters.is_empty()
        {
            self.printer.warn(&format!(
                "{place}: not checked where it depends on {}, because the Template gives no value: \
                 oc process -p …",
                assessment.unresolved_parameters.join(", ")
            ));
        }
        if !self.explain {
            return;
        }
        let explain = |text: String| match self.format {
            Format::Diff => self.printer.line(text),
            _ => self.printer.note(text),
        };
        if assessment.places.is_empty() {
            explain(format!(
                "{place}: unchanged: no policy applies to its fields"
            ));
        }
        for site in &assessment.places {
            let by = match &site.policy {
                Some(policy) => format!(", policy {policy}"),
                None => String::new(),
            };
            explain(format!(
                "{place}: {}: {} ({}{by})",
                site.field, site.message, site.image
            ));
        }
    }
}

/// The document with its objects patched; its original text if no object changes.
fn patched(document: &Document, judged: &[Judged<'_>]) -> Result<String, Error> {
    if !judged.iter().any(|object| object.assessment.is_changed()) {
        return Ok(document.as_written().to_owned());
    }
    let mut body = document.body.clone();
    for object in judged {
        let pointer = &object.assessment.path;
        let place = body.pointer_mut(pointer).ok_or_else(|| {
            Error::failed(format!(
                "{}: cannot find the object at {pointer}",
                document.origin
            ))
        })?;
        apply(place, &object.assessment.patch)?;
    }
    yaml_document(&body)
}

fn apply(object: &mut Value, patch: &RawValue) -> Result<(), Error> {
    let patch: Patch = serde_json::from_str(patch.get())
        .map_err(|error| Error::failed(format!("cannot read the patch: {error}")))?;
    json_patch::patch(object, &patch)
        .map_err(|error| Error::failed(format!("cannot apply the patch: {error}")))
}
