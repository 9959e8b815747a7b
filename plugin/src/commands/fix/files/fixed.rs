//! The fixed version of one file: its objects evaluated, its text changed and parsed again.

use extreg_core::object::Resource;
use extreg_documents::{
    Document, InputError, SkipReason, Source, describe_unreadable,
    edit::{self, Set, Splice},
    undeclared,
};
use json_patch::Patch;
use serde_json::Value;

use crate::{
    commands::fix::{
        exception::{leave_excepted, today},
        plan::{Change, Judged},
        report::{Entry, Outcome, Place},
        settings::Scope,
    },
    engine::{Surroundings, decide, warnings},
    error::Error,
};

/// The error if the changed text does not have the expected content.
const UNEXPECTED: &str = "the changed file would not have the expected content";

/// A file, fixed.
#[derive(Debug, Default)]
pub(super) struct Fixed {
    /// The objects that were evaluated.
    pub(super) entries: Vec<Entry>,
    /// What could not be read.
    pub(super) errors: Vec<String>,
    /// Why a document was skipped, if one was.
    pub(super) skipped: Option<SkipReason>,
    /// The new text; none if nothing changes.
    pub(super) text: Option<String>,
}

/// An object of a file.
struct Object {
    /// The index of its document.
    document: usize,
    /// Its place in the document.
    pointer: String,
    entry: Entry,
    judged: Judged,
}

/// Fixes the content of a file.
///
/// # Errors
/// [`extreg_cluster::ClusterError::NotLoggedIn`] only.
pub(super) async fn fix(
    source: &Source,
    bytes: &[u8],
    scope: Scope,
    surroundings: &mut Surroundings,
) -> Result<Fixed, Error> {
    let documents: Vec<_> = extreg_documents::read(vec![source.clone()]).collect();
    let mut fixed = Fixed::default();
    let mut objects = Vec::new();
    for (index, document) in documents.iter().enumerate() {
        match document {
            Ok(document) => {
                let judged = judge(index, document, scope, surroundings, &mut fixed);
                objects.extend(judged.await?);
            }
            Err(InputError::NotManifest { reason, .. }) => fixed.skipped = Some(*reason),
            Err(error) => fixed.errors.push(error.to_string()),
        }
    }
    fixed.text = change(&documents, &mut objects, bytes);
    fixed.entries = objects
        .into_iter()
        .map(|object| object.entry.with(object.judged))
        .collect();
    Ok(fixed)
}

async fn judge(
    index: usize,
    document: &Document,
    scope: Scope,
    surroundings: &mut Surroundings,
    fixed: &mut Fixed,
) -> Result<Vec<Object>, Error> {
    let found = match document.objects() {
        Ok(found) => found,
        Err(InputError::NotManifest { reason, .. }) => {
            fixed.skipped = Some(reason);
            return Ok(Vec::new());
        }
        Err(error) => {
            fixed.errors.push(error.to_string());
            return Ok(Vec::new());
        }
    };
    let mut objects = Vec::new();
    for object in found {
        let Some(resource) = Resource::of_kind(&object.api_version, &object.kind) else {
            continue;
        };
        if object.namespace().is_empty() {
            surroundings.warn_system_default();
        }
        let is_queried = !surroundings.is_offline();
        let body = document.decidable(&object);
        let json = body.to_string();
        let judged = decide(surroundings, resource, &json, |subject, verdict| {
            let warnings = warnings(verdict, is_queried);
            let judged = Judged::new(verdict, &body, scope, warnings);
            (subject.namespace.to_string(), judged)
        });
        let (namespace, mut judged) = match judged.await? {
            Ok(judged) => judged,
            Err(error) => {
                fixed
                    .errors
                    .push(describe_unreadable(document, &object, &error));
                continue;
            }
        };
        let origin = document.origin_of(&object);
        for name in &object.undeclared {
            fixed.errors.push(undeclared(document, &object, name));
        }
        leave_excepted(&mut judged, &object.body, today());
        objects.push(Object {
            document: index,
            entry: Entry {
                source: Some(Place {
                    file: origin.source.to_string(),
                    document: origin.document,
                    line: origin.line,
                    path: object.pointer.clone(),
                }),
                api_version: format!("{}/v1", resource.group()),
                kind: resource.kind().to_owned(),
                namespace,
                name: object.name().into_owned(),
                changes: Vec::new(),
                skipped: Vec::new(),
                warnings: Vec::new(),
                result: Outcome::Unchanged,
            },
            pointer: object.pointer,
            judged,
        });
    }
    Ok(objects)
}

/// The text with every possible change. The rest is skipped.
fn change(
    documents: &[Result<Document, InputError>],
    objects: &mut [Object],
    bytes: &[u8],
) -> Option<String> {
    let Ok(whole) = str::from_utf8(bytes) else {
        skip_all(objects, "the file is not UTF-8 text");
        return None;
    };
    let splices: Vec<Vec<Splice>> = objects
        .iter_mut()
        .map(|object| match documents.get(object.document) {
            Some(Ok(document)) => of_object(document, object, whole),
            _ => Vec::new(),
        })
        .collect();
    let write = |chosen: &[usize], objects: &[Object]| {
        let of_chosen = chosen.iter().filter_map(|index| splices.get(*index));
        let text = edit::apply(whole, of_chosen.flatten().cloned().collect());
        text.filter(|text| has_expected_content(text, documents, objects, chosen))
    };
    let mut chosen: Vec<usize> = (0..objects.len()).collect();
    chosen.retain(|index| splices.get(*index).is_some_and(|own| !own.is_empty()));
    if chosen.is_empty() {
        return None;
    }
    if let Some(text) = write(&chosen, objects) {
        return Some(text);
    }
    // A change affects more than its object, for example through an anchor. The other changes are made.
    let mut made = Vec::new();
    let mut text = None;
    for index in chosen {
        made.push(index);
        if let Some(written) = write(&made, objects) {
            text = Some(written);
        } else {
            made.pop();
            if let Some(object) = objects.get_mut(index) {
                object.judged.skip(UNEXPECTED);
            }
        }
    }
    text
}

/// The changes to the text of an object, by their place in the file.
fn of_object(document: &Document, object: &mut Object, whole: &str) -> Vec<Splice> {
    let changes = object.judged.changes.iter();
    let sets: Vec<Set> = changes.map(|change| change.set(&object.pointer)).collect();
    if sets.is_empty() {
        return Vec::new();
    }
    let own = whole.get(document.span.clone()).unwrap_or_default();
    let mut answers = edit::splices(own, document.syntax, &sets).into_iter();
    let mut splices = Vec::new();
    object.judged.skip_where(|_| match answers.next()? {
        Ok(Splice { range, text }) => {
            let from = document.span.start;
            splices.push(Splice {
                range: range.start + from..range.end + from,
                text,
            });
            None
        }
        Err(error) => Some(error.to_string()),
    });
    splices
}

/// Whether a text, parsed, equals the original with the changes of the chosen objects applied,
/// and no more.
fn has_expected_content(
    text: &str,
    documents: &[Result<Document, InputError>],
    objects: &[Object],
    chosen: &[usize],
) -> bool {
    let source = Source::Loaded {
        name: String::new(),
        text: text.as_bytes().into(),
        named: true,
    };
    let read: Vec<_> = extreg_documents::read(vec![source]).collect();
    if read.len() != documents.len() {
        return false;
    }
    read.iter()
        .zip(documents)
        .enumerate()
        .all(|(index, pair)| match pair {
            (Ok(read), Ok(document)) => {
                let chosen = chosen.iter().filter_map(|index| objects.get(*index));
                let of_document = chosen.filter(|object| object.document == index);
                patched(&document.body, of_document).is_some_and(|wanted| wanted == read.body)
            }
            (Err(_), Err(_)) => true,
            _ => false,
        })
}

fn patched<'o>(body: &Value, objects: impl Iterator<Item = &'o Object>) -> Option<Value> {
    let mut body = body.clone();
    for object in objects {
        let operations = object.judged.changes.iter().flat_map(Change::operations);
        let patch: Patch = serde_json::from_value(operations.collect()).ok()?;
        json_patch::patch(body.pointer_mut(&object.pointer)?, &patch).ok()?;
    }
    Some(body)
}

fn skip_all(objects: &mut [Object], why: &str) {
    for object in objects {
        object.judged.skip(why);
    }
}
