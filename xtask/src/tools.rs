//! The tools that tasks need: those that must be installed, and those that are built once and cached.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};
use extreg_tests::{Binaries, Cache};

use crate::{console, step};

/// The oldest Go version that builds the modules in `tests/controlplane`, from their go.mod.
const GO: (u32, u32) = (1, 25);

/// Fails with a line for each missing tool that explains how to install it.
pub(crate) fn check() -> Result<()> {
    let mut missing = Vec::new();
    match stdout_of(Command::new("go").arg("version")) {
        None => missing.push(
            "go is missing: install Go 1.26 from https://go.dev/dl and put its bin folder on PATH"
                .to_owned(),
        ),
        Some(version) if go_version(&version).is_none_or(|found| found < GO) => {
            missing.push(format!(
                "go is too old ({}): install Go 1.26 from https://go.dev/dl",
                version.trim()
            ));
        }
        Some(_) => {}
    }
    let cc = std::env::var_os("CC").map_or_else(|| PathBuf::from("cc"), PathBuf::from);
    if stdout_of(Command::new(&cc).arg("--version")).is_none() {
        missing.push(format!(
            "{} is missing: install a C compiler (Debian: apt install gcc libc6-dev; Fedora: dnf install gcc)",
            cc.display()
        ));
    }
    if missing.is_empty() {
        Ok(())
    } else {
        bail!("{}", missing.join("\n       "))
    }
}

/// The commands of the control plane, built on first use.
pub(crate) fn control_plane() -> Result<Binaries> {
    let binaries = Binaries::find_or_build(|text| console::line(&format!("== {text}")))?;
    if let Some(folder) = binaries.kubectl().parent() {
        console::line(&format!("== control plane: {}", folder.display()));
    }
    Ok(binaries)
}

/// A program from crates.io, installed into the cache on first use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CargoTool {
    /// Adds the list of dependencies to a program.
    Auditable,
    /// Checks licenses and sources of dependencies.
    Deny,
    /// Builds the book of the documentation.
    Mdbook,
}

impl CargoTool {
    /// Its file.
    pub(crate) fn install(self) -> Result<PathBuf> {
        let (name, version) = match self {
            Self::Auditable => ("cargo-auditable", "0.7.7"),
            Self::Deny => ("cargo-deny", "0.20.2"),
            Self::Mdbook => ("mdbook", "0.5.4"),
        };
        let install = |into: &Path| {
            let mut cargo = step::cargo(["install", "--locked", "--debug", "--root"])?;
            cargo.arg(into).arg(format!("{name}@{version}"));
            // Built once and run for seconds: the build is the main cost. Not in our target folder, which may differ
            // for each clone.
            cargo
                .env("CARGO_PROFILE_DEV_DEBUG", "0")
                .env("CARGO_TARGET_DIR", into.join("target"));
            step::run(&format!("install {name}, once"), &mut cargo)?;
            std::fs::remove_dir_all(into.join("target"))?;
            Ok(())
        };
        let entry = Cache::open()?.entry(&format!("{name}-{version}"), install)?;
        Ok(entry.join("bin").join(name))
    }
}

fn stdout_of(command: &mut Command) -> Option<String> {
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}

/// From `go version go1.26.8 linux/amd64`, 1 and 26.
fn go_version(answer: &str) -> Option<(u32, u32)> {
    let version = answer
        .split_whitespace()
        .find_map(|word| word.strip_prefix("go1."))?;
    let minor: String = version.chars().take_while(char::is_ascii_digit).collect();
    Some((1, minor.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::go_version;

    #[test]
    fn the_version_of_go_is_read() {
        for (answer, wanted) in [
            ("go version go1.26.8 linux/amd64\n", Some((1, 26))),
            ("go version go1.9 linux/amd64", Some((1, 9))),
            ("go version go1.27rc1 linux/arm64", Some((1, 27))),
            ("go version devel +abc linux/amd64", None),
        ] {
            assert_eq!(go_version(answer), wanted, "{answer}");
        }
    }
}
