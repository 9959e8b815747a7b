//! The packages for Linux, read and installed by the programs of their systems.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, ensure};

use super::{output, passed, skip};
use crate::dist::contents::KUBECTL;
use crate::dist::folder::{Archive, Folder};
use crate::dist::packages::{Format, installed};
use crate::dist::target::{Os, PLUGIN, Product, Target};
use crate::dist::toolchain::on_path;

/// Checks the packages of each archive that has some.
pub(super) fn check(folder: &Folder, archives: &[Archive]) -> Result<()> {
    for format in Format::ALL {
        let (program, package) = match format {
            Format::Deb => ("dpkg-deb", "dpkg"),
            Format::Rpm => ("rpm", "rpm"),
        };
        if on_path(program).is_none() {
            skip(
                &format!("packages {}", format.as_str()),
                &format!("install {package}"),
            );
            continue;
        }
        let plugins = archives.iter().filter(|archive| {
            archive.product == Product::Plugin && archive.target.os() == Os::Linux
        });
        for archive in plugins {
            let name = format.file(archive.target);
            let path = folder.path(&name);
            description(&path, format, archive.target).with_context(|| name.clone())?;
            let root = tempfile::tempdir().context("make a folder for a package")?;
            install(&path, format, archive.target, root.path()).with_context(|| name.clone())?;
            contents(root.path(), archive, format).with_context(|| name.clone())?;
            passed(&name);
        }
    }
    Ok(())
}

/// Name, version, processor and license, as the package manager shows them.
fn description(path: &Path, format: Format, target: Target) -> Result<()> {
    let mut command = match format {
        Format::Deb => {
            let mut dpkg = Command::new("dpkg-deb");
            dpkg.args([
                "--showformat=${Package} ${Version} ${Architecture}",
                "--show",
            ]);
            dpkg
        }
        Format::Rpm => {
            let mut rpm = Command::new("rpm");
            rpm.args(["--queryformat=%{NAME} %{VERSION}-%{RELEASE} %{ARCH}"])
                .args(["--query", "--nosignature", "--package"]);
            rpm
        }
    };
    let found = output(command.arg(path))?;
    let wanted = format!(
        "{PLUGIN} {}-1 {}",
        env!("CARGO_PKG_VERSION"),
        format.arch(target)
    );
    ensure!(
        found.trim() == wanted,
        "it describes {} and not {wanted}",
        found.trim()
    );
    Ok(())
}

/// Installs the package of this system's processor into a folder, and unpacks any other.
fn install(path: &Path, format: Format, target: Target, root: &Path) -> Result<()> {
    match format {
        Format::Deb if Target::host() == Some(target) => {
            let admin = root.join("var/lib/dpkg");
            for folder in ["info", "updates", "triggers"] {
                std::fs::create_dir_all(admin.join(folder))?;
            }
            for file in ["status", "available"] {
                std::fs::write(admin.join(file), "")?;
            }
            let root = format!("--root={}", root.display());
            let mut dpkg = Command::new("dpkg");
            dpkg.args([root.as_str(), "--force-not-root", "--install"])
                .arg(path);
            output(&mut dpkg)?;
            let status = output(Command::new("dpkg").args([root.as_str(), "--status", PLUGIN]))?;
            ensure!(
                status.contains("Status: install ok installed"),
                "dpkg reports {status}"
            );
        }
        Format::Deb => {
            output(
                Command::new("dpkg-deb")
                    .arg("--extract")
                    .arg(path)
                    .arg(root),
            )?;
        }
        Format::Rpm => {
            let mut rpm = Command::new("rpm");
            rpm.args(["--install", "--nodeps", "--ignorearch", "--nosignature"])
                .arg(format!("--root={}", root.display()))
                .arg(path);
            output(&mut rpm)?;
        }
    }
    Ok(())
}

/// The files of the archive are installed, and nothing else but the links of the second name.
fn contents(root: &Path, archive: &Archive, format: Format) -> Result<()> {
    let mut wanted = BTreeSet::new();
    for file in installed(archive, format)? {
        let found = std::fs::read(root.join(file.path.trim_start_matches('/')))
            .with_context(|| format!("{} is not installed", file.path))?;
        ensure!(found == file.bytes, "{} differs", file.path);
        wanted.insert(file.path);
    }
    for (link, target) in [
        (format!("usr/bin/{KUBECTL}"), PLUGIN.to_owned()),
        (
            format!("usr/share/man/man1/{KUBECTL}.1.gz"),
            format!("{PLUGIN}.1.gz"),
        ),
    ] {
        let found = std::fs::read_link(root.join(&link)).with_context(|| link.clone())?;
        ensure!(
            found == Path::new(&target),
            "{link} leads to {}",
            found.display()
        );
        wanted.insert(format!("/{link}"));
    }
    let mut found = BTreeSet::new();
    list(root, &root.join("usr"), &mut found)?;
    let more: Vec<&String> = found.difference(&wanted).collect();
    ensure!(more.is_empty(), "it installs {more:?} too");
    Ok(())
}

fn list(root: &Path, folder: &Path, found: &mut BTreeSet<String>) -> Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            list(root, &entry.path(), found)?;
        } else {
            found.insert(format!("/{}", entry.path().strip_prefix(root)?.display()));
        }
    }
    Ok(())
}
