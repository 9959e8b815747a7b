//! The folder of a release.

use std::fmt::Write as _;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::contents;
use super::target::{Product, Target};
use crate::commit::Commit;
use crate::pack::{self, Entry};

/// The file of checksums, which lists every other file. It is written last: a folder without it is not complete.
pub(super) const SUMS: &str = "SHA256SUMS";

/// The folder.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

/// An archive in the folder.
#[derive(Clone, Debug)]
pub(super) struct Archive {
    /// What it contains.
    pub(super) product: Product,
    /// What it is for.
    pub(super) target: Target,
    /// The SHA-256 of its bytes.
    pub(super) sha256: String,
    /// Its files.
    pub(super) files: Vec<Entry>,
}

impl Archive {
    /// The bytes of a program.
    pub(super) fn program(&self, name: &str) -> Result<&[u8]> {
        let name = self.target.executable(name);
        let file = self.files.iter().find(|file| file.path == name);
        let file = file
            .with_context(|| format!("{name} is not in {}", self.product.archive(self.target)))?;
        Ok(&file.bytes)
    }
}

impl Folder {
    /// That folder, which must exist.
    pub(super) fn open(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
        }
    }

    /// That folder, created if it does not exist, and without its checksums.
    pub(super) fn create(path: &Path) -> Result<Self> {
        std::fs::create_dir_all(path).with_context(|| format!("create {}", path.display()))?;
        let sums = path.join(SUMS);
        match std::fs::remove_file(&sums) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(error).with_context(|| format!("remove {}", sums.display()))
            }
            _ => Ok(Self::open(path)),
        }
    }

    /// The path of a file.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file, complete as soon as it has its name.
    pub(super) fn write(&self, name: &str, bytes: &[u8]) -> Result<()> {
        let path = self.path(name);
        let write = || -> Result<()> {
            let mut file = tempfile::Builder::new()
                .prefix(".dist-")
                .permissions(permissions())
                .tempfile_in(&self.path)?;
            file.write_all(bytes)?;
            file.persist(&path)?;
            Ok(())
        };
        write().with_context(|| format!("write {}", path.display()))
    }

    /// Reads a file.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>> {
        let path = self.path(name);
        std::fs::read(&path).with_context(|| format!("read {}", path.display()))
    }

    /// The archives of this version that exist; they must be of that commit.
    pub(super) fn archives(&self, commit: &Commit) -> Result<Vec<Archive>> {
        let mut archives = Vec::new();
        for target in Target::ALL {
            for product in target.products() {
                let name = product.archive(target);
                let path = self.path(&name);
                if !path.exists() {
                    continue;
                }
                let bytes = self.read(&name)?;
                let files = contents::unpack(target, &bytes, commit)
                    .with_context(|| format!("read {}", path.display()))?;
                archives.push(Archive {
                    product: *product,
                    target,
                    sha256: pack::sha256(&bytes),
                    files,
                });
            }
        }
        Ok(archives)
    }

    /// Writes the checksums of those files, in the format of sha256sum.
    pub(super) fn write_sums(&self, mut names: Vec<String>) -> Result<()> {
        names.sort();
        let mut sums = String::new();
        for name in names {
            let sum = pack::sha256(&self.read(&name)?);
            writeln!(sums, "{sum}  {name}")?;
        }
        self.write(SUMS, sums.as_bytes())
    }

    /// The files with checksums, in order. Fails if one is missing or changed.
    pub(super) fn verified(&self) -> Result<Vec<String>> {
        let sums = String::from_utf8(self.read(SUMS)?)?;
        let mut names = Vec::new();
        for line in sums.lines() {
            let (sum, name) = line
                .split_once("  ")
                .with_context(|| format!("{SUMS}: not a checksum and a name: {line}"))?;
            anyhow::ensure!(
                pack::sha256(&self.read(name)?) == sum,
                "{}: changed after {SUMS} was written",
                self.path(name).display()
            );
            names.push(name.to_owned());
        }
        Ok(names)
    }
}

fn permissions() -> std::fs::Permissions {
    use std::os::unix::fs::PermissionsExt as _;

    std::fs::Permissions::from_mode(0o644)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_or_missing_file_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let folder = Folder::create(folder.path()).unwrap();
        folder.write("b", b"two").unwrap();
        folder.write("a", b"one").unwrap();
        folder
            .write_sums(vec!["b".to_owned(), "a".to_owned()])
            .unwrap();
        assert_eq!(folder.verified().unwrap(), ["a", "b"]);
        folder.write("b", b"three").unwrap();
        let error = folder.verified().unwrap_err().to_string();
        assert!(error.contains("b: changed after"), "{error}");
        std::fs::remove_file(folder.path("b")).unwrap();
        let error = folder.verified().unwrap_err().to_string();
        assert!(error.starts_with("read "), "{error}");
    }

    #[test]
    fn a_new_build_starts_without_checksums() {
        let folder = tempfile::tempdir().unwrap();
        let made = Folder::create(folder.path()).unwrap();
        made.write_sums(Vec::new()).unwrap();
        let made = Folder::create(folder.path()).unwrap();
        assert!(made.read(SUMS).is_err());
    }
}
