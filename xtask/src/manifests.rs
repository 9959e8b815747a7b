//! `cargo xtask manifests`: generates the folder `manifests/yaml` from the builders.

use std::fs;

use anyhow::{Context, Result};

use crate::{console, step};

/// Writes the whole folder.
pub(crate) fn run() -> Result<()> {
    let files = extreg_manifests::folder()?;
    let folder = step::root()?.join("manifests/yaml");
    fs::remove_dir_all(&folder).with_context(|| format!("empty {}", folder.display()))?;
    fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    for file in files {
        let path = folder.join(&file.name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        }
        fs::write(&path, file.content).with_context(|| format!("write {}", path.display()))?;
        console::line(&format!("wrote manifests/yaml/{}", file.name));
    }
    Ok(())
}
