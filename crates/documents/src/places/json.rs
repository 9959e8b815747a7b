//! Positions in JSON. The text has been parsed before and is valid JSON.

use super::{Entry, Kind, Map, Node};

/// The positions of one JSON value.
pub(crate) fn read(text: &str) -> Option<Node> {
    let mut reader = Reader { text, at: 0 };
    reader.value()
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
}

impl Reader<'_> {
    fn value(&mut self) -> Option<Node> {
        self.blanks();
        let start = self.at;
        let kind = match self.peek()? {
            b'{' => self.map()?,
            b'[' => self.list()?,
            b'"' => {
                self.string()?;
                Kind::Scalar { is_block: false }
            }
            _ => {
                while self
                    .peek()
                    .is_some_and(|byte| !b",]} \t\r\n".contains(&byte))
                {
                    self.at += 1;
                }
                Kind::Scalar { is_block: false }
            }
        };
        Some(Node {
            range: start..self.at,
            kind,
        })
    }

    fn map(&mut self) -> Option<Kind> {
        let mut entries = Vec::new();
        self.at += 1;
        while !self.ends_with(b'}')? {
            let start = self.at;
            let key = self.string()?;
            let key_range = start..self.at;
            self.blanks();
            self.at += 1;
            let value = self.value()?;
            entries.push(Entry {
                key: Some(key),
                key_range,
                value,
            });
        }
        Some(Kind::Map(Map {
            is_flow: true,
            entries,
        }))
    }

    fn list(&mut self) -> Option<Kind> {
        let mut items = Vec::new();
        self.at += 1;
        while !self.ends_with(b']')? {
            items.push(self.value()?);
        }
        Some(Kind::List(items))
    }

    /// Whether a map or list ends here; otherwise its next element begins here.
    fn ends_with(&mut self, bracket: u8) -> Option<bool> {
        self.blanks();
        if self.peek()? == b',' {
            self.at += 1;
            self.blanks();
        }
        let ends = self.peek()? == bracket;
        if ends {
            self.at += 1;
        }
        Some(ends)
    }

    fn string(&mut self) -> Option<String> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek()? {
                b'\\' => self.at += 2,
                b'"' => break,
                _ => self.at += 1,
            }
        }
        self.at += 1;
        serde_json::from_str(self.text.get(start..self.at)?).ok()
    }

    fn blanks(&mut self) {
        while self.peek().is_some_and(|byte| b" \t\r\n".contains(&byte)) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }
}
