//! Putting a text in the place of a file, whole or not at all.

use std::{
    fs::{self, OpenOptions},
    io::{self, Write as _},
    path::Path,
};

/// Whether a file was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Replaced {
    /// It was.
    Yes,
    /// It is not what was read any more, and was left.
    No,
}

/// Replaces a file that still is as it was seen. Its mode is kept, and of a link what it points to
/// is replaced.
pub(super) fn replace(path: &Path, seen: &[u8], text: &str) -> io::Result<Replaced> {
    let target = fs::canonicalize(path)?;
    let metadata = fs::metadata(&target)?;
    if metadata.permissions().readonly() {
        return Err(io::Error::other("it is read-only"));
    }
    let (Some(folder), Some(name)) = (target.parent(), target.file_name()) else {
        return Err(io::Error::other("it has no folder"));
    };
    // In the same folder, so that it can be renamed; hidden, so that nobody applies it.
    let temporary = folder.join(format!(
        ".{}.{}.tmp",
        name.to_string_lossy(),
        std::process::id()
    ));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&temporary)?;
    let written = (|| {
        file.set_permissions(metadata.permissions())?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        if fs::read(&target)? != seen {
            return Ok(Replaced::No);
        }
        fs::rename(&temporary, &target)?;
        Ok(Replaced::Yes)
    })();
    if !matches!(written, Ok(Replaced::Yes)) {
        // What went wrong is told; that this stays behind would hide it.
        let _ = fs::remove_file(&temporary);
    }
    written
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn a_link_stays_a_link_and_the_mode_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a.yaml"), folder.path().join("b.yaml"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink("a.yaml", &link).unwrap();
        assert_eq!(replace(&link, b"old", "new").unwrap(), Replaced::Yes);
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(
            fs::metadata(&file).unwrap().permissions().mode() & 0o777,
            0o640
        );
        assert_eq!(names(folder.path()), ["a.yaml", "b.yaml"]);
    }

    #[test]
    fn what_somebody_else_wrote_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        fs::write(&file, "theirs").unwrap();
        assert_eq!(replace(&file, b"old", "new").unwrap(), Replaced::No);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o440)).unwrap();
        replace(&file, b"theirs", "new").unwrap_err();
        assert_eq!(fs::read_to_string(&file).unwrap(), "theirs");
        assert_eq!(names(folder.path()), ["a.yaml"]);
        replace(&folder.path().join("none"), b"", "new").unwrap_err();
    }
}
