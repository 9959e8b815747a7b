//! The objects of files.

use std::sync::Arc;

use extreg_cluster::show_if_slow;
use extreg_documents::{
    Document, FoundObject, InputError, JsonFault, Mismatch, Skipped, Source, SourceList,
    find_sources, undeclared,
};
use extreg_remedy::Caller;
use extreg_snapshot::{
    coverage::{Gap, GapReason, GapSubject},
    kind::Kind,
    place::Origin,
    read::{ReadOptions, Reader},
};
use extreg_terminal::Printer;

use super::{field_lines::FieldLines, input::FileInput, rendered::Rendered};
use crate::error::Error;

/// The result of reading files.
#[derive(Debug)]
pub(super) struct FilesRead {
    pub(super) reader: Reader,
    /// Notes for the reader of the report, one line each.
    pub(super) notices: Vec<String>,
    /// The line numbers of the fields of the objects.
    pub(super) lines: FieldLines,
    /// The files of the folders that were not read.
    pub(super) skipped: Skipped,
}

/// Reads files, and the rendered output of a kustomization or a chart.
///
/// # Errors
/// If a path is invalid, or a program is missing or fails. An invalid document is reported as an error and a gap, and
/// the rest is read.
pub(super) async fn read(
    input: &FileInput,
    options: ReadOptions,
    caller: Caller,
    printer: &Printer,
) -> Result<FilesRead, Error> {
    let SourceList {
        mut sources,
        skipped,
        errors,
    } = find_sources(&input.names, input.recursive, &input.exclude)?;
    let mut files = FilesRead {
        reader: Reader::new(options),
        notices: Vec::new(),
        lines: FieldLines::default(),
        skipped,
    };
    for error in errors {
        files.unreadable(printer, &error.to_string());
    }
    for rendered in &input.rendered {
        let (of, namespace) = (rendered.clone(), input.namespace.clone());
        let text = tokio::task::spawn_blocking(move || of.render(caller, &namespace));
        let text = show_if_slow(printer, &rendered.name(), text)
            .await
            .map_err(|_| Error::failed(format!("{} was cut short", rendered.name())))??;
        sources.push(Source::Rendered {
            name: rendered.name(),
            text: text.into(),
        });
    }
    let mut documents = extreg_documents::stream(sources);
    while let Some(document) = documents.recv().await {
        match document {
            Ok(document) => files.document(&document, input, printer),
            Err(error) => files.refused(printer, error),
        }
    }
    if let Some(summary) = files.skipped.summary() {
        printer.note(summary);
    }
    Ok(files)
}

impl FilesRead {
    fn document(&mut self, document: &Document, input: &FileInput, printer: &Printer) {
        match document.objects() {
            Ok(objects) => {
                for object in objects {
                    self.object(document, &object, input, printer);
                }
            }
            Err(error) => self.refused(printer, error),
        }
    }

    fn refused(&mut self, printer: &Printer, error: InputError) {
        match error {
            InputError::NotManifest { name, reason, .. } => self.skipped.add(reason, name.into()),
            error => self.unreadable(printer, &error.to_string()),
        }
    }

    fn object(
        &mut self,
        document: &Document,
        object: &FoundObject<'_>,
        input: &FileInput,
        printer: &Printer,
    ) {
        let origin = &self.origin(document, object, &input.rendered);
        let Some(kind) = Kind::of(&object.api_version, &object.kind) else {
            let group = object.api_version.split_once('/').map(|(group, _)| group);
            let other = match group {
                Some(group) => format!("{}.{group}", object.kind),
                None => object.kind.to_string(),
            };
            *self.reader.coverage_mut().others.entry(other).or_default() += 1;
            return;
        };
        if !object.unresolved.is_empty() {
            let notice = format!(
                "{origin}: {} {}: the Template gives no value for {}: what depends on it is unknown",
                object.kind,
                object.name(),
                object.unresolved.join(", ")
            );
            self.notices.push(notice);
        }
        for name in &object.undeclared {
            self.unreadable(printer, &undeclared(document, object, name));
        }
        let json = object.body.to_string();
        if let Err(error) = self
            .reader
            .read(kind, &json, origin.clone(), &input.namespace)
        {
            let fault = JsonFault {
                message: error.to_string(),
                column: error.column(),
            };
            let Mismatch { line, message } = document.mismatch(object, &json, &fault);
            let source = &document.origin.source;
            let what = format!(
                "{source}:{line}: {} {}: {message}",
                object.kind,
                object.name()
            );
            self.unreadable(printer, &what);
        }
    }

    /// The location of an object: in an existing file, also for rendered objects.
    fn origin(
        &mut self,
        document: &Document,
        object: &FoundObject<'_>,
        rendered: &[Rendered],
    ) -> Origin {
        let source = &document.origin.source;
        let is_source = |rendered: &&Rendered| *rendered.name() == **source;
        if let Some(rendered) = rendered.iter().find(is_source) {
            let mut head = document.as_written().lines();
            let template = head.find_map(|line| line.strip_prefix("# Source: "));
            let path = rendered.file(template.map(str::trim));
            return Origin::File {
                path: path.display().to_string().into(),
                line: 1,
            };
        }
        self.lines.add(document, object);
        Origin::File {
            path: Arc::clone(source),
            line: object.line,
        }
    }

    /// `text` is one line with location and message.
    fn unreadable(&mut self, printer: &Printer, text: &str) {
        printer.error(&format!("error: {text}"));
        self.reader.coverage_mut().gaps.insert(Gap {
            what: GapSubject::Document(text.to_owned()),
            why: GapReason::Unreadable,
            message: String::new(),
        });
    }
}
