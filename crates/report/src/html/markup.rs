//! A page that is being written: markup of ours goes in as it is, everything else escaped.

use extreg_terminal::inert;

/// A page that is being written.
#[derive(Default)]
pub(super) struct Markup(String);

impl Markup {
    /// Markup: only what stands in the source of this program can be given, nothing that was read.
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

    /// A name with slashes, as [`Self::text`], that a narrow column breaks behind one.
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
    fn text_stays_text() {
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
