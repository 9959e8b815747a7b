//! Images of static executables, written as an OCI archive without a container engine.
//!
//! The same binaries of the same commit give the same bytes: times are the commit's, and no data of this machine is
//! included.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Result;
use extreg_manifests::names;
use serde::Serialize;
use serde_json::{Value, json};

use super::elf::Machine;
use crate::commit::Commit;
use crate::pack::{self, DATA, PROGRAM};

const CONFIG: &str = "application/vnd.oci.image.config.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

/// Any user except root; OpenShift sets its own, always in group 0.
const USER: &str = "65532:0";
/// The time of files: what a layer contains is the same for each commit that builds the same programs.
const TIME: u64 = 0;

/// What images are of, on every platform.
#[derive(Clone, Copy, Debug)]
pub(crate) struct About<'a> {
    /// Their title, and the file that they run by default.
    pub(crate) name: &'a str,
    /// Version of the product.
    pub(crate) version: &'a str,
    /// What they are built from.
    pub(crate) commit: &'a Commit,
    /// The name that the archive suggests.
    pub(crate) tag: &'a str,
}

/// The content of an image.
#[derive(Clone, Debug)]
pub(crate) struct Image {
    /// The static executables, by their names at the root.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    /// Their platform.
    pub(crate) machine: Machine,
}

/// Images as an archive.
#[derive(Clone, Debug)]
pub(crate) struct Archive {
    /// The tar.
    pub(crate) bytes: Vec<u8>,
    /// Digest of the manifest or index, which identifies the image in any registry.
    pub(crate) digest: String,
}

/// Writes the archive of one image.
pub(crate) fn archive(about: &About<'_>, image: &Image) -> Result<Archive> {
    let mut blobs = BTreeSet::new();
    let descriptor = add(&mut blobs, about, image)?;
    write(blobs, about, descriptor)
}

/// Writes the archive of an index, which is one image for several platforms.
pub(crate) fn index(about: &About<'_>, images: &[Image]) -> Result<Archive> {
    let mut blobs = BTreeSet::new();
    let manifests = images
        .iter()
        .map(|image| add(&mut blobs, about, image))
        .collect::<Result<Vec<_>>>()?;
    let index = Blob::new(&json!({
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": manifests,
        "annotations": about.labels(),
    }));
    let descriptor = index.descriptor(INDEX);
    blobs.insert(index);
    write(blobs, about, descriptor)
}

impl About<'_> {
    /// The same as labels of the configuration and as annotations of manifests and index.
    fn labels(&self) -> BTreeMap<&'static str, String> {
        let mut labels = BTreeMap::from([
            (
                "org.opencontainers.image.created",
                self.commit.time.to_string(),
            ),
            ("org.opencontainers.image.licenses", "Apache-2.0".to_owned()),
            ("org.opencontainers.image.source", names::HOME.to_owned()),
            ("org.opencontainers.image.title", self.name.to_owned()),
            ("org.opencontainers.image.version", self.version.to_owned()),
        ]);
        if let Some(revision) = &self.commit.revision {
            labels.insert("org.opencontainers.image.revision", revision.clone());
        }
        labels
    }
}

/// Adds the blobs of an image, and returns the descriptor of its manifest.
fn add(blobs: &mut BTreeSet<Blob>, about: &About<'_>, image: &Image) -> Result<Descriptor> {
    let files = image
        .files
        .iter()
        .map(|(name, bytes)| (name.as_str(), PROGRAM, bytes.as_slice()));
    let layer = pack::tar(files, TIME)?;
    let content = format!("sha256:{}", pack::sha256(&layer));
    let layer = Blob::from_bytes(pack::gzip(&layer)?);
    let config = Blob::new(&config(about, image, &content));
    let manifest = Blob::new(&json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": config.descriptor(CONFIG),
        "layers": [layer.descriptor(LAYER)],
        "annotations": about.labels(),
    }));
    let descriptor = Descriptor {
        platform: Some(json!({ "architecture": image.machine.as_oci(), "os": "linux" })),
        ..manifest.descriptor(MANIFEST)
    };
    blobs.extend([layer, config, manifest]);
    Ok(descriptor)
}

/// Writes the archive whose entry point is that manifest or index.
fn write(blobs: BTreeSet<Blob>, about: &About<'_>, entry: Descriptor) -> Result<Archive> {
    let digest = entry.digest.clone();
    let entry = Descriptor {
        annotations: Some(json!({ "org.opencontainers.image.ref.name": about.tag })),
        ..entry
    };
    let index = json!({ "schemaVersion": 2, "mediaType": INDEX, "manifests": [entry] }).to_string();
    let blobs: Vec<(String, Vec<u8>)> = blobs
        .into_iter()
        .map(|blob| (blob.path(), blob.bytes))
        .collect();
    let files = blobs
        .iter()
        .map(|(path, bytes)| (path.as_str(), DATA, bytes.as_slice()))
        .chain([
            ("index.json", DATA, index.as_bytes()),
            ("oci-layout", DATA, br#"{"imageLayoutVersion":"1.0.0"}"#),
        ]);
    Ok(Archive {
        bytes: pack::tar(files, TIME)?,
        digest,
    })
}

/// How one blob names another.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Descriptor {
    media_type: &'static str,
    digest: String,
    size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    platform: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    annotations: Option<Value>,
}

/// Sorted by digest.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Blob {
    digest: String,
    bytes: Vec<u8>,
}

impl Blob {
    fn new(value: &Value) -> Self {
        Self::from_bytes(value.to_string().into_bytes())
    }

    fn from_bytes(bytes: Vec<u8>) -> Self {
        Self {
            digest: format!("sha256:{}", pack::sha256(&bytes)),
            bytes,
        }
    }

    fn descriptor(&self, media_type: &'static str) -> Descriptor {
        Descriptor {
            media_type,
            digest: self.digest.clone(),
            size: self.bytes.len(),
            platform: None,
            annotations: None,
        }
    }

    fn path(&self) -> String {
        format!("blobs/{}", self.digest.replacen(':', "/", 1))
    }
}

fn config(about: &About<'_>, image: &Image, content: &str) -> Value {
    let created = about.commit.time.to_string();
    json!({
        "created": created,
        "architecture": image.machine.as_oci(),
        "os": "linux",
        "config": {
            "User": USER,
            "Entrypoint": [format!("/{}", about.name)],
            "ExposedPorts": { "8080/tcp": {}, "8443/tcp": {} },
            "WorkingDir": "/",
            "Labels": about.labels(),
        },
        "rootfs": { "type": "layers", "diff_ids": [content] },
        "history": [{ "created": created, "created_by": "cargo xtask" }],
    })
}
