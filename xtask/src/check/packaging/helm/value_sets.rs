//! Each file of `packaging/helm/ci` passes the strict lint, renders twice to the same text, and is accepted by the API
//! server.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use extreg_tests::{ControlPlane, GoModule};
use serde_json::{Value, json};

use super::{Helm, NAMESPACE, kubectl, succeeded};
use crate::console;

/// The fewest value sets.
const LEAST: usize = 20;
/// The namespaces that the value sets name.
const NAMESPACES: [&str; 3] = [NAMESPACE, "shop", "bank"];
/// The definitions of other projects.
const DEFINITIONS: [(GoModule, &str); 5] = [
    (GoModule::CertManager, "crd-certificates.yaml"),
    (GoModule::CertManager, "crd-issuers.yaml"),
    (
        GoModule::PrometheusOperator,
        "monitoring.coreos.com_podmonitors.yaml",
    ),
    (
        GoModule::PrometheusOperator,
        "monitoring.coreos.com_prometheusrules.yaml",
    ),
    (
        GoModule::PrometheusOperator,
        "monitoring.coreos.com_servicemonitors.yaml",
    ),
];

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
    let mut definitions = vec![definition(&helm.chart.join("crds/registrypolicies.yaml"))?];
    for (module, file) in DEFINITIONS {
        definitions.push(definition(&module.definitions()?.join(file))?);
    }
    for definition in definitions {
        kubectl(plane, "apply --server-side -f -", &definition.to_string())?;
    }
    kubectl(
        plane,
        "wait --for=condition=Established --all --timeout=60s customresourcedefinitions",
        "",
    )?;
    Ok(())
}

/// A definition without its metadata, in which cert-manager has places of its own chart.
fn definition(file: &Path) -> Result<Value> {
    let text = fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    let mut definition: Value =
        serde_saphyr::from_str(&text).with_context(|| format!("read {}", file.display()))?;
    let name = definition.pointer("/metadata/name").cloned();
    let metadata = json!({"name": name.context("a definition has no name")?});
    if let Some(definition) = definition.as_object_mut() {
        definition.insert("metadata".to_owned(), metadata);
    }
    Ok(definition)
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
