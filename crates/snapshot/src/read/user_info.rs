//! The user and password in a registry's URL: nothing that is kept contains them.

use std::borrow::Cow;

/// The replacement for them.
const HIDDEN: char = '…';

/// The text without them: `https://…@registry.example.com/app`. An image reference has no `@` except
/// the one before a digest, so any other text before an `@` and a host is hidden, URL or not.
pub(super) fn without_user(text: &str) -> Cow<'_, str> {
    if !text.contains('@') {
        return Cow::Borrowed(text);
    }
    // A reference is one word, and a password can contain a quote.
    let is_prose = text.contains(char::is_whitespace);
    let ends_word = |c: char| is_prose && (c.is_whitespace() || c == '"');
    let mut shown = String::with_capacity(text.len());
    for part in text.split_inclusive(ends_word) {
        match user(part.trim_end_matches(ends_word)) {
            Some((scheme, at)) => {
                shown.push_str(scheme);
                shown.push(HIDDEN);
                shown.push_str(part.get(at..).unwrap_or_default());
            }
            None => shown.push_str(part),
        }
    }
    if shown == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(shown)
    }
}

/// The scheme of a word that contains a user, and the position of its `@`.
fn user(word: &str) -> Option<(&str, usize)> {
    let begin = word.find("://").map_or(0, |at| at + "://".len());
    let (scheme, rest) = word.split_at_checked(begin)?;
    let path = rest.rfind('/').unwrap_or_default();
    if let Some(at) = rest.get(..path).and_then(|before| before.rfind('@')) {
        return Some((scheme, begin + at));
    }
    let at = rest.rfind('@')?;
    let (before, after) = (rest.get(..at)?, rest.get(at + 1..)?);
    let is_host = !is_digest(after) && after.contains(['.', ':']);
    let is_user = !scheme.is_empty() || before.contains(':') && !before.contains('/');
    (is_host && is_user).then_some((scheme, begin + at))
}

/// Whether this text can follow the `@` of a reference; a Template's parameter can.
fn is_digest(text: &str) -> bool {
    text.starts_with("sha") && text.contains(':') || text.starts_with('$')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_users_are_hidden() {
        for (text, want) in [
            ("https://u:p@r.example/a:1", "https://…@r.example/a:1"),
            ("https://u:p@r.example", "https://…@r.example"),
            ("u:p@r.example/a", "…@r.example/a"),
            ("u:p@r.example:5000", "…@r.example:5000"),
            ("token@r.example/a", "…@r.example/a"),
            ("u:p/q@r.example/a", "…@r.example/a"),
            ("u:p@q\"r@r.example/a", "…@r.example/a"),
            ("u:p@r.example/a@sha256:ab", "…@r.example/a@sha256:ab"),
            (
                "Get \"https://u:p@r.example/v2/\": no such host",
                "Get \"https://…@r.example/v2/\": no such host",
            ),
        ] {
            assert_eq!(without_user(text), want);
        }
        for text in [
            "docker.io/a/b:1",
            "nginx@sha256:ab",
            "nginx:1@sha256:ab",
            "r.example:5000/a/b:1@sha256:ab",
            "nginx:1@latest",
            "${IMAGE}:${TAG}@${DIGEST}",
            "mail ann@example.com",
            "pulling r.example/a@sha256:ab failed",
        ] {
            assert_eq!(without_user(text), text);
        }
    }
}
