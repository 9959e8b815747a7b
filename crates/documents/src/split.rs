//! Splitting a stream of text into the texts of its YAML documents, one at a time.

use std::io::{self, BufRead, Read as _};

/// The longest document that is read, in bytes. The API server accepts 3 MiB for one object; a List
/// of many can be longer.
pub const MAX_DOCUMENT: usize = 128 << 20;

/// The text of one document, with its `---` if it has one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) text: String,
    /// The line of the stream on which it begins, from 1.
    pub(crate) line: usize,
    /// The byte of the stream on which it begins.
    pub(crate) offset: usize,
}

/// Why reading the next document failed.
#[derive(Debug)]
pub(crate) enum SplitError {
    /// The stream failed. Nothing follows.
    Read(io::Error),
    /// This document is longer than [`MAX_DOCUMENT`]. Nothing follows.
    TooLong { line: usize },
    /// This document is not UTF-8, from this line on.
    NotUtf8 { line: usize },
}

/// Splits at lines that are `---` (alone or followed by a blank) and `...`, which YAML allows in
/// the first column only there. Documents that contain only blanks and comments are skipped.
pub(crate) struct Chunks<R> {
    reader: R,
    line: usize,
    /// Bytes read so far.
    read: usize,
    /// A `---` line that ended the last document: the next one begins with it.
    carry: Option<(Vec<u8>, usize)>,
    done: bool,
    limit: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Blank, or a comment.
    Nothing,
    Content,
    Directive,
    /// `---`
    Begin {
        has_content: bool,
    },
    /// `...`
    End,
}

impl<R: BufRead> Chunks<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self::with_limit(reader, MAX_DOCUMENT)
    }

    fn with_limit(reader: R, limit: usize) -> Self {
        Self {
            reader,
            line: 0,
            read: 0,
            carry: None,
            done: false,
            limit,
        }
    }

    fn next_line(&mut self, left: usize) -> Result<Option<Vec<u8>>, SplitError> {
        let mut line = Vec::new();
        let max = u64::try_from(left).unwrap_or(u64::MAX);
        let read = (&mut self.reader)
            .take(max)
            .read_until(b'\n', &mut line)
            .map_err(SplitError::Read)?;
        if read == 0 {
            return Ok(None);
        }
        self.line += 1;
        self.read += read;
        if self.line == 1 && line.starts_with(b"\xef\xbb\xbf") {
            line.drain(..3);
        }
        Ok(Some(line))
    }

    fn next_chunk(&mut self) -> Result<Option<Chunk>, SplitError> {
        let mut bytes = Vec::new();
        let mut begin = self.line + 1;
        let mut offset = self.read;
        let mut has_content = false;
        let mut is_open = false;
        if let Some((line, number)) = self.carry.take() {
            begin = number;
            offset = self.read - line.len();
            is_open = true;
            has_content = kind(&line) == Kind::Begin { has_content: true };
            bytes = line;
        }
        loop {
            // One byte more than allowed distinguishes a line that ends there from a longer one.
            let Some(line) = self.next_line((self.limit + 1).saturating_sub(bytes.len()))? else {
                self.done = true;
                break;
            };
            match kind(&line) {
                Kind::Begin { .. } if is_open || has_content => {
                    self.carry = Some((line, self.line));
                    break;
                }
                Kind::Begin { has_content: more } => {
                    is_open = true;
                    has_content |= more;
                }
                Kind::End => break,
                Kind::Content => has_content = true,
                Kind::Nothing | Kind::Directive => {}
            }
            if bytes.is_empty() {
                // After a byte order mark, if it has one.
                offset = self.read - line.len();
            }
            bytes.extend_from_slice(&line);
            if bytes.len() > self.limit {
                self.done = true;
                return Err(SplitError::TooLong { line: begin });
            }
        }
        if !has_content {
            return Ok(None);
        }
        match String::from_utf8(bytes) {
            Ok(text) => Ok(Some(Chunk {
                text,
                line: begin,
                offset,
            })),
            Err(error) => {
                let good = error
                    .as_bytes()
                    .get(..error.utf8_error().valid_up_to())
                    .unwrap_or_default();
                let lines = str::from_utf8(good)
                    .unwrap_or_default()
                    .matches('\n')
                    .count();
                Err(SplitError::NotUtf8 {
                    line: begin + lines,
                })
            }
        }
    }
}

impl<R: BufRead> Iterator for Chunks<R> {
    type Item = Result<Chunk, SplitError>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.done || self.carry.is_some() {
            match self.next_chunk() {
                Ok(Some(chunk)) => return Some(Ok(chunk)),
                Ok(None) => {}
                Err(error) => {
                    if matches!(error, SplitError::Read(_)) {
                        self.done = true;
                    }
                    return Some(Err(error));
                }
            }
        }
        None
    }
}

/// Whether text contains only blanks, comments and a `---`.
pub(crate) fn is_preamble(line: &str) -> bool {
    matches!(
        kind(line.as_bytes()),
        Kind::Nothing | Kind::Begin { has_content: false } | Kind::Directive
    )
}

fn kind(line: &[u8]) -> Kind {
    if let Some(rest) = line.strip_prefix(b"---")
        && is_blank_or_end(rest)
    {
        let has_content = !matches!(rest.trim_ascii().first(), None | Some(b'#'));
        return Kind::Begin { has_content };
    }
    if line.strip_prefix(b"...").is_some_and(is_blank_or_end) {
        return Kind::End;
    }
    match (line.first(), line.trim_ascii().first()) {
        (Some(b'%'), _) => Kind::Directive,
        (_, None | Some(b'#')) => Kind::Nothing,
        _ => Kind::Content,
    }
}

fn is_blank_or_end(rest: &[u8]) -> bool {
    rest.first().is_none_or(u8::is_ascii_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &[u8]) -> Vec<String> {
        Chunks::with_limit(text, 40)
            .map(|chunk| match chunk {
                Ok(chunk) => format!("{}: {}", chunk.line, chunk.text),
                Err(SplitError::Read(error)) => format!("read: {error}"),
                Err(SplitError::TooLong { line }) => format!("too long: {line}"),
                Err(SplitError::NotUtf8 { line }) => format!("not utf-8: {line}"),
            })
            .collect()
    }

    #[test]
    fn documents_are_split() {
        let cases: &[(&[u8], &[&str])] = &[
            (b"", &[]),
            (b"# only\n---\n---\n# more\n", &[]),
            (b"a: 1\n", &["1: a: 1\n"]),
            (b"a: 1", &["1: a: 1"]),
            (
                b"\n---\na: 1\n---\nb: 2\n",
                &["1: \n---\na: 1\n", "4: ---\nb: 2\n"],
            ),
            (b"---\r\na: 1\r\n", &["1: ---\r\na: 1\r\n"]),
            (
                b"--- # first\na: 1\n--- {b: 2}\n",
                &["1: --- # first\na: 1\n", "3: --- {b: 2}\n"],
            ),
            (b"a: 1\n...\n# x\nb: 2\n", &["1: a: 1\n", "3: # x\nb: 2\n"]),
            (
                b"%YAML 1.1\n---\na: 1\n...\n%YAML 1.1\n---\nb: 2\n",
                &["1: %YAML 1.1\n---\na: 1\n", "5: %YAML 1.1\n---\nb: 2\n"],
            ),
            (
                b"a: |\n  ---\n  x\n---x: 1\n",
                &["1: a: |\n  ---\n  x\n---x: 1\n"],
            ),
            (b"\xef\xbb\xbfa: 1\n", &["1: a: 1\n"]),
        ];
        for (text, want) in cases {
            assert_eq!(split(text), *want, "{}", String::from_utf8_lossy(text));
        }
    }

    #[test]
    fn invalid_utf8_is_reported_with_its_line() {
        assert_eq!(
            split(b"a: 1\n---\nb: 1\nc: \xff\n---\nd: 1\n"),
            ["1: a: 1\n", "not utf-8: 4", "5: ---\nd: 1\n"]
        );
        let long = [b"a: 1\n---\n".as_slice(), &[b'x'; 60]].concat();
        assert_eq!(split(&long), ["1: a: 1\n", "too long: 2"]);
        let exact = [b'x'; 40];
        assert_eq!(split(&exact).len(), 1);
    }
}
