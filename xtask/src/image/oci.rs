//! An image of static executables, written as an OCI archive without a container engine.
//!
//! The same binaries give the same bytes: times are fixed, and no data of this machine is included.

use std::io::Write as _;

use anyhow::Result;
use flate2::{Compression, GzBuilder};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::elf::Machine;

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Any user except root; OpenShift sets its own, always in group 0.
const USER: &str = "65532:0";

/// The content of an image.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Image<'a> {
    /// Its title, and the file that it runs by default.
    pub(crate) name: &'a str,
    /// The static executables, by their names at the root.
    pub(crate) files: &'a [(&'a str, &'a [u8])],
    /// Their platform.
    pub(crate) machine: Machine,
    /// Version of the product.
    pub(crate) version: &'a str,
    /// The name of the image that the archive suggests.
    pub(crate) tag: &'a str,
}

/// An image as an archive.
#[derive(Clone, Debug)]
pub(crate) struct Archive {
    /// The tar.
    pub(crate) bytes: Vec<u8>,
    /// Digest of the manifest, which identifies the image in any registry.
    pub(crate) digest: String,
}

struct Blob {
    digest: String,
    bytes: Vec<u8>,
}

impl Blob {
    fn new(bytes: Vec<u8>) -> Self {
        Self {
            digest: digest(&bytes),
            bytes,
        }
    }

    fn descriptor(&self, media_type: &str) -> Value {
        json!({ "mediaType": media_type, "digest": self.digest, "size": self.bytes.len() })
    }

    fn path(&self) -> String {
        format!("blobs/{}", self.digest.replacen(':', "/", 1))
    }
}

/// Writes the archive.
pub(crate) fn archive(image: &Image<'_>) -> Result<Archive> {
    let files = image
        .files
        .iter()
        .map(|(name, bytes)| (*name, 0o755, *bytes));
    let layer = tar(files)?;
    let content = digest(&layer);
    let layer = Blob::new(compressed(&layer)?);
    let config = Blob::new(config(image, &content).to_string().into_bytes());
    let manifest = json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.descriptor(CONFIG),
        "layers": [layer.descriptor(LAYER)],
    });
    let manifest = Blob::new(manifest.to_string().into_bytes());
    let mut descriptor = manifest.descriptor(MANIFEST);
    if let Some(fields) = descriptor.as_object_mut() {
        let platform = json!({ "architecture": image.machine.as_oci(), "os": "linux" });
        fields.insert("platform".to_owned(), platform);
        let name = json!({ "org.opencontainers.image.ref.name": image.tag });
        fields.insert("annotations".to_owned(), name);
    }
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [descriptor] });
    let index = index.to_string();
    let mut blobs = [&config, &layer, &manifest].map(|blob| (blob.path(), blob));
    blobs.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    let files = blobs
        .iter()
        .map(|(path, blob)| (path.as_str(), 0o644, blob.bytes.as_slice()))
        .chain([
            ("index.json", 0o644, index.as_bytes()),
            ("oci-layout", 0o644, br#"{"imageLayoutVersion":"1.0.0"}"#),
        ]);
    Ok(Archive {
        bytes: tar(files)?,
        digest: manifest.digest,
    })
}

fn config(image: &Image<'_>, content: &str) -> Value {
    json!({
        "created": "1970-01-01T00:00:00Z",
        "architecture": image.machine.as_oci(),
        "os": "linux",
        "config": {
            "User": USER,
            "Entrypoint": [format!("/{}", image.name)],
            "ExposedPorts": { "8080/tcp": {}, "8443/tcp": {} },
            "WorkingDir": "/",
            "Labels": {
                "org.opencontainers.image.title": image.name,
                "org.opencontainers.image.version": image.version,
                "org.opencontainers.image.licenses": "Apache-2.0",
            },
        },
        "rootfs": { "type": "layers", "diff_ids": [content] },
        "history": [{ "created": "1970-01-01T00:00:00Z", "created_by": "cargo xtask image" }],
    })
}

fn tar<'a>(files: impl IntoIterator<Item = (&'a str, u32, &'a [u8])>) -> Result<Vec<u8>> {
    let mut tar = tar::Builder::new(Vec::new());
    for (path, mode, bytes) in files {
        let mut header = tar::Header::new_ustar();
        header.set_entry_type(tar::EntryType::Regular);
        header.set_mode(mode);
        header.set_uid(0);
        header.set_gid(0);
        header.set_mtime(0);
        header.set_size(u64::try_from(bytes.len())?);
        tar.append_data(&mut header, path, bytes)?;
    }
    Ok(tar.into_inner()?)
}

fn compressed(bytes: &[u8]) -> Result<Vec<u8>> {
    // 255: unknown operating system; without a name and with time 0, the builder's default.
    let mut gzip = GzBuilder::new()
        .operating_system(255)
        .write(Vec::new(), Compression::best());
    gzip.write_all(bytes)?;
    Ok(gzip.finish()?)
}

fn digest(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    Sha256::digest(bytes)
        .iter()
        .fold(String::from("sha256:"), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
