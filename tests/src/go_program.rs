//! Programs that are built from a Go module in a folder of this crate, once, and cached.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use crate::Cache;
use crate::binaries::{go, key, run};

/// The webhook for comparison, with Go's controller-runtime. Built on first use, which takes minutes and is reported
/// through `say`.
pub fn build_peer(say: impl Fn(&str)) -> Result<PathBuf> {
    let what = "building the webhook for comparison from tests/peer, once; this takes some minutes";
    build("peer", &[], ".", || say(what))
}

/// Prometheus' promtool, which evaluates alerts. Built on first use, which takes minutes and is reported through `say`.
pub fn build_promtool(say: impl Fn(&str)) -> Result<PathBuf> {
    let what = "building promtool from its Go module, once; this takes some minutes";
    // Without service discovery, which rules do not need and which has half of the dependencies.
    let tags = ["-tags", "remove_all_sd"];
    let package = "github.com/prometheus/prometheus/cmd/promtool";
    build("promtool", &tags, package, || say(what))
}

/// The program `name` of `package` in the module of that folder.
fn build(name: &str, flags: &[&str], package: &str, say: impl Fn()) -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    let toolchain = run(go(&folder).args(["env", "GOVERSION", "GOOS", "GOARCH"]))?;
    let mut parts = vec![toolchain, flags.join(" "), package.to_owned()];
    let mut files = fs::read_dir(&folder)
        .with_context(|| format!("read {}", folder.display()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    files.sort();
    for file in files {
        parts.push(fs::read_to_string(&file).with_context(|| format!("read {}", file.display()))?);
    }
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    let entry = Cache::open()?.entry(&format!("{name}-{}", key(&parts)), |into| {
        say();
        run(go(&folder)
            .args(["build", "-trimpath", "-buildvcs=false", "-ldflags=-s -w"])
            .args(flags)
            .arg("-o")
            .arg(into.join(name))
            .arg(package))?;
        Ok(())
    })?;
    Ok(entry.join(name))
}
