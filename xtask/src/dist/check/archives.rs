//! The list of files in an archive.

use anyhow::{Context, Result, ensure};

use crate::dist::contents::{COMPLETE, KUBECTL};
use crate::dist::folder::Archive;
use crate::dist::target::{Os, PLUGIN, Product};
use crate::pack::{DATA, PROGRAM};
use crate::step;

/// Checks names and permissions, and that the license is the one of the sources.
pub(super) fn check(archive: &Archive) -> Result<()> {
    let mut programs: Vec<String> = archive
        .product
        .programs()
        .into_iter()
        .map(|program| archive.target.executable(program))
        .collect();
    let mut wanted = vec!["LICENSE".to_owned()];
    if archive.product == Product::Plugin {
        for name in [PLUGIN, KUBECTL] {
            wanted.extend([".bash", ".fish", ".ps1"].map(|end| format!("completions/{name}{end}")));
            wanted.push(format!("completions/_{name}"));
        }
        wanted.push(format!("man/{PLUGIN}.1"));
        if archive.target.os() != Os::Windows {
            programs.extend(COMPLETE.map(|name| format!("completions/{name}")));
        }
    }
    wanted.extend(programs.iter().cloned());
    for name in &wanted {
        let found = archive.files.iter().any(|file| &file.path == name);
        ensure!(found, "{name} is missing");
    }
    for file in &archive.files {
        let is_page = file.path.starts_with("man/oc-extreg") && file.path.ends_with(".1");
        ensure!(
            is_page || wanted.contains(&file.path),
            "{} is not expected",
            file.path
        );
        let mode = if programs.contains(&file.path) {
            PROGRAM
        } else {
            DATA
        };
        ensure!(file.mode == mode, "{} has mode {:o}", file.path, file.mode);
        ensure!(!file.bytes.is_empty(), "{} is empty", file.path);
    }
    let license = std::fs::read(step::root()?.join("LICENSE"))?;
    let packed = archive.files.iter().find(|file| file.path == "LICENSE");
    let packed = packed.context("LICENSE is missing")?;
    ensure!(
        packed.bytes == license,
        "LICENSE differs from the one of the sources"
    );
    Ok(())
}
