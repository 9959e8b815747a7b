//! Rows in columns as wide as their content.

mod cell;
mod layout;
mod wrap;

use self::layout::{Fit, NARROW};
pub use self::{cell::Cell, layout::Layout, wrap::wrap};
use crate::{printer::Printer, text::Text};

/// Rows of a table. If there are too many to store, use [`Layout`] alone.
pub struct Table {
    headers: Vec<String>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// No rows yet.
    pub fn new(headers: &[&str]) -> Self {
        Self {
            headers: headers.iter().map(|header| (*header).to_owned()).collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row<C: Into<Cell>>(&mut self, cells: impl IntoIterator<Item = C>) {
        self.rows.push(cells.into_iter().map(Into::into).collect());
    }

    /// Prints the rows under their headers; nothing if the table is empty. On a terminal that is too narrow
    /// the last column is wrapped between words, or each row is printed as a block of lines.
    pub fn print(&self, printer: &Printer) {
        if self.rows.is_empty() {
            return;
        }
        let mut layout = Layout::new(&self.headers);
        for row in &self.rows {
            layout.fit(row);
        }
        let room = printer.columns();
        if layout.fits(room) == Fit::Blocks {
            return self.print_blocks(printer);
        }
        printer.line(layout.head(&self.headers));
        for row in &self.rows {
            if printer.out_is_closed() {
                return;
            }
            for line in layout.rows(row.clone(), room) {
                printer.line(line);
            }
        }
    }

    /// A line for each cell, after its header.
    fn print_blocks(&self, printer: &Printer) {
        let labels = self.headers.iter().map(|text| Text::from(text.as_str()));
        let labels: Vec<Text> = labels.collect();
        let indent = labels.iter().map(Text::width).max().unwrap_or_default();
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
            for (header, cell) in headers.zip(row).filter(|(_, cell)| cell.width() > 0) {
                let mut header = header.as_str();
                for part in cell.clone().pieces(room) {
                    let label = format!("{header:<indent$}  ");
                    printer.line(Text::new().bold(label).and(part.text));
                    header = "";
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{printer::Quiet, testing::printer};

    fn printed(rows: &[[&str; 3]]) -> String {
        let mut table = Table::new(&["A", "LONGER", "C"]);
        for row in rows {
            table.row(*row);
        }
        let (printer, out, _) = printer(Quiet::No, 0);
        table.print(&printer);
        out.text()
    }

    #[test]
    fn columns_fit_their_content() {
        assert_eq!(printed(&[]), "");
        assert_eq!(
            printed(&[["a", "b", "c"], ["été", "", "x y"], ["d", "", ""]]),
            "A    LONGER  C\na    b       c\nété          x y\nd\n"
        );
    }
}
