//! Where a field goes, and how it is written.

use serde_json::Value;

use super::{
    Set, Splice, Unwritable,
    tree::{Tree, next_line, written_end},
};
use crate::{
    origin::Syntax,
    places::{Entry, Kind, Map, Node},
};

/// Words that YAML 1.1 does not read as text.
const WORDS: [&str; 10] = [
    "true", "false", "yes", "no", "on", "off", "y", "n", "null", "nan",
];
/// The indentation of a level if the text does not show one.
const STEP: &str = "  ";

/// The change that sets a member of a map.
pub(crate) fn splice(tree: &Tree<'_>, set: &Set, syntax: Syntax) -> Result<Splice, Unwritable> {
    let (node, map) = tree.map(&set.map)?;
    if let Some(entry) = map.entry(set.key) {
        return replaced(tree, map, entry, set, syntax);
    }
    if !map.is_flow {
        return lines(tree, map, set);
    }
    let inner = tree
        .text
        .get(node.range.clone())
        .and_then(|all| all.strip_prefix('{')?.strip_suffix('}'));
    let Some(inner) = inner else {
        // A pair in a list, without braces.
        return Err(Unwritable::Unknown);
    };
    let style = Style::new(tree, map, syntax);
    match map.entry(set.beside).or_else(|| map.entries.last()) {
        None => {
            let blank = inner.get(..inner.len().min(1)).unwrap_or_default();
            let blank = if blank == " " { " " } else { "" };
            let member = style.member(set.key, &set.value);
            Ok(insertion(node.range.start + 1, format!("{blank}{member}")))
        }
        Some(entry) => Ok(flow(tree, node, map, entry, set, &style)),
    }
}

fn insertion(at: usize, text: String) -> Splice {
    Splice {
        range: at..at,
        text,
    }
}

/// The member exists: its value is replaced in place.
fn replaced(
    tree: &Tree<'_>,
    map: &Map,
    entry: &Entry,
    set: &Set,
    syntax: Syntax,
) -> Result<Splice, Unwritable> {
    match &entry.value.kind {
        Kind::Alias => return Err(Unwritable::Alias),
        Kind::Scalar { is_block: false } => {}
        _ => return Err(Unwritable::Unknown),
    }
    let style = Style::new(tree, map, syntax);
    let value = style.value(&set.value);
    let range = entry.value.range.clone();
    // No value is written after the colon.
    let blank = if range.is_empty() { " " } else { "" };
    Ok(Splice {
        range,
        text: format!("{blank}{value}"),
    })
}

/// Into a block map: new lines after those of the member that it goes beside.
fn lines(tree: &Tree<'_>, map: &Map, set: &Set) -> Result<Splice, Unwritable> {
    let (Some(first), Some(beside)) = (
        map.entries.first(),
        map.entry(set.beside).or_else(|| map.entries.last()),
    ) else {
        return Err(Unwritable::Unknown);
    };
    // A `- ` before the first key counts as blanks.
    let width = tree.line_before(first.key_range.start).chars().count();
    let indent = " ".repeat(width);
    let style = Style {
        is_quoted: false,
        colon: ": ",
        comma: ", ",
    };
    let end = written_end(&beside.value, tree.text);
    let is_open = end > 0 && tree.text.as_bytes().get(end - 1) == Some(&b'\n');
    let (mut at, mut is_ended) = if is_open {
        (end, true)
    } else {
        next_line(tree.text, end)
    };
    // A comment that is indented deeper belongs to the line above it.
    while is_ended && is_deeper_comment(tree, at, width) {
        (at, is_ended) = next_line(tree.text, at);
    }
    let line_end = tree.line_end(at);
    let own = match &set.value {
        Value::Object(members) => {
            let step = step(map, tree, width);
            let head = format!("{indent}{}:", set.key);
            let members = members.iter().map(|(key, value)| {
                let value = style.value(value);
                format!("{indent}{step}{key}: {value}")
            });
            let lines: Vec<String> = std::iter::once(head).chain(members).collect();
            lines.join(line_end)
        }
        value => format!("{indent}{}: {}", set.key, style.value(value)),
    };
    Ok(insertion(
        at,
        if is_ended {
            own + line_end
        } else {
            format!("{line_end}{own}")
        },
    ))
}

fn is_deeper_comment(tree: &Tree<'_>, at: usize, width: usize) -> bool {
    let rest = tree.text.get(at..).unwrap_or_default();
    let text = rest.trim_start_matches(' ');
    text.starts_with('#') && rest.len() - text.len() > width
}

/// The indentation of a level: that of the map's members, or else of the map itself.
fn step(map: &Map, tree: &Tree<'_>, width: usize) -> String {
    let deeper = map
        .entries
        .iter()
        .find_map(|entry| match &entry.value.kind {
            Kind::Map(inner) if !inner.is_flow => {
                let first = inner.entries.first()?;
                let inner = tree.line_before(first.key_range.start).chars().count();
                inner.checked_sub(width).filter(|step| *step > 0)
            }
            _ => None,
        });
    deeper.map_or_else(|| STEP.to_owned(), |step| " ".repeat(step))
}

/// Into a map in braces. If each member has a line, the new one gets a line before
/// another one, so that no comma has to be added to an existing line.
fn flow(
    tree: &Tree<'_>,
    node: &Node,
    map: &Map,
    beside: &Entry,
    set: &Set,
    style: &Style,
) -> Splice {
    let indent = |entry: &Entry| {
        let before = tree.line_before(entry.key_range.start);
        let on_own_line = before.chars().all(|c| c == ' ' || c == '\t');
        let is_inside = entry.key_range.start - before.len() > node.range.start;
        (on_own_line && is_inside).then_some(before)
    };
    let next = map
        .entries
        .iter()
        .find(|entry| entry.key_range.start > beside.key_range.start);
    let next = next.unwrap_or(beside);
    if let Some(indent) = indent(next) {
        let line_end = tree.line_end(next.key_range.start - indent.len());
        let member = match &set.value {
            Value::Object(members) if style.is_quoted => {
                let step = outer_step(tree, node, indent);
                let inner: Vec<String> = members
                    .iter()
                    .map(|(key, value)| format!("{indent}{step}{}", style.member(key, value)))
                    .collect();
                format!(
                    "{}{}{{{line_end}{}{line_end}{indent}}}",
                    style.key(set.key),
                    style.colon,
                    inner.join(&format!(",{line_end}"))
                )
            }
            value => style.member(set.key, value),
        };
        let text = format!("{member},{line_end}{indent}");
        return insertion(next.key_range.start, text);
    }
    let member = style.member(set.key, &set.value);
    insertion(beside.value.range.end, format!("{}{member}", style.comma))
}

/// The indentation of the members of a map in braces, relative to the line of its brace.
fn outer_step<'t>(tree: &Tree<'t>, node: &Node, indent: &'t str) -> &'t str {
    let line = tree.line_before(node.range.start);
    let outer = line.len() - line.trim_start_matches([' ', '\t']).len();
    indent
        .get(outer..)
        .filter(|step| !step.is_empty())
        .unwrap_or(STEP)
}

/// How members are written in a map in braces.
struct Style {
    /// Keys and texts in quotes.
    is_quoted: bool,
    colon: &'static str,
    comma: &'static str,
}

impl Style {
    fn new(tree: &Tree<'_>, map: &Map, syntax: Syntax) -> Self {
        let first = map.entries.first();
        let between = |from: usize, to: usize| tree.text.get(from..to).unwrap_or_default();
        let is_quoted = syntax == Syntax::Json || is_quoted(tree, first);
        let colon = first.map(|first| between(first.key_range.end, first.value.range.start));
        let is_tight = map.is_flow && is_quoted && colon == Some(":");
        let comma = match &*map.entries {
            [first, second, ..] if map.is_flow => {
                let gap = between(first.value.range.end, second.key_range.start);
                if gap == "," { "," } else { ", " }
            }
            _ if is_tight => ",",
            _ => ", ",
        };
        // An empty map of a text without any blank.
        let is_dense = syntax == Syntax::Json
            && map.entries.is_empty()
            && tree.text.contains("\":{")
            && !tree.text.contains("\": ");
        Self {
            is_quoted,
            colon: if is_tight || is_dense { ":" } else { ": " },
            comma,
        }
    }

    fn member(&self, key: &str, value: &Value) -> String {
        format!("{}{}{}", self.key(key), self.colon, self.value(value))
    }

    fn key(&self, key: &str) -> String {
        if self.is_quoted {
            format!("\"{key}\"")
        } else {
            key.to_owned()
        }
    }

    fn value(&self, value: &Value) -> String {
        match value {
            Value::Object(members) => {
                let members: Vec<String> = members
                    .iter()
                    .map(|(key, value)| self.member(key, value))
                    .collect();
                format!("{{{}}}", members.join(self.comma))
            }
            Value::String(text) if !self.is_quoted && is_plain(text) => text.clone(),
            value => value.to_string(),
        }
    }
}

fn is_quoted(tree: &Tree<'_>, entry: Option<&Entry>) -> bool {
    entry.is_some_and(|entry| {
        let key = tree.text.get(entry.key_range.clone());
        key.is_some_and(|key| key.starts_with('"'))
    })
}

/// Whether YAML reads a name as text without quotes.
fn is_plain(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.".contains(c))
        && !WORDS.contains(&name)
}
