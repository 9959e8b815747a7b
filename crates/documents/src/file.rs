//! Files that a command changes: read within a limit, and replaced completely or not at all.
//!
//! The tree of a command can be a checkout by another author: only regular files in it are
//! opened, and a link in it cannot lead out of it.

#[cfg(unix)]
mod keep;

use std::{
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

/// The maximum size of a file of manifests.
const LONGEST: u64 = 64 << 20;

/// Whether a file was replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replaced {
    /// It was replaced.
    Yes,
    /// It changed after it was read, and is unchanged.
    No,
}

/// Reads a regular file; follows a link.
///
/// # Errors
/// If it is a pipe, a device, a socket or a folder, or too long.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    check_kind(&fs::metadata(path)?)?;
    bounded(&open(path)?)
}

/// Replaces a file of `tree` that is unchanged since it was read; a missing file is created. Owner,
/// mode, access control list and other extended attributes are kept. For a link, its target
/// is replaced, if that is in the tree too.
///
/// # Errors
/// If it is not a regular file, leads out of the tree, is read-only, or cannot be written with its
/// attributes.
pub fn replace(path: &Path, tree: &Path, seen: Option<&[u8]>, text: &[u8]) -> io::Result<Replaced> {
    let target = target(path, tree)?;
    let (Some(folder), Some(name)) = (target.parent(), target.file_name()) else {
        return Err(io::Error::other("it has no folder"));
    };
    // In the same folder, so that it can be renamed; hidden, so that no tool applies it.
    let temporary = folder.join(format!(
        ".{}.{}.tmp",
        name.to_string_lossy(),
        std::process::id()
    ));
    let written = write(&target, &temporary, seen, text);
    match &written {
        Ok(Replaced::Yes) => sync_folder(folder)?,
        // Another run's file of that name must not be removed.
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        // The first error is reported; an error about the remaining file would hide it.
        Ok(Replaced::No) | Err(_) => drop(fs::remove_file(&temporary)),
    }
    written
}

/// The target of a path, which is in the tree.
fn target(path: &Path, tree: &Path) -> io::Result<PathBuf> {
    let target = match fs::canonicalize(path) {
        Ok(target) => target,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {
            let folder = path
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty());
            let folder = fs::canonicalize(folder.unwrap_or(Path::new(".")))?;
            folder.join(path.file_name().unwrap_or_default())
        }
        Err(error) => return Err(error),
    };
    if target.starts_with(fs::canonicalize(tree)?) {
        return Ok(target);
    }
    Err(io::Error::other(format!(
        "it leads out of {} to {}: specify that file directly",
        tree.display(),
        target.display()
    )))
}

fn write(
    target: &Path,
    temporary: &Path,
    seen: Option<&[u8]>,
    text: &[u8],
) -> io::Result<Replaced> {
    let Some(seen) = seen else {
        let mut file = File::create_new(temporary)?;
        io::Write::write_all(&mut file, text)?;
        file.sync_all()?;
        // Unlike a rename this does not replace a file created in the meantime.
        return match fs::hard_link(temporary, target) {
            Ok(()) => fs::remove_file(temporary).map(|()| Replaced::Yes),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(Replaced::No),
            Err(error) => Err(error),
        };
    };
    check_kind(&fs::symlink_metadata(target)?)?;
    let old = open(target)?;
    let metadata = old.metadata()?;
    check_kind(&metadata)?;
    if metadata.permissions().readonly() {
        return Err(io::Error::other("it is read-only"));
    }
    let mut file = create(temporary)?;
    io::Write::write_all(&mut file, text)?;
    #[cfg(unix)]
    keep::attributes(&old, &file)?;
    #[cfg(not(unix))]
    file.set_permissions(metadata.permissions())?;
    file.sync_all()?;
    if bounded(&open(target)?)? != seen {
        return Ok(Replaced::No);
    }
    fs::rename(temporary, target)?;
    Ok(Replaced::Yes)
}

fn bounded(file: &File) -> io::Result<Vec<u8>> {
    check_kind(&file.metadata()?)?;
    let mut bytes = Vec::new();
    file.take(LONGEST + 1).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).is_ok_and(|length| length > LONGEST) {
        return Err(io::Error::other(format!(
            "it is longer than {} MiB",
            LONGEST >> 20
        )));
    }
    Ok(bytes)
}

fn check_kind(metadata: &fs::Metadata) -> io::Result<()> {
    if metadata.is_file() {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "it is {}, not a regular file: pipe its content to -f -",
        kind(metadata)
    )))
}

#[cfg(unix)]
fn kind(metadata: &fs::Metadata) -> &'static str {
    use std::os::unix::fs::FileTypeExt as _;
    let kind = metadata.file_type();
    if kind.is_fifo() {
        "a pipe"
    } else if kind.is_socket() {
        "a socket"
    } else if kind.is_dir() {
        "a folder"
    } else if kind.is_symlink() {
        "a link"
    } else {
        "a device"
    }
}

#[cfg(not(unix))]
fn kind(metadata: &fs::Metadata) -> &'static str {
    if metadata.is_dir() {
        "a folder"
    } else {
        "something else"
    }
}

/// Opens a regular file: one that has been replaced by a pipe is not waited for.
#[cfg(unix)]
fn open(path: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags};
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    Ok(File::from(rustix::fs::open(path, flags, Mode::empty())?))
}

#[cfg(not(unix))]
fn open(path: &Path) -> io::Result<File> {
    File::open(path)
}

/// Creates the replacement of a file, which no other user can read until it has the mode of
/// the original.
#[cfg(unix)]
fn create(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt as _;
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(not(unix))]
fn create(path: &Path) -> io::Result<File> {
    File::create_new(path)
}

/// Makes the new name durable. Some file systems cannot sync a folder, and return an error.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        Err(error) if error.kind() != io::ErrorKind::InvalidInput => Err(io::Error::other(
            format!("it was written, and its folder could not be synced: {error}"),
        )),
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(unix)]
#[cfg(test)]
mod tests {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};

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
    fn a_link_remains_a_link_and_the_mode_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a.yaml"), folder.path().join("b.yaml"));
        for mode in [0o600, 0o640, 0o664, 0o755, 0o2644] {
            fs::write(&file, "old").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            let _ = fs::remove_file(&link);
            symlink("a.yaml", &link).unwrap();
            let replaced = replace(&link, folder.path(), Some(b"old"), b"new").unwrap();
            assert_eq!(replaced, Replaced::Yes);
            assert_eq!(fs::read_to_string(&file).unwrap(), "new");
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
            let now = fs::metadata(&file).unwrap().permissions().mode() & 0o7777;
            assert_eq!(now, mode, "{now:o}");
            assert_eq!(names(folder.path()), ["a.yaml", "b.yaml"]);
        }
    }

    #[test]
    fn a_file_that_changed_is_unchanged() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("a.yaml");
        let replaced = |seen| replace(&file, folder.path(), seen, b"new");
        fs::write(&file, "theirs").unwrap();
        assert_eq!(replaced(Some(b"old")).unwrap(), Replaced::No);
        assert_eq!(replaced(None).unwrap(), Replaced::No);
        fs::set_permissions(&file, fs::Permissions::from_mode(0o440)).unwrap();
        replaced(Some(b"theirs")).unwrap_err();
        assert_eq!(fs::read_to_string(&file).unwrap(), "theirs");
        assert_eq!(names(folder.path()), ["a.yaml"]);
        fs::remove_file(&file).unwrap();
        replaced(Some(b"")).unwrap_err();
        assert_eq!(replaced(None).unwrap(), Replaced::Yes);
        assert_eq!(names(folder.path()), ["a.yaml"]);
    }

    #[test]
    fn no_link_leads_out_of_the_tree() {
        let (tree, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let victim = outside.path().join("victim.yaml");
        fs::write(&victim, "old").unwrap();
        fs::create_dir(tree.path().join("inner")).unwrap();
        symlink(&victim, tree.path().join("absolute.yaml")).unwrap();
        symlink(outside.path(), tree.path().join("folder")).unwrap();
        symlink(
            tree.path().join("absolute.yaml"),
            tree.path().join("twice.yaml"),
        )
        .unwrap();
        symlink(
            outside.path().join("new.yaml"),
            tree.path().join("dangling.yaml"),
        )
        .unwrap();
        for name in ["absolute.yaml", "folder/victim.yaml", "twice.yaml"] {
            let path = tree.path().join(name);
            let why = replace(&path, tree.path(), Some(b"old"), b"new").unwrap_err();
            assert!(why.to_string().contains("leads out of"), "{name}: {why}");
        }
        for seen in [None, Some(&b""[..])] {
            replace(
                &tree.path().join("dangling.yaml"),
                tree.path(),
                seen,
                b"new",
            )
            .unwrap_err();
            let up = tree.path().join("inner/../../up.yaml");
            replace(&up, tree.path(), seen, b"new").unwrap_err();
        }
        assert_eq!(fs::read_to_string(&victim).unwrap(), "old");
        assert_eq!(names(outside.path()), ["victim.yaml"]);
        // In the tree it is followed, from any of its folders.
        fs::write(tree.path().join("real.yaml"), "old").unwrap();
        symlink("../real.yaml", tree.path().join("inner/link.yaml")).unwrap();
        let link = tree.path().join("inner/link.yaml");
        assert_eq!(
            replace(&link, tree.path(), Some(b"old"), b"new").unwrap(),
            Replaced::Yes
        );
    }

    #[test]
    fn only_regular_files_are_opened() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        rustix::fs::mknodat(
            rustix::fs::CWD,
            at("pipe.yaml"),
            rustix::fs::FileType::Fifo,
            rustix::fs::Mode::RWXU,
            0,
        )
        .unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket.yaml")).unwrap();
        fs::create_dir(at("folder.yaml")).unwrap();
        symlink("/dev/zero", at("zero.yaml")).unwrap();
        symlink("pipe.yaml", at("to-pipe.yaml")).unwrap();
        for (name, what) in [
            ("pipe.yaml", "a pipe"),
            ("socket.yaml", "a socket"),
            ("folder.yaml", "a folder"),
            ("zero.yaml", "a device"),
            ("to-pipe.yaml", "a pipe"),
        ] {
            // Opening a pipe without a writer would block forever.
            let why = read(&at(name)).unwrap_err().to_string();
            assert!(why.contains(what), "{name}: {why}");
            replace(&at(name), folder.path(), Some(b""), b"new").unwrap_err();
        }
        let long = File::create(at("long.yaml")).unwrap();
        long.set_len(LONGEST + 1).unwrap();
        let why = read(&at("long.yaml")).unwrap_err().to_string();
        assert!(why.contains("longer than 64 MiB"), "{why}");
    }

    /// `user` and `group` read and write, another user reads: version 2, entries of tag, permissions
    /// and id (linux/posix_acl_xattr.h).
    #[cfg(target_os = "linux")]
    fn access_list() -> Vec<u8> {
        let entry = |tag: u16, rights: u16, id: u32| {
            [
                &tag.to_le_bytes()[..],
                &rights.to_le_bytes(),
                &id.to_le_bytes(),
            ]
            .concat()
        };
        let unused = u32::MAX;
        [
            2u32.to_le_bytes().to_vec(),
            entry(0x01, 6, unused),
            entry(0x02, 4, 12345),
            entry(0x04, 4, unused),
            entry(0x10, 6, unused),
            entry(0x20, 0, unused),
        ]
        .concat()
    }

    #[cfg(target_os = "linux")]
    fn attribute(path: &Path, name: &str) -> Option<Vec<u8>> {
        let mut value = vec![0; 4096];
        let length = rustix::fs::getxattr(path, name, &mut value[..]).ok()?;
        value.truncate(length);
        Some(value)
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn owner_access_list_and_attributes_are_kept() {
        use rustix::fs::XattrFlags;
        let folder = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        let file = folder.path().join("a.yaml");
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o660)).unwrap();
        // Only root can change the owner; other users keep theirs.
        let is_root = rustix::process::geteuid().is_root();
        if is_root {
            std::os::unix::fs::chown(&file, Some(12345), Some(54321)).unwrap();
        }
        let set = |path: &Path, name: &str, value: &[u8]| {
            rustix::fs::setxattr(path, name, value, XattrFlags::empty())
        };
        let has_list = set(&file, "system.posix_acl_access", &access_list()).is_ok();
        let has_user = set(&file, "user.team", b"snow").is_ok();
        // Attributes that a new file would inherit from the folder do not replace those of the old one.
        if has_list {
            set(folder.path(), "system.posix_acl_default", &access_list()).unwrap();
        }
        let before = fs::metadata(&file).unwrap();
        assert_eq!(
            replace(&file, folder.path(), Some(b"old"), b"new").unwrap(),
            Replaced::Yes
        );
        let after = fs::metadata(&file).unwrap();
        assert_ne!(before.ino(), after.ino());
        assert_eq!(
            (before.uid(), before.gid(), before.mode()),
            (after.uid(), after.gid(), after.mode())
        );
        assert!(!is_root || (after.uid(), after.gid()) == (12345, 54321));
        if has_list {
            assert_eq!(
                attribute(&file, "system.posix_acl_access"),
                Some(access_list())
            );
        }
        if has_user {
            assert_eq!(attribute(&file, "user.team"), Some(b"snow".to_vec()));
        }
        // A file without a list gets none from its folder.
        let plain = folder.path().join("b.yaml");
        fs::write(&plain, "old").unwrap();
        let _ = rustix::fs::removexattr(&plain, "system.posix_acl_access");
        fs::set_permissions(&plain, fs::Permissions::from_mode(0o600)).unwrap();
        replace(&plain, folder.path(), Some(b"old"), b"new").unwrap();
        assert_eq!(attribute(&plain, "system.posix_acl_access"), None);
        assert_eq!(fs::metadata(&plain).unwrap().mode() & 0o7777, 0o600);
    }
}
