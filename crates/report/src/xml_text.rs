//! Text in XML 1.0.

use std::borrow::Cow;
use std::fmt::Write as _;

use extreg_terminal::acts;

/// The text as character data or in an attribute's quotes. Characters that XML cannot hold become U+FFFD;
/// those that a terminal interprets or an editor hides become character references, and so do line ends
/// if `line` is whole: parsers replace them with spaces in attributes.
pub(super) fn escaped(text: &str, line: Lines) -> Cow<'_, str> {
    let special = |c| matches!(c, '&' | '<' | '>' | '"' | '\'') || acts(c);
    if !text.contains(special) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&apos;"),
            '\n' if line == Lines::Kept => escaped.push(c),
            c if !is_char(c) => escaped.push('\u{fffd}'),
            c if acts(c) => {
                // Writing to a String cannot fail.
                let _ = write!(escaped, "&#{};", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// The treatment of line ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Lines {
    /// Unchanged: character data.
    Kept,
    /// Character references: an attribute.
    Numbered,
}

/// Production 2 of XML 1.0.
const fn is_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parser_reads_the_original_text() {
        for (text, want) in [
            ("a<b>&\"'c", "a<b>&\"'c"),
            ("]]> <!-- <![CDATA[", "]]> <!-- <![CDATA["),
            ("two\nlines\tand\rmore", "two\nlines\tand\rmore"),
            (
                "rtl\u{202e}gpj\u{200b}\u{85}",
                "rtl\u{202e}gpj\u{200b}\u{85}",
            ),
            ("\u{1b}[31m\u{0}\u{ffff}", "\u{fffd}[31m\u{fffd}\u{fffd}"),
        ] {
            let xml = format!(
                "<a b=\"{}\">{}</a>",
                escaped(text, Lines::Numbered),
                escaped(text, Lines::Kept)
            );
            let parsed = roxmltree::Document::parse(&xml).unwrap();
            let root = parsed.root_element();
            assert_eq!(root.attribute("b"), Some(want));
            assert_eq!(root.text(), Some(want));
            assert!(!xml.contains(|c| acts(c) && c != '\n'));
        }
    }
}
