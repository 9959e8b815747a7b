//! A YAML document with places that Helm's template language fills in.

use std::fmt::{self, Write as _};

use serde_json::Value;

/// The namespace that stands for the one of the release.
pub(super) const NAMESPACE: &str = "namespace-of-the-release";
/// The namespace that stands for each one whose builds are followed.
pub(super) const FOLLOWED: &str = "namespace-that-is-followed";
/// The names, and the expressions that take their places.
const NAMESPACES: [(&str, &str); 2] = [
    (NAMESPACE, "{{ $.Release.Namespace }}"),
    (FOLLOWED, "{{ . }}"),
];

/// A value of a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Node {
    /// A scalar, or an empty map or list.
    Leaf(Value),
    /// A map, in this order.
    Map(Vec<Entry>),
    /// A list.
    List(Vec<Entry>),
    /// A scalar as it is written, with expressions and quotes.
    Text(String),
    /// An expression whose result is YAML. As an entry without a key its result is a part of the map or list.
    Block(String),
}

/// A member of a map, or an item of a list.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// The actions that enclose it, outermost first: `if …`, `with …`, `range …`.
    pub(super) guards: Vec<String>,
    /// The key, in a map.
    pub(super) key: Option<String>,
    /// The value.
    pub(super) node: Node,
}

impl Entry {
    /// A member that is always there.
    pub(super) fn member(key: &str, node: Node) -> Self {
        Self {
            guards: Vec::new(),
            key: Some(key.to_owned()),
            node,
        }
    }

    /// An item, or the members or items of a block.
    pub(super) fn item(node: Node) -> Self {
        Self {
            guards: Vec::new(),
            key: None,
            node,
        }
    }

    /// The same, inside an action.
    pub(super) fn guarded(self, action: &str) -> Self {
        self.inside(&[action])
    }

    /// The same, inside actions, outermost first.
    pub(super) fn inside(mut self, actions: &[&str]) -> Self {
        self.guards = actions.iter().map(|&action| action.to_owned()).collect();
        self
    }
}

impl From<&Value> for Node {
    fn from(value: &Value) -> Self {
        match value {
            Value::Object(map) if !map.is_empty() => Self::Map(
                map.iter()
                    .map(|(key, value)| Entry::member(key, value.into()))
                    .collect(),
            ),
            Value::Array(items) if !items.is_empty() => {
                Self::List(items.iter().map(|item| Entry::item(item.into())).collect())
            }
            scalar => Self::Leaf(scalar.clone()),
        }
    }
}

impl Node {
    /// The value at a path: keys, and for a list an index or the start of a text item. `None` if it does not exist.
    pub(super) fn at(&mut self, path: &[&str]) -> Option<&mut Self> {
        let Some((step, rest)) = path.split_first() else {
            return Some(self);
        };
        let next = match self {
            Self::Map(entries) => entries
                .iter_mut()
                .find(|entry| entry.key.as_deref() == Some(step)),
            Self::List(entries) => match step.parse::<usize>() {
                Ok(index) => entries.get_mut(index),
                Err(_) => entries.iter_mut().find(|entry| {
                    matches!(&entry.node, Self::Leaf(Value::String(text)) if text.starts_with(step))
                }),
            },
            Self::Leaf(_) | Self::Text(_) | Self::Block(_) => None,
        };
        next?.node.at(rest)
    }

    /// Replaces a value everywhere, and counts the places.
    pub(super) fn replace(&mut self, from: &Self, to: &Self) -> usize {
        if self == from {
            *self = to.clone();
            return 1;
        }
        let entries = self.entries().map(|entries| entries.iter_mut());
        let entries = entries.into_iter().flatten();
        entries.map(|entry| entry.node.replace(from, to)).sum()
    }

    /// The entries of a map or list.
    pub(super) fn entries(&mut self) -> Option<&mut Vec<Entry>> {
        match self {
            Self::Map(entries) | Self::List(entries) => Some(entries),
            Self::Leaf(_) | Self::Text(_) | Self::Block(_) => None,
        }
    }

    /// The document, indented by this number of spaces.
    pub(super) fn write(&self, indent: usize) -> String {
        let mut out = String::new();
        self.write_into(indent, &mut out);
        out
    }

    fn write_into(&self, indent: usize, out: &mut String) {
        let pad = " ".repeat(indent);
        match self {
            Self::Map(entries) => {
                for entry in entries {
                    open(entry, &pad, out);
                    entry.write_member(indent, &pad, out);
                    close(entry, &pad, out);
                }
            }
            Self::List(entries) => {
                for entry in entries {
                    open(entry, &pad, out);
                    entry.write_item(indent, &pad, out);
                    close(entry, &pad, out);
                }
            }
            Self::Block(expression) => {
                push(
                    out,
                    format_args!("{pad}{{{{- {expression} | nindent {indent} }}}}\n"),
                );
            }
            Self::Leaf(_) | Self::Text(_) => push(out, format_args!("{pad}{}\n", self.inline())),
        }
    }

    /// A value on one line.
    fn inline(&self) -> String {
        match self {
            Self::Leaf(value) => scalar(value),
            Self::Text(text) => text.clone(),
            Self::Map(_) | Self::List(_) | Self::Block(_) => String::new(),
        }
    }
}

impl Entry {
    fn write_member(&self, indent: usize, pad: &str, out: &mut String) {
        let Some(key) = &self.key else {
            self.node.write_into(indent, out);
            return;
        };
        let key = scalar(&Value::String(key.clone()));
        match &self.node {
            Node::Leaf(_) | Node::Text(_) => {
                push(out, format_args!("{pad}{key}: {}\n", self.node.inline()));
            }
            Node::Map(_) | Node::List(_) | Node::Block(_) => {
                push(out, format_args!("{pad}{key}:\n"));
                self.node.write_into(indent + 2, out);
            }
        }
    }

    fn write_item(&self, indent: usize, pad: &str, out: &mut String) {
        match &self.node {
            Node::Leaf(_) | Node::Text(_) => {
                push(out, format_args!("{pad}- {}\n", self.node.inline()));
            }
            Node::Block(_) => self.node.write_into(indent, out),
            Node::Map(_) | Node::List(_) => {
                let text = self.node.write(indent + 2);
                // An action cannot follow the dash on its line.
                match text.strip_prefix(&format!("{pad}  ")) {
                    Some(rest) if !rest.starts_with("{{-") => {
                        push(out, format_args!("{pad}- {rest}"));
                    }
                    _ => push(out, format_args!("{pad}-\n{text}")),
                }
            }
        }
    }
}

/// Appends a text.
pub(super) fn push(out: &mut String, text: fmt::Arguments<'_>) {
    // A string accepts every text.
    let _ = out.write_fmt(text);
}

fn open(entry: &Entry, pad: &str, out: &mut String) {
    for guard in &entry.guards {
        push(out, format_args!("{pad}{{{{- {guard} }}}}\n"));
    }
}

fn close(entry: &Entry, pad: &str, out: &mut String) {
    for _ in &entry.guards {
        push(out, format_args!("{pad}{{{{- end }}}}\n"));
    }
}

/// A scalar as YAML that Helm's template language leaves as it is, but for the namespaces.
fn scalar(value: &Value) -> String {
    let Value::String(text) = value else {
        return value.to_string();
    };
    let has_place = NAMESPACES.iter().any(|(name, _)| text.contains(name));
    if is_plain(text) && !has_place {
        return text.clone();
    }
    // JSON's escapes are those of YAML in double quotes.
    let quoted = Value::String(text.clone()).to_string();
    let mut written = quoted.replace("{{", "{{ \"{{\" }}");
    for (name, expression) in NAMESPACES {
        written = written.replace(name, expression);
    }
    written
}

/// Whether a string is one without quotes too: it looks like no other type, and has no character of YAML's syntax.
fn is_plain(text: &str) -> bool {
    const OTHER_TYPES: [&str; 9] = ["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let is_start = |c: char| c.is_ascii_alphabetic() || c == '/';
    let is_inner = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '_' | '-');
    text.starts_with(is_start)
        && text.chars().all(is_inner)
        && !OTHER_TYPES.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn document_without_places_is_the_value() {
        let value = json!({
            "a": {"b": [1, {"c": "x", "d": []}, ["y", "z"]], "e": {}},
            "odd": ["true", "Off", "1", "", "-x", "a: b", "#", "a\"b\nc", "é", null, 1.5],
            "key: odd": true,
        });
        let text = Node::from(&value).write(0);
        let read: Value = serde_saphyr::from_str(&text).unwrap();
        assert_eq!(read, value, "{text}");
    }

    #[test]
    fn places_and_guards_are_written_as_actions() {
        let mut node = Node::from(&json!({
            "replicas": 2,
            "labels": {"a": "b"},
            "list": [{"x": 1}, "--cap=warn"],
        }));
        *node.at(&["replicas"]).unwrap() = Node::Text("{{ $.Values.replicas }}".to_owned());
        *node.at(&["list", "--cap="]).unwrap() = Node::Text("\"--cap={{ .x }}\"".to_owned());
        let labels = node.at(&["labels"]).unwrap().entries().unwrap();
        labels.push(Entry::item(Node::Block("toYaml .".to_owned())).guarded("with $.Values.more"));
        let list = node.at(&["list", "0"]).unwrap().entries().unwrap();
        list[0].guards.push("if $.Values.x".to_owned());
        assert_eq!(
            node.write(0),
            "labels:\n  a: b\n  {{- with $.Values.more }}\n  {{- toYaml . | nindent 2 }}\n  {{- end }}\n\
             list:\n  -\n    {{- if $.Values.x }}\n    x: 1\n    {{- end }}\n  - \"--cap={{ .x }}\"\n\
             replicas: {{ $.Values.replicas }}\n"
        );
        assert!(node.at(&["list", "--other="]).is_none());
        assert!(node.at(&["replicas", "0"]).is_none());
    }

    #[test]
    fn braces_of_other_template_languages_are_kept() {
        let text = scalar(&json!(
            "Source {{ $labels.source }} of {namespace=\"namespace-of-the-release\"}"
        ));
        assert_eq!(
            text,
            r#""Source {{ "{{" }} $labels.source }} of {namespace=\"{{ $.Release.Namespace }}\"}""#
        );
        assert_eq!(scalar(&json!(NAMESPACE)), "\"{{ $.Release.Namespace }}\"");
        let text = format!("{NAMESPACE}/webhook");
        assert_eq!(
            scalar(&json!(text)),
            "\"{{ $.Release.Namespace }}/webhook\""
        );
    }
}
