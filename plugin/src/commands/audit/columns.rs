//! Plain columns for people.

use crate::printer::{Printer, Text};

/// Rows of a table whose columns are as wide as what is in them.
pub(crate) struct Columns {
    headers: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Columns {
    /// No rows yet.
    pub(crate) fn new(headers: &[&str]) -> Self {
        Self {
            headers: headers.iter().map(|header| (*header).to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }

    /// Prints them under their headers; nothing if there is no row.
    pub(crate) fn print(&self, printer: &Printer) {
        if self.rows.is_empty() {
            return;
        }
        let widths = self.widths();
        printer.line(Text::new().bold(line(&self.headers, &widths)));
        for row in &self.rows {
            if printer.out_is_closed() {
                return;
            }
            printer.line(line(row, &widths));
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
    use crate::printer::{Quiet, testing::printer};

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
    fn columns_are_as_wide_as_what_is_in_them() {
        assert_eq!(printed(&[]), "");
        assert_eq!(
            printed(&[["a", "b", "c"], ["été", "", "x y"], ["d", "", ""]]),
            "A    LONGER  C\na    b       c\nété          x y\nd\n"
        );
    }
}
