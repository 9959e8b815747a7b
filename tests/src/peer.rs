//! The webhook that ours is measured against, from its Go module in `tests/peer`.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::Cache;
use crate::binaries::{go, key, run};

/// The peer's binary, built now if it never was, which takes minutes and is said through `say`.
pub fn build_peer(say: impl Fn(&str)) -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("peer");
    let mut parts = vec![run(go(&folder).args([
        "env",
        "GOVERSION",
        "GOOS",
        "GOARCH",
    ]))?];
    let mut files = fs::read_dir(&folder)
        .with_context(|| format!("read {}", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    files.sort();
    for file in files {
        parts.push(fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?);
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let entry = Cache::open()?.entry(&format!("peer-{}", key(&parts)), |into| {
        say(
            "building the webhook to compare with from tests/peer, with Go's controller-runtime, once: some minutes",
        );
        run(go(&folder)
            .args(["build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"])
            .arg("-o")
            .arg(into.join("peer"))
            .arg("."))?;
        Ok(())
    })?;
    Ok(entry.join("peer"))
}
