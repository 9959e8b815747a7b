//! Messages as SARIF reads them.

use super::model::Message;

/// A message of plain text. SARIF takes braces for placeholders and `[text](target)` for a link
/// (2.1.0, sections 3.11.5 and 3.11.6); what the text has of them is meant literally.
pub(super) fn message(text: &str) -> Message {
    let mut escaped = braces(text);
    if escaped.contains("](") {
        escaped = escaped
            .replace('\\', "\\\\")
            .replace('[', "\\[")
            .replace(']', "\\]");
    }
    Message { text: escaped }
}

/// A text that is Markdown, of our own.
pub(super) fn markdown(text: &str) -> String {
    braces(text)
}

fn braces(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_message_is_a_placeholder_or_a_link() {
        for (text, want) in [
            ("spec.containers[0]", "spec.containers[0]"),
            ("${TAG} and {0}", "${{TAG}} and {{0}}"),
            ("[click](https://evil)", "\\[click\\](https://evil)"),
        ] {
            assert_eq!(message(text).text, want);
        }
    }
}
