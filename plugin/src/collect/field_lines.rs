//! The line numbers of fields in files: a finding about a field points at the field, not at its object.

use std::{collections::BTreeMap, sync::Arc};

use extreg_audit::report::Report;
use extreg_documents::{Document, FoundObject, Written};
use extreg_snapshot::place::Origin;

/// The locations of objects in files, by file and line.
#[derive(Debug, Default)]
pub(crate) struct FieldLines(BTreeMap<(Arc<str>, usize), Stands>);

/// The text that contains an object, and the location in it.
#[derive(Debug)]
struct Stands {
    text: Arc<Written>,
    pointer: String,
}

impl FieldLines {
    /// Adds an object.
    pub(crate) fn add(&mut self, document: &Document, object: &FoundObject<'_>) {
        let key = (Arc::clone(&document.origin.source), object.line);
        self.0.insert(
            key,
            Stands {
                text: Arc::clone(document.written()),
                pointer: object.pointer.clone(),
            },
        );
    }

    pub(crate) fn merge(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// Sets the line of each finding about a field of a file.
    pub(crate) fn point_at_fields(&self, report: &mut Report) {
        let findings = report
            .sections
            .iter_mut()
            .flat_map(|section| &mut section.findings);
        for finding in findings {
            let place = &mut finding.place;
            let Origin::File { path, line } = &mut place.origin else {
                continue;
            };
            let Some(stands) = self.0.get(&(Arc::clone(path), *line)) else {
                continue;
            };
            let pointer = format!("{}{}", stands.pointer, pointer(&place.field));
            if let Some(of_field) = stands.text.line(&pointer) {
                *line = of_field;
            }
        }
    }
}

/// `spec.tags[0].name` and `metadata.annotations[a.b/c]` as a JSON pointer, up to the first part that is not a single
/// field.
fn pointer(field: &str) -> String {
    let mut pointer = String::new();
    let mut push = |name: &str| {
        pointer.push('/');
        pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
    };
    let mut rest = field;
    while !rest.is_empty() {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        if let Some(bracket) = rest.strip_prefix('[') {
            match bracket.split_once(']') {
                Some((inner, tail)) if !inner.is_empty() => {
                    push(inner.trim_matches(['"', '\'']));
                    rest = tail;
                }
                _ => break,
            }
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            let (name, tail) = rest.split_at(end);
            push(name);
            rest = tail;
        }
    }
    pointer
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_a_pointer() {
        for (field, want) in [
            ("", ""),
            ("spec", "/spec"),
            ("spec.tags[0].name", "/spec/tags/0/name"),
            (
                "metadata.annotations[image.openshift.io/triggers]",
                "/metadata/annotations/image.openshift.io~1triggers",
            ),
            ("data[\".dockercfg\"]", "/data/.dockercfg"),
            ("webhooks[].rules", "/webhooks"),
        ] {
            assert_eq!(pointer(field), want, "{field}");
        }
    }
}
