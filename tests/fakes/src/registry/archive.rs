//! Reads an OCI archive: a tar of an image layout.

use std::collections::BTreeMap;
use std::io::Read as _;

use anyhow::{Context, Result, bail, ensure};
use serde_json::Value;

use super::digest;

/// An OCI archive with one image in it, each part checked against its digest and size.
#[derive(Clone, Debug)]
pub struct Archive {
    /// The tag that the archive suggests, if any.
    pub tag: Option<String>,
    /// Media type and bytes of the manifest.
    pub manifest: (String, Vec<u8>),
    /// Digest and bytes of the config, then of each layer.
    pub blobs: Vec<(String, Vec<u8>)>,
}

/// One file of a tar.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its path.
    pub path: String,
    /// Its permissions.
    pub mode: u32,
    /// Its owner and group.
    pub owner: (u64, u64),
    /// Modification time in seconds since 1970.
    pub time: u64,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl Archive {
    /// Reads an archive.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let files: BTreeMap<String, Vec<u8>> = Entry::all(bytes)?
            .into_iter()
            .map(|entry| (entry.path, entry.bytes))
            .collect();
        let file = |name: &str| {
            files
                .get(name)
                .with_context(|| format!("no {name} in the archive"))
        };
        let layout: Value = serde_json::from_slice(file("oci-layout")?)?;
        ensure!(
            layout["imageLayoutVersion"] == "1.0.0",
            "another version of the layout"
        );
        let index: Value = serde_json::from_slice(file("index.json")?)?;
        ensure!(index["schemaVersion"] == 2, "another version of the index");
        let [image] = index["manifests"]
            .as_array()
            .context("the index has no manifests")?
            .as_slice()
        else {
            bail!("the index has not exactly one manifest");
        };
        let part = |descriptor: &Value| -> Result<(String, Vec<u8>)> {
            let wanted = descriptor["digest"]
                .as_str()
                .context("a descriptor without a digest")?;
            let bytes = file(&format!("blobs/{}", wanted.replacen(':', "/", 1)))?;
            ensure!(digest(bytes) == wanted, "{wanted} has other content");
            ensure!(
                descriptor["size"] == bytes.len(),
                "{wanted} has another size"
            );
            Ok((wanted.to_owned(), bytes.clone()))
        };
        let (_, bytes) = part(image)?;
        let manifest: Value = serde_json::from_slice(&bytes)?;
        let media_type = image["mediaType"]
            .as_str()
            .context("a manifest without a media type")?;
        ensure!(
            manifest["mediaType"] == media_type,
            "two media types for one manifest"
        );
        let mut blobs = vec![part(&manifest["config"])?];
        for layer in manifest["layers"]
            .as_array()
            .context("the manifest has no layers")?
        {
            blobs.push(part(layer)?);
        }
        // oci-layout, index.json, the manifest, and only blobs that the manifest names.
        ensure!(
            files.len() == blobs.len() + 3,
            "the archive has unreferenced files"
        );
        let tag = image["annotations"]["org.opencontainers.image.ref.name"].as_str();
        Ok(Self {
            tag: tag.map(str::to_owned),
            manifest: (media_type.to_owned(), bytes),
            blobs,
        })
    }
}

impl Entry {
    /// All regular files of a tar, in its order; anything else is an error.
    pub fn all(tar: &[u8]) -> Result<Vec<Self>> {
        let mut entries = Vec::new();
        for entry in tar::Archive::new(tar).entries()? {
            let mut entry = entry?;
            let header = entry.header();
            let path = entry
                .path()?
                .to_str()
                .context("a path that is not UTF-8")?
                .to_owned();
            ensure!(
                header.entry_type().is_file(),
                "{path} is not a regular file"
            );
            let mut file = Self {
                path,
                mode: header.mode()?,
                owner: (header.uid()?, header.gid()?),
                time: header.mtime()?,
                bytes: Vec::new(),
            };
            entry.read_to_end(&mut file.bytes)?;
            entries.push(file);
        }
        Ok(entries)
    }
}
