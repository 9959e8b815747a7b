//! Custom resource definitions of other projects, from their Go modules.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};

use crate::binaries::{go, run};
use crate::{ControlPlane, with_input};

/// A project whose definitions a control plane can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GoModule {
    /// Applications of Argo CD.
    ArgoCd,
    /// Certificates of cert-manager.
    CertManager,
    /// Releases of charts of Flux.
    FluxHelm,
    /// Kustomizations of Flux.
    FluxKustomize,
    /// Sources of Flux.
    FluxSource,
    /// Objects of OpenShift's console.
    OpenShiftConsole,
    /// Objects of the Operator Lifecycle Manager.
    OperatorFramework,
    /// Monitors and rules of the Prometheus operator.
    PrometheusOperator,
}

/// A version of a module, and its files.
struct Content {
    module: &'static str,
    /// The hash of the module, as in `go.sum`.
    sum: &'static str,
    folder: &'static str,
    files: &'static [&'static str],
}

impl GoModule {
    /// The folder of the definitions. Go downloads the module on first use, and checks its sum.
    fn definitions(self) -> Result<PathBuf> {
        let Content {
            module,
            sum,
            folder,
            ..
        } = self.content();
        // Outside any module, so that its dependencies are not resolved.
        let outside = std::env::temp_dir();
        let answer = run(go(&outside).args(["mod", "download", "-json", module]))?;
        let answer: Value = serde_json::from_str(&answer)?;
        let text = |key: &str| answer.get(key).and_then(Value::as_str);
        ensure!(
            text("Sum") == Some(sum),
            "{module} has the hash {:?} instead of {sum}",
            text("Sum")
        );
        let root = text("Dir").with_context(|| format!("{module} has no folder"))?;
        Ok(Path::new(root).join(folder))
    }

    /// Installs the definitions, and waits until they are served.
    pub fn install(self, plane: &ControlPlane) -> Result<()> {
        let folder = self.definitions()?;
        for file in self.content().files {
            let definition = definition(&folder.join(file))?.to_string();
            kubectl(plane, &["create", "-f", "-"], &definition)
                .with_context(|| format!("create {file}"))?;
            // kubectl cannot wait for conditions of an object without a status.
            let established = ["wait", "--for=condition=Established", "-f", "-"];
            let mut waited = kubectl(plane, &established, &definition);
            for _ in 0..100 {
                if waited.is_ok() {
                    break;
                }
                sleep(Duration::from_millis(100));
                waited = kubectl(plane, &established, &definition);
            }
            waited.with_context(|| format!("wait for {file}"))?;
        }
        Ok(())
    }

    const fn content(self) -> Content {
        match self {
            Self::ArgoCd => Content {
                module: "github.com/argoproj/argo-cd/v3@v3.2.0",
                sum: "h1:m2eGAV+nXQGgzZbH5SyJD5laaPW27mzWXBrgisUHY/0=",
                folder: "manifests/crds",
                files: &["application-crd.yaml"],
            },
            Self::CertManager => Content {
                module: "github.com/cert-manager/cert-manager@v1.18.2",
                sum: "h1:H2P75ycGcTMauV3gvpkDqLdS3RSXonWF2S49QGA1PZE=",
                folder: "deploy/crds",
                files: &["crd-certificates.yaml", "crd-issuers.yaml"],
            },
            Self::FluxHelm => Content {
                module: "github.com/fluxcd/helm-controller@v1.4.0",
                sum: "h1:rkm8rmB6Na7eNc4pJOnvtXEaJ19iKluRtayHKjBxcUM=",
                folder: "config/crd/bases",
                files: &["helm.toolkit.fluxcd.io_helmreleases.yaml"],
            },
            Self::FluxKustomize => Content {
                module: "github.com/fluxcd/kustomize-controller@v1.7.3",
                sum: "h1:SzNnGn/4ObAPEHHleM5U7y/AKxKXph3Vj6ZhteeXw8M=",
                folder: "config/crd/bases",
                files: &["kustomize.toolkit.fluxcd.io_kustomizations.yaml"],
            },
            Self::FluxSource => Content {
                module: "github.com/fluxcd/source-controller@v1.7.0",
                sum: "h1:/fBgS4CSmT5Jj/fjQDF92y+pC3gst1GJjgNSzY8Ff9I=",
                folder: "config/crd/bases",
                files: &[
                    "source.toolkit.fluxcd.io_gitrepositories.yaml",
                    "source.toolkit.fluxcd.io_ocirepositories.yaml",
                ],
            },
            Self::OpenShiftConsole => Content {
                module: "github.com/openshift/api@v0.0.0-20251015095338-264e80a2b6e7",
                sum: "h1:Ot2fbEEPmF3WlPQkyEW/bUCV38GMugH/UmZvxpWceNc=",
                folder: "console/v1/zz_generated.crd-manifests",
                files: &[
                    "00_consoleclidownloads.crd.yaml",
                    "00_consolelinks.crd.yaml",
                    "00_consolequickstarts.crd.yaml",
                    "00_consoleyamlsamples.crd.yaml",
                ],
            },
            // Newer versions are not served as modules.
            Self::OperatorFramework => Content {
                module: "github.com/operator-framework/api@v0.9.1",
                sum: "h1:coepSkZf/hSyT0An/fEwHSaM0n3Wyds2fwuvlWZHxls=",
                folder: "crds",
                files: &["operators.coreos.com_clusterserviceversions.yaml"],
            },
            Self::PrometheusOperator => Content {
                module: "github.com/prometheus-operator/prometheus-operator@v0.85.0",
                sum: "h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=",
                folder: "example/prometheus-operator-crd",
                files: &[
                    "monitoring.coreos.com_podmonitors.yaml",
                    "monitoring.coreos.com_prometheusrules.yaml",
                    "monitoring.coreos.com_servicemonitors.yaml",
                ],
            },
        }
    }
}

fn kubectl(plane: &ControlPlane, args: &[&str], stdin: &str) -> Result<()> {
    let output = with_input(plane.kubectl().args(args), stdin)?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(())
}

/// A definition without its metadata, in which cert-manager has places of its own chart.
fn definition(file: &Path) -> Result<Value> {
    let text = fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    let mut definition: Value =
        serde_saphyr::from_str(&text).with_context(|| format!("read {}", file.display()))?;
    let name = definition.pointer("/metadata/name").cloned();
    definition["metadata"] = json!({ "name": name });
    Ok(definition)
}
