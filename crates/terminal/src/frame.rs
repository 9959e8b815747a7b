//! Lines that are drawn over the previous ones, on a terminal.
//!
//! Nothing is cleared before it is overwritten, and all of it is one write, so that nothing
//! flickers. Earlier text on the terminal remains above it.

use std::fmt::Write as _;

use crate::text::{Text, prefix};

/// The size of a terminal that does not report one.
const USUAL: Size = Size {
    columns: 80,
    rows: 24,
};

/// The size of a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size {
    pub(crate) columns: usize,
    pub(crate) rows: usize,
}

/// The lines that were drawn last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frame {
    lines: Vec<Line>,
    size: Option<Size>,
}

/// A line as it is written. The terminal wraps a line that is longer than its width,
/// and then copies it as one line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    text: String,
    rows: usize,
    /// Whether its last row is full: clearing the rest of a row would clear its last character.
    is_full: bool,
}

impl Size {
    /// The size of the process's terminal.
    pub(crate) fn of_terminal() -> Self {
        terminal_size::terminal_size().map_or(USUAL, |(columns, rows)| Self {
            columns: usize::from(columns.0).max(1),
            rows: usize::from(rows.0).max(2),
        })
    }
}

impl Frame {
    /// The text that replaces the previous lines by these; empty if they are equal
    /// already.
    pub(crate) fn draw(&mut self, lines: &[Text], size: Size, color: bool) -> Option<String> {
        let drawn = fitting(lines, size, color);
        if self.lines == drawn && self.size == Some(size) {
            return None;
        }
        let mut written = String::new();
        match self.size {
            None => {}
            // A terminal wraps lines again when its size changes: the position of the first one is unknown.
            Some(before) if before != size => written.push_str("\x1b[H"),
            Some(_) => {
                let rows: usize = self.lines.iter().map(|line| line.rows).sum();
                // Writing to a String cannot fail.
                let _ = write!(written, "\r\x1b[{rows}A");
            }
        }
        let last = drawn.len() - 1;
        for (index, Line { text, is_full, .. }) in drawn.iter().enumerate() {
            // The last one clears the rows below: a previous frame can be longer.
            let (before, after) = match (index == last, is_full) {
                (true, true) => ("\x1b[J", ""),
                (true, false) => ("", "\x1b[J"),
                (false, true) => ("", ""),
                (false, false) => ("", "\x1b[K"),
            };
            written.extend([before, text, after, "\r\n"]);
        }
        self.lines = drawn;
        self.size = Some(size);
        Some(written)
    }
}

/// As many lines as fit. The row below the last one holds the cursor.
fn fitting(lines: &[Text], size: Size, color: bool) -> Vec<Line> {
    let line = |text: &Text| {
        let (flat, columns) = text.flat();
        Line {
            text: flat.render(color),
            rows: columns.div_ceil(size.columns).max(1),
            is_full: columns > 0 && columns.is_multiple_of(size.columns),
        }
    };
    let all: Vec<Line> = lines.iter().map(line).collect();
    let rows = |lines: &[Line]| -> usize { lines.iter().map(|line| line.rows).sum() };
    let room = size.rows - 1;
    if all.is_empty() {
        return vec![line(&Text::new())];
    }
    if rows(&all) <= room {
        return all;
    }
    let mut kept = all;
    let count = kept.len();
    while rows(&kept) > room - 1 {
        kept.pop();
    }
    let left = count - kept.len();
    let more = format!("({left} more lines)");
    kept.push(line(&prefix(&more, size.columns - 1).into()));
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIZE: Size = Size {
        columns: 10,
        rows: 4,
    };

    fn text(lines: &[&str]) -> Vec<Text> {
        lines.iter().map(|line| Text::from(*line)).collect()
    }

    #[test]
    fn a_frame_is_drawn_over_the_one_before() {
        let mut frame = Frame::default();
        let first = frame.draw(&text(&["a", "b"]), SIZE, false).unwrap();
        assert_eq!(first, "a\x1b[K\r\nb\x1b[J\r\n");
        assert_eq!(frame.draw(&text(&["a", "b"]), SIZE, false), None);
        let second = frame.draw(&text(&["c"]), SIZE, false).unwrap();
        assert_eq!(second, "\r\x1b[2Ac\x1b[J\r\n");
        let none = frame.draw(&[], SIZE, false).unwrap();
        assert_eq!(none, "\r\x1b[1A\x1b[J\r\n");
    }

    #[test]
    fn a_long_line_takes_several_rows() {
        let mut frame = Frame::default();
        frame.draw(&text(&["0123456789abc"]), SIZE, false).unwrap();
        let drawn = frame
            .draw(&text(&["0123456789", "b"]), SIZE, false)
            .unwrap();
        assert_eq!(drawn, "\r\x1b[2A0123456789\r\nb\x1b[J\r\n");
        let drawn = frame.draw(&text(&["0123456789"]), SIZE, false).unwrap();
        assert_eq!(drawn, "\r\x1b[2A\x1b[J0123456789\r\n");
    }

    #[test]
    fn no_frame_is_larger_than_the_terminal() {
        let mut frame = Frame::default();
        let long = text(&["0123456789abc", "b", "c", "d", "e"]);
        let drawn = frame.draw(&long, SIZE, false).unwrap();
        assert_eq!(drawn, "0123456789abc\x1b[K\r\n(4 more l\x1b[J\r\n");
        let other = Size { rows: 9, ..SIZE };
        let drawn = frame.draw(&long, other, false).unwrap();
        assert!(drawn.starts_with("\x1b[H0123"), "{drawn:?}");
        assert_eq!(drawn.matches('\n').count(), 5);
    }

    #[test]
    fn text_of_a_cluster_moves_no_cursor() {
        let mut frame = Frame::default();
        let drawn = frame.draw(&text(&["\x1b[2Jx\ny"]), SIZE, false).unwrap();
        assert!(drawn.contains("^[[2Jx\\ny"), "{drawn:?}");
        assert_eq!(drawn.matches('\n').count(), 1, "{drawn:?}");
    }
}
