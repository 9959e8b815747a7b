//! What is slow to make and can be made again: kept outside the clone, made once.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A folder of finished entries, each made by one process and complete from the moment that it can be seen.
#[derive(Clone, Debug)]
pub struct Cache {
    root: PathBuf,
}

impl Cache {
    /// `$EXTREG_CACHE`, or `oc-extreg` in `$XDG_CACHE_HOME` or `~/.cache`.
    pub fn open() -> Result<Self> {
        let root = match std::env::var_os("EXTREG_CACHE").filter(|value| !value.is_empty()) {
            Some(folder) => PathBuf::from(folder),
            None => user_cache()
                .context("no cache folder: set EXTREG_CACHE, XDG_CACHE_HOME or HOME")?
                .join("oc-extreg"),
        };
        fs::create_dir_all(&root).with_context(|| format!("make {}", root.display()))?;
        let root = root
            .canonicalize()
            .with_context(|| format!("read {}", root.display()))?;
        Ok(Self { root })
    }

    /// Where the entry `name` is, if it has been made.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        Some(self.root.join(name)).filter(|entry| entry.is_dir())
    }

    /// The entry `name`, made by `fill` in the folder that it is given, if it is not there yet.
    ///
    /// Of several processes that ask at once one makes it and the others wait: cargo runs test binaries one after the
    /// other, but a developer has more than one terminal.
    pub fn entry(&self, name: &str, fill: impl FnOnce(&Path) -> Result<()>) -> Result<PathBuf> {
        if let Some(entry) = self.find(name) {
            return Ok(entry);
        }
        let lock = self.root.join(format!("{name}.lock"));
        let lock = fs::File::create(&lock).with_context(|| format!("make {}", lock.display()))?;
        lock.lock()
            .with_context(|| format!("wait for the lock of {name}"))?;
        if let Some(entry) = self.find(name) {
            return Ok(entry);
        }
        let making = tempfile::Builder::new()
            .prefix(&format!("{name}.making."))
            .tempdir_in(&self.root)
            .with_context(|| format!("make a folder in {}", self.root.display()))?;
        fill(making.path())?;
        let entry = self.root.join(name);
        fs::rename(making.path(), &entry)
            .with_context(|| format!("move what was made to {}", entry.display()))?;
        Ok(entry)
    }
}

fn user_cache() -> Option<PathBuf> {
    let folder = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    folder("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| folder("HOME").map(|home| PathBuf::from(home).join(".cache")))
}
