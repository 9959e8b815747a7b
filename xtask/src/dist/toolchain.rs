//! Where the compilers of a target come from.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use super::debian::Debian;
use super::target::{Os, Target};

/// The compiler, the standard library and the linker for a target.
#[derive(Clone, Debug)]
pub(super) enum Toolchain {
    /// Those of this system.
    Host,
    /// Those of a Debian system in a folder.
    Debian(Debian),
}

impl Toolchain {
    /// The toolchain for each target: this system's where it is complete, otherwise Debian's. Fails with one line that
    /// names what is missing before anything is built.
    pub(super) fn find(targets: &[Target]) -> Result<Vec<(Target, Self)>> {
        let sysroot = sysroot()?;
        let mut missing = Vec::new();
        for target in targets {
            if let Some(what) = missing_on_host(*target, &sysroot) {
                missing.push((*target, what));
            }
        }
        let debian = if missing.iter().any(|(target, _)| Debian::has(*target)) {
            Some(Debian::find_or_create())
        } else {
            None
        };
        let mut toolchains = Vec::new();
        for target in targets {
            let toolchain = match missing.iter().find(|(other, _)| other == target) {
                None => Self::Host,
                Some((_, what)) => match &debian {
                    Some(Ok(debian)) if Debian::has(*target) => Self::Debian(debian.clone()),
                    Some(Err(error)) if Debian::has(*target) => {
                        bail!("cannot build for {}: {what}; or {error:#}", target.triple())
                    }
                    _ => bail!("cannot build for {}: {what}", target.triple()),
                },
            };
            toolchains.push((*target, toolchain));
        }
        Ok(toolchains)
    }
}

/// The program that links for a target, and compiles C, if it is not the system's own.
pub(super) fn linker(target: Target) -> Option<&'static str> {
    if Target::host() == Some(target) {
        return None;
    }
    match target {
        Target::LinuxAmd64 => Some("x86_64-linux-gnu-gcc"),
        Target::LinuxArm64 => Some("aarch64-linux-gnu-gcc"),
        Target::LinuxPpc64le => Some("powerpc64le-linux-gnu-gcc"),
        Target::LinuxS390x => Some("s390x-linux-gnu-gcc"),
        Target::WindowsAmd64 => Some("x86_64-w64-mingw32-gcc"),
        // Apple's compiler has every target.
        Target::DarwinAmd64 | Target::DarwinArm64 => None,
    }
}

/// What to install on this system before it can build for the target.
fn missing_on_host(target: Target, sysroot: &Path) -> Option<String> {
    let mut steps = Vec::new();
    let library = sysroot
        .join("lib/rustlib")
        .join(target.triple())
        .join("lib");
    if !library.is_dir() {
        steps.push(format!("run rustup target add {}", target.triple()));
    }
    if target.os() == Os::Darwin && !cfg!(target_os = "macos") {
        steps.push("build on macOS".to_owned());
    }
    if let Some(linker) = linker(target).filter(|linker| on_path(linker).is_none()) {
        steps.push(format!(
            "install {linker} (Debian: apt install {})",
            packages(target).join(" ")
        ));
    }
    (!steps.is_empty()).then(|| steps.join(" and "))
}

/// The packages of Debian that link for a target.
pub(super) fn packages(target: Target) -> &'static [&'static str] {
    match target {
        Target::LinuxAmd64 => &["gcc-x86-64-linux-gnu", "libc6-dev-amd64-cross"],
        Target::LinuxArm64 => &["gcc-aarch64-linux-gnu", "libc6-dev-arm64-cross"],
        Target::LinuxPpc64le => &["gcc-powerpc64le-linux-gnu", "libc6-dev-ppc64el-cross"],
        Target::LinuxS390x => &["gcc-s390x-linux-gnu", "libc6-dev-s390x-cross"],
        Target::WindowsAmd64 => &["gcc-mingw-w64-x86-64-posix"],
        Target::DarwinAmd64 | Target::DarwinArm64 => &[],
    }
}

/// The file that a command name runs.
pub(super) fn on_path(program: &str) -> Option<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join(program))
        .find(|file| file.is_file())
}

/// The folder of the compiler that builds this workspace.
fn sysroot() -> Result<PathBuf> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc)
        .args(["--print", "sysroot"])
        .current_dir(crate::step::root()?)
        .output()
        .context("start rustc")?;
    Ok(PathBuf::from(String::from_utf8(output.stdout)?.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_release_workflow_installs_what_each_target_needs() {
        let path = crate::step::root()
            .unwrap()
            .join(".github/workflows/release.yml");
        let workflow = std::fs::read_to_string(path).unwrap();
        for target in Target::ALL {
            if target == Target::LinuxAmd64 {
                // The system of its runner.
                continue;
            }
            assert!(workflow.contains(target.triple()), "{}", target.triple());
            for package in packages(target) {
                assert!(workflow.contains(package), "{package}");
            }
        }
    }

    #[test]
    fn what_is_missing_is_named_in_one_line() {
        let empty = tempfile::tempdir().unwrap();
        let found = missing_on_host(Target::DarwinArm64, empty.path()).unwrap();
        assert!(
            found.starts_with("run rustup target add aarch64-apple-darwin"),
            "{found}"
        );
        assert!(!found.contains('\n'), "{found}");
        let library = empty
            .path()
            .join("lib/rustlib/x86_64-unknown-linux-gnu/lib");
        std::fs::create_dir_all(library).unwrap();
        if Target::host() == Some(Target::LinuxAmd64) {
            assert_eq!(missing_on_host(Target::LinuxAmd64, empty.path()), None);
        }
    }
}
