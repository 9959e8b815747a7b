//! A text with its positions, for changes.

use super::Unwritable;
use crate::places::{Kind, Map, Node};

/// A text and its values by position.
#[derive(Debug)]
pub(crate) struct Tree<'t> {
    pub(crate) text: &'t str,
    pub(crate) root: Node,
}

impl Tree<'_> {
    /// The map at a JSON pointer.
    pub(crate) fn map(&self, pointer: &str) -> Result<(&Node, &Map), Unwritable> {
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

    /// The bytes of a line up to a position in it.
    pub(crate) fn line_before(&self, at: usize) -> &str {
        let before = self.text.get(..at).unwrap_or_default();
        let start = before.rfind('\n').map_or(0, |end| end + 1);
        before.get(start..).unwrap_or_default()
    }

    /// The line end at that position, or else the first one.
    pub(crate) fn line_end(&self, before: usize) -> &'static str {
        let before = self.text.get(..before).unwrap_or_default();
        let has = if before.contains('\n') {
            before.ends_with("\r\n")
        } else {
            self.text.contains("\r\n")
        };
        if has { "\r\n" } else { "\n" }
    }
}

/// The end of the last part of a value.
pub(crate) fn written_end(node: &Node, text: &str) -> usize {
    match &node.kind {
        Kind::Map(map) if !map.is_flow => map
            .entries
            .last()
            .map_or(node.range.end, |last| written_end(&last.value, text)),
        Kind::List(items)
            if !text
                .get(node.range.clone())
                .is_some_and(|t| t.starts_with('[')) =>
        {
            items
                .last()
                .map_or(node.range.end, |last| written_end(last, text))
        }
        Kind::Scalar { is_block: true } => {
            let all = text.get(node.range.clone()).unwrap_or_default();
            let header = all.lines().next().unwrap_or_default();
            if header.contains('+') {
                node.range.end
            } else {
                node.range.start + all.trim_end().len()
            }
        }
        _ => node.range.end,
    }
}

/// The position after the end of the line that contains a position, and whether it has a line end.
pub(crate) fn next_line(text: &str, at: usize) -> (usize, bool) {
    let rest = text.get(at..).unwrap_or_default();
    match rest.find('\n') {
        Some(end) => (at + end + 1, true),
        None => (text.len(), false),
    }
}
