//! Each file of `packaging/helm/ci` passes the strict lint, renders twice to the same text, and is accepted by the API
//! server.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use extreg_tests::{ControlPlane, GoModule};

use super::{Helm, NAMESPACE, kubectl, succeeded};
use crate::console;

/// The fewest value sets.
const LEAST: usize = 20;
/// The namespaces that the value sets name.
const NAMESPACES: [&str; 3] = [NAMESPACE, "shop", "bank"];
/// Checks the files.
pub(super) fn check(helm: &Helm, plane: &ControlPlane) -> Result<()> {
    prepare(helm, plane)?;
    let files = files(&helm.value_sets)?;
    ensure!(
        files.len() >= LEAST,
        "{} value sets are fewer than {LEAST}",
        files.len()
    );
    one(helm, plane, "the default values", &[])?;
    for file in &files {
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        one(helm, plane, &name, &[OsStr::new("-f"), file.as_os_str()])?;
    }
    console::line(&format!("{} value sets are accepted", files.len() + 1));
    Ok(())
}

fn one(helm: &Helm, plane: &ControlPlane, name: &str, args: &[&OsStr]) -> Result<()> {
    let mut lint = helm.command(["lint", "--strict"]);
    lint.arg(&helm.chart).args(args);
    succeeded(&format!("helm lint with {name}"), &lint.output()?)?;
    let rendered = helm.rendered(args)?;
    ensure!(
        rendered == helm.rendered(args)?,
        "{name}: two renders differ"
    );
    let apply = "apply --server-side --force-conflicts --dry-run=server -f -";
    let answer = kubectl(plane, apply, &rendered).with_context(|| name.to_owned())?;
    console::line(&format!("{name}: {} objects", answer.lines().count()));
    Ok(())
}

/// Creates what the objects need: namespaces and definitions.
fn prepare(helm: &Helm, plane: &ControlPlane) -> Result<()> {
    for name in NAMESPACES {
        kubectl(plane, &format!("create namespace {name}"), "")?;
    }
    let definition = helm.chart.join("crds/registrypolicies.yaml");
    let definition = fs::read_to_string(&definition)
        .with_context(|| format!("read {}", definition.display()))?;
    kubectl(plane, "apply --server-side -f -", &definition)?;
    for module in [GoModule::CertManager, GoModule::PrometheusOperator] {
        module.install(plane)?;
    }
    kubectl(
        plane,
        "wait --for=condition=Established --all --timeout=60s customresourcedefinitions",
        "",
    )?;
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>> {
    let read = || -> std::io::Result<Vec<PathBuf>> {
        let entries = fs::read_dir(folder)?;
        entries.map(|entry| Ok(entry?.path())).collect()
    };
    let mut files = read().with_context(|| format!("read {}", folder.display()))?;
    files.sort();
    Ok(files)
}
