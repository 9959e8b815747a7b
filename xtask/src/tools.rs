//! The tools that tasks need: those that a machine must have, and those that are built once and cached.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Result, bail};
use extreg_tests::{Binaries, Cache};

use crate::{say, step};

const CARGO_DENY: &str = "0.20.2";

/// Oldest Go that builds the modules in `tests/controlplane`, as their go.mod says.
const GO: (u32, u32) = (1, 25);

/// Fails with a line for each tool that is missing, and how to get it.
pub(crate) fn check() -> Result<()> {
    let mut missing = Vec::new();
    match said(Command::new("go").arg("version")) {
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
    if said(Command::new(&cc).arg("--version")).is_none() {
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

/// The commands of the control plane, built now if they never were.
pub(crate) fn control_plane() -> Result<Binaries> {
    let binaries = Binaries::find_or_build(|text| say::line(&format!("== {text}")))?;
    if let Some(folder) = binaries.kubectl().parent() {
        say::line(&format!("== control plane: {}", folder.display()));
    }
    Ok(binaries)
}

/// cargo-deny, installed into the cache now if it never was.
pub(crate) fn cargo_deny() -> Result<PathBuf> {
    let install = |into: &Path| {
        let mut cargo = step::cargo(["install", "--locked", "--debug", "--root"])?;
        cargo.arg(into).arg(format!("cargo-deny@{CARGO_DENY}"));
        // Built once and run for seconds: what it costs is the building. Not in our target folder, which a clone may
        // have as its own.
        cargo
            .env("CARGO_PROFILE_DEV_DEBUG", "0")
            .env("CARGO_TARGET_DIR", into.join("target"));
        step::run("install cargo-deny, once", &mut cargo)?;
        std::fs::remove_dir_all(into.join("target"))?;
        Ok(())
    };
    let entry = Cache::open()?.entry(&format!("cargo-deny-{CARGO_DENY}"), install)?;
    Ok(entry.join("bin/cargo-deny"))
}

fn said(command: &mut Command) -> Option<String> {
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    String::from_utf8(output.stdout).ok()
}

/// Of `go version go1.26.8 linux/amd64`, 1 and 26.
fn go_version(said: &str) -> Option<(u32, u32)> {
    let version = said
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
        for (said, wanted) in [
            ("go version go1.26.8 linux/amd64\n", Some((1, 26))),
            ("go version go1.9 linux/amd64", Some((1, 9))),
            ("go version go1.27rc1 linux/arm64", Some((1, 27))),
            ("go version devel +abc linux/amd64", None),
        ] {
            assert_eq!(go_version(said), wanted, "{said}");
        }
    }
}
