//! The widths of columns, and the rendering of rows.

use super::{cell::Cell, wrap::wrap};
use crate::text::{Text, prefix};

/// Between two columns.
const GAP: usize = 2;
/// The minimum width of a wrapped column.
pub(super) const NARROW: usize = 24;
/// Before a cell that is a separate line.
const INDENT: usize = 4;

/// The widths of columns, from their content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Layout {
    widths: Vec<usize>,
}

/// How rows of a layout fit into a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// One line for each row.
    Lines,
    /// The last column is wrapped in this number of terminal columns.
    Wrapped(usize),
    /// Too narrow for that.
    Blocks,
}

impl Layout {
    /// For columns with these headers.
    pub fn new<T: AsRef<str>>(headers: &[T]) -> Self {
        let mut layout = Self::default();
        layout.widen(
            headers
                .iter()
                .map(|header| Text::from(header.as_ref()).width()),
        );
        layout
    }

    /// Widens the columns for a row.
    pub fn fit(&mut self, cells: &[Cell]) {
        self.widen(cells.iter().map(Cell::width));
    }

    /// The headers above rows that are cut for the width of a terminal, if known.
    pub fn head_for<T: AsRef<str>>(&self, headers: &[T], room: Option<usize>) -> Text {
        match (self.fits(room), headers.split_last()) {
            (Fit::Blocks, Some((_, before))) => self.head(before),
            _ => self.head(headers),
        }
    }

    /// The headers above the rows.
    pub fn head<T: AsRef<str>>(&self, headers: &[T]) -> Text {
        let cells: Vec<Cell> = headers.iter().map(|text| text.as_ref().into()).collect();
        Text::new().bold(self.row(cells).render(false))
    }

    /// A row as one line.
    pub fn row(&self, cells: impl IntoIterator<Item = Cell>) -> Text {
        let mut line = Text::new();
        // Written before the next cell that is not empty: the width of a last column can be that of very long cells.
        let mut blanks = 0;
        for (cell, width) in cells.into_iter().zip(&self.widths) {
            let taken = cell.width();
            if taken > 0 {
                if blanks > 0 {
                    line = line.plain(" ".repeat(blanks));
                }
                line = line.and(cell.text);
                blanks = 0;
            }
            blanks += width.saturating_sub(taken) + GAP;
        }
        line
    }

    /// A row in lines of at most `room` columns: the rest of the last cell continues below it, if
    /// it fits there and the cell can be wrapped.
    pub fn rows(&self, mut cells: Vec<Cell>, room: Option<usize>) -> Vec<Text> {
        let last = self.widths.len().checked_sub(1);
        let wrapped = match (self.fits(room), last.filter(|last| last + 1 == cells.len())) {
            (Fit::Wrapped(room), Some(_)) => cells.pop().map(|cell| cell.pieces(room)),
            _ => None,
        };
        let Some(pieces) = wrapped else {
            return vec![self.row(cells)];
        };
        let empty = vec![Cell::default(); cells.len()];
        let mut before = Some(cells);
        let rows = pieces.into_iter().map(|piece| {
            let mut cells = before.take().unwrap_or_else(|| empty.clone());
            cells.push(piece);
            self.row(cells)
        });
        rows.collect()
    }

    /// A row in lines of at most `room` columns: the last cell is cut; where too few columns remain for it, it is a
    /// separate line.
    pub fn cut(&self, mut cells: Vec<Cell>, room: Option<usize>) -> Vec<Text> {
        let fit = self.fits(room);
        if cells.len() < self.widths.len() {
            return vec![self.row(cells)];
        }
        match (fit, room, cells.pop()) {
            (Fit::Wrapped(room), _, Some(last)) => {
                cells.push(last.cut(room));
                vec![self.row(cells)]
            }
            (Fit::Blocks, Some(room), Some(last)) => {
                let below = last.cut(room.saturating_sub(INDENT));
                vec![
                    self.row(cells),
                    Text::new().plain(" ".repeat(INDENT)).and(below.text),
                ]
            }
            (_, _, last) => {
                cells.extend(last);
                vec![self.row(cells)]
            }
        }
    }

    /// For the width of a terminal, if known.
    pub(super) fn fits(&self, room: Option<usize>) -> Fit {
        let Some((last, fixed)) = self.widths.split_last() else {
            return Fit::Lines;
        };
        let fixed: usize = fixed.iter().map(|width| width + GAP).sum();
        match room {
            Some(room) if fixed + last > room => match room.checked_sub(fixed) {
                Some(room) if room >= NARROW => Fit::Wrapped(room),
                _ => Fit::Blocks,
            },
            _ => Fit::Lines,
        }
    }

    fn widen(&mut self, widths: impl ExactSizeIterator<Item = usize>) {
        self.widths.resize(self.widths.len().max(widths.len()), 0);
        for (width, other) in self.widths.iter_mut().zip(widths) {
            *width = other.max(*width);
        }
    }
}

impl Cell {
    /// The text, or its start with a mark for the omitted rest.
    fn cut(self, room: usize) -> Self {
        if self.width() <= room {
            return self;
        }
        let flat = self.text.flat().0.render(false);
        let start = prefix(&flat, room.saturating_sub(1)).trim_end();
        let start = format!("{start}\u{2026}");
        self.text.restyled(start).into()
    }

    /// In pieces that fit, in the style of the first part.
    pub(super) fn pieces(self, room: usize) -> Vec<Self> {
        if self.is_whole {
            return vec![self];
        }
        let flat = self.text.flat().0.render(false);
        let pieces = wrap(&flat, room).into_iter();
        pieces
            .map(|piece| self.text.restyled(piece).into())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn layout(widths: &[usize]) -> Layout {
        let widths = widths.to_vec();
        Layout { widths }
    }

    fn rendered(rows: &[Text]) -> Vec<String> {
        rows.iter().map(|row| row.render(false)).collect()
    }

    #[test]
    fn a_narrow_terminal_breaks_no_word() {
        let widths = layout(&[3, 10, 40]);
        for (room, expected) in [
            (None, Fit::Lines),
            (Some(57), Fit::Lines),
            (Some(56), Fit::Wrapped(39)),
            (Some(41), Fit::Wrapped(24)),
            (Some(40), Fit::Blocks),
            (Some(5), Fit::Blocks),
        ] {
            assert_eq!(widths.fits(room), expected, "{room:?}");
        }
        assert_eq!(layout(&[]).fits(Some(1)), Fit::Lines);
        let text = "one two three averylongwordthatislong four five";
        let rows = layout(&[1, text.len()]).rows(vec!["a".into(), text.into()], Some(28));
        assert_eq!(
            rendered(&rows),
            [
                "a  one two three",
                "   averylongwordthatislong",
                "   four five"
            ]
        );
        let whole = Cell::from(text).whole();
        let rows = layout(&[1, text.len()]).rows(vec!["a".into(), whole], Some(28));
        assert_eq!(rendered(&rows), [format!("a  {text}")]);
        let rows = layout(&[1, text.len()]).rows(vec!["a".into()], Some(28));
        assert_eq!(rendered(&rows), ["a"]);
    }

    #[test]
    fn a_cell_without_room_is_cut_in_a_separate_line() {
        let widths = layout(&[3, 20, 60]);
        let row = |message: &str| vec!["a".into(), "b".into(), message.into()];
        let lines = widths.cut(row("short"), Some(40));
        assert_eq!(rendered(&lines), ["a    b", "    short"]);
        let lines = widths.cut(row(&"x".repeat(60)), Some(40));
        assert_eq!(
            rendered(&lines)[1],
            format!("    {}\u{2026}", "x".repeat(35))
        );
        let head = |room| widths.head_for(&["A", "B", "C"], room).render(false);
        assert_eq!(head(Some(40)), "A    B");
        assert_eq!(head(Some(60)).split_whitespace().count(), 3);
    }

    #[test]
    fn wide_and_combining_characters_have_their_width() {
        let mut layout = Layout::new(&["NAME", "B"]);
        let rows: Vec<[Cell; 2]> = ["cart", "東京", "e\u{301}te\u{301}", "\u{1b}[2J"]
            .map(|name| [name.into(), "x".into()])
            .into();
        for row in &rows {
            layout.fit(row);
        }
        let rows: Vec<Text> = rows.into_iter().map(|row| layout.row(row)).collect();
        assert_eq!(
            rendered(&rows),
            ["cart   x", "東京   x", "e\u{301}te\u{301}    x", "^[[2J  x"]
        );
    }

    #[test]
    fn the_style_of_a_cell_continues_below_it() {
        let cell = Cell::from(Text::new().red("one two three four five six seven"));
        let rows = layout(&[33]).rows(vec![cell], Some(24));
        let rows: Vec<String> = rows.iter().map(|row| row.render(true)).collect();
        assert_eq!(
            rows,
            [
                "\u{1b}[31mone two three four five\u{1b}[0m",
                "\u{1b}[31msix seven\u{1b}[0m"
            ]
        );
    }

    proptest! {
        /// Wrapped text uses no more columns than available, and no word of it is lost.
        #[test]
        fn a_wrapped_row_fits(
            words in proptest::collection::vec("[a-z東é]{1,8}", 1..20),
            room in 30..60_usize,
        ) {
            let text = words.join(" ");
            let row = || vec![Cell::from("x"), text.as_str().into()];
            let mut layout = Layout::new(&["A", "B"]);
            layout.fit(&row());
            let lines = layout.rows(row(), Some(room));
            prop_assert!(lines.iter().all(|line| line.width() <= room));
            let lines = rendered(&lines).join(" ");
            prop_assert!(lines.split_whitespace().skip(1).eq(words.iter().map(String::as_str)));
        }
    }
}
