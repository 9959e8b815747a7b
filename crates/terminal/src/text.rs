//! A line of styled text.

use std::fmt::Write as _;

use anstyle::{Ansi256Color, AnsiColor, Style};
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::inert::inert;

/// Has a contrast of 3.9 on white and of 5.4 on black.
const ORANGE: Ansi256Color = Ansi256Color(166);

/// One line of text in styled parts. Every part is made inert when it is rendered, so that the only
/// control sequences in the output are ours.
#[derive(Clone, Debug, Default)]
pub struct Text {
    parts: Vec<(Style, String)>,
}

impl Text {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds text without a style.
    #[must_use]
    pub fn plain(self, text: impl Into<String>) -> Self {
        self.push(Style::new(), text)
    }

    /// Adds bold text.
    #[must_use]
    pub fn bold(self, text: impl Into<String>) -> Self {
        self.push(Style::new().bold(), text)
    }

    /// Adds dimmed text, for secondary information.
    #[must_use]
    pub fn dim(self, text: impl Into<String>) -> Self {
        self.push(Style::new().dimmed(), text)
    }

    /// Adds green text: good or new.
    #[must_use]
    pub fn green(self, text: impl Into<String>) -> Self {
        self.push(AnsiColor::Green.on_default(), text)
    }

    /// Adds orange text: needs attention. Yellow cannot be read on a white background.
    #[must_use]
    pub fn orange(self, text: impl Into<String>) -> Self {
        self.push(ORANGE.on_default(), text)
    }

    /// Adds red text: failed or removed.
    #[must_use]
    pub fn red(self, text: impl Into<String>) -> Self {
        self.push(AnsiColor::Red.on_default(), text)
    }

    /// Adds the parts of another text.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.parts.extend(other.parts);
        self
    }

    /// The number of terminal columns it uses.
    pub fn width(&self) -> usize {
        let parts = self.parts.iter();
        parts.map(|(_, text)| inert(text).width()).sum()
    }

    /// Another text in the style of this one's first part.
    pub(crate) fn restyled(&self, text: String) -> Self {
        let style = self.parts.first().map_or(Style::new(), |(style, _)| *style);
        Self::new().push(style, text)
    }

    /// On one line, escaped, and its number of columns.
    pub(crate) fn flat(&self) -> (Self, usize) {
        let parts: Vec<(Style, String)> = self
            .parts
            .iter()
            .map(|(style, text)| (*style, inert(text).into_owned()))
            .collect();
        let columns = parts.iter().map(|(_, text)| text.width()).sum();
        (Self { parts }, columns)
    }

    /// The text, with styles if `color`.
    pub fn render(&self, color: bool) -> String {
        self.parts
            .iter()
            .fold(String::new(), |mut line, (style, text)| {
                let text = inert(text);
                if color && *style != Style::new() {
                    // Writing to a String cannot fail.
                    let _ = write!(line, "{style}{text}{style:#}");
                } else {
                    line.push_str(&text);
                }
                line
            })
    }

    fn push(mut self, style: Style, text: impl Into<String>) -> Self {
        self.parts.push((style, text.into()));
        self
    }
}

/// The longest prefix of a text that uses no more than this many columns.
pub(crate) fn prefix(text: &str, columns: usize) -> &str {
    let mut taken = 0;
    let beyond = text.char_indices().find(|(_, c)| {
        taken += c.width().unwrap_or(0);
        taken > columns
    });
    let end = beyond.map_or(text.len(), |(at, _)| at);
    text.get(..end).unwrap_or(text)
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Self::new().plain(text)
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self::new().plain(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefix_is_not_wider_than_the_columns() {
        for (text, columns, want) in [
            ("abc", 2, "ab"),
            ("abc", 3, "abc"),
            ("東京", 3, "東"),
            ("e\u{301}x", 1, "e\u{301}"),
            ("", 0, ""),
        ] {
            assert_eq!(prefix(text, columns), want, "{text:?} in {columns}");
        }
    }

    #[test]
    fn styles_are_ours_alone() {
        let text = Text::new().red("a\u{1b}[0m").plain("b");
        assert_eq!(text.render(false), "a^[[0mb");
        assert_eq!(text.render(true), "\u{1b}[31ma^[[0m\u{1b}[0mb");
    }
}
