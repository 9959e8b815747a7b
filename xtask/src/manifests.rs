//! `cargo xtask manifests`: generates the folder `manifests/yaml`, and those of each channel in `packaging`.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result};
use extreg_manifests::File;

use crate::{console, step};

/// Replaces the files of the folders.
pub(crate) fn run() -> Result<()> {
    let root = step::root()?;
    write(root, "manifests/yaml", &[""], extreg_manifests::folder()?)?;
    write(
        root,
        "packaging",
        &extreg_packaging::CHANNELS,
        extreg_packaging::folder()?,
    )
}

/// Empties the generated folders of a parent, and writes their files.
fn write(root: &Path, parent: &str, generated: &[&str], files: Vec<File>) -> Result<()> {
    for folder in generated {
        let folder = root.join(parent).join(folder);
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("empty {}", folder.display()));
            }
            _ => {}
        }
    }
    for file in files {
        let path = root.join(parent).join(&file.name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        }
        fs::write(&path, file.content).with_context(|| format!("write {}", path.display()))?;
        console::line(&format!("wrote {parent}/{}", file.name));
    }
    Ok(())
}
