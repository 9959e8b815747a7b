//! Entries of a list, added, replaced and removed as lines: comments, order and spelling of the rest
//! are unchanged. As with [`super::Set`], the caller verifies the resulting text.

use std::ops::Range;

use super::{
    Splice, apply,
    tree::{Tree, next_line, written_end},
};
use crate::{
    origin::Syntax,
    places::{self, Kind, Node},
    split::Chunks,
};

/// Why an entry cannot be changed line by line.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ListError {
    /// The entry is not a list item on lines of its own.
    #[error(
        "the entry on line {0} is not on separate lines, as in JSON and [..]; change it manually"
    )]
    NotALine(usize),
    /// The list to add to does not exist.
    #[error(
        "no list \"{0}:\" with entries on separate lines found (JSON and [..] have none); add the \
         entry manually"
    )]
    NoList(String),
}

/// The text with an entry after the one that begins on line `last`, or as the first of an empty list in a
/// field of a document.
///
/// # Errors
/// If the list has no lines to add it to.
pub fn append(
    text: &str,
    field: &str,
    last: Option<usize>,
    entry: &[String],
) -> Result<String, ListError> {
    let lists = Lists::new(text, field);
    if let Some(last) = last {
        let item = lists.item(last)?;
        return Ok(lists.apply(vec![lists.lines(item.range.end, item.indent, entry)]));
    }
    let empty = lists.all.iter().find_map(|list| {
        let range = list.empty.clone()?;
        Some((list, range))
    });
    let (list, range) = empty.ok_or_else(|| ListError::NoList(field.to_owned()))?;
    let (behind, _) = next_line(text, range.end);
    let opened = Splice {
        range,
        text: String::new(),
    };
    Ok(lists.apply(vec![opened, lists.lines(behind, list.indent, entry)]))
}

/// The text with the entry that begins on line `at` replaced by another.
///
/// # Errors
/// If the entry is not on separate lines.
pub fn replace(text: &str, field: &str, at: usize, entry: &[String]) -> Result<String, ListError> {
    let lists = Lists::new(text, field);
    let item = lists.item(at)?;
    let mut splice = lists.lines(item.range.start, item.indent, entry);
    splice.range = item.range.clone();
    Ok(lists.apply(vec![splice]))
}

/// The text without the entries that begin on these lines. A list that loses its last entry becomes
/// `[]`.
///
/// # Errors
/// If an entry is not on separate lines.
pub fn remove(text: &str, field: &str, at: &[usize]) -> Result<String, ListError> {
    let lists = Lists::new(text, field);
    for line in at {
        lists.item(*line)?;
    }
    let is_gone = |item: &&Item| at.contains(&item.line);
    let mut splices = Vec::new();
    for list in &lists.all {
        let gone: Vec<&Item> = list.items.iter().filter(is_gone).collect();
        if !gone.is_empty() && gone.len() == list.items.len() {
            splices.push(Splice {
                range: list.colon..list.colon,
                text: " []".to_owned(),
            });
        }
        splices.extend(gone.iter().map(|item| Splice {
            range: item.range.clone(),
            text: String::new(),
        }));
    }
    Ok(lists.apply(splices))
}

/// The lists in a field of the documents of a text.
struct Lists<'t> {
    text: &'t str,
    all: Vec<List>,
}

struct List {
    /// The position after the colon of the field.
    colon: usize,
    /// The column of the field.
    indent: usize,
    /// `[]` with the blanks before it, if that is the list.
    empty: Option<Range<usize>>,
    /// The entries on lines of their own.
    items: Vec<Item>,
}

struct Item {
    /// The line on which its content begins, from 1.
    line: usize,
    /// The column of its dash.
    indent: usize,
    /// Its lines: up to the last that is further in than its dash.
    range: Range<usize>,
}

impl<'t> Lists<'t> {
    fn new(text: &'t str, field: &str) -> Self {
        let mark = if text.starts_with('\u{feff}') { 3 } else { 0 };
        let mut all = Vec::new();
        for chunk in Chunks::new(text.as_bytes()).map_while(Result::ok) {
            let Some(root) = places::read(&chunk.text, Syntax::Yaml) else {
                continue;
            };
            let base = chunk.offset + if chunk.offset == 0 { mark } else { 0 };
            let tree = Tree {
                text: &chunk.text,
                root,
            };
            all.extend(list(&tree, field).map(|list| list.moved(base, chunk.line)));
        }
        Self { text, all }
    }

    fn item(&self, line: usize) -> Result<&Item, ListError> {
        let mut items = self.all.iter().flat_map(|list| &list.items);
        let found = items.find(|item| item.line == line);
        found.ok_or(ListError::NotALine(line))
    }

    /// Lines that are put at the beginning of one.
    fn lines(&self, at: usize, indent: usize, lines: &[String]) -> Splice {
        let end = self.line_end();
        let before = self.text.get(..at).unwrap_or_default();
        let mut text = String::new();
        if !before.is_empty() && !before.ends_with('\n') {
            text.push_str(end);
        }
        for line in lines {
            text.extend([&*" ".repeat(indent), line, end]);
        }
        Splice {
            range: at..at,
            text,
        }
    }

    /// The text ends as before, with or without a line end.
    fn apply(&self, splices: Vec<Splice>) -> String {
        let mut text = apply(self.text, splices).unwrap_or_default();
        if !self.text.ends_with('\n') && !self.text.is_empty() {
            let length = text.strip_suffix(self.line_end()).map(str::len);
            text.truncate(length.unwrap_or(text.len()));
        }
        text
    }

    fn line_end(&self) -> &'static str {
        if self.text.contains("\r\n") {
            "\r\n"
        } else {
            "\n"
        }
    }
}

impl List {
    /// In a text where the document begins at a byte, on a line.
    fn moved(self, base: usize, line: usize) -> Self {
        let moved = |range: Range<usize>| range.start + base..range.end + base;
        let items = self.items.into_iter().map(|item| Item {
            line: item.line + line - 1,
            range: moved(item.range),
            ..item
        });
        Self {
            colon: self.colon + base,
            empty: self.empty.map(moved),
            items: items.collect(),
            ..self
        }
    }
}

fn list(tree: &Tree<'_>, field: &str) -> Option<List> {
    let Kind::Map(map) = &tree.root.kind else {
        return None;
    };
    let entry = map.entry(field)?;
    let Kind::List(nodes) = &entry.value.kind else {
        return None;
    };
    let between = tree.text.get(entry.key_range.end..)?;
    let colon = entry.key_range.end + between.find(':')? + 1;
    let range = entry.value.range.clone();
    let is_flow = tree.text.get(range.clone())?.starts_with('[');
    let on_line = tree.line_before(entry.key_range.start);
    let has_line = !map.is_flow && on_line.trim().is_empty();
    Some(List {
        colon,
        indent: on_line.len(),
        empty: (is_flow && nodes.is_empty() && has_line).then_some(colon..range.end),
        items: if is_flow {
            Vec::new()
        } else {
            nodes.iter().filter_map(|node| item(tree, node)).collect()
        },
    })
}

fn item(tree: &Tree<'_>, node: &Node) -> Option<Item> {
    let text = tree.text;
    let content = node.range.start;
    let before = tree.line_before(content);
    let mut start = content - before.len();
    let mut dashed = before;
    if before.trim().is_empty() {
        dashed = tree.line_before(start.checked_sub(1)?);
        start = start - 1 - dashed.len();
    }
    let indent = dashed.len() - dashed.trim_start_matches(' ').len();
    if dashed.trim() != "-" {
        return None;
    }
    let end = written_end(node, text);
    let mut end = if text.get(..end)?.ends_with('\n') {
        end
    } else {
        next_line(text, end).0
    };
    // Comments with deeper indentation belong to it, with the blank lines before them.
    let mut ahead = end;
    while ahead < text.len() {
        let (next, _) = next_line(text, ahead);
        let line = text.get(ahead..next)?;
        let words = line.trim_start_matches(' ');
        if line.len() - words.len() > indent && words.starts_with('#') {
            end = next;
        } else if !line.trim().is_empty() {
            break;
        }
        ahead = next;
    }
    Some(Item {
        line: text.get(..content)?.matches('\n').count() + 1,
        indent,
        range: start..end,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "\
# ours
apiVersion: extreg.io/v1alpha1
kind: Exceptions
exceptions:
# the first
- check: EXR007
  reason: |
    of several

    lines
  expires: 2027-01-31

  # the second
- checks: [EXR001, EXR011]
  reason: ours
  expires: \"2027-02-28\" # soon
# the end
";

    const FIELD: &str = "exceptions";
    const EMPTY: &str = "# ours\nkind: Exceptions\nexceptions: []\n";

    fn no_list() -> ListError {
        ListError::NoList(FIELD.to_owned())
    }

    fn entry() -> Vec<String> {
        vec!["- check: EXR005".to_owned(), "  reason: why".to_owned()]
    }

    #[test]
    fn an_entry_is_added_behind_the_last() {
        let added = append(FILE, FIELD, Some(14), &entry()).unwrap();
        let want = FILE.replace("# the end", "- check: EXR005\n  reason: why\n# the end");
        assert_eq!(added, want);
        assert_eq!(remove(&added, FIELD, &[17]).unwrap(), FILE);
        // Further in, and with other line ends.
        let deeper = |line: &str| {
            let indent = if line.starts_with(['-', ' ']) {
                "  "
            } else {
                ""
            };
            format!("{indent}{line}\r\n")
        };
        let other: String = FILE.lines().map(deeper).collect();
        let added = append(&other, FIELD, Some(14), &entry()).unwrap();
        assert!(
            added.contains("\r\n  - check: EXR005\r\n    reason: why\r\n# the end"),
            "{added}"
        );
        assert_eq!(remove(&added, FIELD, &[17]).unwrap(), other);
    }

    #[test]
    fn only_the_lines_of_an_entry_are_removed() {
        let want = FILE.replace(
            "- check: EXR007\n  reason: |\n    of several\n\n    lines\n  expires: 2027-01-31\n\n  # the second\n",
            "",
        );
        // A comment further in than the dash belongs to the entry before it.
        assert_eq!(remove(FILE, FIELD, &[6]).unwrap(), want);
        let none = remove(FILE, FIELD, &[6, 14]).unwrap();
        assert!(
            none.contains("exceptions: []\n# the first\n# the end\n"),
            "{none}"
        );
    }

    #[test]
    fn the_first_entry_opens_the_list_and_the_last_closes_it() {
        for text in [EMPTY, "exceptions: [] # none yet\n", "exceptions: []"] {
            let added = append(text, FIELD, None, &entry()).unwrap();
            let line = added
                .lines()
                .position(|line| line == "- check: EXR005")
                .unwrap()
                + 1;
            assert_eq!(remove(&added, FIELD, &[line]).unwrap(), text, "{added}");
        }
        let tail = append("exceptions: []", FIELD, None, &entry()).unwrap();
        assert_eq!(tail, "exceptions:\n- check: EXR005\n  reason: why");
    }

    #[test]
    fn an_entry_is_replaced_where_it_is() {
        let text = replace(FILE, FIELD, 14, &entry()).unwrap();
        assert!(
            text.ends_with("\n  # the second\n- check: EXR005\n  reason: why\n# the end\n"),
            "{text}"
        );
    }

    #[test]
    fn an_entry_without_separate_lines_is_rejected() {
        let flow = "exceptions: [{check: EXR007}]\n";
        assert_eq!(
            append(flow, FIELD, Some(1), &entry()),
            Err(ListError::NotALine(1))
        );
        assert_eq!(append(flow, FIELD, None, &entry()), Err(no_list()));
        assert_eq!(append("", FIELD, None, &entry()), Err(no_list()));
        assert_eq!(remove(flow, FIELD, &[1]), Err(ListError::NotALine(1)));
        assert_eq!(remove(flow, FIELD, &[9]), Err(ListError::NotALine(9)));
    }
}
