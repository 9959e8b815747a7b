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
    build("peer", "peer", &[], ".", || say(what))
}

/// A program of another project that checks or installs what this one ships.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoTool {
    /// Checks GitHub workflows.
    Actionlint,
    /// Compares objects as Argo CD does.
    ArgoCdDiff,
    /// Signs and verifies images.
    Cosign,
    /// Validates images, and serves a registry.
    Crane,
    /// Evaluates path expressions as Argo CD does.
    Gojq,
    /// Checks dashboards of Grafana by its schema.
    Dashboard,
    /// Lints, renders and packages charts.
    Helm,
    /// Installs plugins of kubectl.
    Krew,
    /// Makes packages for Linux.
    Nfpm,
    /// Lists the metrics of expressions.
    Promql,
    /// Evaluates alerts.
    Promtool,
    /// Checks the manifests of krew.
    ValidateKrewManifest,
}

impl GoTool {
    /// Builds the program on first use, which takes minutes and is reported through `say`, and returns its path.
    pub fn build(self, say: impl Fn(&str)) -> Result<PathBuf> {
        let (folder, name, package) = match self {
            Self::Actionlint => (
                "actionlint",
                "actionlint",
                "github.com/rhysd/actionlint/cmd/actionlint",
            ),
            Self::ArgoCdDiff => ("argocd-diff", "argocd-diff", "."),
            Self::Cosign => (
                "cosign",
                "cosign",
                "github.com/sigstore/cosign/v3/cmd/cosign",
            ),
            Self::Crane => (
                "crane",
                "crane",
                "github.com/google/go-containerregistry/cmd/crane",
            ),
            Self::Gojq => ("gojq", "gojq", "github.com/itchyny/gojq/cmd/gojq"),
            Self::Dashboard => ("dashboard", "dashboard", "."),
            Self::Helm => ("helm", "helm", "helm.sh/helm/v4/cmd/helm"),
            Self::Krew => ("krew", "krew", "sigs.k8s.io/krew/cmd/krew"),
            Self::Nfpm => ("nfpm", "nfpm", "github.com/goreleaser/nfpm/v2/cmd/nfpm"),
            Self::Promql => ("promql", "promql", "."),
            Self::Promtool => (
                "promtool",
                "promtool",
                "github.com/prometheus/prometheus/cmd/promtool",
            ),
            Self::ValidateKrewManifest => (
                "krew",
                "validate-krew-manifest",
                "sigs.k8s.io/krew/cmd/validate-krew-manifest",
            ),
        };
        let flags: &[&str] = match self {
            // Without service discovery, which rules do not need and which has half of the dependencies.
            Self::Promtool => &["-tags", "remove_all_sd"],
            _ => &[],
        };
        build(&format!("tools/{folder}"), name, flags, package, || {
            say(&format!(
                "building {name} from its Go module, once; this takes some minutes"
            ));
        })
    }
}

/// The program `name` of `package`, built in the module of that folder.
fn build(
    folder: &str,
    name: &str,
    flags: &[&str],
    package: &str,
    say: impl Fn(),
) -> Result<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
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
