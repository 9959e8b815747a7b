//! The attributes that a replaced file keeps: owner, mode, and extended attributes, which
//! include the access control list on Linux.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::{MetadataExt as _, PermissionsExt as _, fchown},
};

/// Copies the attributes of `old` to `new`.
///
/// # Errors
/// If an attribute cannot be kept; in this case nothing has been replaced.
pub(crate) fn attributes(old: &File, new: &File) -> io::Result<()> {
    let (from, to) = (old.metadata()?, new.metadata()?);
    if (from.uid(), from.gid()) != (to.uid(), to.gid()) {
        // The owner of a file can change its group to another of their groups; only root changes the owner.
        let owner = (from.uid() != to.uid()).then_some(from.uid());
        let group = (from.gid() != to.gid()).then_some(from.gid());
        fchown(new, owner, group).map_err(|error| {
            io::Error::other(format!(
                "cannot keep its owner {}:{}: {error}",
                from.uid(),
                from.gid()
            ))
        })?;
    }
    extended(old, new)?;
    // Last, since a change of owner or of the list clears bits of it.
    if new.metadata()?.mode() != from.mode() {
        new.set_permissions(fs::Permissions::from_mode(from.mode() & 0o7777))?;
    }
    Ok(())
}

#[cfg(target_os = "linux")]
fn extended(old: &File, new: &File) -> io::Result<()> {
    use rustix::fs::{XattrFlags, fremovexattr, fsetxattr};

    let cannot = |name: &str, error: rustix::io::Errno| {
        io::Error::other(format!("cannot keep its attribute {name}: {error}"))
    };
    let names = linux::names(old)?;
    for name in linux::names(new)? {
        if !names.contains(&name) {
            // Inherited from the folder. The system restores and manages its own labels.
            if let Err(error) = fremovexattr(new, name.as_str())
                && !name.starts_with("security.")
            {
                return Err(cannot(&name, error));
            }
        }
    }
    for name in names {
        let value = linux::value(old, &name)?;
        if linux::value(new, &name).ok().flatten() == value {
            continue;
        }
        let Some(value) = value else { continue };
        fsetxattr(new, name.as_str(), &value, XattrFlags::empty())
            .map_err(|error| cannot(&name, error))?;
    }
    Ok(())
}

/// On other systems only the mode is kept.
#[cfg(not(target_os = "linux"))]
fn extended(_: &File, _: &File) -> io::Result<()> {
    Ok(())
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{fs::File, io};

    use rustix::{
        fs::{fgetxattr, flistxattr},
        io::Errno,
    };

    /// The kernel's limit of a list and of a value (linux/limits.h, `XATTR_LIST_MAX`,
    /// `XATTR_SIZE_MAX`).
    const MOST: usize = 65_536;

    /// The attributes of a file; empty if its file system does not support them.
    pub(crate) fn names(file: &File) -> io::Result<Vec<String>> {
        let mut list = vec![0; MOST];
        let length = match flistxattr(file, &mut list[..]) {
            Ok(length) => length,
            Err(Errno::NOTSUP) => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let names = list
            .get(..length)
            .unwrap_or_default()
            .split(|byte| *byte == 0);
        let names = names.filter(|name| !name.is_empty());
        Ok(names
            .map(|name| String::from_utf8_lossy(name).into_owned())
            .collect())
    }

    /// A value; `None` if it was removed in the meantime.
    pub(crate) fn value(file: &File, name: &str) -> io::Result<Option<Vec<u8>>> {
        let mut value = vec![0; MOST];
        match fgetxattr(file, name, &mut value[..]) {
            Ok(length) => {
                value.truncate(length);
                Ok(Some(value))
            }
            Err(Errno::NODATA) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}
