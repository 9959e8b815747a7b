//! The Helm chart, by the real Helm: every value set, bad values, the chart as an artifact of a registry, and the life
//! of a release on a control plane.

mod bad_values;
mod builders;
mod oci;
mod release;
mod value_sets;

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use anyhow::{Context, Result, bail};
use extreg_tests::{ControlPlane, GoTool, Options};
use serde_json::Value;
use tokio::runtime::Runtime;

use crate::{console, step};

/// The namespace of the release.
const NAMESPACE: &str = "extreg-system";
/// The name of the release.
const RELEASE: &str = "extreg";

/// Checks the chart.
pub(super) fn check() -> Result<()> {
    let helm = Helm::new()?;
    bad_values::check(&helm)?;
    builders::check(&helm)?;
    let runtime = Runtime::new().context("start a runtime")?;
    runtime.block_on(async {
        let plane = ControlPlane::start(Options::default()).await?;
        value_sets::check(&helm, &plane)?;
        plane.stop();
        oci::check(&helm)?;
        let plane = ControlPlane::start(Options::default()).await?;
        release::check(&helm, &plane)
    })
}

/// Helm, with folders of its own.
#[derive(Debug)]
struct Helm {
    program: PathBuf,
    home: tempfile::TempDir,
    chart: PathBuf,
    value_sets: PathBuf,
}

impl Helm {
    fn new() -> Result<Self> {
        let root = step::root()?;
        Ok(Self {
            program: GoTool::Helm.build(console::line)?,
            home: tempfile::tempdir().context("make a folder for helm")?,
            chart: root.join("packaging/helm/extreg"),
            value_sets: root.join("packaging/helm/ci"),
        })
    }

    /// A folder for its files.
    fn home(&self) -> &Path {
        self.home.path()
    }

    /// A command, without a cluster.
    fn command<A: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = A>) -> Command {
        let mut command = Command::new(&self.program);
        for variable in ["HELM_CACHE_HOME", "HELM_CONFIG_HOME", "HELM_DATA_HOME"] {
            command.env(variable, self.home().join(variable));
        }
        command
            .env("KUBECONFIG", self.home().join("none"))
            .args(args);
        command
    }

    /// `helm template` of the chart, with these arguments.
    fn template(&self, args: &[&OsStr]) -> Result<Output> {
        let mut command = self.command(["template", RELEASE]);
        command
            .arg(&self.chart)
            .args(["-n", NAMESPACE, "--include-crds"])
            .args(args);
        command.output().context("run helm template")
    }

    /// The text that a successful [`Self::template`] prints.
    fn rendered(&self, args: &[&OsStr]) -> Result<String> {
        succeeded(&format!("helm template {args:?}"), &self.template(args)?)
    }
}

/// The standard output of a command, which must have succeeded.
fn succeeded(what: &str, output: &Output) -> Result<String> {
    if !output.status.success() {
        bail!(
            "{what} ended with {}: {}{}",
            output.status,
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr)
        );
    }
    String::from_utf8(output.stdout.clone()).with_context(|| format!("read the output of {what}"))
}

/// The objects in a stream of YAML documents.
fn objects(yaml: &str) -> Result<Vec<Value>> {
    let objects: Vec<Value> =
        serde_saphyr::from_multiple(yaml).context("read the rendered YAML")?;
    Ok(objects
        .into_iter()
        .filter(|object| !object.is_null())
        .collect())
}

/// Runs kubectl with an input, and returns its output.
fn kubectl(plane: &ControlPlane, args: &str, input: &str) -> Result<String> {
    let mut kubectl = plane.kubectl();
    kubectl.args(args.split_whitespace());
    let output = extreg_tests::with_input(&mut kubectl, input).context("run kubectl")?;
    succeeded(&format!("kubectl {args}"), &output)
}
