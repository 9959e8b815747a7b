//! The content of a registry.

use std::collections::{BTreeMap, BTreeSet};

use http::StatusCode;
use hyper::body::Bytes;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The digest of these bytes.
pub fn digest(bytes: &[u8]) -> String {
    let hex: String = Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256:{hex}")
}

#[derive(Debug, Default)]
pub(super) struct Store {
    repositories: BTreeMap<String, Repository>,
    uploads: BTreeMap<u64, Vec<u8>>,
    last_upload: u64,
}

#[derive(Debug, Default)]
struct Repository {
    blobs: BTreeMap<String, Content>,
    manifests: BTreeMap<String, Content>,
    tags: BTreeMap<String, String>,
}

#[derive(Clone, Debug)]
pub(super) struct Content {
    pub(super) content_type: String,
    pub(super) bytes: Bytes,
}

/// Why a request is refused, with the error codes of the distribution specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    BlobUnknown,
    DigestInvalid,
    ManifestBlobUnknown,
    ManifestInvalid,
    ManifestUnknown,
    NameUnknown,
    Unknown,
    Unsupported,
    UploadUnknown,
}

impl Refusal {
    pub(super) fn code(self) -> &'static str {
        match self {
            Self::BlobUnknown => "BLOB_UNKNOWN",
            Self::DigestInvalid => "DIGEST_INVALID",
            Self::ManifestBlobUnknown => "MANIFEST_BLOB_UNKNOWN",
            Self::ManifestInvalid => "MANIFEST_INVALID",
            Self::ManifestUnknown => "MANIFEST_UNKNOWN",
            Self::NameUnknown => "NAME_UNKNOWN",
            Self::Unknown | Self::Unsupported => "UNSUPPORTED",
            Self::UploadUnknown => "BLOB_UPLOAD_UNKNOWN",
        }
    }

    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::DigestInvalid | Self::ManifestInvalid => StatusCode::BAD_REQUEST,
            Self::Unsupported => StatusCode::METHOD_NOT_ALLOWED,
            _ => StatusCode::NOT_FOUND,
        }
    }
}

impl Store {
    pub(super) fn begin(&mut self) -> u64 {
        self.last_upload += 1;
        self.uploads.insert(self.last_upload, Vec::new());
        self.last_upload
    }

    pub(super) fn append(&mut self, id: u64, bytes: &[u8]) -> Result<(), Refusal> {
        let upload = self.uploads.get_mut(&id).ok_or(Refusal::UploadUnknown)?;
        upload.extend_from_slice(bytes);
        Ok(())
    }

    pub(super) fn finish(&mut self, id: u64, name: &str, wanted: &str) -> Result<(), Refusal> {
        let bytes = self.uploads.remove(&id).ok_or(Refusal::UploadUnknown)?;
        if digest(&bytes) != wanted {
            return Err(Refusal::DigestInvalid);
        }
        let content = Content {
            content_type: "application/octet-stream".to_owned(),
            bytes: bytes.into(),
        };
        let repository = self.repositories.entry(name.to_owned()).or_default();
        repository.blobs.insert(wanted.to_owned(), content);
        Ok(())
    }

    pub(super) fn blob(&self, name: &str, digest: &str) -> Result<&Content, Refusal> {
        let repository = self.repositories.get(name).ok_or(Refusal::NameUnknown)?;
        repository.blobs.get(digest).ok_or(Refusal::BlobUnknown)
    }

    pub(super) fn manifest(&self, name: &str, reference: &str) -> Result<&Content, Refusal> {
        let repository = self.repositories.get(name).ok_or(Refusal::NameUnknown)?;
        let digest = repository
            .tags
            .get(reference)
            .map_or(reference, String::as_str);
        repository
            .manifests
            .get(digest)
            .ok_or(Refusal::ManifestUnknown)
    }

    pub(super) fn tags(&self, name: &str) -> Result<Vec<&str>, Refusal> {
        let repository = self.repositories.get(name).ok_or(Refusal::NameUnknown)?;
        Ok(repository.tags.keys().map(String::as_str).collect())
    }

    /// Accepts a manifest if all its parts exist with the declared size.
    pub(super) fn put_manifest(
        &mut self,
        name: &str,
        reference: &str,
        content_type: String,
        bytes: Bytes,
    ) -> Result<String, Refusal> {
        let digest = digest(&bytes);
        if reference.contains(':') && reference != digest {
            return Err(Refusal::DigestInvalid);
        }
        let manifest: Value =
            serde_json::from_slice(&bytes).map_err(|_| Refusal::ManifestInvalid)?;
        if manifest["mediaType"] != content_type.as_str() {
            return Err(Refusal::ManifestInvalid);
        }
        let repository = self.repositories.entry(name.to_owned()).or_default();
        let mut parts = BTreeSet::new();
        let layers = manifest["layers"]
            .as_array()
            .ok_or(Refusal::ManifestInvalid)?;
        for part in layers.iter().chain([&manifest["config"]]) {
            let digest = part["digest"].as_str().ok_or(Refusal::ManifestInvalid)?;
            let size = part["size"].as_u64().ok_or(Refusal::ManifestInvalid)?;
            parts.insert((digest, size));
        }
        for (digest, size) in parts {
            let blob = repository
                .blobs
                .get(digest)
                .ok_or(Refusal::ManifestBlobUnknown)?;
            if blob.bytes.len() as u64 != size {
                return Err(Refusal::ManifestInvalid);
            }
        }
        let content = Content {
            content_type,
            bytes,
        };
        repository.manifests.insert(digest.clone(), content);
        if reference != digest {
            repository.tags.insert(reference.to_owned(), digest.clone());
        }
        Ok(digest)
    }
}
