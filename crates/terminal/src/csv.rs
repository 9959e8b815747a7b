//! One record of RFC 4180 without formulas for spreadsheets.

use crate::inert::inert;

/// A record with its line end. Text that a terminal or a spreadsheet would interpret is made visible; every cell
/// is one line.
pub fn record<'a>(cells: impl IntoIterator<Item = &'a str>) -> String {
    let cells: Vec<String> = cells.into_iter().map(cell).collect();
    cells.join(",") + "\r\n"
}

fn cell(text: &str) -> String {
    let mark = if is_formula(text) { "'" } else { "" };
    let text = inert(text);
    if text.contains(['"', ',']) || text.starts_with(' ') || text.ends_with(' ') {
        format!("\"{mark}{}\"", text.replace('"', "\"\""))
    } else {
        format!("{mark}{text}")
    }
}

/// Whether a spreadsheet would calculate it. The wide forms come from a Japanese or Chinese
/// input method, and spreadsheets treat them as the narrow ones.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['\t', '\r', '\n'])
        || cell.trim_start().starts_with([
            '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
        ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(cells: &[&str]) -> String {
        record(cells.iter().copied())
    }

    #[test]
    fn a_record_is_quoted_where_it_must_be() {
        assert_eq!(
            written(&["a", "", "b,c", "quote \"x\""]),
            "a,,\"b,c\",\"quote \"\"x\"\"\"\r\n"
        );
        assert_eq!(written(&["two\nlines\u{1b}["]), "two\\nlines^[[\r\n");
    }

    #[test]
    fn no_cell_is_a_formula() {
        for (cell, want) in [
            ("=1+1", "'=1+1\r\n"),
            ("+1", "'+1\r\n"),
            ("-1", "'-1\r\n"),
            ("@SUM(A1,A2)", "\"'@SUM(A1,A2)\"\r\n"),
            ("\t=1", "'\\t=1\r\n"),
            ("\r=1", "'\\r=1\r\n"),
            (" =1", "\"' =1\"\r\n"),
            ("\u{ff1d}1", "'\u{ff1d}1\r\n"),
            ("a=1", "a=1\r\n"),
        ] {
            assert_eq!(written(&[cell]), want, "{cell:?}");
        }
    }
}
