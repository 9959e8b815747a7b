//! An object that cannot be parsed as its kind: the field, the line, and the fix.

use serde_json::Value;

use crate::{document::Document, objects::FoundObject, places::pointer_at};

/// Fields whose values are names: their content can be shown.
const NAMES: [&str; 4] = ["apiVersion", "kind", "name", "namespace"];

/// The position in a JSON text that an error refers to, and the error without it and without the
/// quoted value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonFault {
    /// The error: `invalid type: integer, expected a string`.
    pub message: String,
    /// The byte of the JSON, from 1; 0 if unknown.
    pub column: usize,
}

/// An error in a document, with its position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The line of the file.
    pub line: usize,
    /// The field, the value found, and the fix.
    pub message: String,
}

impl Document {
    /// Converts an error about the JSON of an object for the author of the file. Shows no value except
    /// a name.
    pub fn mismatch(&self, object: &FoundObject<'_>, json: &str, fault: &JsonFault) -> Mismatch {
        let whole = Mismatch {
            line: object.line,
            message: fault.message.clone(),
        };
        let Some(pointer) = fault
            .column
            .checked_sub(1)
            .and_then(|at| pointer_at(json, at))
        else {
            return whole;
        };
        let (Some((_, expected)), Some(found)) = (
            fault.message.rsplit_once(", expected "),
            object.body.pointer(&pointer),
        ) else {
            return whole;
        };
        if pointer.is_empty() {
            return whole;
        }
        // The parser's word for a map with known fields.
        let expected = match expected.split_once(' ') {
            Some(("struct", _)) => "a map",
            Some(("a", "sequence")) => "a list",
            _ => expected,
        };
        let in_document = format!("{}{pointer}", object.pointer);
        let key = pointer.rsplit('/').next().unwrap_or_default();
        let advice = match found {
            Value::Number(_) | Value::Bool(_) if expected.contains("string") => {
                let written = self.scalar(&in_document);
                let written = written.filter(|_| NAMES.contains(&key));
                match written {
                    Some(written) => format!(": write it in quotes, {key}: \"{written}\""),
                    None => ": write it in quotes".to_owned(),
                }
            }
            _ => String::new(),
        };
        Mismatch {
            line: self.line(&in_document),
            message: format!(
                "{}: expected {expected}, found {}{advice}",
                field(&pointer),
                description(found),
            ),
        }
    }

    /// A plain value as written in the file.
    fn scalar(&self, pointer: &str) -> Option<&str> {
        let written = self.written.scalar(pointer)?.trim();
        (!written.contains(['\n', '"', '\\'])).then_some(written)
    }
}

const fn description(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(true) => "the boolean true (as are on, yes and y without quotes)",
        Value::Bool(false) => "the boolean false (as are off, no and n without quotes)",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// `/spec/tags/0/name` as `spec.tags[0].name`.
fn field(pointer: &str) -> String {
    let mut field = String::new();
    for part in pointer.split('/').skip(1) {
        if part.bytes().all(|byte| byte.is_ascii_digit()) && !part.is_empty() {
            field.extend(["[", part, "]"]);
            continue;
        }
        let part = part.replace("~1", "/").replace("~0", "~");
        if part.contains(['.', '/']) {
            field.extend(["[\"", &part, "\"]"]);
        } else {
            if !field.is_empty() {
                field.push('.');
            }
            field.push_str(&part);
        }
    }
    field
}

#[cfg(test)]
mod tests {
    use extreg_core::object::{Resource, Subject};

    use super::*;
    use crate::source::Source;

    fn mismatches(text: &str) -> Vec<String> {
        let source = Source::Loaded {
            name: "x.yaml".to_owned(),
            text: text.as_bytes().into(),
            named: true,
        };
        let mut found = Vec::new();
        for document in crate::reader::read(vec![source]) {
            let document = document.unwrap();
            for object in document.objects().unwrap() {
                let resource = Resource::of_kind(&object.api_version, &object.kind).unwrap();
                let json = object.body.to_string();
                let Err(error) = Subject::of_object(resource, &json) else {
                    continue;
                };
                let fault = JsonFault {
                    message: crate::message::unreadable(&error),
                    column: error.column(),
                };
                let Mismatch { line, message } = document.mismatch(&object, &json, &fault);
                found.push(format!("{line}: {message}"));
            }
        }
        found
    }

    #[test]
    fn a_value_of_another_type_is_reported_with_field_and_line() {
        let stream = |tags: &str| {
            format!(
                "kind: ImageStream\napiVersion: image.openshift.io/v1\nmetadata: {{name: s}}\nspec:\n  tags:\n{tags}"
            )
        };
        let build = |output: &str| {
            format!(
                "kind: BuildConfig\napiVersion: build.openshift.io/v1\nspec:\n  output:\n{output}"
            )
        };
        for (text, want) in [
            (
                stream("  - name: v1\n  - name: 1.10\n"),
                "7: spec.tags[1].name: expected a string, found a number: write it in quotes, name: \"1.10\"",
            ),
            (
                stream("  - {name: 2}\n"),
                "6: spec.tags[0].name: expected a string, found a number: write it in quotes, name: \"2\"",
            ),
            (
                stream("  - from: {kind: DockerImage}\n    name: on\n"),
                "7: spec.tags[0].name: expected a string, found the boolean true (as are on, yes and y without \
                 quotes): write it in quotes, name: \"on\"",
            ),
            (
                stream("  - name: [a]\n"),
                "6: spec.tags[0].name: expected a string, found a list",
            ),
            (
                stream("  - name: {a: b}\n"),
                "6: spec.tags[0].name: expected a string, found a map",
            ),
            (
                stream("  - name: a\n    importPolicy:\n      scheduled: canary\n"),
                "8: spec.tags[0].importPolicy.scheduled: expected a boolean, found a string",
            ),
            (
                build("    to:\n      kind: DockerImage\n      name: 12\n"),
                "7: spec.output.to.name: expected a string, found a number: write it in quotes, name: \"12\"",
            ),
            (
                build("    pushSecret: {name: 0x1F}\n"),
                "5: spec.output.pushSecret.name: expected a string, found a number: write it in quotes, name: \"0x1F\"",
            ),
        ] {
            assert_eq!(mismatches(&text), [want], "{text}");
            let list = text.trim_end().replace('\n', "\n  ");
            let list = format!("apiVersion: v1\nkind: List\nitems:\n- {list}\n");
            let (line, message) = want.split_once(": ").unwrap();
            let line = line.parse::<usize>().unwrap() + 3;
            assert_eq!(mismatches(&list), [format!("{line}: {message}")], "{list}");
        }
    }
}
