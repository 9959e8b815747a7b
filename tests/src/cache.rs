//! A cache outside the clone for files that are slow to build and can be rebuilt.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// A folder of finished entries, each created by one process and complete as soon as it is visible.
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

    /// The path of the entry `name`, if it exists.
    pub fn find(&self, name: &str) -> Option<PathBuf> {
        Some(self.root.join(name)).filter(|entry| entry.is_dir())
    }

    /// The entry `name`; if it does not exist, `fill` creates it in the folder that it gets.
    ///
    /// Of several concurrent processes one creates it and the rest waits: cargo runs test binaries in sequence, but a
    /// developer may use several terminals.
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
