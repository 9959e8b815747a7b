//! krew's manifest: valid, and an installation from it that kubectl runs.

use std::process::Command;

use anyhow::{Context, Result, ensure};
use extreg_packaging::krew::NAME;
use extreg_tests::GoTool;

use super::{output, passed, skip, tool};
use crate::dist::contents::KUBECTL;
use crate::dist::folder::{Archive, Folder};
use crate::dist::krew::FILE;
use crate::dist::target::{Product, Target};
use crate::tools;

/// Validates the manifest, and installs from it.
pub(super) fn check(folder: &Folder, archives: &[Archive]) -> Result<()> {
    let manifest = folder.path(FILE);
    let mut validate = Command::new(tool(GoTool::ValidateKrewManifest)?);
    validate.args(["-skip-install", "-manifest"]).arg(&manifest);
    output(&mut validate)?;
    passed(&format!("{FILE}, validated by krew"));

    let own = archives.iter().find(|archive| {
        archive.product == Product::Plugin && Some(archive.target) == Target::host()
    });
    let Some(own) = own else {
        skip("krew install", "no archive for this system");
        return Ok(());
    };
    let root = tempfile::tempdir().context("make a folder for krew")?;
    let mut install = Command::new(tool(GoTool::Krew)?);
    install
        .arg("install")
        .arg(format!("--manifest={}", manifest.display()))
        .arg(format!(
            "--archive={}",
            folder.path(&own.product.archive(own.target)).display()
        ))
        .env("KREW_ROOT", root.path())
        .env("KREW_NO_UPGRADE_CHECK", "1");
    output(&mut install)?;
    let bin = root.path().join("bin");
    ensure!(bin.join(KUBECTL).exists(), "krew installed no {KUBECTL}");
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(bin).chain(std::env::split_paths(&path));
    let mut kubectl = Command::new(tools::control_plane()?.kubectl());
    kubectl
        .args([NAME, "version", "--client"])
        .env("PATH", std::env::join_paths(folders)?)
        .env("KUBECONFIG", "/nonexistent");
    let version = output(&mut kubectl)?;
    ensure!(
        version.contains(env!("CARGO_PKG_VERSION")),
        "kubectl {NAME} version printed {version}"
    );
    passed(&format!("krew install, then kubectl {NAME} version"));
    Ok(())
}
