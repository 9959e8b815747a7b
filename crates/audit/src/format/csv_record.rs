//! One record of RFC 4180 that no spreadsheet calculates.

use std::io::{self, Write};

use extreg_terminal::inert;

/// Writes a record. What a terminal or a spreadsheet would act on is made visible; every cell is one
/// line.
pub(super) fn write<'a>(
    cells: impl IntoIterator<Item = &'a str>,
    out: &mut dyn Write,
) -> io::Result<()> {
    for (at, cell) in cells.into_iter().enumerate() {
        if at > 0 {
            out.write_all(b",")?;
        }
        write_cell(cell, out)?;
    }
    out.write_all(b"\r\n")
}

fn write_cell(cell: &str, out: &mut dyn Write) -> io::Result<()> {
    let mark = if is_formula(cell) { "'" } else { "" };
    let cell = inert(cell);
    if cell.contains(['"', ',']) || cell.starts_with(' ') || cell.ends_with(' ') {
        write!(out, "\"{mark}{}\"", cell.replace('"', "\"\""))
    } else {
        write!(out, "{mark}{cell}")
    }
}

/// Whether a spreadsheet would calculate it. The wide forms are those that a Japanese or Chinese
/// input method gives, and spreadsheets take them for the narrow ones.
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
        let mut out = Vec::new();
        write(cells.iter().copied(), &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn a_record_is_quoted_where_it_must_be() {
        assert_eq!(
            written(&["a", "", "b,c", "say \"x\""]),
            "a,,\"b,c\",\"say \"\"x\"\"\"\r\n"
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
