//! Output: a line for each tag when it is finished, or all of them at the end as data.

use extreg_terminal::{Printer, Text};
use serde::Serialize;

use super::outcome::{Ending, Outcome};
use crate::{
    error::Error,
    print::{DataFormat, ObjectFormat, to_data},
};

/// Prints outcomes.
pub(super) struct Report<'a> {
    printer: &'a Printer,
    format: Option<ObjectFormat>,
    namespace: &'a str,
    outcomes: Vec<Outcome>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    api_version: &'static str,
    kind: &'static str,
    namespace: &'a str,
    tags: Vec<Entry<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry<'a> {
    tag: String,
    #[serde(skip_serializing_if = "str::is_empty")]
    image: &'a str,
    #[serde(flatten)]
    result: &'a Ending,
}

impl<'a> Report<'a> {
    /// Nothing is reported yet.
    pub(super) const fn new(
        printer: &'a Printer,
        format: Option<ObjectFormat>,
        namespace: &'a str,
    ) -> Self {
        Self {
            printer,
            format,
            namespace,
            outcomes: Vec::new(),
        }
    }

    /// The final outcome of a tag.
    pub(super) fn add(&mut self, outcome: Outcome) {
        let reference = outcome.name.reference(self.namespace);
        match (&outcome.result, self.format) {
            (Ending::Failed { message, next, .. }, _) => {
                self.printer.error(&format!(
                    "error: {} is not imported: {message}",
                    outcome.name
                ));
                self.printer.note(next.clone());
            }
            (Ending::Imported { before, after }, None) => {
                let line = Text::new().plain(format!("{reference} "));
                let line = match before {
                    Some(before) => line
                        .orange("imported")
                        .plain(format!(": {before} -> {after}")),
                    None => line.green("imported").plain(format!(": none -> {after}")),
                };
                self.printer.line(line);
            }
            (Ending::Unchanged { after }, None) => {
                let line = Text::new().plain(format!("{reference} "));
                self.printer
                    .line(line.dim("unchanged").plain(format!(": {after}")));
            }
            (Ending::Imported { .. } | Ending::Unchanged { .. }, Some(ObjectFormat::Name)) => {
                self.printer.raw(&format!("{reference}\n"));
            }
            (Ending::Skipped { message }, None) => {
                let line = Text::new().plain(format!("{reference} ")).dim("skipped");
                self.printer.line(line.plain(format!(": {message}")));
            }
            (Ending::Skipped { message }, Some(ObjectFormat::Name)) => {
                self.printer
                    .note(format!("skipped {}: {message}", outcome.name));
            }
            (_, Some(ObjectFormat::Json | ObjectFormat::Yaml)) => {}
        }
        self.outcomes.push(outcome);
    }

    /// The number of outcomes for which `is` returns true.
    pub(super) fn count(&self, is: impl Fn(&Ending) -> bool) -> usize {
        self.outcomes.iter().filter(|o| is(&o.result)).count()
    }

    /// Prints the output of the end.
    pub(super) fn finish(&self) -> Result<(), Error> {
        let format = match self.format {
            Some(ObjectFormat::Json) => DataFormat::Json,
            Some(ObjectFormat::Yaml) => DataFormat::Yaml,
            None | Some(ObjectFormat::Name) => return Ok(()),
        };
        let mut tags: Vec<Entry<'_>> = self
            .outcomes
            .iter()
            .map(|outcome| Entry {
                tag: outcome.name.to_string(),
                image: &outcome.image,
                result: &outcome.result,
            })
            .collect();
        tags.sort_by(|a, b| a.tag.cmp(&b.tag));
        let data = Data {
            api_version: "extreg.io/v1",
            kind: "ImportReport",
            namespace: self.namespace,
            tags,
        };
        self.printer.raw(&to_data(&data, format)?);
        Ok(())
    }
}
