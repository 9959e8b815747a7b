//! Messages with SARIF's escapes.

use super::model::Message;

/// A plain text message. SARIF reads braces as placeholders and `[text](target)` as a link
/// (2.1.0, sections 3.11.5 and 3.11.6); those of the text are escaped.
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

/// Our own Markdown text.
pub(super) fn markdown(text: &str) -> String {
    braces(text)
}

/// The words of a text as one word: `ImageFromARegistryOutsidePolicy`.
pub(super) fn identifier(text: &str) -> String {
    let mut identifier = String::with_capacity(text.len());
    let mut starts = true;
    for c in text.chars().filter(|c| *c != '\'') {
        if c.is_ascii_alphanumeric() {
            identifier.push(if starts { c.to_ascii_uppercase() } else { c });
        }
        starts = !c.is_ascii_alphanumeric();
    }
    identifier
}

fn braces(text: &str) -> String {
    text.replace('{', "{{").replace('}', "}}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_become_one() {
        for (text, want) in [
            ("coverage-gap", "CoverageGap"),
            (
                "Import budget exceeds the account's allowance",
                "ImportBudgetExceedsTheAccountsAllowance",
            ),
        ] {
            assert_eq!(identifier(text), want);
        }
    }

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
