//! A value of the chart: its name, type, default and documentation. `values.yaml`, its schema and the table of the
//! README are written from the same list.

use serde_json::{Map, Value, json};

use super::tree::{Entry, Node, push};

/// A value, or a group of values.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// Its name in its group.
    pub(super) name: &'static str,
    /// What it means, in sentences.
    pub(super) text: &'static str,
    /// What it admits, and its default.
    pub(super) shape: Shape,
}

/// What a value admits, and its default.
#[derive(Clone, Debug)]
pub(super) enum Shape {
    /// A group of values.
    Group(Vec<Field>),
    /// `true` or `false`.
    Flag(bool),
    /// An integer from, to; the default.
    Integer(i64, i64, i64),
    /// One of these words; the first is the default.
    Choice(&'static [&'static str]),
    /// A text that matches the regular expression; by default empty.
    Text(&'static str, &'static str),
    /// A value with this JSON schema, and its default.
    Other(Value, Value),
}

impl Field {
    /// A group.
    pub(super) fn group<const N: usize>(
        name: &'static str,
        text: &'static str,
        fields: [Self; N],
    ) -> Self {
        Self::new(name, Shape::Group(fields.into()), text)
    }

    /// A value.
    pub(super) fn new(name: &'static str, shape: Shape, text: &'static str) -> Self {
        Self { name, text, shape }
    }

    /// The default.
    pub(super) fn default(&self) -> Value {
        match &self.shape {
            Shape::Group(fields) => defaults(fields),
            Shape::Flag(default) => json!(default),
            Shape::Integer(_, _, default) => json!(default),
            Shape::Choice(words) => json!(words.first()),
            Shape::Text(default, _) => json!(default),
            Shape::Other(_, default) => default.clone(),
        }
    }

    fn schema(&self) -> Value {
        let mut schema = match &self.shape {
            Shape::Group(fields) => object(fields),
            Shape::Flag(_) => json!({"type": "boolean"}),
            Shape::Integer(from, to, _) => {
                json!({"type": "integer", "minimum": from, "maximum": to})
            }
            Shape::Choice(words) => json!({"type": "string", "enum": words}),
            Shape::Text(_, pattern) => json!({"type": "string", "pattern": pattern}),
            Shape::Other(schema, _) => schema.clone(),
        };
        if let Some(map) = schema.as_object_mut() {
            map.insert("description".to_owned(), json!(self.text));
        }
        schema
    }

    /// The text, with the words to choose from.
    fn documentation(&self) -> String {
        match &self.shape {
            Shape::Choice(words) => {
                let words: Vec<&str> = words.iter().copied().map(named).collect();
                format!("{} One of: {}.", self.text, words.join(", "))
            }
            _ => self.text.to_owned(),
        }
    }
}

/// The defaults as a map.
pub(super) fn defaults(fields: &[Field]) -> Value {
    let defaults = fields
        .iter()
        .map(|field| (field.name.to_owned(), field.default()));
    Value::Object(defaults.collect())
}

/// `values.schema.json`. The values of a parent chart's `global` are admitted too.
pub(super) fn schema(fields: &[Field]) -> Value {
    let mut properties = properties(fields);
    properties.insert("global".to_owned(), json!({"type": "object"}));
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    })
}

fn object(fields: &[Field]) -> Value {
    json!({"type": "object", "additionalProperties": false, "properties": properties(fields)})
}

fn properties(fields: &[Field]) -> Map<String, Value> {
    let properties = fields
        .iter()
        .map(|field| (field.name.to_owned(), field.schema()));
    properties.collect()
}

/// `values.yaml`: each value with its documentation, in the order of the list.
pub(super) fn yaml(fields: &[Field]) -> String {
    let mut text = String::new();
    for field in fields {
        if !text.is_empty() {
            text.push('\n');
        }
        yaml_of(field, 0, &mut text);
    }
    text
}

fn yaml_of(field: &Field, indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    for line in wrap(&field.documentation(), 110_usize.saturating_sub(indent)) {
        push(out, format_args!("{pad}# {line}\n"));
    }
    if let Shape::Group(fields) = &field.shape {
        push(out, format_args!("{pad}{}:\n", field.name));
        for field in fields {
            yaml_of(field, indent + 2, out);
        }
    } else {
        let member = Entry::member(field.name, (&field.default()).into());
        out.push_str(&Node::Map(vec![member]).write(indent));
    }
}

/// The rows of the table: name, documentation, default.
pub(super) fn table(fields: &[Field]) -> String {
    let mut rows = String::from("| Value | Meaning | Default |\n|---|---|---|\n");
    rows_of(fields, "", &mut rows);
    rows
}

fn rows_of(fields: &[Field], prefix: &str, rows: &mut String) {
    for field in fields {
        let name = format!("{prefix}{}", field.name);
        if let Shape::Group(fields) = &field.shape {
            rows_of(fields, &format!("{name}."), rows);
            continue;
        }
        let default = field.default().to_string();
        let text = field.documentation().replace('|', "\\|");
        push(rows, format_args!("| `{name}` | {text} | `{default}` |\n"));
    }
}

/// A word of a choice, as text.
fn named(word: &str) -> &str {
    if word.is_empty() { "\"\"" } else { word }
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields() -> Vec<Field> {
        vec![
            Field::group(
                "a",
                "A group.",
                [
                    Field::new("b", Shape::Integer(1, 9, 2), "A number."),
                    Field::new("c", Shape::Choice(&["", "On"]), "A word."),
                ],
            ),
            Field::new(
                "d",
                Shape::Other(json!({"type": "array"}), json!([{"x": "y z"}])),
                "A list.",
            ),
        ]
    }

    #[test]
    fn the_file_has_every_default_with_its_documentation() {
        let text = yaml(&fields());
        assert_eq!(
            text,
            "# A group.\na:\n  # A number.\n  b: 2\n  # A word. One of: \"\", On.\n  c: \"\"\n\n\
             # A list.\nd:\n  - x: \"y z\"\n"
        );
        let read: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(read, defaults(&fields()));
    }

    #[test]
    fn the_table_has_one_row_for_each_value() {
        let table = table(&fields());
        assert!(table.contains("| `a.b` | A number. | `2` |\n"), "{table}");
        assert_eq!(table.lines().count(), 2 + 3);
    }

    #[test]
    fn the_schema_admits_only_known_values() {
        let schema = schema(&fields());
        assert_eq!(schema["additionalProperties"], json!(false));
        assert_eq!(
            schema["properties"]["a"]["additionalProperties"],
            json!(false)
        );
        assert_eq!(
            schema["properties"]["a"]["properties"]["b"]["maximum"],
            json!(9)
        );
        assert_eq!(schema["properties"]["d"]["description"], json!("A list."));
    }
}
