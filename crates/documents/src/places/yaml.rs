//! Positions in a YAML document.

use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, StructureStyle};

use super::{Entry, Kind, Map, Node};
use crate::yaml::reading;

/// Deeper documents have been rejected before.
const MAX_DEPTH: usize = 130;

/// The positions of the first document of a text; `None` if they are unknown.
pub(crate) fn read(text: &str) -> Option<Node> {
    let mut builder = Builder {
        text,
        open: Vec::new(),
        root: None,
    };
    for next in Parser::new_from_str_with_options(text, reading()) {
        let (event, span) = next.ok()?;
        let range = span.byte_range()?;
        match event {
            Event::Scalar(value, style, ..) => {
                let is_block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
                let key = Some(value.into_owned());
                builder.leaf(range, Kind::Scalar { is_block }, key)?;
            }
            Event::Alias(_) => builder.leaf(range, Kind::Alias, None)?,
            Event::SequenceStart(..) => builder.begin(range.start, Kind::List(Vec::new()))?,
            Event::MappingStart(style, ..) => {
                let map = Map {
                    is_flow: style == StructureStyle::Flow,
                    entries: Vec::new(),
                };
                builder.begin(range.start, Kind::Map(map))?;
            }
            Event::SequenceEnd | Event::MappingEnd => builder.end(range.end)?,
            Event::DocumentEnd => break,
            _ => {}
        }
    }
    builder.root
}

struct Builder<'t> {
    text: &'t str,
    open: Vec<Open>,
    root: Option<Node>,
}

/// A list or map that is being read.
struct Open {
    start: usize,
    kind: Kind,
    /// The key whose value comes next.
    key: Option<(Option<String>, Range<usize>)>,
}

impl Builder<'_> {
    fn begin(&mut self, start: usize, kind: Kind) -> Option<()> {
        self.open.push(Open {
            start,
            kind,
            key: None,
        });
        (self.open.len() <= MAX_DEPTH).then_some(())
    }

    fn end(&mut self, end: usize) -> Option<()> {
        let Open { start, kind, .. } = self.open.pop()?;
        let range = start..end.max(start);
        self.leaf(range, kind, None)
    }

    /// A node is complete: it is a key, a value, an item, or the whole.
    fn leaf(&mut self, range: Range<usize>, kind: Kind, key: Option<String>) -> Option<()> {
        let node = Node { range, kind };
        let Some(open) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return Some(());
        };
        match &mut open.kind {
            Kind::List(items) => items.push(node),
            Kind::Map(map) => match open.key.take() {
                None => open.key = Some((key, node.range)),
                Some((key, key_range)) => {
                    let value = behind_colon(self.text, &key_range, node);
                    map.entries.push(Entry {
                        key,
                        key_range,
                        value,
                    });
                }
            },
            Kind::Alias | Kind::Scalar { .. } => return None,
        }
        Some(())
    }
}

/// A missing value, at the position where it would be written.
fn behind_colon(text: &str, key: &Range<usize>, mut node: Node) -> Node {
    if node.range.is_empty() {
        let rest = text.get(key.end..).unwrap_or_default();
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t']).len();
        if rest.get(blanks..).is_some_and(|rest| rest.starts_with(':')) {
            let at = key.end + blanks + 1;
            node.range = at..at;
        }
    }
    node
}
