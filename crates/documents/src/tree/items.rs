//! Splitting a file of a tree into the texts of its objects: the items of a list one by one, so that at
//! most one of them is in memory.

use std::io::{self, BufRead, Read as _};

/// The longest object that is read from a tree, in bytes; an API server stores at most 3 MiB.
pub(crate) const MAX_ITEM: usize = 32 << 20;

/// The text of an object.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ItemText {
    pub(crate) bytes: Vec<u8>,
    /// The line of the file on which it begins, from 1.
    pub(crate) line: usize,
    /// Whether it is an item of a list, with its dash, or a separate document.
    pub(crate) in_list: bool,
}

/// Why reading the next one failed. Nothing follows.
#[derive(Debug)]
pub(crate) enum ItemError {
    Read(io::Error),
    TooLong { line: usize },
}

/// Splits at the dashes below `items:` in the first column, and at `---`.
pub(crate) struct Items<R> {
    reader: R,
    line: usize,
    state: State,
    /// The part of the next one that has been read.
    open: Option<ItemText>,
    done: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before `items:`, if the file has it.
    Head,
    /// After it; the column of the dashes is not known yet.
    Begun,
    /// Among items whose dashes are in this column.
    Items(usize),
    /// After the items.
    Tail,
}

impl<R: BufRead> Items<R> {
    pub(crate) const fn new(reader: R) -> Self {
        Self {
            reader,
            line: 0,
            state: State::Head,
            open: None,
            done: false,
        }
    }

    fn next_item(&mut self) -> Result<Option<ItemText>, ItemError> {
        let mut line = Vec::new();
        loop {
            line.clear();
            let have = self.open.as_ref().map_or(0, |item| item.bytes.len());
            let left = u64::try_from((MAX_ITEM + 1).saturating_sub(have)).unwrap_or(u64::MAX);
            let read = (&mut self.reader)
                .take(left)
                .read_until(b'\n', &mut line)
                .map_err(ItemError::Read)?;
            if read == 0 {
                self.done = true;
                return Ok(self.close());
            }
            self.line += 1;
            if have + read > MAX_ITEM {
                return Err(ItemError::TooLong { line: self.line });
            }
            if let Some(item) = self.take(&line) {
                return Ok(Some(item));
            }
        }
    }

    /// Processes a line, and returns the item that it ends.
    fn take(&mut self, line: &[u8]) -> Option<ItemText> {
        let indent = line.iter().take_while(|byte| **byte == b' ').count();
        let content = line.get(indent..).unwrap_or_default().trim_ascii_end();
        if indent == 0 && (content == b"---" || content == b"...") {
            let ended = self.close();
            self.state = State::Head;
            return ended;
        }
        let is_dash = content.starts_with(b"- ") || content == b"-";
        match self.state {
            State::Head if indent == 0 && content == b"items:" => {
                self.open = None;
                self.state = State::Begun;
                None
            }
            // An empty list.
            State::Head
                if indent == 0 && (content == b"items: []" || content == b"items: null") =>
            {
                self.open = None;
                self.state = State::Tail;
                None
            }
            State::Head => {
                if self.open.is_none() && (content.is_empty() || content.starts_with(b"#")) {
                    return None;
                }
                self.append(line, false);
                None
            }
            State::Begun if is_dash => {
                self.state = State::Items(indent);
                self.append(line, true);
                None
            }
            State::Items(column) if indent == column && is_dash => {
                let ended = self.open.take();
                self.append(line, true);
                ended
            }
            State::Items(column) if indent > column || content.is_empty() => {
                self.append(line, true);
                None
            }
            State::Begun | State::Items(_) => {
                self.state = State::Tail;
                self.open.take()
            }
            State::Tail => None,
        }
    }

    fn append(&mut self, line: &[u8], in_list: bool) {
        let number = self.line;
        let item = self.open.get_or_insert_with(|| ItemText {
            bytes: Vec::new(),
            line: number,
            in_list,
        });
        item.bytes.extend_from_slice(line);
    }

    fn close(&mut self) -> Option<ItemText> {
        self.open.take()
    }
}

impl<R: BufRead> Iterator for Items<R> {
    type Item = Result<ItemText, ItemError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let next = self.next_item();
        if next.is_err() {
            self.done = true;
        }
        next.transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<(usize, bool, String)> {
        Items::new(text.as_bytes())
            .map(|item| {
                let item = item.unwrap();
                let text = String::from_utf8(item.bytes).unwrap();
                (item.line, item.in_list, text)
            })
            .collect()
    }

    #[test]
    fn items_are_split() {
        let item = |line, text: &str| (line, true, text.to_owned());
        let whole = |line, text: &str| (line, false, text.to_owned());
        for (text, want) in [
            ("", vec![]),
            ("---\napiVersion: v1\nitems: []\nkind: PodList\n", vec![]),
            (
                "---\napiVersion: v1\nitems:\n- a: 1\n  items:\n  - x\n- b: |\n    - y\n\n    z\nkind: PodList\nmetadata: {}\n",
                vec![
                    item(4, "- a: 1\n  items:\n  - x\n"),
                    item(7, "- b: |\n    - y\n\n    z\n"),
                ],
            ),
            (
                "items:\n  - a: 1\n  - b: 2\n",
                vec![item(2, "  - a: 1\n"), item(3, "  - b: 2\n")],
            ),
            (
                "# c\n\na: 1\nb:\n- x\n---\nitems:\n- c: 1",
                vec![whole(3, "a: 1\nb:\n- x\n"), item(8, "- c: 1")],
            ),
            (
                "{\"kind\": \"Pod\"}\n",
                vec![whole(1, "{\"kind\": \"Pod\"}\n")],
            ),
        ] {
            assert_eq!(split(text), want, "{text}");
        }
    }
}
