//! The file of exceptions: read, changed line by line, and written only if the parsed result is
//! exactly the intended one.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use extreg_audit::exceptions::{Exception, Exceptions};
use extreg_documents::{
    edit::list::{self, ListError},
    file::{self, Replaced},
};

use crate::error::Error;

/// The field that holds the entries.
const FIELD: &str = "exceptions";
/// The beginning of a new file.
const HEADER: &str = "\
# Accepted findings of oc extreg audit, each with a reason and an expiry date.
# Read by: oc extreg audit --exceptions FILE; written by: oc extreg except add
apiVersion: extreg.io/v1alpha1
kind: Exceptions
exceptions: []
";

/// A file of exceptions, as it was read.
#[derive(Clone, Debug)]
pub(super) struct ExceptionsFile {
    path: PathBuf,
    /// None if the file does not exist yet.
    before: Option<String>,
    pub(super) entries: Vec<Exception>,
}

/// A change to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Change {
    text: String,
    /// The expected entries of the changed file, in order.
    entries: Vec<Exception>,
}

/// The result of adding an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Added {
    /// It exists already, on this line.
    Unchanged(usize),
    /// An exception for the same findings existed on this line, with another reason or date.
    Replaced(usize, Change),
    /// It is new.
    New(Change),
}

impl ExceptionsFile {
    /// Reads a file; a missing file is empty.
    ///
    /// # Errors
    /// [`Error::Usage`] if it cannot be read, or is not a file of exceptions.
    pub(super) fn read(path: &Path) -> Result<Self, Error> {
        let shown = path.display().to_string();
        let before = match fs::read_to_string(path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(Error::usage(format!("--file {shown}: {error}"))),
        };
        let text = before.as_deref().unwrap_or_default();
        let read = Exceptions::parse(&shown, text).map_err(|e| Error::usage(e.to_string()))?;
        Ok(Self {
            path: path.to_owned(),
            before,
            entries: read.entries,
        })
    }

    /// Whether the file exists.
    pub(super) const fn exists(&self) -> bool {
        self.before.is_some()
    }

    /// The name of the file, as displayed.
    pub(super) fn name(&self) -> String {
        self.path.display().to_string()
    }

    /// The change that adds an exception.
    ///
    /// # Errors
    /// If the entries are not on lines of their own.
    pub(super) fn add(&self, new: &Exception, lines: &[String]) -> Result<Added, Error> {
        let same = |old: &&Exception| old.is_for_the_same(new);
        let twin = self
            .entries
            .iter()
            .enumerate()
            .find(|(_, old)| same(old) && old.term() == new.term())
            .or_else(|| self.entries.iter().enumerate().find(|(_, old)| same(old)));
        if let Some((position, twin)) = twin {
            let at = line_of(twin);
            if twin.term() == new.term() {
                return Ok(Added::Unchanged(at));
            }
            let mut entries = self.entries.clone();
            if let Some(old) = entries.get_mut(position) {
                *old = new.clone();
            }
            let text = list::replace(self.text(), FIELD, at, lines).map_err(|e| self.wrong(&e))?;
            return Ok(Added::Replaced(at, Change { text, entries }));
        }
        // A file that is empty, or has only comments, gets the header after them.
        let mut text = self.text().to_owned();
        let last = self.entries.last().map(line_of);
        if last.is_none() && !has_document(&text) {
            if !text.is_empty() && !text.ends_with('\n') {
                text.push('\n');
            }
            text.push_str(HEADER);
        }
        let text = list::append(&text, FIELD, last, lines).map_err(|e| self.wrong(&e))?;
        let mut entries = self.entries.clone();
        entries.push(new.clone());
        Ok(Added::New(Change { text, entries }))
    }

    /// The change that removes entries, by their positions.
    ///
    /// # Errors
    /// If the entries are not on lines of their own.
    pub(super) fn remove(&self, positions: &[usize]) -> Result<Change, Error> {
        let gone = |position: &usize| positions.contains(position);
        let lines: Vec<usize> = self
            .entries
            .iter()
            .enumerate()
            .filter(|(position, _)| gone(position))
            .map(|(_, entry)| line_of(entry))
            .collect();
        let text = list::remove(self.text(), FIELD, &lines).map_err(|e| self.wrong(&e))?;
        let left = self.entries.iter().enumerate();
        let left = left.filter(|(position, _)| !gone(position));
        Ok(Change {
            text,
            entries: left.map(|(_, entry)| entry.clone()).collect(),
        })
    }

    /// Returns the entries of the changed file, each with its place. Writes nothing.
    ///
    /// # Errors
    /// If the entries differ from the expected ones.
    pub(super) fn check(&self, change: &Change) -> Result<Vec<Exception>, Error> {
        let is = Exceptions::parse(&self.name(), &change.text);
        let same = |one: &Exception, other: &Exception| {
            one.is_for_the_same(other) && one.term() == other.term()
        };
        match is {
            Ok(is)
                if is.entries.len() == change.entries.len()
                    && is
                        .entries
                        .iter()
                        .zip(&change.entries)
                        .all(|(a, b)| same(a, b)) =>
            {
                Ok(is.entries)
            }
            _ => Err(Error::failed(format!(
                "{}: skipped: the changed file would not have the expected content; edit it \
                 manually",
                self.name()
            ))),
        }
    }

    /// Writes the file, whole or not at all, unless another program changed it after it was read.
    ///
    /// # Errors
    /// If the content is not the expected one, or cannot be written.
    pub(super) fn write(&self, change: &Change) -> Result<(), Error> {
        self.check(change)?;
        let failed = |error: io::Error| {
            Error::failed(format!("cannot write {}: {error}", self.path.display()))
        };
        // A link is followed: the user named it.
        let target = fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
        let folder = target
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let tree = folder.unwrap_or(Path::new("."));
        let seen = self.before.as_deref().map(str::as_bytes);
        match file::replace(&target, tree, seen, change.text.as_bytes()).map_err(failed)? {
            Replaced::Yes => Ok(()),
            Replaced::No => Err(Error::failed(format!(
                "{} changed after it was read; run the same command again",
                self.name()
            ))),
        }
    }

    fn text(&self) -> &str {
        self.before.as_deref().unwrap_or_default()
    }

    fn wrong(&self, error: &ListError) -> Error {
        Error::failed(format!("{}: {error}", self.name()))
    }
}

/// The line of an entry, from 1.
pub(super) fn line_of(exception: &Exception) -> usize {
    let line = exception.place().rsplit_once(':').map(|(_, line)| line);
    line.and_then(|line| line.parse().ok()).unwrap_or(1)
}

/// Whether the file has more than comments and blank lines.
fn has_document(text: &str) -> bool {
    text.lines()
        .map(str::trim)
        .any(|line| !line.is_empty() && !line.starts_with('#') && line != "---")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::draft, *};
    use extreg_audit::check::CheckId;
    use extreg_snapshot::kind::Kind;
    use jiff::civil::date;

    fn draft(name: &str, reason: &str) -> draft::Draft {
        let (term, _) = draft::term_of(reason, "2027-01-31", date(2026, 11, 24)).unwrap();
        draft::Draft {
            check: CheckId::Exr007,
            kinds: vec![Kind::Deployment],
            name: name.to_owned(),
            part: None,
            term,
        }
    }

    fn file(text: Option<&str>) -> (tempfile::TempDir, ExceptionsFile) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.yaml");
        if let Some(text) = text {
            fs::write(&path, text).unwrap();
        }
        let file = ExceptionsFile::read(&path).unwrap();
        (folder, file)
    }

    fn add(file: &ExceptionsFile, draft: &draft::Draft) -> Added {
        let new = draft.exception("shop").unwrap();
        file.add(&new, &draft::lines(&draft.entry("shop"))).unwrap()
    }

    #[test]
    fn a_new_file_gets_the_header() {
        for text in [None, Some(""), Some("# nothing yet"), Some("---\n")] {
            let (_folder, file) = file(text);
            let Added::New(change) = add(&file, &draft("cart", "ours")) else {
                panic!("{text:?}")
            };
            file.write(&change).unwrap();
            let again = ExceptionsFile::read(&file.path).unwrap();
            assert_eq!(again.entries.len(), 1, "{text:?}");
            let line = line_of(&again.entries[0]);
            assert_eq!(add(&again, &draft("cart", "ours")), Added::Unchanged(line));
            assert!(
                matches!(add(&again, &draft("cart", "theirs")), Added::Replaced(at, _) if at == line)
            );
        }
    }

    #[test]
    fn a_file_that_changed_after_it_was_read_is_skipped() {
        let (_folder, file) = file(None);
        let Added::New(change) = add(&file, &draft("cart", "ours")) else {
            panic!()
        };
        fs::write(&file.path, "# mine\n").unwrap();
        let error = file.write(&change).unwrap_err();
        assert!(
            error.to_string().contains("changed after it was read"),
            "{error}"
        );
        assert_eq!(fs::read_to_string(&file.path).unwrap(), "# mine\n");
    }

    #[test]
    fn unexpected_content_is_not_written() {
        let (folder, file) = file(None);
        let Added::New(mut change) = add(&file, &draft("cart", "ours")) else {
            panic!()
        };
        change.text = change.text.replace("EXR007", "EXR001");
        let error = file.write(&change).unwrap_err();
        assert!(
            error.to_string().contains("the expected content"),
            "{error}"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_are_preserved() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};

        let (folder, file) = file(Some("# ours\n"));
        fs::set_permissions(&file.path, fs::Permissions::from_mode(0o640)).unwrap();
        let link = folder.path().join("link.yaml");
        symlink(&file.path, &link).unwrap();
        let by_link = ExceptionsFile::read(&link).unwrap();
        let Added::New(change) = add(&by_link, &draft("cart", "ours")) else {
            panic!()
        };
        by_link.write(&change).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(
            fs::metadata(&file.path).unwrap().permissions().mode() & 0o777,
            0o640
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2);
    }

    const BODIES: [&str; 5] = [
        "apiVersion: extreg.io/v1alpha1\nkind: Exceptions\nexceptions: []\n",
        "apiVersion: extreg.io/v1alpha1\nkind: Exceptions\nexceptions: [] # none",
        "# c\napiVersion: extreg.io/v1alpha1\nkind: Exceptions\nexceptions:\n  # one\n  -\n    check: EXR001\n    \
         reason: >\n      a\n\n      b\n    expires: 2027-01-31\n  # end\n\n",
        "exceptions:\n- {check: EXR001, reason: x, expires: 2027-01-31}\n- checks:\n  - EXR002\n  reason: \"a\n\n    \
         b\"\n  expires: 2027-01-31\napiVersion: extreg.io/v1alpha1\nkind: Exceptions",
        "apiVersion: extreg.io/v1alpha1\nkind: Exceptions\nexceptions:\n- check: EXR001\n  reason: x\n  expires: \
         2027-01-31\n---\napiVersion: extreg.io/v1alpha1\nkind: Exceptions\nexceptions:\n- check: EXR003\n  reason: x\n  \
         expires: 2027-01-31\n...\n",
    ];

    proptest! {
        /// An added entry is the only change, and removing it restores the file byte for byte.
        #[test]
        fn adding_and_removing_restores_the_file(
            body in proptest::sample::select(BODIES.to_vec()),
            name in "[a-z0-9][a-z0-9.-]{0,12}",
            reason in "[^;\\p{Cc}]{0,20}[a-z]",
            windows in any::<bool>(),
        ) {
            let body = if windows { body.replace('\n', "\r\n") } else { body.to_owned() };
            let (_folder, file) = file(Some(&body));
            let Added::New(change) = add(&file, &draft(&name, &reason)) else {
                return Err(TestCaseError::fail("not new"));
            };
            let entries = file.check(&change).unwrap();
            prop_assert_eq!(entries.len(), file.entries.len() + 1);
            file.write(&change).unwrap();
            let after = ExceptionsFile::read(&file.path).unwrap();
            let back = after.remove(&[after.entries.len() - 1]).unwrap();
            after.write(&back).unwrap();
            prop_assert_eq!(fs::read_to_string(&file.path).unwrap(), body);
        }
    }
}
