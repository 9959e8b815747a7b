//! YAML in the format of Go's writer, converted to JSON text directly: the output of `oc adm
//! inspect` and `oc get -o yaml`. Block style, `{}` and `[]`, scalars plain, quoted or literal;
//! no anchors, tags, comments or folded blocks. Any other text is passed to the
//! full YAML parser, which decides: both parsers agree, or this one returns nothing.
//!
//! `metadata.managedFields`, often a third of an object, is skipped. An audit of an inspect tree takes 0.45 of the
//! time that it takes with the full parser, which is why this second parser exists.

mod scalar;

use serde_json::Value;

use self::scalar::{Piece, is_plain, is_plain_integer, is_surely_text, key, starts_item, unquote};
use crate::yaml;

/// Deeper ones are passed to the full YAML parser.
const MAX_DEPTH: usize = 60;

/// The JSON of a mapping, or `None` if it is not certainly a dump. With `in_list` it is the one item of a
/// list: the first line begins with a dash.
pub(crate) fn to_json(text: &str, in_list: bool) -> Option<String> {
    // Tabs and carriage returns have too many meanings.
    if text.contains(['\t', '\r', '\u{feff}', '\0']) {
        return None;
    }
    let mut dump = Dump {
        text,
        next: 0,
        line: None,
        out: Vec::with_capacity(text.len()),
    };
    dump.advance();
    if dump.line?.content(text).trim_end() == "---" {
        dump.advance();
    }
    if in_list {
        dump.enter_item()?;
    }
    let indent = dump.line?.indent;
    dump.mapping(indent, 0)?;
    if dump.line.is_some() {
        return None;
    }
    String::from_utf8(dump.out).ok()
}

struct Dump<'t> {
    text: &'t str,
    /// The start of the line after the current one.
    next: usize,
    line: Option<Line>,
    out: Vec<u8>,
}

/// A line, or the rest of it after a dash.
#[derive(Clone, Copy)]
struct Line {
    /// The column of its content.
    indent: usize,
    start: usize,
    end: usize,
}

impl Line {
    fn content(self, text: &str) -> &str {
        text.get(self.start..self.end).unwrap_or_default()
    }

    const fn is_blank(self) -> bool {
        self.start == self.end
    }
}

impl<'t> Dump<'t> {
    fn content(&self, line: Line) -> &'t str {
        self.text.get(line.start..line.end).unwrap_or_default()
    }

    fn peek(&self) -> Option<(Line, usize)> {
        let rest = self.text.get(self.next..).filter(|rest| !rest.is_empty())?;
        let length = rest.find('\n').unwrap_or(rest.len());
        let indent = rest.len() - rest.trim_start_matches(' ').len();
        let indent = indent.min(length);
        let line = Line {
            indent,
            start: self.next + indent,
            end: self.next + length,
        };
        Some((line, self.next + length + 1))
    }

    fn advance(&mut self) {
        match self.peek() {
            Some((line, next)) => {
                self.line = Some(line);
                self.next = next;
            }
            None => self.line = None,
        }
    }

    /// Skips the dash of the current line: the content is two columns to the right.
    fn enter_item(&mut self) -> Option<()> {
        let line = self.line?;
        let rest = self.content(line).strip_prefix("- ")?;
        let blanks = rest.len() - rest.trim_start_matches(' ').len();
        self.line = Some(Line {
            indent: line.indent + 2 + blanks,
            start: line.start + 2 + blanks,
            end: line.end,
        });
        (blanks < rest.len()).then_some(())
    }

    fn mapping(&mut self, indent: usize, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.out.push(b'{');
        let mut first = true;
        while let Some(line) = self.line {
            if line.is_blank() || line.indent > indent {
                return None;
            }
            if line.indent < indent || starts_item(self.content(line)) {
                break;
            }
            let (key, rest) = key(self.content(line))?;
            if key == "managedFields" && rest.is_empty() {
                self.skip(indent);
                continue;
            }
            if !first {
                self.out.push(b',');
            }
            first = false;
            self.string(&key)?;
            self.out.push(b':');
            self.value(rest, indent, indent, depth)?;
        }
        self.out.push(b'}');
        Some(())
    }

    fn sequence(&mut self, indent: usize, depth: usize) -> Option<()> {
        if depth > MAX_DEPTH {
            return None;
        }
        self.out.push(b'[');
        let mut first = true;
        while let Some(line) = self.line {
            if line.is_blank() || line.indent > indent {
                return None;
            }
            if line.indent < indent || !starts_item(self.content(line)) {
                break;
            }
            if !first {
                self.out.push(b',');
            }
            first = false;
            self.enter_item()?;
            let line = self.line?;
            let content = self.content(line);
            if starts_item(content) {
                self.sequence(line.indent, depth + 1)?;
            } else if key(content).is_some() {
                self.mapping(line.indent, depth + 1)?;
            } else {
                self.value(content, indent, indent, depth)?;
            }
        }
        self.out.push(b']');
        Some(())
    }

    /// The value whose first line is `rest`, of a key or an item in column `indent`; its further
    /// lines are deeper than `parent`.
    fn value(&mut self, rest: &'t str, indent: usize, parent: usize, depth: usize) -> Option<()> {
        match rest.as_bytes().first() {
            None => self.nested(indent, depth),
            Some(b'{') => self.empty(rest, "{}"),
            Some(b'[') => self.empty(rest, "[]"),
            Some(b'"') => self.quoted(rest, parent, '"'),
            Some(b'\'') => self.quoted(rest, parent, '\''),
            Some(b'|') => self.literal(rest, parent),
            Some(_) => self.plain(rest, parent),
        }
    }

    fn empty(&mut self, rest: &str, what: &str) -> Option<()> {
        if rest != what {
            return None;
        }
        self.out.extend_from_slice(what.as_bytes());
        self.advance();
        Some(())
    }

    /// The value below a key that has nothing on its own line.
    fn nested(&mut self, indent: usize, depth: usize) -> Option<()> {
        self.advance();
        match self.line {
            Some(line) if line.is_blank() => None,
            Some(line) if starts_item(self.content(line)) && line.indent >= indent => {
                self.sequence(line.indent, depth + 1)
            }
            Some(line) if line.indent > indent => self.mapping(line.indent, depth + 1),
            _ => {
                self.out.extend_from_slice(b"null");
                Some(())
            }
        }
    }

    /// Skips the value of the key on the current line.
    fn skip(&mut self, indent: usize) {
        self.advance();
        while let Some(line) = self.line {
            let is_inside = line.indent > indent
                || line.is_blank()
                || line.indent == indent && starts_item(self.content(line));
            if !is_inside {
                break;
            }
            self.advance();
        }
    }

    fn plain(&mut self, first: &'t str, parent: usize) -> Option<()> {
        // An indicator followed by nothing or a blank is not text.
        let is_apart = |rest: &str| rest.is_empty() || rest.starts_with(' ');
        if !is_plain(first) || first.strip_prefix(['-', '?', ':']).is_some_and(is_apart) {
            return None;
        }
        self.advance();
        let Some(line) = self
            .line
            .filter(|line| line.indent > parent || line.is_blank())
        else {
            return self.scalar(first);
        };
        if line.is_blank() {
            return None;
        }
        let mut text = first.to_owned();
        while let Some(line) = self.line.filter(|line| line.indent > parent) {
            let more = self.content(line);
            if line.is_blank() || !is_plain(more) {
                return None;
            }
            text.push(' ');
            text.push_str(more);
            self.advance();
        }
        if self.line.is_some_and(Line::is_blank) {
            return None;
        }
        self.string(&text)
    }

    fn scalar(&mut self, text: &str) -> Option<()> {
        match text {
            "true" | "false" | "null" => self.out.extend_from_slice(text.as_bytes()),
            _ if is_plain_integer(text) => self.out.extend_from_slice(text.as_bytes()),
            _ if is_surely_text(text) => self.string(text)?,
            _ => match yaml::parse(text).ok()? {
                Value::Object(_) | Value::Array(_) => return None,
                value => serde_json::to_writer(&mut self.out, &value).ok()?,
            },
        }
        Some(())
    }

    fn quoted(&mut self, first: &'t str, parent: usize, quote: char) -> Option<()> {
        let mut text = String::new();
        let mut rest = first.get(1..)?;
        loop {
            match unquote(rest, quote, &mut text)? {
                Piece::Closed => {
                    self.advance();
                    return self.string(&text);
                }
                Piece::Open { joined } => {
                    self.advance();
                    let line = self.line?;
                    // A blank line is a line end, not a space: rare, so not supported.
                    if line.is_blank() || line.indent <= parent {
                        return None;
                    }
                    if !joined {
                        text.push(' ');
                    }
                    rest = self.content(line);
                }
            }
        }
    }

    fn literal(&mut self, header: &str, parent: usize) -> Option<()> {
        let keep = match header {
            "|" => Chomp::Clip,
            "|-" => Chomp::Strip,
            _ => return None,
        };
        let (first, _) = self.peek()?;
        if first.is_blank() || first.indent <= parent {
            return None;
        }
        let column = first.indent;
        let mut text = String::new();
        loop {
            self.advance();
            let Some(line) = self.line else { break };
            if line.is_blank() {
                // Blanks of a blank line that is longer than the column would count.
                if line.indent > column {
                    return None;
                }
                text.push('\n');
                continue;
            }
            if line.indent < column {
                break;
            }
            let start = line.start - (line.indent - column);
            text.push_str(self.text.get(start..line.end)?);
            text.push('\n');
        }
        if self.line.is_none() && !self.text.ends_with('\n') {
            return None;
        }
        let end = text.trim_end_matches('\n').len();
        text.truncate(end);
        if keep == Chomp::Clip {
            text.push('\n');
        }
        self.string(&text)
    }

    fn string(&mut self, text: &str) -> Option<()> {
        serde_json::to_writer(&mut self.out, text).ok()
    }
}

#[derive(PartialEq, Eq)]
enum Chomp {
    Clip,
    Strip,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both parsers must agree.
    fn read(text: &str, in_list: bool) -> Option<Value> {
        let json = to_json(text, in_list)?;
        Some(serde_json::from_str(&json).unwrap())
    }

    #[test]
    fn a_dump_is_read_as_the_parser_reads_it() {
        let text = "\
---
apiVersion: v1
data:
  empty: \"\"
  a: 'it''s: {x}'
  long: 'folded at eighty columns, where the writer found a blank to do so and
    continued in the next line'
  double: \"a\\tb \\u00e9 \\
    c\"
  plain: folded plain text that has no need of quotes at all but is longer than
    that
  script: |
    #!/bin/sh
    - a: b

      indented
  stripped: |-
    x
  \"8080\": 1.5
  ip: 10.0.0.1
  uid: 366a3795-4bed-4ff2-b51e-e64057e9521e
  cpu: 100m
  float: 1e3
  version: 4.18
  word: nothing
items:
- a
- name: x
  args:
  - --flag=1
  - - nested
    - 2
  env: []
- {}
kind: X
none: null
nothing:
num: -12
ok: true
";
        let want = yaml::parse(text).unwrap();
        assert_eq!(read(text, false), Some(want));
    }

    #[test]
    fn managed_fields_are_passed_over() {
        let text = "- kind: Pod\n  metadata:\n    managedFields:\n    - apiVersion: v1\n      fieldsV1:\n        f:x: {}\n    name: a\n";
        assert_eq!(
            read(text, true),
            Some(serde_json::json!({"kind": "Pod", "metadata": {"name": "a"}}))
        );
    }

    #[test]
    fn other_yaml_is_not_read_as_a_dump() {
        for text in [
            "a: &x 1\nb: *x\n",
            "a: 1 # c\n",
            "# c\na: 1\n",
            "a: [1]\n",
            "a: >\n  x\n",
            "a: !!str 1\n",
            "yes: 1\n",
            "<<: {}\n",
            "a: 1\n\nb: 2\n",
            "a: 'x\n\n  y'\n",
            "a: b: c\n",
            "a\n",
            "- a\n",
            "a: |2\n   x\n",
            "a: \"x\" y\n",
            "",
            // A key without a word, and not the text "?".
            "kind: List\nitems:\n- ?",
            "a: ?\n",
            "a:\n- :\n",
        ] {
            assert_eq!(to_json(text, false), None, "{text:?}");
        }
    }
}
