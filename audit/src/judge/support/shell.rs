//! Words of a command line that a person pastes into a shell.

use std::borrow::Cow;

/// How `oc patch` reads its patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PatchKind {
    /// RFC 6902: a list of operations.
    Json,
    /// RFC 7386: lists are replaced as a whole.
    Merge,
}

impl PatchKind {
    /// As `--type` has it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Merge => "merge",
        }
    }
}

/// One word of a POSIX shell, quoted only where it must be.
pub fn word(text: &str) -> Cow<'_, str> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_./:@=,+%-".contains(&byte);
    if !text.is_empty() && text.bytes().all(plain) {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
    }
}

/// A command of `oc`, in a namespace unless that is empty.
pub(crate) fn oc(words: &[&str], namespace: &str) -> String {
    let mut command = "oc".to_owned();
    let place = ["-n", namespace];
    let place = place.iter().filter(|_| !namespace.is_empty());
    for part in words.iter().chain(place) {
        command.push(' ');
        command.push_str(&word(part));
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_made_of_words() {
        assert_eq!(oc(&["tag", "x y"], "shop"), "oc tag 'x y' -n shop");
        assert_eq!(oc(&["get", "is"], ""), "oc get is");
    }

    #[test]
    fn a_word_stays_one_word() {
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
