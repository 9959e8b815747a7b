//! The manifest of krew for the archives of a release.

use anyhow::Result;
use extreg_manifests::names;
use extreg_packaging::krew::{Platform, manifest as render};

use super::folder::Archive;
use super::target::{PLUGIN, Product};

/// Its file; krew takes the name of a plugin from it.
pub(super) const FILE: &str = "extreg.yaml";

/// The manifest. Archives are downloaded from the release of this version.
pub(super) fn manifest(archives: &[Archive]) -> Result<String> {
    let platforms: Vec<Platform> = archives
        .iter()
        .filter(|archive| archive.product == Product::Plugin)
        .map(|archive| Platform {
            os: archive.target.os().as_str(),
            arch: archive.target.arch(),
            uri: format!(
                "{}/releases/download/v{}/{}",
                names::HOME,
                env!("CARGO_PKG_VERSION"),
                archive.product.archive(archive.target)
            ),
            sha256: archive.sha256.clone(),
            bin: archive.target.executable(PLUGIN),
        })
        .collect();
    Ok(render(&platforms)?)
}
