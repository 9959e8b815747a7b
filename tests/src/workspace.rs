//! The workspace's own binaries, run as a user runs them.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

/// A binary of this workspace, from the same build as this program: `oc-extreg`, `extreg-webhook`.
///
/// cargo does not build other packages' binaries for a test; `cargo xtask test` and `cargo build --workspace` do.
pub fn workspace_binary(name: &str) -> Result<PathBuf> {
    let this = std::env::current_exe().context("find the running program")?;
    let folder = this
        .ancestors()
        .skip(1)
        .find(|folder| folder.file_name().is_none_or(|name| name != "deps"))
        .context("the running program has no folder")?;
    let path = folder.join(name);
    ensure!(
        path.is_file(),
        "{} does not exist: run `cargo build --workspace` first, or test with `cargo xtask test`",
        path.display()
    );
    Ok(path)
}

/// A folder that makes the plugin a plugin of kubectl, as krew does: `kubectl-extreg`, a link to `oc-extreg`.
#[derive(Debug)]
pub struct PluginFolder {
    folder: tempfile::TempDir,
}

impl PluginFolder {
    /// Links the plugin of this build.
    pub fn new() -> Result<Self> {
        let folder = tempfile::tempdir().context("make a folder for the plugin")?;
        let link = folder.path().join("kubectl-extreg");
        std::os::unix::fs::symlink(workspace_binary("oc-extreg")?, link)?;
        Ok(Self { folder })
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Adds the folder to the start of the `PATH` of `command`, which is kubectl.
    pub fn add_to(&self, command: &mut Command) -> Result<()> {
        command.env("PATH", self.search_path()?);
        Ok(())
    }

    fn search_path(&self) -> Result<OsString> {
        let inherited = std::env::var_os("PATH").unwrap_or_default();
        let folders =
            std::iter::once(self.path().to_owned()).chain(std::env::split_paths(&inherited));
        Ok(std::env::join_paths(folders)?)
    }
}
