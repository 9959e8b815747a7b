//! Plain columns for people.

use crate::{printer::Printer, text::Text};

/// Rows of a table whose columns are as wide as what is in them.
pub struct Columns {
    headers: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Columns {
    /// No rows yet.
    pub fn new(headers: &[&str]) -> Self {
        Self {
            headers: headers.iter().map(|header| (*header).to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Prints them under their headers; nothing if there is no row. On a terminal that is too narrow for
    /// that the last column is wrapped between words, or each row is printed as a block of lines.
    pub fn print(&self, printer: &Printer) {
        if self.rows.is_empty() {
            return;
        }
        let widths = self.widths();
        let layout = Layout::new(&widths, printer.columns());
        if layout == Layout::Blocks {
            return self.print_blocks(printer);
        }
        printer.line(Text::new().bold(line(&self.headers, &widths)));
        for row in &self.rows {
            if printer.out_is_closed() {
                return;
            }
            for row in layout.wrapped(row) {
                printer.line(line(&row, &widths));
            }
        }
    }

    /// A line for each cell, behind its header.
    fn print_blocks(&self, printer: &Printer) {
        let indent = self.headers.iter().map(|header| header.chars().count());
        let indent = indent.max().unwrap_or_default();
        let room = printer.columns().unwrap_or_default();
        let room = room.saturating_sub(indent + 2).max(NARROW);
        for (index, row) in self.rows.iter().enumerate() {
            if printer.out_is_closed() {
                return;
            }
            if index > 0 {
                printer.line("");
            }
            let none = String::new();
            let headers = self.headers.iter().chain(std::iter::repeat(&none));
            for (header, cell) in headers.zip(row).filter(|(_, cell)| !cell.is_empty()) {
                let mut header = header.as_str();
                for part in wrap(cell, room) {
                    let label = format!("{header:<indent$}  ");
                    printer.line(Text::new().bold(label).plain(part));
                    header = "";
                }
            }
        }
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths = Vec::new();
        for cells in self.rows.iter().chain([&self.headers]) {
            widths.resize(widths.len().max(cells.len()), 0);
            for (width, cell) in widths.iter_mut().zip(cells) {
                *width = cell.chars().count().max(*width);
            }
        }
        widths
    }
}

/// The least room for a column that is wrapped.
const NARROW: usize = 24;

/// How rows are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Layout {
    /// One line a row.
    Lines,
    /// The last column in so many characters.
    Wrapped { column: usize, room: usize },
    /// One block a row.
    Blocks,
}

impl Layout {
    /// For columns of these widths; `room` is the terminal's, if there is one.
    fn new(widths: &[usize], room: Option<usize>) -> Self {
        let Some((last, fixed)) = widths.split_last() else {
            return Self::Lines;
        };
        let fixed: usize = fixed.iter().map(|width| width + 2).sum();
        match room {
            Some(room) if fixed + last > room => match room.checked_sub(fixed) {
                Some(room) if room >= NARROW => Self::Wrapped {
                    column: widths.len() - 1,
                    room,
                },
                _ => Self::Blocks,
            },
            _ => Self::Lines,
        }
    }

    /// A row as several, in which the last column is wrapped.
    fn wrapped(self, row: &[String]) -> Vec<Vec<String>> {
        let Self::Wrapped { column, room } = self else {
            return vec![row.to_vec()];
        };
        let Some((last, cells)) = row
            .split_at_checked(column)
            .and_then(|(cells, last)| last.first().map(|last| (last, cells)))
        else {
            return vec![row.to_vec()];
        };
        let mut cells = Some(cells.to_vec());
        wrap(last, room)
            .into_iter()
            .map(|part| {
                let empty = || vec![String::new(); column];
                let mut row = cells.take().unwrap_or_else(empty);
                row.push(part);
                row
            })
            .collect()
    }
}

/// In lines of at most `room` characters, broken between words; a longer word is a line of its own.
fn wrap(text: &str, room: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        let length = word.chars().count();
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + length <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn line(cells: &[String], widths: &[usize]) -> String {
    let mut line = String::new();
    // Written before the next cell that has something: the width of a last column may be that of very long cells.
    let mut blanks = 0;
    for (cell, width) in cells.iter().zip(widths) {
        if !cell.is_empty() {
            line.extend(std::iter::repeat_n(' ', blanks));
            line.push_str(cell);
            blanks = 0;
        }
        blanks += width.saturating_sub(cell.chars().count()) + 2;
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{printer::Quiet, testing::printer};

    fn printed(rows: &[[&str; 3]]) -> String {
        let mut columns = Columns::new(&["A", "LONGER", "C"]);
        for row in rows {
            columns.row(row.map(str::to_owned));
        }
        let (printer, out, _) = printer(Quiet::No, 0);
        columns.print(&printer);
        out.text()
    }

    #[test]
    fn a_narrow_terminal_breaks_no_word() {
        let widths = [3, 10, 40];
        for (room, expected) in [
            (None, Layout::Lines),
            (Some(57), Layout::Lines),
            (
                Some(56),
                Layout::Wrapped {
                    column: 2,
                    room: 39,
                },
            ),
            (
                Some(41),
                Layout::Wrapped {
                    column: 2,
                    room: 24,
                },
            ),
            (Some(40), Layout::Blocks),
            (Some(5), Layout::Blocks),
        ] {
            assert_eq!(Layout::new(&widths, room), expected, "{room:?}");
        }
        assert_eq!(Layout::new(&[], Some(1)), Layout::Lines);
        let row = |cells: [&str; 2]| cells.map(str::to_owned).to_vec();
        let layout = Layout::Wrapped { column: 1, room: 9 };
        assert_eq!(
            layout.wrapped(&row(["a", "one two three averylongword four"])),
            [
                row(["a", "one two"]),
                row(["", "three"]),
                row(["", "averylongword"]),
                row(["", "four"])
            ]
        );
        assert_eq!(layout.wrapped(&["a".to_owned()]), [["a".to_owned()]]);
    }

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        assert_eq!(printed(&[]), "");
        assert_eq!(
            printed(&[["a", "b", "c"], ["été", "", "x y"], ["d", "", ""]]),
            "A    LONGER  C\na    b       c\nété          x y\nd\n"
        );
    }
}
