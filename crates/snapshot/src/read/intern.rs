use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::{self, Write};
use std::sync::Arc;

use super::user_info::without_user;

/// One copy of each string that many objects repeat: namespaces, images, fields, names of
/// containers and tags. None contains the user and password of a URL.
#[derive(Clone, Debug, Default)]
pub(super) struct Names {
    known: HashSet<Arc<str>>,
    scratch: String,
}

impl Names {
    /// The one copy of `text`.
    pub(super) fn get(&mut self, text: &str) -> Arc<str> {
        if text.is_empty() {
            return Arc::default();
        }
        if let Some(known) = self.known.get(text) {
            return Arc::clone(known);
        }
        match without_user(text) {
            Cow::Borrowed(text) => {
                let new: Arc<str> = text.into();
                self.known.insert(Arc::clone(&new));
                new
            }
            // Not stored as a key, since the key would contain the hidden part.
            Cow::Owned(text) => text.into(),
        }
    }

    /// The one copy of a formatted text: `names.field(format_args!("spec.tags[{i}]"))`.
    pub(super) fn field(&mut self, parts: fmt::Arguments<'_>) -> Arc<str> {
        let mut scratch = std::mem::take(&mut self.scratch);
        scratch.clear();
        // Writing to a String does not fail.
        let _ = scratch.write_fmt(parts);
        let name = self.get(&scratch);
        self.scratch = scratch;
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_texts_are_one() {
        let mut names = Names::default();
        let one = names.get("docker.io/u/a");
        let two = names.field(format_args!("docker.io/{}", "u/a"));
        assert!(Arc::ptr_eq(&one, &two));
        assert_eq!(&*names.get(""), "");
        assert_eq!(
            &*names.get("https://u:p@r.example/a"),
            "https://…@r.example/a"
        );
    }
}
