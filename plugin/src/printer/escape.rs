//! Terminal control characters made harmless.

use std::{borrow::Cow, fmt::Write as _};

/// Replaces what a terminal would act on: C0 and C1 controls (ESC as `^[`, as kubectl prints it)
/// and the characters that reorder a line. Line feeds and tabs stay.
pub fn escape(text: &str) -> Cow<'_, str> {
    if !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\u{1b}' => escaped.push_str("^["),
            '\r' => escaped.push_str("\\r"),
            c if is_control(c) => {
                // Writing to a String cannot fail.
                let _ = write!(escaped, "\\u{{{:x}}}", u32::from(c));
            }
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

fn is_control(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_escaped_and_text_is_kept() {
        let cases = [
            ("plain ümlaut 漢\n\t", "plain ümlaut 漢\n\t"),
            ("\u{1b}[31mred", "^[[31mred"),
            ("over\rwrite", "over\\rwrite"),
            ("bell\u{7}", "bell\\u{7}"),
            ("csi\u{9b}2J", "csi\\u{9b}2J"),
            ("rtl\u{202e}gpj", "rtl\\u{202e}gpj"),
        ];
        for (text, expected) in cases {
            assert_eq!(escape(text), expected);
        }
    }
}
