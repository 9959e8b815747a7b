//! `cargo xtask olm`: the bundle and the catalog of a release, as in `packaging/olm` but with its images.
//!
//! The catalog names the image of the bundle, which exists only after the bundle: build and push that image, and run the
//! task again with `--bundle`.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use extreg_packaging::{Pinned, Release, olm};
use jiff::Timestamp;

use crate::console;

/// The images, and where to write.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Args {
    /// Image of the webhook, by digest
    #[arg(long, value_name = "IMAGE")]
    image: Pinned,
    /// Image of the bundle, by digest; without it, no catalog is written
    #[arg(long, value_name = "IMAGE")]
    bundle: Option<Pinned>,
    /// Time of the release, such as 2026-11-30T12:00:00Z
    #[arg(long, value_name = "TIME")]
    created: Timestamp,
    /// Folder to create
    #[arg(long, value_name = "FOLDER")]
    output: PathBuf,
}

/// Writes the files into a new folder.
pub(crate) fn run(args: &Args) -> Result<()> {
    let output = &args.output;
    if output.exists() {
        bail!(
            "{} exists: remove it, or choose another folder",
            output.display()
        );
    }
    let has_catalog = args.bundle.is_some();
    let release = Release {
        image: args.image.clone(),
        bundle: args.bundle.clone().unwrap_or(Release::default().bundle),
        created: Some(args.created),
    };
    let parent = output
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    let parent = parent.map_or_else(|| PathBuf::from("."), PathBuf::from);
    fs::create_dir_all(&parent).with_context(|| format!("create {}", parent.display()))?;
    let making = tempfile::tempdir_in(&parent)
        .with_context(|| format!("create a folder in {}", parent.display()))?;
    for file in olm::olm(&release)? {
        let name = file.name.strip_prefix("olm/").unwrap_or(&file.name);
        if name.starts_with("catalog/") && !has_catalog {
            continue;
        }
        let path = making.path().join("olm").join(name);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).with_context(|| format!("create {}", folder.display()))?;
        }
        fs::write(&path, file.content).with_context(|| format!("write {}", path.display()))?;
    }
    fs::rename(making.path().join("olm"), output)
        .with_context(|| format!("create {}", output.display()))?;
    console::line(&format!("wrote {}", output.display()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_has_its_images_and_a_catalog_only_with_the_image_of_the_bundle() {
        let folder = tempfile::tempdir().unwrap();
        let image = format!("quay.io/acme/webhook@sha256:{}", "a".repeat(64));
        let mut args = Args {
            image: image.parse().unwrap(),
            bundle: None,
            created: "2026-11-30T12:00:00Z".parse().unwrap(),
            output: folder.path().join("first"),
        };
        run(&args).unwrap();
        let error = run(&args).unwrap_err().to_string();
        assert!(
            error.ends_with("exists: remove it, or choose another folder"),
            "{error}"
        );
        assert!(!args.output.join("catalog").exists());
        let manifests = args.output.join("bundle/manifests");
        let texts: String = fs::read_dir(manifests)
            .unwrap()
            .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
            .collect();
        assert!(texts.contains(&image) && texts.contains("2026-11-30T12:00:00Z"));
        assert!(!texts.contains(&"0".repeat(64)));

        let bundle = image.replace("webhook", "bundle");
        args.bundle = Some(bundle.parse().unwrap());
        args.output = folder.path().join("second");
        run(&args).unwrap();
        let catalog = args.output.join("catalog/extreg/catalog.yaml");
        let catalog = fs::read_to_string(catalog).unwrap();
        assert!(catalog.contains(&bundle) && !catalog.contains(&"0".repeat(64)));
    }
}
