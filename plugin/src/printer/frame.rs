//! Lines that are drawn over those before them, on a terminal.
//!
//! Nothing is cleared before it is written over, and all of it is one write, so that nothing
//! flickers. What stood on the terminal before stays above it.

use super::Text;

/// A terminal without a size that can be asked for is taken to be this large.
const USUAL: Size = Size {
    columns: 80,
    rows: 24,
};

/// How large a terminal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size {
    pub(super) columns: usize,
    pub(super) rows: usize,
}

/// What was drawn last.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Frame {
    lines: Vec<String>,
    size: Option<Size>,
}

impl Size {
    /// Of the terminal that the process writes to.
    pub(super) fn of_terminal() -> Self {
        terminal_size::terminal_size().map_or(USUAL, |(columns, rows)| Self {
            columns: usize::from(columns.0).max(1),
            rows: usize::from(rows.0).max(2),
        })
    }
}

impl Frame {
    /// What is to be written so that these lines stand in the place of those before; nothing if they do
    /// already.
    pub(super) fn draw(&mut self, lines: &[Text], size: Size, color: bool) -> Option<String> {
        // The line below the last is where the cursor waits.
        let room = size.rows - 1;
        let mut rendered: Vec<String> = lines
            .iter()
            .map(|line| line.cut(size.columns).render(color))
            .collect();
        if rendered.len() > room {
            let left = rendered.len() - (room - 1);
            rendered.truncate(room - 1);
            rendered.push(format!("({left} lines more than the terminal has)"));
        }
        if rendered.is_empty() {
            rendered.push(String::new());
        }
        if self.lines == rendered && self.size == Some(size) {
            return None;
        }
        let mut written = String::from("\x1b[?7l");
        match self.size {
            None => {}
            // Lines wrap anew when a terminal changes: nobody knows where the first one is now.
            Some(before) if before != size => written.push_str("\x1b[H"),
            Some(_) => written.push_str(&format!("\r\x1b[{}A", self.lines.len())),
        }
        let last = rendered.len() - 1;
        for (index, line) in rendered.iter().enumerate() {
            written.push_str(line);
            // The last one takes what is below with it: a frame before may have been longer.
            written.push_str(if index == last {
                "\x1b[J\x1b[?7h\r\n"
            } else {
                "\x1b[K\r\n"
            });
        }
        self.lines = rendered;
        self.size = Some(size);
        Some(written)
    }
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
        assert_eq!(first, "\x1b[?7la\x1b[K\r\nb\x1b[J\x1b[?7h\r\n");
        assert_eq!(frame.draw(&text(&["a", "b"]), SIZE, false), None);
        let second = frame.draw(&text(&["c"]), SIZE, false).unwrap();
        assert_eq!(second, "\x1b[?7l\r\x1b[2Ac\x1b[J\x1b[?7h\r\n");
    }

    #[test]
    fn no_line_and_no_frame_is_larger_than_the_terminal() {
        let mut frame = Frame::default();
        let long = text(&["0123456789abc", "b", "c", "d", "e"]);
        let drawn = frame.draw(&long, SIZE, false).unwrap();
        assert!(drawn.contains("l0123456789\x1b[K"), "{drawn:?}");
        assert!(drawn.contains("(3 lines more"), "{drawn:?}");
        assert_eq!(drawn.matches('\n').count(), 3);
        let other = Size { rows: 9, ..SIZE };
        let drawn = frame.draw(&long, other, false).unwrap();
        assert!(drawn.starts_with("\x1b[?7l\x1b[H0123"), "{drawn:?}");
        assert_eq!(drawn.matches('\n').count(), 5);
    }

    #[test]
    fn what_a_cluster_says_moves_no_cursor() {
        let mut frame = Frame::default();
        let drawn = frame.draw(&text(&["\x1b[2Jx\ny"]), SIZE, false).unwrap();
        assert!(drawn.contains("^[[2Jx"), "{drawn:?}");
        assert_eq!(drawn.matches('\n').count(), 1, "{drawn:?}");
    }
}
