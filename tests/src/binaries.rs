//! etcd, kube-apiserver and kubectl, and OpenShift's API description, from their Go modules.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail, ensure};
use sha2::{Digest, Sha256};

use crate::Cache;

/// The commands of a control plane, and the folder with the types of OpenShift's API module.
#[derive(Clone, Debug)]
pub struct Binaries {
    commands: PathBuf,
    openshift: PathBuf,
}

/// The packages to build, and the name of each command.
const COMMANDS: [(&str, &str); 3] = [
    ("go.etcd.io/etcd/server/v3", "etcd"),
    ("k8s.io/kubernetes/cmd/kube-apiserver", "kube-apiserver"),
    ("k8s.io/kubernetes/cmd/kubectl", "kubectl"),
];

/// CRDs of openshift/api that are installed unchanged, by the end of their file name.
const CRDS: [&str; 13] = [
    "_builds.crd.yaml",
    "_clusterimagepolicies-Default.crd.yaml",
    "_featuregates.crd.yaml",
    "_imagecontentpolicies.crd.yaml",
    "_imagecontentsourcepolicies.crd.yaml",
    "_imagedigestmirrorsets.crd.yaml",
    "_imagepolicies-Default.crd.yaml",
    "_images-Default.crd.yaml",
    "_imagetagmirrorsets.crd.yaml",
    "_infrastructures-Default.crd.yaml",
    "_projects.crd.yaml",
    "_proxies.crd.yaml",
    "_securitycontextconstraints.crd.yaml",
];

impl Binaries {
    /// Finds the binaries of an earlier build, or builds them, which takes some minutes and is reported through `say`.
    ///
    /// With `KUBEBUILDER_ASSETS` the commands come from that folder; OpenShift's description never does.
    pub fn find_or_build(say: impl Fn(&str)) -> Result<Self> {
        let cache = Cache::open()?;
        let module = Module::read()?;
        let openshift = cache.entry(&format!("openshift-api-{}", module.key), |into| {
            copy_openshift(&module, into)
        })?;
        if let Some(assets) = std::env::var_os("KUBEBUILDER_ASSETS").filter(|a| !a.is_empty()) {
            let commands = PathBuf::from(assets);
            for (_, name) in COMMANDS {
                let command = commands.join(name);
                ensure!(
                    command.is_file(),
                    "KUBEBUILDER_ASSETS is set, and {} does not exist",
                    command.display()
                );
            }
            return Ok(Self {
                commands,
                openshift,
            });
        }
        let commands = cache.entry(&format!("controlplane-{}", module.key), |into| {
            say(&format!(
                "building etcd, kube-apiserver and kubectl {} from their Go modules, once; this takes some minutes",
                module.kubernetes
            ));
            build(&module, into)
        })?;
        Ok(Self {
            commands,
            openshift,
        })
    }

    /// Path of etcd.
    pub fn etcd(&self) -> PathBuf {
        self.commands.join("etcd")
    }

    /// Path of kube-apiserver.
    pub fn kube_apiserver(&self) -> PathBuf {
        self.commands.join("kube-apiserver")
    }

    /// Path of kubectl.
    pub fn kubectl(&self) -> PathBuf {
        self.commands.join("kubectl")
    }

    /// OpenShift's `openapi.json`.
    pub fn openshift_openapi(&self) -> PathBuf {
        self.openshift.join("openapi.json")
    }

    /// The CRDs of OpenShift that are installed unchanged, sorted by name.
    pub fn openshift_crds(&self) -> Result<Vec<PathBuf>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.openshift)? {
            let path = entry?.path();
            if path.extension().is_some_and(|ext| ext == "yaml") {
                files.push(path);
            }
        }
        files.sort();
        Ok(files)
    }
}

/// The Go module in `tests/controlplane`.
struct Module {
    folder: PathBuf,
    /// Version of k8s.io/kubernetes, such as `v1.34.4`.
    kubernetes: String,
    /// A hash of everything that determines the result of a build.
    key: String,
}

impl Module {
    fn read() -> Result<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("controlplane");
        let read = |name: &str| {
            let path = folder.join(name);
            fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))
        };
        let (go_mod, go_sum) = (read("go.mod")?, read("go.sum")?);
        let kubernetes = version_of(&go_mod, "k8s.io/kubernetes")
            .context("tests/controlplane/go.mod has no version of k8s.io/kubernetes")?
            .to_owned();
        let mut go = go(&folder);
        let toolchain = run(go.args(["env", "GOVERSION", "GOOS", "GOARCH"]))?;
        let key = key(&[&go_mod, &go_sum, &toolchain, &ldflags(&kubernetes)?]);
        Ok(Self {
            folder,
            kubernetes,
            key,
        })
    }
}

/// The name of a build from these parts.
pub(crate) fn key(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part.as_bytes());
    }
    hash.finalize()
        .iter()
        .take(8)
        .fold(String::new(), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

fn build(module: &Module, into: &Path) -> Result<()> {
    for (package, name) in COMMANDS {
        run(go(&module.folder)
            .args(["build", "-trimpath", "-buildvcs=false", "-ldflags"])
            .arg(ldflags(&module.kubernetes)?)
            .arg("-o")
            .arg(into.join(name))
            .arg(package))?;
    }
    Ok(())
}

fn copy_openshift(module: &Module, into: &Path) -> Result<()> {
    const NAME: &str = "github.com/openshift/api";
    run(go(&module.folder).args(["mod", "download", NAME]))?;
    let folder = run(go(&module.folder).args(["list", "-m", "-f", "{{.Dir}}", NAME]))?;
    let folder = Path::new(folder.trim());
    fs::copy(
        folder.join("openapi/openapi.json"),
        into.join("openapi.json"),
    )
    .with_context(|| format!("copy openapi.json from {}", folder.display()))?;
    let crds = folder.join("payload-manifests/crds");
    let mut found = 0;
    for entry in fs::read_dir(&crds).with_context(|| format!("read {}", crds.display()))? {
        let path = entry?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            continue;
        };
        if CRDS.iter().any(|end| name.ends_with(end)) {
            fs::write(into.join(name), fs::read(&path)?)?;
            found += 1;
        }
    }
    ensure!(
        found == CRDS.len(),
        "{NAME} contains {found} of the {} required CRDs",
        CRDS.len()
    );
    Ok(())
}

/// A command built without these reports v0.0.0, which kubectl and client libraries treat as an ancient server.
fn ldflags(kubernetes: &str) -> Result<String> {
    let mut parts = kubernetes.trim_start_matches('v').split('.');
    let (Some(major), Some(minor)) = (parts.next(), parts.next()) else {
        bail!("{kubernetes:?} is not a valid version of k8s.io/kubernetes")
    };
    let at = "k8s.io/component-base/version";
    Ok(format!(
        "-s -w -X {at}.gitVersion={kubernetes} -X {at}.gitMajor={major} -X {at}.gitMinor={minor} \
         -X {at}.gitTreeState=clean"
    ))
}

fn version_of<'a>(go_mod: &'a str, module: &str) -> Option<&'a str> {
    go_mod.lines().find_map(|line| {
        let mut words = line
            .trim()
            .trim_start_matches("require ")
            .split_whitespace();
        (words.next() == Some(module))
            .then(|| words.next())
            .flatten()
    })
}

pub(crate) fn go(folder: &Path) -> Command {
    let mut go = Command::new("go");
    // The folder has its own go.mod; a workspace or flags of the user must not change the build.
    go.current_dir(folder)
        .env("CGO_ENABLED", "0")
        .env("GOWORK", "off")
        .env("GOFLAGS", "")
        .env("GOTOOLCHAIN", "local");
    go
}

pub(crate) fn run(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| {
        format!(
            "run {}: install Go 1.26 or newer, or set KUBEBUILDER_ASSETS",
            command.get_program().display()
        )
    })?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let tail: Vec<&str> = said.lines().rev().take(20).collect();
        let tail: Vec<&str> = tail.into_iter().rev().collect();
        bail!(
            "{command:?} ended with {}:\n{}",
            output.status,
            tail.join("\n")
        );
    }
    Ok(String::from_utf8(output.stdout)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_found_in_a_require_line_and_in_a_block() {
        let block = "require (\n\tk8s.io/kubernetes v1.34.4 // indirect\n)";
        assert_eq!(version_of(block, "k8s.io/kubernetes"), Some("v1.34.4"));
        assert_eq!(version_of("require a.b/c v1.2.3", "a.b/c"), Some("v1.2.3"));
        assert_eq!(
            version_of("\tk8s.io/kubernetes-extra v1.0.0", "k8s.io/kubernetes"),
            None
        );
    }
}
