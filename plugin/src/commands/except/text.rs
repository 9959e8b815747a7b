//! Entries of a file of exceptions, added and taken away as lines: comments, order and spelling of
//! the rest stay. What comes of it is read again before anybody trusts it: see [`super::file`].

use std::ops::Range;

/// The field that holds the entries.
const FIELD: &str = "exceptions:";
/// How a file begins that is made.
pub(super) const HEADER: &str = "\
# Findings of oc extreg audit that are all right, each with a reason and a last day.
# Read by: oc extreg audit --exceptions FILE; written by: oc extreg except add
apiVersion: extreg.io/v1alpha1
kind: Exceptions
exceptions: []
";

/// Why lines cannot be found for an entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum TextError {
    /// The entry is not a list item on lines of its own.
    #[error(
        "the entry on line {0} is not on lines of its own, as JSON and [..] are; change it by hand"
    )]
    NotALine(usize),
    /// There is no list to add to.
    #[error(
        "there is no list \"exceptions:\" on lines of its own to add to, as JSON and [..] have none; \
         add it by hand"
    )]
    NoList,
}

/// The text with an entry after the one that begins on line `last`, or as the first of an empty list.
pub(super) fn append(
    text: &str,
    last: Option<usize>,
    entry: &[String],
) -> Result<String, TextError> {
    let mut lines = Lines::of(text);
    if let Some(last) = last {
        let range = lines.range(last)?;
        let indent = lines.indent(range.start);
        lines.insert(range.end, indent, entry);
    } else {
        let open = |(place, line): (usize, &String)| Some((place, without_empty_list(line)?));
        let found = lines.all.iter().enumerate().find_map(open);
        let (place, open) = found.ok_or(TextError::NoList)?;
        if let Some(line) = lines.all.get_mut(place) {
            *line = open;
        }
        lines.insert(place + 1, 0, entry);
    }
    Ok(lines.text())
}

/// The text with another entry in place of the one that begins on line `at`.
pub(super) fn replace(text: &str, at: usize, entry: &[String]) -> Result<String, TextError> {
    let mut lines = Lines::of(text);
    let range = lines.range(at)?;
    let indent = lines.indent(range.start);
    lines.all.drain(range.clone());
    lines.insert(range.start, indent, entry);
    Ok(lines.text())
}

/// The text without the entries that begin on these lines.
pub(super) fn remove(text: &str, at: &[usize]) -> Result<String, TextError> {
    let mut lines = Lines::of(text);
    let ranges = at.iter().map(|line| lines.range(*line));
    let mut ranges = ranges.collect::<Result<Vec<_>, _>>()?;
    ranges.sort_by_key(|range| std::cmp::Reverse(range.start));
    for range in ranges {
        lines.all.drain(range);
    }
    lines.close_lists();
    Ok(lines.text())
}

/// Lines without their ends, and how they end.
struct Lines {
    all: Vec<String>,
    end: &'static str,
    /// Whether the last line has an end.
    is_ended: bool,
}

impl Lines {
    fn of(text: &str) -> Self {
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let is_ended = text.ends_with('\n') || text.is_empty();
        let mut lines: Vec<String> = text.split(end).map(str::to_owned).collect();
        if is_ended {
            lines.pop();
        }
        Self {
            all: lines,
            end,
            is_ended,
        }
    }

    fn text(&self) -> String {
        let mut text = self.all.join(self.end);
        if self.is_ended && !self.all.is_empty() {
            text.push_str(self.end);
        }
        text
    }

    fn line(&self, index: usize) -> &str {
        self.all.get(index).map_or("", String::as_str)
    }

    fn indent(&self, index: usize) -> usize {
        let line = self.line(index);
        line.len() - line.trim_start_matches(' ').len()
    }

    /// The lines of the entry that begins on a line, from 1: up to the last that is further in than
    /// its dash.
    fn range(&self, at: usize) -> Result<Range<usize>, TextError> {
        let is_dash = |index: usize| {
            let line = self.line(index).trim();
            line == "-" || line.starts_with("- ")
        };
        let first = at.saturating_sub(1);
        let first = if is_dash(first) {
            first
        } else if first > 0 && self.line(first - 1).trim() == "-" {
            first - 1
        } else {
            return Err(TextError::NotALine(at));
        };
        let dash = self.indent(first);
        let mut end = first + 1;
        for index in first + 1..self.all.len() {
            if self.line(index).trim().is_empty() {
                continue;
            }
            if self.indent(index) <= dash {
                break;
            }
            end = index + 1;
        }
        Ok(first..end)
    }

    fn insert(&mut self, at: usize, indent: usize, entry: &[String]) {
        let indented = entry.iter().map(|line| format!("{:indent$}{line}", ""));
        self.all.splice(at..at, indented);
    }

    /// A list that has lost its last entry says that it is empty.
    fn close_lists(&mut self) {
        for index in 0..self.all.len() {
            let Some(rest) = self.line(index).strip_prefix(FIELD) else {
                continue;
            };
            let rest = rest.to_owned();
            let is_open = rest.trim().is_empty() || rest.trim_start().starts_with('#');
            let below = self.all.iter().skip(index + 1).map(|line| line.trim());
            let next = below
                .into_iter()
                .find(|line| !line.is_empty() && !line.starts_with('#'));
            let has_entries = next.is_some_and(|line| line.starts_with("- ") || line == "-");
            if is_open
                && !has_entries
                && let Some(line) = self.all.get_mut(index)
            {
                *line = format!("{FIELD} []{rest}");
            }
        }
    }
}

/// `exceptions:` of `exceptions: []`, with what follows.
fn without_empty_list(line: &str) -> Option<String> {
    let rest = line.strip_prefix(FIELD)?;
    let after = rest.trim_start().strip_prefix('[')?;
    let after = after.trim_start().strip_prefix(']')?;
    let is_end = after.is_empty() || after.trim_start().starts_with('#');
    is_end.then(|| format!("{FIELD}{after}"))
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

    fn entry() -> Vec<String> {
        vec!["- check: EXR005".to_owned(), "  reason: why".to_owned()]
    }

    #[test]
    fn an_entry_is_added_behind_the_last() {
        let added = append(FILE, Some(14), &entry()).unwrap();
        let want = FILE.replace("# the end", "- check: EXR005\n  reason: why\n# the end");
        assert_eq!(added, want);
        assert_eq!(remove(&added, &[17]).unwrap(), FILE);
        // Further in, and with other line ends.
        let other = FILE.replace("\n- ", "\n  - ").replace("\n  r", "\n    r");
        let other = other
            .replace("\n  e", "\n    e")
            .replace("\n    ", "\n      ");
        let other = other.replace('\n', "\r\n");
        let added = append(&other, Some(14), &entry()).unwrap();
        assert!(
            added.contains("\r\n  - check: EXR005\r\n    reason: why\r\n# the end"),
            "{added}"
        );
        assert_eq!(remove(&added, &[17]).unwrap(), other);
    }

    #[test]
    fn only_the_lines_of_an_entry_go() {
        let want = FILE.replace(
            "- check: EXR007\n  reason: |\n    of several\n\n    lines\n  expires: 2027-01-31\n\n  # the second\n",
            "",
        );
        // A comment further in than the dash belongs to the entry before it.
        assert_eq!(remove(FILE, &[6]).unwrap(), want);
        let none = remove(FILE, &[6, 14]).unwrap();
        assert!(
            none.contains("exceptions: []\n# the first\n# the end\n"),
            "{none}"
        );
    }

    #[test]
    fn the_first_entry_opens_the_list_and_the_last_closes_it() {
        for text in [HEADER, "exceptions: [] # none yet\n", "exceptions: []"] {
            let added = append(text, None, &entry()).unwrap();
            let line = added
                .lines()
                .position(|line| line == "- check: EXR005")
                .unwrap()
                + 1;
            assert_eq!(remove(&added, &[line]).unwrap(), text, "{added}");
        }
        let tail = append("exceptions: []", None, &entry()).unwrap();
        assert_eq!(tail, "exceptions:\n- check: EXR005\n  reason: why");
    }

    #[test]
    fn an_entry_is_replaced_where_it_is() {
        let text = replace(FILE, 14, &entry()).unwrap();
        assert!(
            text.ends_with("\n  # the second\n- check: EXR005\n  reason: why\n# the end\n"),
            "{text}"
        );
    }

    #[test]
    fn what_has_no_lines_of_its_own_is_left() {
        let flow = "exceptions: [{check: EXR007}]\n";
        assert_eq!(append(flow, Some(1), &entry()), Err(TextError::NotALine(1)));
        assert_eq!(append(flow, None, &entry()), Err(TextError::NoList));
        assert_eq!(append("", None, &entry()), Err(TextError::NoList));
        assert_eq!(remove(flow, &[1]), Err(TextError::NotALine(1)));
        assert_eq!(remove(flow, &[9]), Err(TextError::NotALine(9)));
    }
}
