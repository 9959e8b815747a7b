//! Positions of values in the text of a document, in either syntax: for messages that name the line
//! of a field, and for changes that keep the rest of the text.

mod json;
mod yaml;

use std::ops::Range;

use crate::origin::Syntax;

/// A value and its position, in bytes. An empty one is after the colon of its key.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) range: Range<usize>,
    pub(crate) kind: Kind,
}

/// The type of a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    /// A YAML alias.
    Alias,
    /// A list.
    List(Vec<Node>),
    /// A map.
    Map(Map),
    /// A scalar.
    Scalar {
        /// Literal or folded.
        is_block: bool,
    },
}

/// A map.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Map {
    /// `{…}`, not a block.
    pub(crate) is_flow: bool,
    pub(crate) entries: Vec<Entry>,
}

/// A member of a map.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    /// The key; `None` if it is not a scalar.
    pub(crate) key: Option<String>,
    pub(crate) key_range: Range<usize>,
    pub(crate) value: Node,
}

/// The positions of the first document of a text that has been parsed before; `None` if they are
/// unknown.
pub(crate) fn read(text: &str, syntax: Syntax) -> Option<Node> {
    match syntax {
        Syntax::Json => json::read(text),
        Syntax::Yaml => yaml::read(text),
    }
}

impl Map {
    /// A member; the last one if it is repeated, as in readers.
    pub(crate) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries
            .iter()
            .rev()
            .find(|entry| entry.key.as_deref() == Some(key))
    }
}

/// The lines of the fields of a document.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Lines {
    root: Option<Node>,
    /// The bytes at which the lines of the text begin.
    starts: Vec<usize>,
    /// The line in the file of the text's first line.
    first: usize,
}

impl Lines {
    /// Of a text whose first line is the line `first` of its file.
    pub(crate) fn new(text: &str, first: usize) -> Self {
        // A document is prepared to be one of several YAML documents, also JSON.
        let ends = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        Self {
            root: yaml::read(text),
            starts: std::iter::once(0)
                .chain(ends.map(|(at, _)| at + 1))
                .collect(),
            first,
        }
    }

    /// The line on which a field (in a map, its key), or else the nearest enclosing one, begins.
    pub(crate) fn at(&self, pointer: &str) -> Option<usize> {
        let (_, at, _) = self.nearest(pointer)?;
        let line = self.starts.partition_point(|start| *start <= at);
        Some(self.first + line.saturating_sub(1))
    }

    /// The text of a scalar, with its quotes if it has any.
    pub(crate) fn written<'t>(&self, text: &'t str, pointer: &str) -> Option<&'t str> {
        let (node, _, is_whole) = self.nearest(pointer)?;
        match node.kind {
            Kind::Scalar { is_block: false } if is_whole => text.get(node.range.clone()),
            _ => None,
        }
    }

    /// The value at a pointer or the nearest enclosing one, the byte at which it begins with its key,
    /// and whether it is the exact one.
    fn nearest(&self, pointer: &str) -> Option<(&Node, usize, bool)> {
        let mut node = self.root.as_ref()?;
        let mut at = node.range.start;
        for part in pointer.split('/').skip(1) {
            let next = match &node.kind {
                Kind::Map(map) => {
                    let key = part.replace("~1", "/").replace("~0", "~");
                    map.entry(&key)
                        .map(|entry| (&entry.value, entry.key_range.start))
                }
                Kind::List(items) => part
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| items.get(index))
                    .map(|item| (item, item.range.start)),
                Kind::Alias | Kind::Scalar { .. } => None,
            };
            let Some((value, start)) = next else {
                return Some((node, at, false));
            };
            (node, at) = (value, start);
        }
        Some((node, at, true))
    }
}

/// The JSON pointer of the innermost value of a JSON text that contains a byte.
pub(crate) fn pointer_at(json: &str, at: usize) -> Option<String> {
    let mut node = &json::read(json)?;
    let mut pointer = String::new();
    let holds = |node: &Node| node.range.contains(&at);
    loop {
        let next = match &node.kind {
            Kind::Map(map) => map.entries.iter().find_map(|entry| {
                let is_in = entry.key_range.start <= at && at < entry.value.range.end;
                is_in.then(|| (entry.key.clone().unwrap_or_default(), &entry.value))
            }),
            Kind::List(items) => items
                .iter()
                .enumerate()
                .find_map(|(index, item)| holds(item).then(|| (index.to_string(), item))),
            Kind::Alias | Kind::Scalar { .. } => None,
        };
        let Some((part, value)) = next else {
            return Some(pointer);
        };
        pointer.push('/');
        pointer.push_str(&part.replace('~', "~0").replace('/', "~1"));
        node = value;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_has_the_line_of_its_key() {
        let text = "---\nkind: RegistryPolicy\n# why\nspec:\n  push:\n    secretName: Hub\n  \
                    repositories:\n  - a\n  -\n    b: 1\n  mode:\n    null\n  c: &c {d: 1}\n  e: *c\n";
        let lines = Lines::new(text, 11);
        for (pointer, want) in [
            ("", 12),
            ("/kind", 12),
            ("/spec", 14),
            ("/spec/push", 15),
            ("/spec/push/secretName", 16),
            ("/spec/push/target", 15),
            ("/spec/repositories/1", 20),
            ("/spec/mode", 21),
            ("/spec/e/d", 24),
            ("/metadata/name", 12),
        ] {
            assert_eq!(lines.at(pointer), Some(want), "{pointer}");
        }
    }

    #[test]
    fn json_has_lines_too() {
        let lines = Lines::new(
            "---\n{\"kind\": \"List\",\n \"items\": [\n  {\"a/b\": 1}]}\n",
            0,
        );
        assert_eq!(lines.at("/items/0/a~1b"), Some(3));
        assert_eq!(Lines::new("a: [", 7).at("/a"), None);
    }

    #[test]
    fn a_place_in_json_is_a_field() {
        let json = r#"{"spec":{"tags":[{"name":"a"},{"name":1.1,"x/y":[true]}]}}"#;
        for (found, want) in [
            ("1.1", "/spec/tags/1/name"),
            ("true", "/spec/tags/1/x~1y/0"),
            ("\"a\"", "/spec/tags/0/name"),
        ] {
            let at = json.find(found).unwrap() + found.len() - 1;
            assert_eq!(pointer_at(json, at).as_deref(), Some(want));
        }
    }
}
