//! A program as bytes: its format, and what it must not contain.

use anyhow::{Context, Result, ensure};

use crate::compile::Place;
use crate::dist::folder::Archive;
use crate::dist::target::Os;
use crate::image;

/// Where the sources of crates are, in the folder of cargo on any machine.
const SOURCES: &[u8] = b"/registry/src/index.crates.io-";

/// Checks the programs of an archive.
pub(super) fn check(archive: &Archive) -> Result<()> {
    let place = Place::host()?;
    let mut folders = vec![place.source, place.cargo, place.target];
    folders.extend(std::env::home_dir().filter(|home| home.components().count() > 1));
    for name in archive.product.programs() {
        let bytes = archive.program(name)?;
        match archive.target.os() {
            Os::Linux => {
                let machine = image::static_executable(bytes).with_context(|| name.to_owned())?;
                ensure!(
                    Some(machine) == archive.target.machine(),
                    "{name} is for {}",
                    machine.as_oci()
                );
            }
            Os::Windows => ensure!(
                bytes.starts_with(b"MZ"),
                "{name} is not a program for Windows"
            ),
            Os::Darwin => ensure!(
                bytes.starts_with(&[0xcf, 0xfa, 0xed, 0xfe]),
                "{name} is not a program for macOS"
            ),
        }
        for folder in &folders {
            let folder = folder.to_string_lossy();
            if let Some(found) = path_at(bytes, folder.as_bytes()) {
                anyhow::bail!("{name} contains a path of this machine: {found}");
            }
        }
        if let Some(found) = absolute_source(bytes) {
            anyhow::bail!("{name} contains a path of the machine that built it: {found}");
        }
    }
    Ok(())
}

/// The text that begins with this folder, where the bytes contain it as one.
fn path_at(bytes: &[u8], folder: &[u8]) -> Option<String> {
    let found = bytes
        .windows(folder.len())
        .position(|window| window == folder)
        .filter(|at| bytes.get(at + folder.len()) == Some(&b'/'))?;
    Some(text(bytes, found))
}

/// The path of a crate's sources that begins at the root of a file system.
fn absolute_source(bytes: &[u8]) -> Option<String> {
    let mut from = 0;
    while let Some(found) = bytes
        .get(from..)?
        .windows(SOURCES.len())
        .position(|window| window == SOURCES)
    {
        let at = from + found;
        let before = bytes.get(..at)?;
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"/._-".contains(byte);
        let start = before
            .iter()
            .rposition(|byte| !is_part(byte))
            .map_or(0, |end| end + 1);
        // Texts follow each other without a separator: the path itself is `cargo`, and after it this folder.
        let name = bytes.get(start..at)?;
        if !name.ends_with(b"cargo") || name.ends_with(b"/cargo") || name.ends_with(b"/.cargo") {
            return Some(text(bytes, start));
        }
        from = at + SOURCES.len();
    }
    None
}

/// Some characters from there on.
fn text(bytes: &[u8], at: usize) -> String {
    let text: Vec<u8> = bytes
        .iter()
        .skip(at)
        .take_while(|byte| byte.is_ascii_graphic())
        .take(80)
        .copied()
        .collect();
    String::from_utf8_lossy(&text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_of_the_machine_is_found() {
        let bytes = b"\0panicked at /home/a/src/main.rs:1\0";
        assert_eq!(path_at(bytes, b"/home/a").unwrap(), "/home/a/src/main.rs:1");
        assert_eq!(path_at(b"/home/alice/x", b"/home/a"), None);
    }

    #[test]
    fn sources_of_crates_have_no_root() {
        for (before, is_ours) in [
            ("errorcargo", true),
            ("\0cargo/registry/src/index.crates.io-1/a.rs\0cargo", true),
            ("\0/root/.cargo", false),
            ("\0/cargo", false),
            ("cargo/registry/src/index.crates.io-1/a.rs\0/cargo", false),
        ] {
            let bytes = format!("{before}/registry/src/index.crates.io-1/b.rs");
            let found = absolute_source(bytes.as_bytes());
            assert_eq!(found.is_none(), is_ours, "{before}: {found:?}");
        }
        assert_eq!(absolute_source(b"/src/crates/registry/src/a.rs"), None);
    }
}
