//! Manifests that a program renders: a kustomization, a Helm chart.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use extreg_remedy::Caller;

use crate::error::Error;

/// The maximum length of an error message of a program.
const MAX_LINES: usize = 5;
/// The file names of a kustomization (kustomize `api/konfig/general.go`, `RecognizedKustomizationFileNames`).
const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// What to render.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Rendered {
    /// A folder with a kustomization.
    Kustomize(PathBuf),
    /// A Helm chart.
    Helm(Chart),
}

/// A Helm chart and its values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Chart {
    pub(super) path: PathBuf,
    pub(super) values: Vec<PathBuf>,
    pub(super) set: Vec<String>,
}

impl Rendered {
    /// The name in messages.
    pub(super) fn name(&self) -> String {
        match self {
            Self::Kustomize(path) => format!("kustomize {}", path.display()),
            Self::Helm(chart) => format!("helm template {}", chart.path.display()),
        }
    }

    /// The source file of an object, if known: the template that helm reports, or the file of the kustomization or
    /// chart.
    pub(super) fn file(&self, template: Option<&str>) -> PathBuf {
        let existing = |path: PathBuf| path.is_file().then_some(path);
        match self {
            Self::Kustomize(folder) => KUSTOMIZATIONS
                .iter()
                .find_map(|name| existing(folder.join(name)))
                .unwrap_or_else(|| folder.clone()),
            Self::Helm(chart) => {
                // The first part is the chart's name, which may differ from its folder.
                let below = template.and_then(|path| Some(path.split_once('/')?.1));
                below
                    .and_then(|below| existing(chart.path.join(below)))
                    .or_else(|| existing(chart.path.join("Chart.yaml")))
                    .unwrap_or_else(|| chart.path.clone())
            }
        }
    }

    /// Renders it with the first suitable program on PATH. Installs nothing and sends no request to a cluster.
    ///
    /// # Errors
    /// [`Error::Usage`] if no program exists, [`Error::Failed`] with its message if it fails.
    pub(super) fn render(&self, caller: Caller, namespace: &str) -> Result<Vec<u8>, Error> {
        let missing = match self {
            Self::Kustomize(_) => "--kustomize: none of oc, kubectl and kustomize is on PATH",
            Self::Helm(_) => {
                "--helm-chart: helm is not on PATH (https://helm.sh/docs/intro/install); or render \
                 the chart elsewhere: helm template CHART | oc extreg audit -f -"
            }
        };
        for (program, args) in self.commands(caller, namespace) {
            match run(program, &args) {
                Ok(output) if output.status.success() => return Ok(output.stdout),
                Ok(output) => {
                    return Err(Error::failed(format!(
                        "{} failed: {}",
                        self.name(),
                        complaint(&output.stderr)
                    )));
                }
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    return Err(Error::failed(format!("cannot run {program}: {error}")));
                }
            }
        }
        Err(Error::usage(missing))
    }

    fn commands(&self, caller: Caller, namespace: &str) -> Vec<(&'static str, Vec<OsString>)> {
        match self {
            Self::Kustomize(path) => {
                let folder = argument(path);
                let args = |verb: &str| vec![OsString::from(verb), folder.clone()];
                let (first, second) = match caller {
                    Caller::Oc => ("oc", "kubectl"),
                    Caller::Kubectl => ("kubectl", "oc"),
                };
                vec![
                    (first, args("kustomize")),
                    (second, args("kustomize")),
                    ("kustomize", args("build")),
                ]
            }
            Self::Helm(chart) => {
                let mut args: Vec<OsString> = vec!["template".into(), argument(&chart.path)];
                for file in &chart.values {
                    args.extend(["--values".into(), file.clone().into_os_string()]);
                }
                for pair in &chart.set {
                    args.extend(["--set".into(), pair.into()]);
                }
                if !namespace.is_empty() {
                    args.extend(["--namespace".into(), namespace.into()]);
                }
                vec![("helm", args)]
            }
        }
    }
}

/// A path that starts with a dash must not be read as a flag.
fn argument(path: &Path) -> OsString {
    if path.as_os_str().as_encoded_bytes().starts_with(b"-") {
        Path::new(".").join(path).into_os_string()
    } else {
        path.as_os_str().to_owned()
    }
}

fn run(program: &str, args: &[OsString]) -> io::Result<Output> {
    Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .output()
}

/// The first lines of stderr.
fn complaint(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .take(MAX_LINES)
        .collect();
    if lines.is_empty() {
        "no error message".to_owned()
    } else {
        lines.join("; ")
    }
}
