//! A page under construction: our own markup is written verbatim, everything else is escaped.

use extreg_terminal::inert;

/// A page under construction.
#[derive(Default)]
pub(super) struct Markup(String);

impl Markup {
    /// Markup: only string literals of this program, never data.
    pub(super) fn raw(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text from anywhere, as content or inside a quoted attribute.
    pub(super) fn text(&mut self, text: impl AsRef<str>) -> &mut Self {
        for c in inert(text.as_ref()).chars() {
            match c {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                c => self.0.push(c),
            }
        }
        self
    }

    /// A name with slashes, as [`Self::text`], that a narrow column can wrap after a slash.
    pub(super) fn name(&mut self, name: impl AsRef<str>) -> &mut Self {
        for part in name.as_ref().split_inclusive('/') {
            self.text(part);
            if part.ends_with('/') {
                self.raw("<wbr>");
            }
        }
        self
    }

    /// A number.
    pub(super) fn number(&mut self, number: usize) -> &mut Self {
        self.text(number.to_string())
    }

    /// The page.
    pub(super) fn finish(self) -> String {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        let mut page = Markup::default();
        page.raw("<p title=\"")
            .text("\"' onload=x")
            .raw("\">")
            .text("</script><b>&\u{1b}[2J\n\u{202e}")
            .raw("</p>");
        assert_eq!(
            page.finish(),
            "<p title=\"&quot;&#39; onload=x\">&lt;/script&gt;&lt;b&gt;&amp;^[[2J\\n\\u{202e}</p>"
        );
    }
}
