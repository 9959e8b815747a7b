//! Names that can do no harm to whoever reads them.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Makes visible what a reader or a terminal would act on instead of showing it: controls (ESC as
/// `^[`, as kubectl prints it), line ends, and the characters that reorder, join or hide others. One
/// line comes out of whatever goes in.
pub(super) fn inert(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '\u{1b}' => shown.push_str("^["),
            '\n' => shown.push_str("\\n"),
            '\r' => shown.push_str("\\r"),
            '\t' => shown.push_str("\\t"),
            c if acts(c) => {
                // Writing to a String cannot fail.
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
            }
            c => shown.push(c),
        }
    }
    Cow::Owned(shown)
}

/// Controls, separators of lines, Unicode's format characters, and what is no character.
pub(super) fn acts(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{fffe}'..='\u{ffff}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_shown_and_text_is_kept() {
        for (text, want) in [
            ("docker.io/acme/ümlaut:漢", "docker.io/acme/ümlaut:漢"),
            ("\u{1b}[31mred", "^[[31mred"),
            ("two\r\nlines\tand", "two\\r\\nlines\\tand"),
            ("rtl\u{202e}gpj", "rtl\\u{202e}gpj"),
            ("zero\u{200b}width", "zero\\u{200b}width"),
            ("line\u{2028}separator", "line\\u{2028}separator"),
            ("csi\u{9b}2J", "csi\\u{9b}2J"),
        ] {
            assert_eq!(inert(text), want);
        }
    }
}
