//! The places of a text: what stands where, whatever the syntax.

use std::ops::Range;

use super::Unwritable;

/// A text and what stands where in it.
#[derive(Debug)]
pub(super) struct Tree<'t> {
    pub(super) text: &'t str,
    pub(super) root: Node,
}

/// A value and where it stands, in bytes. An empty one stands behind the colon of its key.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) range: Range<usize>,
    pub(super) kind: Kind,
}

/// What a value is.
#[derive(Debug)]
pub(super) enum Kind {
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
#[derive(Debug)]
pub(super) struct Map {
    /// `{…}`, not lines.
    pub(super) is_flow: bool,
    pub(super) entries: Vec<Entry>,
}

/// A member of a map.
#[derive(Debug)]
pub(super) struct Entry {
    /// The key; none where it is no scalar.
    pub(super) key: Option<String>,
    pub(super) key_range: Range<usize>,
    pub(super) value: Node,
}

impl Tree<'_> {
    /// The map at a JSON pointer.
    pub(super) fn map(&self, pointer: &str) -> Result<(&Node, &Map), Unwritable> {
        let mut node = &self.root;
        for part in pointer.split('/').skip(1) {
            node = match &node.kind {
                Kind::Alias => return Err(Unwritable::Alias),
                Kind::Scalar { .. } => return Err(Unwritable::Unknown),
                Kind::List(items) => {
                    let index: usize = part.parse().map_err(|_| Unwritable::Unknown)?;
                    items.get(index).ok_or(Unwritable::Unknown)?
                }
                Kind::Map(map) => match map.entry(part) {
                    Some(entry) => &entry.value,
                    None if map.entry("<<").is_some() => return Err(Unwritable::Merged),
                    None => return Err(Unwritable::Unknown),
                },
            };
        }
        match &node.kind {
            Kind::Map(map) => Ok((node, map)),
            Kind::Alias => Err(Unwritable::Alias),
            Kind::List(_) | Kind::Scalar { .. } => Err(Unwritable::Unknown),
        }
    }

    /// The bytes of a line up to a place in it.
    pub(super) fn line_before(&self, at: usize) -> &str {
        let before = self.text.get(..at).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        before.get(start..).unwrap_or_default()
    }

    /// The place behind the end of the line that holds a place, and whether a line end is there.
    pub(super) fn next_line(&self, at: usize) -> (usize, bool) {
        let rest = self.text.get(at..).unwrap_or_default();
        match rest.find('\n') {
            Some(end) => (at + end + 1, true),
            None => (self.text.len(), false),
        }
    }

    /// The line end that the text uses there, or else first.
    pub(super) fn line_end(&self, before: usize) -> &'static str {
        let before = self.text.get(..before).unwrap_or_default();
        let has = if before.contains('\n') {
            before.ends_with("\r\n")
        } else {
            self.text.contains("\r\n")
        };
        if has { "\r\n" } else { "\n" }
    }
}

impl Map {
    /// A member; the last where it is repeated, as readers take it.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries
            .iter()
            .rev()
            .find(|entry| entry.key.as_deref() == Some(key))
    }
}

impl Node {
    /// The end of the last thing that is written of it.
    pub(super) fn end(&self, text: &str) -> usize {
        match &self.kind {
            Kind::Map(map) if !map.is_flow => map
                .entries
                .last()
                .map_or(self.range.end, |last| last.value.end(text)),
            Kind::List(items)
                if !text
                    .get(self.range.clone())
                    .is_some_and(|t| t.starts_with('[')) =>
            {
                items.last().map_or(self.range.end, |last| last.end(text))
            }
            Kind::Scalar { is_block: true } => {
                let all = text.get(self.range.clone()).unwrap_or_default();
                let header = all.lines().next().unwrap_or_default();
                if header.contains('+') {
                    self.range.end
                } else {
                    self.range.start + all.trim_end().len()
                }
            }
            _ => self.range.end,
        }
    }
}
