//! The objects of files.

use std::{path::PathBuf, sync::Arc};

use extreg_audit::{
    coverage::{Gap, GapReason, GapSubject},
    kind::Kind,
    place::Origin,
    read::{ReadOptions, Reader},
};

use super::{rendered::HELM, settings::FileInput};
use crate::{
    caller::Caller,
    error::Error,
    input::{self, Document, FoundObject, Source, SourceList, find_sources},
    printer::Printer,
};

/// What files came to.
#[derive(Debug)]
pub(super) struct FilesRead {
    pub(super) reader: Reader,
    /// What the reader of the report should know, a line each.
    pub(super) notices: Vec<String>,
    /// Files of folders that were left out because of their endings.
    pub(super) skipped: Vec<PathBuf>,
}

/// Reads files, and what programs make of a kustomization or a chart.
///
/// # Errors
/// If a name makes no sense, or a program is missing or fails. What is wrong with a document is said
/// and a gap, and the rest is read.
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
    } = find_sources(&input.names, input.recursive)?;
    let mut files = FilesRead {
        reader: Reader::new(options),
        notices: Vec::new(),
        skipped,
    };
    for error in errors {
        files.unreadable(printer, &error.to_string());
    }
    for rendered in &input.rendered {
        let (of, namespace) = (rendered.clone(), input.namespace.clone());
        let text = tokio::task::spawn_blocking(move || of.render(caller, &namespace));
        let text = text
            .await
            .map_err(|_| Error::failed(format!("{} was cut short", rendered.name())))??;
        sources.push(Source::Rendered {
            name: rendered.name(),
            text: text.into(),
        });
    }
    let mut documents = input::stream(sources);
    while let Some(document) = documents.recv().await {
        match document {
            Ok(document) => files.document(&document, &input.namespace, printer),
            Err(error) => files.unreadable(printer, &error.to_string()),
        }
    }
    Ok(files)
}

impl FilesRead {
    fn document(&mut self, document: &Document, namespace: &str, printer: &Printer) {
        let origin = origin(document);
        match document.objects() {
            Ok(objects) => {
                for object in objects {
                    self.object(&object, &origin, namespace, printer);
                }
            }
            Err(error) => self.unreadable(printer, &error.to_string()),
        }
    }

    fn object(
        &mut self,
        object: &FoundObject<'_>,
        origin: &Origin,
        namespace: &str,
        printer: &Printer,
    ) {
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
        let json = object.body.to_string();
        if let Err(error) = self.reader.read(kind, &json, origin.clone(), namespace) {
            let what = format!("{origin}: {} {}: {error}", object.kind, object.name());
            self.unreadable(printer, &what);
        }
    }

    /// `text` says where and what, in one line.
    fn unreadable(&mut self, printer: &Printer, text: &str) {
        printer.error(&format!("error: {text}"));
        self.reader.coverage_mut().gaps.insert(Gap {
            what: GapSubject::Document(text.to_owned()),
            why: GapReason::Unreadable,
            message: String::new(),
        });
    }
}

/// Where a document stands; helm says from which template of a chart it made one.
fn origin(document: &Document) -> Origin {
    let file = |path: Arc<str>, line| Origin::File { path, line };
    let source = &document.origin.source;
    if !source.starts_with(HELM) {
        return file(Arc::clone(source), document.origin.line);
    }
    let mut head = document.as_written().lines();
    let template = head.find_map(|line| line.strip_prefix("# Source: "));
    template.map_or_else(
        || file(Arc::clone(source), document.origin.line),
        |path| file(path.trim().into(), 1),
    )
}
