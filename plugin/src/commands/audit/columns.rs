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
        printer.line(Text::new().bold(self.line(&self.headers)));
        for row in &self.rows {
            if printer.out_is_closed() {
                return;
            }
            printer.line(self.line(row));
        }
    }

    fn line(&self, cells: &[String]) -> String {
        let mut line = String::new();
        for (index, cell) in cells.iter().enumerate() {
            let all = self.rows.iter().chain([&self.headers]);
            let widths = all
                .filter_map(|row| row.get(index))
                .map(|cell| cell.chars().count());
            let width = widths.max().unwrap_or_default() + 2;
            line.push_str(cell);
            line.extend(std::iter::repeat_n(
                ' ',
                width.saturating_sub(cell.chars().count()),
            ));
        }
        line.trim_end().to_owned()
    }
}
