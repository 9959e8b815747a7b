//! Words of a command line that a person pastes into a shell.

use std::borrow::Cow;

/// One word of a POSIX shell, quoted only where it must be.
pub fn word(text: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./:@=,+%-".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_one_argument() {
        for (text, want) in [
            (
                "docker.io/acme/app:v1@sha256:aa",
                "docker.io/acme/app:v1@sha256:aa",
            ),
            ("", "''"),
            ("a b", "'a b'"),
            ("$(rm -r x)", "'$(rm -r x)'"),
            ("it's", r"'it'\''s'"),
            ("a;b", "'a;b'"),
            ("a\nb", "'a\nb'"),
            ("~", "'~'"),
            ("*.example.com", "'*.example.com'"),
            (r#"{"a":1}"#, r#"'{"a":1}'"#),
        ] {
            assert_eq!(word(text), want);
        }
    }
}
