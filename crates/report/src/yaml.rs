//! The document of `json` as YAML.

use std::io::{self, Write};

use extreg_audit::report::Report;
use extreg_terminal::acts;
use serde::Serialize;

use super::{document::Document, json_text};

pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write(&Document::from_report(report), out)
}

/// Writes a value as one YAML document. Plain and block scalars cannot escape, and the writer uses
/// them for text with hidden or reordering characters; a document with such text is written in YAML's
/// JSON form, where everything can be escaped.
pub(super) fn write(value: &impl Serialize, out: &mut dyn Write) -> io::Result<()> {
    let mut text = serde_saphyr::to_string(value).map_err(io::Error::other)?;
    if text.contains(|c| acts(c) && c != '\n') {
        return json_text::write(value, out);
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    out.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        let mut out = Vec::new();
        write(&[text], &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn hidden_characters_are_escaped_and_parse_back() {
        for (text, want) in [
            ("plain", "- plain\n"),
            ("\u{1b}[31m", "- \"\\e[31m\"\n"),
            ("gpj\u{202e}", "[\n  \"gpj\\u202e\"\n]\n"),
            ("zero\u{200b}width\n", "[\n  \"zero\\u200bwidth\\n\"\n]\n"),
        ] {
            assert_eq!(written(text), want);
            let back: Vec<String> = serde_saphyr::from_str(want).unwrap();
            assert_eq!(back, [text]);
        }
    }
}
