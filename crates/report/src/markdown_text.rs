//! Text in GitHub's Markdown, in a cell of a table or a line of a list.

use std::fmt::Write as _;

use extreg_terminal::inert;

/// A name, as code: GitHub creates no mentions or links in it.
pub(super) fn code(text: &str) -> String {
    let text = inert(text);
    if text.is_empty() {
        return String::new();
    }
    // In code only the end of a cell can be escaped, and not after a backslash.
    if text.contains(['`', '|', '\\']) || text.starts_with(' ') || text.ends_with(' ') {
        return format!("<code>{}</code>", escaped(&text));
    }
    format!("`{text}`")
}

/// A sentence. Special characters are escaped; people and issues are not mentioned.
pub(super) fn prose(text: &str) -> String {
    escaped(&inert(text))
}

fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + 16);
    let mut behind_www = false;
    for (at, c) in text.char_indices() {
        let rest = text.get(at..).unwrap_or_default();
        let structural = matches!(
            c,
            '&' | '<' | '>' | '`' | '*' | '_' | '[' | ']' | '|' | '\\' | '~' | '$' | '!' | '^'
        );
        let link = rest.starts_with("://") || (c == '.' && behind_www);
        match c {
            // A character reference is never markup.
            _ if structural || link => {
                // Writing to a String cannot fail.
                let _ = write!(escaped, "&#{};", u32::from(c));
            }
            // A zero-width character between the sign and the name, because no escape works.
            '@' | '#' => {
                escaped.push(c);
                escaped.push_str("&#8203;");
            }
            c => escaped.push(c),
        }
        behind_www = text
            .get(..at + c.len_utf8())
            .is_some_and(|so_far| so_far.to_ascii_lowercase().ends_with("www"));
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;
    use pulldown_cmark::{Event, Options, Parser, Tag};

    const TEXTS: [&str; 12] = [
        "docker.io/library/nginx:1.27",
        "**bold** _it_ ~~no~~ `code` ``x``",
        "[click](https://evil.example) ![i](x) <https://evil.example> https://evil.example",
        "a | b \\| c \\\\| d",
        "</td><script>alert(1)</script> &lt; &#60; <!-- x",
        "line\nbreak\r\nand\ttab",
        "\u{1b}[31mred \u{202e}gpj \u{200b}",
        "@everyone #12 acme/app#3",
        " leads ",
        "`",
        "\\",
        "# - 1. > = + * ---",
    ];

    fn options() -> Options {
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_MATH
    }

    /// The text of the only body cell of a table; panics on any markup but `code`.
    fn read(cell: &str) -> String {
        let table = format!("| a |\n|---|\n| {cell} |\n");
        let mut text = String::new();
        let mut cells = 0;
        for event in Parser::new_ext(&table, options()) {
            match event {
                Event::Text(part) | Event::Code(part) => text.push_str(&part),
                Event::InlineHtml(tag) => assert!(matches!(&*tag, "<code>" | "</code>"), "{tag}"),
                Event::Start(Tag::TableCell) => {
                    cells += 1;
                    text.clear();
                }
                Event::Start(Tag::Table(_) | Tag::TableHead | Tag::TableRow) | Event::End(_) => {}
                other => panic!("{other:?} in {table}"),
            }
        }
        assert_eq!(cells, 2, "{table}");
        text
    }

    #[test]
    fn a_parser_reads_the_original_text() {
        for text in TEXTS {
            let want = inert(text).trim().to_owned();
            let plain = |read: String| read.replace('\u{200b}', "").trim().to_owned();
            assert_eq!(plain(read(&prose(text))), want);
            assert_eq!(plain(read(&code(text))), want);
        }
    }

    #[test]
    fn no_user_is_mentioned_and_nothing_links() {
        let written = prose("@acme #1 https://x.example www.x.example");
        assert_eq!(
            written,
            "@&#8203;acme #&#8203;1 https&#58;//x.example www&#46;x.example"
        );
    }
}
