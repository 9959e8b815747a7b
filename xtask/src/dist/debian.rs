//! A Debian system in a folder of the cache, which has Rust and C compilers for every Linux target, and for Windows.
//!
//! rustup has the standard library of every target; where only Debian's packages can be reached, this replaces it.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use extreg_tests::Cache;

use super::target::{Os, Target};
use super::toolchain;
use crate::compile::Place;
use crate::step;

/// The release whose Rust is at least the one of `rust-toolchain.toml`; a change of what is installed needs another
/// name.
const NAME: &str = "debian-trixie-1";
const SUITE: &str = "trixie";
const MIRROR: &str = "http://deb.debian.org/debian";
/// The compilers that every target needs.
const BASE: [&str; 5] = ["cargo-web", "cmake", "gcc", "libc6-dev", "rustc-web"];
/// Sources of the standard library, which Debian does not build for Windows.
const SOURCES: &str = "rust-web-src";
/// Their manifest, in the folder.
const LIBRARY: &str = "usr/lib/rustlib/src/rust/library/Cargo.toml";
/// Makes a stable compiler build the standard library, which is not made for stable ones.
const BOOTSTRAP: &str = "RUSTC_BOOTSTRAP";
/// Keeps the standard library of the build of Debian's own compiler.
const STD: &str = "libstd-rust-web-dev";

/// Runs a command in the folder that is the first argument, after the folders of [`Mounts`]. The mounts are visible to
/// this command only, and end with it.
const ENTER: &str = "\
root=$1; shift
for name in source cargo target tools; do mount --bind \"$1\" \"$root/$name\"; shift; done
mount -t proc proc \"$root/proc\"
mount --bind /dev \"$root/dev\"
exec chroot \"$root\" sh -c 'cd /source && exec \"$@\"' sh \"$@\"";

/// Folders that are visible inside under the names of these fields.
#[derive(Clone, Copy, Debug)]
pub(super) struct Mounts<'a> {
    /// The clone.
    pub(super) source: &'a Path,
    /// `$CARGO_HOME`.
    pub(super) cargo: &'a Path,
    /// `$CARGO_TARGET_DIR`.
    pub(super) target: &'a Path,
    /// The folder of plugins of cargo.
    pub(super) tools: &'a Path,
}

/// The folder.
#[derive(Clone, Debug)]
pub(super) struct Debian {
    root: PathBuf,
}

impl Debian {
    /// Whether Debian has what builds for the target.
    pub(super) fn has(target: Target) -> bool {
        target.os() != Os::Darwin
    }

    /// The folder, created on first use.
    pub(super) fn find_or_create() -> Result<Self> {
        let cache = Cache::open()?;
        if cache.find(NAME).is_none() {
            for (program, package) in [("debootstrap", "debootstrap"), ("unshare", "util-linux")] {
                ensure!(
                    toolchain::on_path(program).is_some(),
                    "install {package}, with which a Debian system with all compilers is created once"
                );
            }
            ensure!(
                is_root()?,
                "run as root once, to create a Debian system with all compilers"
            );
        }
        let root = cache.entry(NAME, create)?;
        Ok(Self { root })
    }

    /// Where things are inside.
    pub(super) fn place() -> Place {
        Place {
            source: "/source".into(),
            cargo: "/cargo".into(),
            target: "/target".into(),
        }
    }

    /// Downloads the crates that a target needs, outside the root, which has no certificates of authorities.
    pub(super) fn download(&self, target: Target) -> Result<()> {
        step::run("download crates", &mut step::cargo(["fetch", "--locked"])?)?;
        if target.os() == Os::Windows {
            let mut cargo = step::cargo(["fetch", "--locked", "--manifest-path"])?;
            cargo.arg(self.root.join(LIBRARY)).env(BOOTSTRAP, "1");
            step::run("download crates of the standard library", &mut cargo)?;
        }
        Ok(())
    }

    /// Variables that a target needs only here.
    pub(super) fn variables(target: Target) -> Option<(String, OsString)> {
        // Debian's compiler is a stable one, which builds the standard library only with this variable.
        (target.os() == Os::Windows).then(|| (BOOTSTRAP.to_owned(), "1".into()))
    }

    /// Arguments of cargo that a target needs only here.
    pub(super) fn flags(target: Target) -> &'static [&'static str] {
        match target.os() {
            Os::Windows => &["--offline", "-Zbuild-std=std,panic_abort"],
            Os::Linux | Os::Darwin => &["--offline"],
        }
    }

    /// cargo, run inside, in the clone, with only these variables.
    pub(super) fn command(&self, mounts: &Mounts<'_>, variables: &[(String, OsString)]) -> Command {
        let mut command = Command::new("unshare");
        command
            .args(["--mount", "sh", "-ec", ENTER, "sh"])
            .arg(&self.root)
            .args([mounts.source, mounts.cargo, mounts.target, mounts.tools])
            .arg("cargo")
            .env_clear()
            .envs(variables.iter().map(|(name, value)| (name, value)))
            .envs([
                ("CARGO_HOME", "/cargo"),
                ("CARGO_TARGET_DIR", "/target"),
                ("HOME", "/tmp"),
                ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin:/tools"),
            ]);
        command
    }
}

/// Fills the folder.
fn create(root: &Path) -> Result<()> {
    let mut debootstrap = Command::new("debootstrap");
    debootstrap
        .args(["--variant=minbase", SUITE])
        .arg(root)
        .arg(MIRROR);
    step::run("Debian system with compilers, once", &mut debootstrap)?;
    std::fs::write(
        root.join("etc/apt/sources.list"),
        format!("deb {MIRROR} {SUITE} main\n"),
    )?;
    std::fs::write(
        root.join("etc/apt/apt.conf.d/99dist"),
        "APT::Install-Recommends \"false\";\nAcquire::Retries \"5\";\n",
    )?;
    let foreign = [
        ("arm64", Target::LinuxArm64),
        ("ppc64el", Target::LinuxPpc64le),
        ("s390x", Target::LinuxS390x),
        ("amd64", Target::LinuxAmd64),
    ];
    let foreign = foreign
        .into_iter()
        .filter(|(_, target)| Target::host() != Some(*target))
        .map(|(architecture, _)| architecture);
    for architecture in foreign.clone() {
        inside(root, ["dpkg", "--add-architecture", architecture])?;
    }
    inside(root, ["apt-get", "update"])?;
    let mut install: Vec<&str> = vec!["apt-get", "install", "--yes", SOURCES];
    install.extend(BASE);
    for target in Target::ALL {
        if Target::host() != Some(target) {
            install.extend(toolchain::packages(target));
        }
    }
    inside(root, install)?;
    for architecture in foreign {
        // Not installed: its dependencies include the compiler's own libraries for that machine.
        let unpack = format!(
            "cd /tmp && apt-get download {STD}:{architecture} && dpkg -x {STD}_*.deb / && rm {STD}_*.deb"
        );
        inside(root, ["sh", "-ec", &unpack])?;
    }
    inside(root, ["apt-get", "clean"])?;
    for folder in ["source", "cargo", "target", "tools"] {
        std::fs::create_dir(root.join(folder))?;
    }
    Ok(())
}

fn inside<A: Into<OsString>>(root: &Path, args: impl IntoIterator<Item = A>) -> Result<()> {
    let mut command = Command::new("chroot");
    command
        .arg(root)
        .args([
            "env",
            "--ignore-environment",
            "DEBIAN_FRONTEND=noninteractive",
        ])
        .args(["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/tmp"])
        .args(args.into_iter().map(Into::into));
    step::run("Debian system", &mut command)
}

fn is_root() -> Result<bool> {
    let output = Command::new("id").arg("-u").output().context("start id")?;
    if !output.status.success() {
        bail!("id failed");
    }
    Ok(output.stdout.trim_ascii() == b"0")
}
