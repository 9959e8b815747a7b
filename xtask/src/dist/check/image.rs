//! The image in a registry: valid, labeled, and with the programs of the archives.

use std::collections::BTreeMap;
use std::io::Read as _;

use anyhow::{Context, Result, ensure};
use extreg_manifests::names;
use serde_json::Value;

use super::passed;
use super::registry::Registry;
use crate::commit::Commit;
use crate::dist::folder::{Archive, Folder};
use crate::dist::image_file;
use crate::dist::target::Os;
use crate::image::PROGRAMS;

/// Checks the image by what a registry serves.
pub(super) fn check(folder: &Folder, archives: &[Archive], commit: &Commit) -> Result<()> {
    let mut linux: Vec<&Archive> = archives
        .iter()
        .filter(|archive| archive.target.os() == Os::Linux)
        .collect();
    if linux.is_empty() {
        return Ok(());
    }
    let registry = Registry::start()?;
    let digest = registry.push(folder)?;
    let image = format!("{}@{digest}", registry.image());
    registry
        .crane(&["validate", "--remote", &image])
        .context("crane validate")?;
    let index: Value = serde_json::from_str(&registry.crane(&["manifest", &image])?)?;
    labels(index.get("annotations"), commit).context("annotations of the index")?;

    linux.sort_by_key(|archive| archive.target);
    let platforms = linux.chunk_by(|one, other| one.target == other.target);
    let mut count = 0;
    for archives in platforms {
        let [first, ..] = archives else { continue };
        let platform = format!("linux/{}", first.target.arch());
        count += 1;
        let config: Value =
            serde_json::from_str(&registry.crane(&["config", "--platform", &platform, &image])?)?;
        labels(config.pointer("/config/Labels"), commit)
            .with_context(|| format!("labels for {platform}"))?;
        ensure!(
            config.get("architecture").and_then(Value::as_str) == Some(first.target.arch()),
            "the image for {platform} is for another machine"
        );
        let files = tempfile::NamedTempFile::new()?;
        let path = files.path().to_str().context("a file that is not UTF-8")?;
        registry.crane(&["export", "--platform", &platform, &image, path])?;
        contents(std::fs::read(files.path())?.as_slice(), archives)
            .with_context(|| format!("the image for {platform}"))?;
    }
    let listed = index.get("manifests").and_then(Value::as_array);
    ensure!(
        listed.map(Vec::len) == Some(count),
        "the index has other platforms than the archives"
    );
    passed(&format!("{}, {count} platforms, {digest}", image_file()));
    Ok(())
}

fn labels(found: Option<&Value>, commit: &Commit) -> Result<()> {
    let created = commit.time.to_string();
    let revision = commit.revision.as_deref();
    for (name, wanted) in [
        ("source", Some(names::HOME)),
        ("revision", revision),
        ("created", Some(created.as_str())),
        ("licenses", Some("Apache-2.0")),
        ("version", Some(env!("CARGO_PKG_VERSION"))),
    ] {
        let name = format!("org.opencontainers.image.{name}");
        let found = found.and_then(|labels| labels.get(&name)?.as_str());
        ensure!(found == wanted, "{name} is {found:?} and not {wanted:?}");
    }
    Ok(())
}

/// The files of the image are the programs of the archives, and no other.
fn contents(tar: &[u8], archives: &[&Archive]) -> Result<()> {
    let mut files = BTreeMap::new();
    for file in tar::Archive::new(tar).entries()? {
        let mut file = file?;
        let name = file
            .path()?
            .to_string_lossy()
            .trim_start_matches('/')
            .to_owned();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        files.insert(name, bytes);
    }
    ensure!(
        files.keys().map(String::as_str).eq(PROGRAMS),
        "it contains {:?}",
        files.keys()
    );
    for archive in archives {
        for program in archive.product.programs() {
            ensure!(
                files.get(program).map(Vec::as_slice) == Some(archive.program(program)?),
                "{program} differs from the one in the archive"
            );
        }
    }
    Ok(())
}
