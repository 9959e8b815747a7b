//! Self-contained kubeconfig files.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use super::CertPair;

/// Writes a kubeconfig for `user`; JSON, which is YAML.
pub(super) fn write(
    path: &Path,
    server: &str,
    ca: &str,
    user: &str,
    pair: &CertPair,
) -> Result<()> {
    let config = json!({
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "test", "cluster": {
            "server": server,
            "certificate-authority-data": STANDARD.encode(ca),
        }}],
        "users": [{"name": user, "user": {
            "client-certificate-data": STANDARD.encode(&pair.cert),
            "client-key-data": STANDARD.encode(&pair.key),
        }}],
        "contexts": [{"name": "test", "context": {
            "cluster": "test", "user": user, "namespace": "default",
        }}],
        "current-context": "test",
    });
    fs::write(path, serde_json::to_vec_pretty(&config)?)
        .with_context(|| format!("write {}", path.display()))
}
