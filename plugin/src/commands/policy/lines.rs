//! The lines on which the fields of a document stand.

use std::{collections::BTreeMap, fmt};

use serde::{
    Deserialize, Deserializer,
    de::{IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_saphyr::Spanned;

/// The lines of fields, by JSON pointer.
#[derive(Debug, Default)]
pub(super) struct Lines {
    lines: BTreeMap<String, usize>,
}

impl Lines {
    /// Of a document whose content begins on the line `first` of its file. What cannot be read has no
    /// lines: whoever asks gets the first.
    pub(super) fn of(text: &str, first: usize) -> Self {
        let options = serde_saphyr::options! { with_snippet: false };
        let Ok(root) = serde_saphyr::from_str_with_options::<Spanned<Node>>(text, options) else {
            return Self::default();
        };
        let mut lines = BTreeMap::new();
        let begin = line(&root);
        collect(&root, "", &mut lines);
        for line in lines.values_mut() {
            *line = first + line.saturating_sub(begin);
        }
        Self { lines }
    }

    /// The line of a field, or of the nearest that there is around it.
    pub(super) fn at(&self, pointer: &str) -> Option<usize> {
        let mut pointer = pointer;
        loop {
            if let Some(line) = self.lines.get(pointer) {
                return Some(*line);
            }
            pointer = pointer.rsplit_once('/')?.0;
        }
    }
}

/// What is in a value, as far as it has fields.
enum Node {
    Map(Vec<(String, usize, Spanned<Self>)>),
    List(Vec<Spanned<Self>>),
    Plain,
}

fn line<T>(spanned: &Spanned<T>) -> usize {
    usize::try_from(spanned.referenced.line()).unwrap_or(1)
}

fn collect(node: &Spanned<Node>, pointer: &str, lines: &mut BTreeMap<String, usize>) {
    lines
        .entry(pointer.to_owned())
        .or_insert_with(|| line(node));
    match &node.value {
        Node::Map(members) => {
            for (key, line, value) in members {
                let key = key.replace('~', "~0").replace('/', "~1");
                let pointer = format!("{pointer}/{key}");
                // A map that is a value begins below its key.
                lines.insert(pointer.clone(), *line);
                collect(value, &pointer, lines);
            }
        }
        Node::List(items) => {
            for (index, item) in items.iter().enumerate() {
                collect(item, &format!("{pointer}/{index}"), lines);
            }
        }
        Node::Plain => {}
    }
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Node, A::Error> {
        let mut members = Vec::new();
        while let Some(key) = map.next_key::<Spanned<String>>()? {
            let line = line(&key);
            members.push((key.value, line, map.next_value()?));
        }
        Ok(Node::Map(members))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Node, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Node::List(items))
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node, E> {
        Ok(Node::Plain)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Node, E> {
        Ok(Node::Plain)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Node, E> {
        Ok(Node::Plain)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Node, E> {
        Ok(Node::Plain)
    }

    fn visit_str<E>(self, _: &str) -> Result<Node, E> {
        Ok(Node::Plain)
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Plain)
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Plain)
    }

    fn visit_some<D: Deserializer<'de>>(self, from: D) -> Result<Node, D::Error> {
        Node::deserialize(from)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, from: D) -> Result<Node, D::Error> {
        IgnoredAny::deserialize(from).map(|_| Node::Plain)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_field_has_the_line_of_its_key() {
        let text = "---\nkind: RegistryPolicy\n# why\nspec:\n  push:\n    secretName: Hub\n  \
                    repositories:\n  - a\n  - b\n  mode:\n    null\n";
        let lines = Lines::of(text, 12);
        for (pointer, want) in [
            ("", 12),
            ("/kind", 12),
            ("/spec", 14),
            ("/spec/push", 15),
            ("/spec/push/secretName", 16),
            ("/spec/push/target", 15),
            ("/spec/repositories/1", 19),
            ("/spec/mode", 20),
            ("/metadata/name", 12),
        ] {
            assert_eq!(lines.at(pointer), Some(want), "{pointer}");
        }
    }

    #[test]
    fn json_has_lines_too() {
        let lines = Lines::of(
            "---\n{\"kind\": \"List\",\n \"items\": [\n  {\"a/b\": 1}]}\n",
            1,
        );
        assert_eq!(lines.at("/items/0/a~1b"), Some(3));
        assert_eq!(Lines::of("a: [", 7).at("/a"), None);
    }
}
