//! Compiles programs as they are shipped: static, and without a path of this machine.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::step;

/// Folders as the compiler sees them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The clone.
    pub(crate) source: PathBuf,
    /// `$CARGO_HOME`.
    pub(crate) cargo: PathBuf,
    /// `$CARGO_TARGET_DIR`.
    pub(crate) target: PathBuf,
}

/// Whether a program needs libraries of the system that it runs on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Linking {
    /// None.
    Static,
    /// The system's own, which every system of that kind has.
    Dynamic,
}

impl Place {
    /// On this system.
    pub(crate) fn host() -> Result<Self> {
        let root = step::root()?;
        let cargo = std::env::var_os("CARGO_HOME")
            .map(PathBuf::from)
            .or_else(|| std::env::home_dir().map(|home| home.join(".cargo")))
            .context("no home folder: set CARGO_HOME")?;
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or("target".into(), PathBuf::from);
        Ok(Self {
            source: root.to_owned(),
            cargo,
            target: root.join(target),
        })
    }

    /// The variable with the flags of rustc, for a program that is the same wherever it is built.
    pub(crate) fn flags(&self, linking: Linking) -> (String, OsString) {
        let mut flags = OsString::new();
        if linking == Linking::Static {
            flags.push("-Ctarget-feature=+crt-static\x1f");
        }
        // Of several that fit, the last decides: the target folder can be in the clone.
        let names = [
            (&self.source, "."),
            (&self.cargo, "cargo"),
            (&self.target, "./target"),
        ];
        for (index, (folder, name)) in names.into_iter().enumerate() {
            if index > 0 {
                flags.push("\x1f");
            }
            flags.push("--remap-path-prefix=");
            flags.push(folder);
            flags.push(format!("={name}"));
        }
        ("CARGO_ENCODED_RUSTFLAGS".to_owned(), flags)
    }
}

/// Builds packages for this system, and returns the folder of their binaries. The target is given even though it is
/// the host's: then flags apply to the target only, and procedural macros, which cannot be static, are still built.
pub(crate) fn build_static(packages: &[&str]) -> Result<PathBuf> {
    let place = Place::host()?;
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let mut cargo = step::cargo(["build", "--release", "--locked", "--bins"])?;
    cargo
        .args(packages.iter().flat_map(|package| ["--package", package]))
        .args(["--target", &target])
        .envs([place.flags(Linking::Static)]);
    step::run("build static binaries", &mut cargo)?;
    Ok(place.target.join(target).join("release"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_folder_of_the_build_is_in_a_program() {
        let place = Place {
            source: "/home/a/src".into(),
            cargo: "/home/a/.cargo".into(),
            target: "/home/a/src/target".into(),
        };
        let (name, flags) = place.flags(Linking::Static);
        assert_eq!(name, "CARGO_ENCODED_RUSTFLAGS");
        let flags = flags.into_string().unwrap();
        assert_eq!(
            flags.split('\x1f').collect::<Vec<_>>(),
            [
                "-Ctarget-feature=+crt-static",
                "--remap-path-prefix=/home/a/src=.",
                "--remap-path-prefix=/home/a/.cargo=cargo",
                "--remap-path-prefix=/home/a/src/target=./target",
            ]
        );
        let (_, flags) = place.flags(Linking::Dynamic);
        assert!(!flags.into_string().unwrap().contains("crt-static"));
    }
}
